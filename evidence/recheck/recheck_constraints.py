"""Check certificates again: ``python -I -S recheck_constraints.py FILE...`` and nothing else.

That honest bidding keeps a constraint is derived in fractions: docs/witnesses.md. Ends with 0 if it
holds, 1 if not, 2 if a file needs deviator.
"""

import json
import sys
from fractions import Fraction
from math import lcm, prod

ZERO, ONE, SHORT = Fraction(0), Fraction(1), Fraction(1, 2**256)


def need(holds, sentence, otherwise=ValueError):
    if not holds:
        raise otherwise(sentence)


def exact(value):
    """Return numbers and texts such as "1/3", or "0x1f/0x3", in lists too, as fractions."""
    if isinstance(value, list):
        return [exact(each) for each in value]
    if isinstance(value, str):
        return Fraction(*(int(part, 0) for part in value.split("/")))
    need(isinstance(value, Fraction), f"{value} stands where a number must be")
    return value


def dot(left, right):
    return sum((x * y for x, y in zip(left, right, strict=True) if x and y), ZERO)


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def solved(matrix, sides):
    """Return the columns x of matrix x = side for each side; none where the matrix is singular."""
    rows = [row + side for row, side in zip(matrix, columns(sides), strict=True)]
    for place in range(len(rows)):
        lead = next((row for row in rows[place:] if row[place]), None)
        if lead is None:
            return []
        rows.remove(lead)
        lead = [x / lead[place] if x else x for x in lead]
        for at, row in enumerate(rows):
            if row[place]:
                rows[at] = [x - row[place] * y if y else x for x, y in zip(row, lead, strict=True)]
        rows.insert(place, lead)
    return columns(rows)[len(rows) :]


def spread(own, loadings, statistics):
    """Return the matrix diag(own) + loadings statistics."""
    rows = [[dot(row, column) for column in columns(statistics)] for row in loadings]
    return [[x + own[i] * (i == j) for j, x in enumerate(row)] for i, row in enumerate(rows)]


def utilities(economy):
    """Return W, c and mu of utilities (c_i + (W s)_i) q_i - mu_i q_i^2 / 2."""
    need("slope" in economy, "its utilities are not linear-quadratic", NotImplementedError)
    factors = [economy.get(name) for name in ("own", "loadings", "statistics")]
    return economy.get("weights") or spread(*factors), economy["intercept"], economy["slope"]


def hyperplanes(file):
    """Return A and b, r at types 0 of bids A_i . q + b_i p = r_i, and r's move with each level."""
    rule, given = file["clearing"], file["bids"]
    bids, levels = exact(given["coefficients"]), exact(given["constant"])
    unit = spread([ONE] * len(levels), [[ZERO]] * len(levels), [[ZERO] * len(levels)])
    if rule["kind"] == "conditional bids":
        return bids, levels, unit
    if rule["kind"] == "schedules":
        return [[*row, steep] for row, (steep,) in zip(unit, bids, strict=True)], levels, unit
    need(rule["kind"] == "reports", f"it takes {rule['kind']}", NotImplementedError)
    weights, intercept, slope = utilities(rule["economy"] or file["economy"])
    bends = [mu + file["tax_slope"] for mu in slope]
    rows = [[*(bend * x for x in row), ONE] for bend, row in zip(bends, unit, strict=True)]
    levels = [c + dot(row, levels) for c, row in zip(intercept, weights, strict=True)]
    return rows, levels, columns(weights)


def equations(file, rows, levels, moves):
    """Return T [A, b] and T [r, moves of r]; honest bids become diag(mu + sigma), 1 and W s + c."""
    rule, n = file["clearing"], len(rows)
    weights, intercept, slope = utilities(rule.get("economy") or file["economy"])
    bends = spread([mu + file["tax_slope"] for mu in slope], [[ZERO]] * n, [[ZERO] * n])
    table = [*columns(rows), levels, *moves]
    if rule["kind"] != "reports":
        left = bends if rule["kind"] == "schedules" else weights
        table = [[dot(row, column) for row in left] for column in table]
    for i, row in enumerate(columns(table) if file["strategy"] == "honest" else []):
        effects = [x * own for x, own in zip(row[n + 2 :], exact(file["bids"]["own"]), strict=True)]
        found = [x - row[(i - 1) % n] for x in row[:n]] + row[n : n + 2] + effects
        honest = [*bends[i], ONE, intercept[i], *weights[i]]
        need(found == honest, f"the bid of trader {i} is not honest")
    return columns(table[: n + 1]), table[n + 1 :]


def honest_markets(file):
    """Return q and p as effects of the types and a constant, and the residual slopes."""
    rows, levels, moves = hyperplanes(file)
    n, share, own = len(rows), exact(file["clearing"]["share"]), exact(file["bids"]["own"])
    table, sides = equations(file, rows, levels, moves)
    start, *ways = solved([*table, [ONE] * n + [ZERO]], [[*x, ZERO] for x in sides]) or [[]]
    need(ways and all(way[i] for i, way in enumerate(ways)), "honest markets are not regular")
    outcome = columns([*([own[i] * x for x in way] for i, way in enumerate(ways)), start])
    slopes = [way[n] / way[i] / share for i, way in enumerate(ways)]
    return [[share * x for x in row] for row in outcome[:n]], outcome[n], slopes


def payment(file, price, quantity, k):
    """Return what a trader pays as products, with their coefficients, of functions of the types."""
    known = {"residual_slope": k, "tax_slope": file["tax_slope"], "1": ONE}
    functions, one = {"price": price, "quantity": quantity}, [ZERO] * (len(price) - 1) + [ONE]
    for monomial, term in file["payment"].items():
        names = monomial.split("*")
        factors = [functions[name] for name in names if name in functions]
        need(len(factors) <= 2, f"payments are of a degree above two in {monomial}")
        constants = [known[name] for name in names if name not in functions]
        yield exact(term) * prod(constants), *[*factors, one, one][:2]


def whole(numbers):
    bottom = lcm(*(x.denominator for x in numbers))
    return [int(x * bottom) for x in numbers], bottom


def semidefinite(form):
    """Return whether a sum of products is never negative: no pivot of its elimination is."""
    rows, weights, parts = [[0] * len(form[0][1]) for _ in form[0][1]], [], []
    for scale, left, right in form:
        if left is right and scale.denominator * SHORT > 1:  # less of a square is less than it
            scale = scale // SHORT * SHORT
        (one, bottom), (other, below) = whole(left), whole(right)
        weights, parts = [*weights, scale / bottom / below], [*parts, (one, other)]
    for weight, (left, right) in zip(whole(weights)[0], parts, strict=True):
        for at, (x, y) in enumerate(zip(left, right, strict=True)):
            both = zip(rows[at], left, right, strict=True)
            rows[at] = [z + weight * (x * other + y * one) for z, one, other in both]
    before = 1
    while place := next((i + 1 for i, row in enumerate(rows) if row[i]), 0):
        lead = rows.pop(place - 1)
        pivot = lead.pop(place - 1)
        if pivot < 0:
            return False
        for at, factor in enumerate([row.pop(place - 1) for row in rows]):
            pairs = zip(rows[at], lead, strict=True)
            rows[at] = [(pivot * x - factor * y) // before for x, y in pairs]
        before = pivot
    return not any(map(any, rows))


def check(file):
    need(file.get("format") == "deviator constraint certificate", "it is no such certificate")
    need(file["version"] == 1, f"version {file['version']} is not 1, which this checks")
    need(file["clearing"] and file["payment"], "its rule is not written out", NotImplementedError)
    (quantities, price, slopes), name = honest_markets(file), file["constraint"]
    weights, intercept, slope = utilities(file["economy"])
    cap, gains, worth, paid = exact(file["claim"]["cap"]), [], [], []
    steep, sign = sum(1 / mu for mu in slope), ONE if name == "budget_surplus" else -ONE
    values = [[*row, c] for row, c in zip(weights, intercept, strict=True)]
    best = [dot(column, [1 / mu / steep for mu in slope]) for column in columns(values)]
    for v, q, mu, k in zip(values, quantities, slope, slopes, strict=True):
        above = [x - y for x, y in zip(v, best, strict=True)]
        gains.append(((cap - (name == "efficiency")) / mu / 2, above, above))
        worth.append([(ONE, v, q), (-mu / 2, q, q)])
        paid.append([(sign * x, *factors) for x, *factors in payment(file, price, q, k)])
    need(name != "market_clearing" or not any(map(sum, columns(quantities))), "it does not clear")
    forms = {
        "market_clearing": [],
        "budget_surplus": [[term for each in paid for term in each]],
        "individual_rationality": [w + t for w, t in zip(worth, paid, strict=True)],
        "efficiency": [[term for each in worth for term in each]],
    }[name]
    need(all(semidefinite(form + gains) for form in forms), f"{name} fails by more than the cap")
    return f"{name} is violated by at most {float(cap):.9g} of the gains from trade, everywhere"


def main(paths):
    codes: list[int] = []  # numbers as above: deviator, which names them, is not imported here
    number = lambda text: Fraction(float(text))  # noqa: E731
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                read = json.load(file, parse_float=number, parse_int=number, parse_constant=number)
            codes, said = [*codes, 0], check(read)
        except NotImplementedError as error:
            codes, said = [*codes, 2], f"cannot be re-checked stand-alone: {error}"
        except Exception as error:
            told = isinstance(error, ValueError | OSError)
            codes, said = [*codes, 1], f"wrong: {error if told else f'malformed, {error!r}'}"
        print(f"{path}: {said}")
    return 1 if 1 in codes else max(codes, default=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

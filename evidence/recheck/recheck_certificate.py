"""Check certificates again with the standard library: ``python -I -S recheck_certificate.py FILE``.

That no deviation pays is derived in fractions from the numbers of the market: docs/witnesses.md.
Ends with 0 where all holds, 1 where a condition fails, and 2 where a file needs deviator.
"""

import json
import sys
from fractions import Fraction
from math import lcm, prod

ZERO, ONE = Fraction(0), Fraction(1)
CLOSE = Fraction(1, 10**12)  # how far a stated cap may be above the exact one, which it rounds up


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
    pairs = [(x, y) for x, y in zip(left, right, strict=True) if x and y]
    bottom = lcm(*(x.denominator * y.denominator for x, y in pairs))
    tops = (
        x.numerator * y.numerator * (bottom // x.denominator // y.denominator) for x, y in pairs
    )
    return Fraction(sum(tops), bottom)


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
    if rule["kind"] == "conditional bids on statistics":
        own, read, _ = columns([(bid[0], bid[1:-1], bid[-1]) for bid in bids])
        rows = spread(own, read, exact(rule["statistics"]))
        return [[*row, bid[-1]] for row, bid in zip(rows, bids, strict=True)], levels, unit
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
    """Return q and p as rows of effects of the types and a constant, and the residual slopes."""
    rows, levels, moves = hyperplanes(file)
    n, share, own = len(rows), exact(file["clearing"]["share"]), exact(file["bids"]["own"])
    table, sides = equations(file, rows, levels, moves)
    start, *ways = solved([*table, [ONE] * n + [ZERO]], [[*x, ZERO] for x in sides]) or [[]]
    need(ways and all(way[i] for i, way in enumerate(ways)), "honest markets are not regular")
    for i, way in enumerate(ways):
        others = [] if file["clearing"]["kind"] == "reports" else rows[:i] + rows[i + 1 :]
        lands = sum(way[:n]) == 0 and not any(dot(row, way) for row in others)
        need(lands, f"deviations of trader {i} do not land on the residual line")
    outcome = columns([*([own[i] * x for x in way] for i, way in enumerate(ways)), start])
    slopes = [way[n] / way[i] / share for i, way in enumerate(ways)]
    return [[share * x for x in row] for row in outcome[:n]], outcome[n], slopes


def menu(file, k):
    """Return alpha and kappa of the menu T(x) = alpha a x + kappa x^2 / 2 on the line a + k x."""
    known = {"residual_slope": k, "tax_slope": file["tax_slope"], "1": ONE}
    terms: dict[tuple[int, int], Fraction] = {}
    for monomial, term in file["payment"].items():
        names = monomial.split("*")
        need({*names} <= {*known, "price", "quantity"}, f"payments depend on {monomial}")
        powers = names.count("price"), names.count("quantity")
        term = exact(term) * prod(known.get(name, ONE) for name in names)
        terms[powers] = terms.get(powers, ZERO) + term
    alpha, square = terms.pop((1, 1), ZERO), terms.pop((0, 2), ZERO)
    need(not any(terms.values()), "the menu is no parabola that vanishes at 0")
    return alpha, 2 * (k * alpha + square)


def expected_gain(file, i, shift, intercept, bend):
    """Return E[(bend / 2) E[shift | what trader i sees]^2], which Normal types make exact."""
    claim, kind = file["claim"], file["clearing"]["kind"]
    mean, covariance = exact(claim["law"]["mean"]), exact(claim["law"]["covariance"])
    carried = [dot(row, shift[:-1]) for row in covariance]
    explained = dot(shift[:-1], carried)
    if claim["information"] == "own" and not kind.startswith("conditional"):
        need(claim["law"]["normal"], "the law is not Normal", NotImplementedError)
        own = [Fraction(j == i) for j in range(len(mean))]
        seen = [own, intercept[:-1]] if kind == "schedules" else [own]
        moments = [[dot(x, [dot(row, y) for row in covariance]) for y in seen] for x in seen]
        weights = solved(moments, [[dot(x, carried) for x in seen]])
        if not weights:
            seen, weights = [own], solved([moments[0][:1]], [[carried[i]]])
        explained = dot([dot(x, carried) for x in seen], weights[0])
    return bend / 2 * ((shift[-1] + dot(shift[:-1], mean)) ** 2 + explained)


def check(file):
    need(file.get("format") == "deviator incentive certificate", "it is no such certificate")
    need(file["version"] == 1, f"it is of version {file['version']}, and this checks version 1")
    need(file["clearing"] and file["payment"], "its rule is not written out", NotImplementedError)
    claim, (weights, intercept, slope) = file["claim"], utilities(file["economy"])
    quantities, price, slopes = honest_markets(file)
    traders = range(len(slope)) if file["trader"] is None else [int(file["trader"])]
    need(file["trader"] in (None, *traders), "the trader must be a whole number")
    for i in traders:
        alpha, kappa = menu(file, slopes[i])
        bend = slope[i] + kappa
        need(bend > 0, f"the objective of trader {i} is not concave")
        line = [p - slopes[i] * q for p, q in zip(price, quantities[i], strict=True)]
        terms = zip([*weights[i], intercept[i]], quantities[i], line, strict=True)
        shift = [(v - bend * q - alpha * a) / bend for v, q, a in terms]
        expected, cap = claim["scope"] == "in expectation", exact(claim["cap"])
        need(expected or not any(shift), f"honesty is not first-order optimal for trader {i}")
        gain = expected_gain(file, i, shift, line, bend) if expected else ZERO
        need(gain <= cap <= gain * (1 + CLOSE), f"the cap {float(cap)} is not {float(gain)}")
    return f"every condition holds: gains are at most {float(cap):.9g}, {claim['scope']}"


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

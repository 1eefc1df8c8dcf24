"""Check witnesses again with the standard library: ``python -I -S recheck_witness.py FILE...``.

Markets are cleared from the bids as written, in fractions, and all that a file says is compared:
docs/witnesses.md. Ends with 0 where all holds, 1 where a file is wrong, 2 where one needs deviator.
"""

import json
import sys
from fractions import Fraction
from math import prod

ZERO, ONE = Fraction(0), Fraction(1)
CLOSE = Fraction(1, 10**9)  # how far numbers in floating point may be, of the largest beside them


def need(holds, sentence, otherwise=ValueError):
    if not holds:
        raise otherwise(sentence)


def exact(value):
    """Return numbers and texts such as "1/3" or "0x1f/0x3", in lists too, as fractions."""
    if isinstance(value, list):
        return [exact(each) for each in value]
    if isinstance(value, str):
        return Fraction(*(int(part, 0) for part in value.split("/")))
    need(value is None or isinstance(value, Fraction), f"{value} stands where a number must be")
    return value


def agree(name, written, wanted, slack):
    """Compare numbers, or lists and mappings of them, up to a share of the largest beside them."""
    if isinstance(wanted, dict):
        written, wanted = [written[key] for key in wanted], list(wanted.values())
    if not isinstance(wanted, list):
        written, wanted = [written], [wanted]
    size = max((abs(each) for each in wanted if isinstance(each, Fraction)), default=0)
    for mine, theirs in zip(written, wanted, strict=True):
        if isinstance(theirs, list):
            agree(name, mine, theirs, slack)
        elif mine is None or theirs is None:
            need(mine is theirs, f"{name} must be null where bids do not clear, and only there")
        elif abs(exact(mine) - theirs) > slack * size:
            need(False, f"{name} is {float(exact(mine)):.9g} and must be {float(theirs):.9g}")


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


def hyperplanes(file, bids):
    """Return A and b, r of bids A_i . q + b_i p = r_i, and how r moves with each trader's level."""
    rule, first, last = file["clearing"], [bid[0] for bid in bids], [bid[-1] for bid in bids]
    unit = spread([ONE] * len(bids), [[ZERO]] * len(bids), [[ZERO] * len(bids)])
    if rule["kind"] == "conditional bids":
        return [bid[:-1] for bid in bids], last, unit
    if rule["kind"] == "conditional bids on statistics":
        rows = spread(first, [bid[1:-2] for bid in bids], exact(rule["statistics"]))
        return [[*row, bid[-2]] for row, bid in zip(rows, bids, strict=True)], last, unit
    if rule["kind"] == "schedules":
        return [[*row, steepness] for row, steepness in zip(unit, last, strict=True)], first, unit
    weights, intercept, slope = utilities(rule["economy"] or file["economy"])
    levels = [c + dot(row, first) for c, row in zip(intercept, weights, strict=True)]
    bends = [mu + file["tax_slope"] for mu in slope]
    rows = [[*(bend * x for x in row), ONE] for bend, row in zip(bends, unit, strict=True)]
    return rows, levels, columns(weights)


def outcomes(file, bids):
    """Return what happens to each trader; nobody trades where the bids are singular."""
    n, share, slope = len(bids), exact(file["clearing"]["share"]), file["economy"]["slope"]
    rows, levels, moves = hyperplanes(file, bids)
    sides = [[*side, ZERO] for side in (levels, *moves)]
    solution, *ways = solved([*rows, [ONE] * n + [ZERO]], sides) or [[]]
    if not ways or not all(ways[i][i] for i in range(n)):
        return [{"price": None, "quantity": ZERO, "transfer": ZERO, "utility": ZERO}] * n
    traders = [{"price": solution[n], "quantity": share * solution[i]} for i in range(n)]
    for i, trader in enumerate(traders):
        known = trader | {"tax_slope": file["tax_slope"], "own_slope": 1 / (bids[i][-1] or ONE)}
        known |= {"residual_slope": ways[i][n] / ways[i][i] / share, "1": ONE}
        terms = [(term, monomial.split("*")) for monomial, term in file["payment"].items()]
        paid = sum(exact(term) * prod(known[name] for name in names) for term, names in terms)
        worth = (file["values"][i] - slope[i] * trader["quantity"] / 2) * trader["quantity"]
        trader |= {"transfer": paid, "utility": worth - paid}
    return traders


def check_honest(file, bids, slack):
    """Check T A = diag(mu + sigma) up to sum q = 0, T b = 1 and T r = v, with Example 7's T = W."""
    if file["clearing"]["kind"] == "reports":
        return agree("honest_bids", [bid[0] for bid in bids], file["types"], slack)
    rows, levels, unit = hyperplanes(file, bids)
    for i, row in enumerate(utilities(file["economy"])[0]):
        wanted = [(file["economy"]["slope"][i] + file["tax_slope"]) * x for x in unit[i]]
        combined = wanted if file["clearing"]["kind"] == "schedules" else row
        *own, price = [dot(combined, column) for column in columns(rows)]
        found = [*(x - own[i - 1] for x in own), price, dot(combined, levels)]
        agree(f"the honest bid of trader {i}", found, [*wanted, ONE, file["values"][i]], slack)


def deviation(file, honest):
    i, found = int(file["trader"]), {}
    deviating = [*honest[:i], exact(file["bid"]), *honest[i + 1 :]]
    for name, bids in (("honest_outcome", honest), ("deviating_outcome", deviating)):
        found[name] = outcomes(file, bids)[i]
    gain = found["deviating_outcome"]["utility"] - found["honest_outcome"]["utility"]
    return found | {"gain": gain}


def profile(file, honest):
    pairs = list(zip(file["values"], file["economy"]["slope"], strict=True))
    prices, quantities, transfers, utility = columns([t.values() for t in outcomes(file, honest)])
    price = sum(v / mu for v, mu in pairs) / sum(1 / mu for _, mu in pairs)
    total = sum((v - price) ** 2 / mu / 2 for v, mu in pairs)
    marginal = max(abs(v - mu * q) for (v, mu), q in zip(pairs, quantities, strict=True))
    violation = {
        "market_clearing": abs(sum(quantities)) * marginal,
        "budget_surplus": -sum(transfers),
        "individual_rationality": -utility[int(file["trader"] or 0)],
        "efficiency": total - sum(utility) - sum(transfers),
    }[file["constraint"]]
    found = {"prices": prices, "quantities": quantities, "transfers": transfers}
    found |= {"utilities": utility, "violation": violation, "gains_from_trade": total}
    best = {"quantities": [(v - price) / mu for v, mu in pairs], "total": total}
    return found | {"first_best": best, "share": violation / total if total else None}


def check(file):
    formats = {"deviator deviation witness": deviation, "deviator profile witness": profile}
    need(isinstance(file, dict) and file.get("format") in formats, "it is no witness of deviator")
    need(file["version"] == 1, f"it is of version {file['version']}, and this checks version 1")
    need(file["trader"] is None or file["trader"] % 1 == 0, "the trader must be a whole number")
    need(file["clearing"] and file["payment"], "its rule is not written out", NotImplementedError)
    weights, intercept, slope = utilities(file["economy"])
    truth, slack = (file["exact"], 0) if file["arithmetic"] == "rational" else (file, CLOSE)
    honest, types = exact(truth["honest_bids"]), exact(file["types"])
    file["values"] = [intercept[i] + dot(weights[i], types) for i in range(len(slope))]
    agree("honest_bids", file["honest_bids"], honest, CLOSE)
    if file["strategy"] == "honest":
        check_honest(file, honest, slack)
    found = formats[file["format"]](file, honest)
    for name, wanted in found.items():
        agree(name, truth[name], wanted, slack)
        agree(name, file[name], wanted, CLOSE)
    need(found.get("gain", found.get("violation")) > 0, "nothing is gained, and nothing violated")


def main(paths):
    codes: list[int] = []  # numbers as above: deviator, which names them, is not imported here
    number = lambda text: Fraction(float(text))  # noqa: E731
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                check(json.load(file, parse_float=number, parse_int=number, parse_constant=number))
            codes, said = [*codes, 0], "all that it says holds"
        except NotImplementedError as error:
            codes, said = [*codes, 2], f"cannot be re-checked stand-alone: {error}"
        except Exception as error:
            told = isinstance(error, ValueError | OSError)
            codes, said = [*codes, 1], f"wrong: {error if told else f'malformed, {error!r}'}"
        print(f"{path}: {said}")
    return 1 if 1 in codes else max(codes, default=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Check witnesses of joint deviations; ends with 0 if all holds, 1 if one is wrong, else with 2.

``python -I -S recheck_joint_witness.py FILE...``; see docs/coalitions.md.
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


def agree(name, written, wanted, slack, least=0):
    """Compare numbers, or lists and mappings of them, up to a share of the largest beside them."""
    if isinstance(wanted, dict):
        written, wanted = [written[key] for key in wanted], list(wanted.values())
    if not isinstance(wanted, list):
        written, wanted = [written], [wanted]
    size = max([least, *(abs(each) for each in wanted if isinstance(each, Fraction))])
    for mine, theirs in zip(written, wanted, strict=True):
        if isinstance(theirs, list):
            agree(name, mine, theirs, slack, least)
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


def trades(file, bids):
    """Return quantity and transfer of each bid; nobody trades where the bids are singular."""
    n, share = len(bids), exact(file["clearing"]["share"])
    rows, levels, moves = hyperplanes(file, bids)
    sides = [[*side, ZERO] for side in (levels, *moves)]
    solution, *ways = solved([*rows, [ONE] * n + [ZERO]], sides) or [[]]
    if not ways or not all(ways[i][i] for i in range(n)):
        return [[ZERO, ZERO]] * n
    found, terms = [], [(x, names.split("*")) for names, x in file["payment"].items()]
    for i in range(n):
        known = {"price": solution[n], "quantity": share * solution[i], "1": ONE}
        known |= {"tax_slope": file["tax_slope"], "own_slope": 1 / (bids[i][-1] or ONE)}
        known["residual_slope"] = ways[i][n] / ways[i][i] / share
        paid = sum(exact(x) * prod(known[name] for name in names) for x, names in terms)
        found.append([known["quantity"], paid])
    return found


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


def of_people(file, cleared, places, owners):
    found = []
    for i in file["people"]:
        mine = [cleared[places[k]] for k, owner in enumerate(owners) if owner == i]
        units, paid = map(sum, columns(mine))
        worth = (file["values"][i] - file["economy"]["slope"][i] * units / 2) * units
        found.append([units, paid, worth - paid])
    return dict(zip(("quantity", "transfer", "utility"), columns(found), strict=True))


def in_economy(file, economy, types):
    weights, intercept, slope = utilities(economy)
    values = [intercept[i] + dot(weights[i], types) for i in range(len(slope))]
    return file | {"economy": economy, "types": types, "values": values}


def arena_of(file, n):
    places, owners, people = file["places"], file["owners"], file["people"]
    need(len({*places}) == len(places) == len(owners), "every bid must have a place of its own")
    if file["kind"] == "coalition":
        need(places == owners == people, "members must bid in their own places")
        return file
    names = [*people[:1], *range(n, n + len(owners) - 1)]
    need(owners == people * len(owners) and places == names, "names must be one trader's, and last")
    return in_economy(file, file["enlarged"], [file["types"][i] for i in [*range(n), *owners[1:]]])


def check(file):
    need((file["format"], file["version"]) == ("deviator joint deviation witness", 1), "no witness")
    need(file["clearing"] and file["payment"], "its rule is not written out", NotImplementedError)
    file |= {name: [int(each) for each in file[name]] for name in ("people", "places", "owners")}
    truth, slack = (file["exact"], 0) if file["arithmetic"] == "rational" else (file, CLOSE)
    honest, base = (exact(truth[name]) for name in ("honest_bids", "arena_bids"))
    file = in_economy(file, file["economy"], exact(file["types"]))
    arena = arena_of(file, len(honest))
    if file["strategy"] == "honest":
        check_honest(file, honest, slack)
        check_honest(arena, base, slack)
    moved = dict(enumerate(base)) | dict(zip(file["places"], exact(file["bids"]), strict=True))
    before = of_people(file, trades(file, honest), file["people"], file["people"])
    after = of_people(file, trades(arena, [*moved.values()]), file["places"], file["owners"])
    gains = [x - y for x, y in zip(after["utility"], before["utility"], strict=True)]
    gain = (sum if file["transfers"] else min)(gains)
    found = {"honest_outcome": before, "deviating_outcome": after, "gains": gains, "gain": gain}
    for name, wanted in (found | {"honest_bids": honest, "arena_bids": base}).items():
        agree(name, truth[name], wanted, slack)
        agree(name, file[name], wanted, CLOSE)
    need(gain > 0, "nothing is gained")


def main(paths):
    codes, number = [], lambda text: Fraction(float(text))
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

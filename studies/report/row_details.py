"""What a row of a page opens to: conditions, witness, seeds, curve and settings."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from deviator.harmless import one_line, shown

from .row import ReportRow
from .row_settings import settings_of
from .shown_parts import economy_of, learner_of, mechanism_of, sees_of, strategy_of

LONGEST = 160
"""Characters of a text, at most."""

MOST_LINES = 40
"""Lines of one part, at most: ``report.json`` holds everything."""

SHOWN_NUMBERS = 12
"""Numbers of a list that are written out."""

Pair = tuple[str, str]
"""A name, and what stands beside it."""

WITNESS: Mapping[str, str] = MappingProxyType(
    {
        "gain": "gain",
        "gains": "gain of each",
        "trader": "deviator",
        "people": "deviators",
        "types": "types",
        "honest_bid": "honest bid",
        "honest_bids": "honest bids",
        "bid": "deviating bid",
        "bids": "deviating bids",
        "honest_outcome": "if honest",
        "deviating_outcome": "if deviating",
        "arithmetic": "cleared in",
    }
)
"""Parts of a witness that are shown, and what they are called."""


class Condition(NamedTuple):
    """A condition of a certificate, whether it holds, and what was computed."""

    name: str
    holds: bool
    detail: str


class RowDetails(NamedTuple):
    """What a row opens to; parts that a row does not have are empty."""

    reason: str
    certificate: list[Pair]
    conditions: list[Condition]
    witness: list[Pair]
    seeds: list[list[str]]
    control: list[Pair]
    control_key: str
    settings: list[Pair]
    more: list[tuple[str, list[Pair]]]


def row_details(row: ReportRow) -> RowDetails:
    """Return what a row opens to, as texts that can be shown.

    Parameters
    ----------
    row : ReportRow
    """
    certificate = row["certificate"] or {}
    control = dict(row["control"] or {})
    return RowDetails(
        reason=one_line(row["reason"], 4 * LONGEST),
        certificate=list(_pairs({"kind": certificate.get("kind"), "cap": row["cap"]})),
        conditions=[
            Condition(_text(one["name"]), bool(one["holds"]), _text(one.get("detail", "")))
            for one in certificate.get("conditions", [])[:MOST_LINES]
        ],
        witness=_witness(row["witness"] or {}),
        seeds=[_seed(one) for one in row["by_seed"]],
        control=list(_pairs({name: control[name] for name in control if name != "key"})),
        control_key=one_line(str(control.get("key") or ""), LONGEST),
        settings=_settings(row),
        more=_more(row),
    )


def _witness(witness: Mapping[str, Any]) -> list[Pair]:
    trader, bids = witness.get("trader"), witness.get("honest_bids")
    if "bid" in witness and isinstance(trader, int) and isinstance(bids, list):
        # The others bid the same in both markets.
        others = {name: value for name, value in witness.items() if name != "honest_bids"}
        witness = others | {"honest_bid": bids[trader]}
    told = {name: witness[key] for key, name in WITNESS.items() if key in witness}
    return list(_pairs(told))[:MOST_LINES]


def _seed(one: Mapping[str, Any]) -> list[str]:
    names = "seed", "untrained_gain", "learned_gain", "learned_gain_max"
    return [_number(one[name]) for name in names] + [_text(one["stopped"] or "")]


def _settings(row: ReportRow) -> list[Pair]:
    """Return everything that the cell was made of, with whose the plugins are."""
    parts = {
        "mechanism": mechanism_of(row),
        "economy": economy_of(row),
        "strategy": strategy_of(row),
        "deviator": row["trader"],
        "sees": sees_of(row),
        "learner": learner_of(row),
        **settings_of(row),
        "held-out profiles": row["held_out"],
        "first-best surplus per trader": row["scale"],
        "the deviator's stakes": row["stakes"],
        "gains that count as 0": row["epsilon"],
        "digest of the cell": row["key"],
    }
    plugins = {
        f"{one['kind']} {one['name']}": f"{one['provider']} {one['version']}"
        for one in row["plugins"]
    }
    return list(_pairs({**parts, **plugins}))[: 2 * MOST_LINES]


def _more(row: ReportRow) -> list[tuple[str, list[Pair]]]:
    """Return what only rows of some questions tell, with its titles."""
    titles = {"each_draw": "Once the lots are known", "beyond": "The coalition"}
    parts = titles | {"equilibrium": "Where all ended"}
    found = [(title, row[name]) for name, title in parts.items()]  # type: ignore[literal-required]
    told = [(title, list(_pairs(_without_witness(each)))[:MOST_LINES]) for title, each in found]
    return [(title, pairs) for title, pairs in told if pairs]


def _without_witness(found: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (found or {}).items() if name != "witness"}


def _pairs(stated: Mapping[str, Any], before: str = "") -> Iterator[Pair]:
    """Yield names and values of plain data, those of parts after the name of the part."""
    for name, value in stated.items():
        full = f"{before}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _pairs(value, f"{full}: ")
        elif value is not None and value != []:
            yield _text(full), _value(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(value)
    return _text(str(value))


def _listed(values: Sequence[Any]) -> str:
    """Return the beginning of a list; of lists in it too."""
    texts = []
    for value in values[:SHOWN_NUMBERS]:
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        texts.append(f"({_listed(value)})" if is_list else _value_in_list(value))
    more = f", … ({len(values)} in all)" if len(values) > SHOWN_NUMBERS else ""
    return one_line(", ".join(texts), 4 * LONGEST) + more


def _value_in_list(value: Any) -> str:
    return shown(value, LONGEST) if isinstance(value, Mapping) else _value(value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _text(text: Any) -> str:
    return one_line(str(text), LONGEST)

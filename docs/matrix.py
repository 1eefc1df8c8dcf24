"""Write the matrix of all mechanisms and economies: python docs/matrix.py writes docs/matrix.md.

Each cell is a report card. It takes about ten minutes on two cores.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import deviator
from deviator.economies import (
    Economy,
    heterogeneous,
    linear_quadratic,
    multi_unit_demands,
    private_values,
    saturating,
    sigma_n,
    tight,
    two_groups,
    unit_demands,
)
from deviator.errors import DeviatorError
from deviator.evidence.constraints import Constraint

HELD_OUT = 500
"""Profiles of each card."""

SIGNS: Mapping[str, str] = MappingProxyType(
    {"confirmed": "+", "refuted": "-", "undetermined": "?", "vacuous": "0"}
)

ORDER: tuple[Constraint, ...] = (
    "incentive_compatibility",
    "market_clearing",
    "budget_surplus",
    "individual_rationality",
    "efficiency",
)

HEAD = """# What holds where

Every built-in mechanism in economies of four traders, honest bids, standard types. A cell has five
signs: incentive compatibility, market clearing, budget surplus, individual rationality, efficiency.
`+` is certified at every profile of types, `-` refuted with a witness, `?` open, `0` no trade; an
empty cell is a pair in which the rule, or honest bidding in it, is not defined.
`python docs/matrix.py` writes this page; each cell is `deviator.audit(..., held_out=500)`.
"""

MIXED = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0.4, 0.4, 0.4, 1]]


def economies() -> dict[str, Economy]:
    """Return one economy of each kind, of four traders."""
    return {
        "private values": private_values(4, slope=2.0),
        "fundamental value": deviator.economies.fundamental_value(4),
        "two groups": two_groups(4),
        "heterogeneous": heterogeneous(4),
        "tight": tight(4, own_effect=1.0, cross_effect=0.1, slope=1.0),
        "mixed slopes": linear_quadratic(MIXED, [4.0, 4.0, 4.0, 1.0]),
        "bounded types": linear_quadratic(
            private_values(4).weights, 1.0, type_low=[-1.0] * 4, type_high=[1.0] * 4
        ),
        "saturating (smooth)": saturating(4),
        "unit demands": unit_demands(2, 2),
        "multi-unit demands": multi_unit_demands(4),
    }


def mechanisms(economy: Economy) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the rules of a matrix and their settings, by the title of their rows."""
    tax = {"tax": [[0.5, 2.0]]}
    known: dict[str, tuple[str, dict[str, Any]]] = {
        "sigma-dcda, sigma = 0": ("sigma-dcda", {}),
        "sigma-vcg, sigma = 0": ("sigma-vcg", {}),
        "uniform-conditional": ("uniform-conditional", {}),
        "uniform-double-auction": ("uniform-double-auction", {}),
        "naive-walrasian": ("naive-walrasian", {}),
        "pay-as-bid": ("pay-as-bid", {"floor": 0.1}),
        "spread-vcg": ("spread-vcg", {"half_spread": 0.1}),
        "entry-fee-vcg": ("entry-fee-vcg", {"fee": 0.1}),
        "tax-vcg": ("tax-vcg", tax),
        "discrete-vcg": ("discrete-vcg", {"unit_size": 0.25}),
        "k-double-auction": ("k-double-auction", {}),
        "entry-fee-double-auction": ("entry-fee-double-auction", {}),
        "modified-vickrey-double-auction": ("modified-vickrey-double-auction", {}),
        "vickrey-multi-unit": ("vickrey-multi-unit", {}),
        "uniform-price-multi-unit": ("uniform-price-multi-unit", {}),
    }
    try:
        slope = sigma_n(economy)
    except DeviatorError:
        return known
    taxed: dict[str, tuple[str, dict[str, Any]]] = {
        f"{name}, sigma_N": (name, {"sigma": slope}) for name in ("sigma-dcda", "sigma-vcg")
    }
    return taxed | known


class Card(NamedTuple):
    """What a cell shows: its signs, or nothing; and what is open, with the reasons."""

    signs: str
    open: dict[str, str]


def card(rule: str, settings: dict[str, Any], economy: Economy) -> Card:
    """Audit one pair; a rule that is not defined there has an empty cell."""
    try:
        answers = deviator.audit(rule, economy, held_out=HELD_OUT, **settings).constraints
    except DeviatorError:
        return Card("", {})
    signs = "".join(SIGNS[answers[name].state] for name in ORDER)
    undecided = [name for name in ORDER if answers[name].state == "undetermined"]
    return Card(signs, {name: answers[name].reason for name in undecided})


def main() -> None:
    """Audit all pairs and write the page."""
    places = {
        (title, where): (*rule, economy)
        for where, economy in economies().items()
        for title, rule in mechanisms(economy).items()
    }
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        cards = dict(zip(places, pool.map(card, *zip(*places.values(), strict=True)), strict=True))
    Path(__file__).with_name("matrix.md").write_text(page(cards))


def page(cards: dict[tuple[str, str], Card]) -> str:
    """Return the page: the matrix, and why cells are open."""
    rules = list(dict.fromkeys(title for title, _ in cards))
    columns = list(economies())
    lines = ["| |" + "|".join(columns) + "|", "|---" * (len(columns) + 1) + "|"]
    for title in rules:
        signs = [cards[title, where].signs if (title, where) in cards else "" for where in columns]
        lines.append(
            f"| {title} |" + "|".join(f" `{each}` " if each else " " for each in signs) + "|"
        )
    reasons = [
        f"- {title} in {where}, {constraint.replace('_', ' ')}: {reason}"
        for (title, where), each in cards.items()
        for constraint, reason in each.open.items()
    ]
    return "\n".join([HEAD, *lines, "", "## Open", "", *(reasons or ["Nothing."]), ""])


if __name__ == "__main__":
    main()

"""Worst-case witnesses: one market, one bid that pays, and what it gains."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..report.row import ReportRow
from .style import BLUE, GRAY, RED, shown_text


def worst_witnesses(rows: Sequence[ReportRow]) -> list[ReportRow]:
    """Return of each rule the row whose witness gains most, over what is at stake.

    Witnesses of coalitions, and of other constraints than incentives, are left out: nobody
    deviates alone there.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    worst: dict[str, ReportRow] = {}
    for row in rows:
        if "bid" not in (row["witness"] or {}):
            continue
        rule = row["mechanism"]
        if rule not in worst or _size(row) > _size(worst[rule]):
            worst[rule] = row
    return list(worst.values())


def _size(row: ReportRow) -> float:
    gain: float = (row["witness"] or {})["gain"]
    return gain / row["stakes"] if row["stakes"] else gain


def draw_witness_types(ax: Axes, witness: Mapping[str, Any]) -> Axes:
    """Draw the profile of types of a witness; the deviator's is red.

    Parameters
    ----------
    ax : Axes
    witness : mapping
        As ``docs/witnesses.md`` describes it.

    Returns
    -------
    Axes
    """
    types, deviator = np.asarray(witness["types"], dtype=float), witness["trader"]
    colors = [RED if trader == deviator else BLUE for trader in range(len(types))]
    ax.bar(range(len(types)), types, color=colors)
    ax.axhline(0.0, color=GRAY, linewidth=0.4)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set_xlabel("trader")
    ax.set_ylabel("type")
    ax.set_title(f"trader {deviator} gains {witness['gain']:.3g}", loc="left")
    return ax


def draw_witness_bids(ax: Axes, witness: Mapping[str, Any]) -> Axes:
    """Draw the numbers of the deviator's honest bid and of the bid that pays.

    Where honest bids are surfaces only the bid that pays is drawn.

    Parameters
    ----------
    ax : Axes
    witness : mapping
        As ``docs/witnesses.md`` describes it.

    Returns
    -------
    Axes
    """
    bid = np.asarray(witness["bid"], dtype=float)
    places = np.arange(len(bid))
    if witness["honest_bids"] is not None:
        honest = np.asarray(witness["honest_bids"][witness["trader"]], dtype=float)
        ax.vlines(places, honest, bid, color=GRAY, linewidth=0.6)
        ax.plot(places, honest, "o", color=BLUE)
    ax.plot(places, bid, "x", color=RED)
    before, after = witness["honest_outcome"], witness["deviating_outcome"]
    ax.set_title(shown_text(f"units {_units(before)} to {_units(after)}"), loc="left")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set_xlabel("number of the bid")
    ax.set_ylabel("honest (dot), deviating (cross)")
    return ax


def _units(outcome: Mapping[str, Any]) -> str:
    return f"{float(outcome['quantity']):.3g}"

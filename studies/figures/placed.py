"""Where a study's rules stand between efficiency and budget surplus, market by market."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from deviator.economies import AssumptionBounds, QuadraticEconomy, SmoothEconomy, assumption_bounds
from deviator.errors import DeviatorError
from deviator.evidence.constraints import INCENTIVES

from ..report.row import ReportRow
from ..report.row_settings import settings_of
from ..report.shown_parts import economy_of
from .built_in_market import built_in_market
from .frontiers import Placed

NEEDED = ("distance", "largest_trade", "least_surplus")
"""Measured outcomes that place a rule."""


class MarketFrontier(NamedTuple):
    """The rules of a study in one economy, and the bounds of the frontiers there."""

    title: str
    placed: list[Placed]
    bounds: AssumptionBounds | None


def market_frontiers(rows: Sequence[ReportRow]) -> list[MarketFrontier]:
    """Return each economy of a study in which outcomes were measured, with its rules.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    groups: dict[Hashable, list[ReportRow]] = {}
    for row in rows:
        if set(NEEDED) <= set(row.get("outcomes") or {}):
            settings = settings_of(row)
            economy = tuple(
                (k, v) for k, v in settings.items() if k.startswith(("economy", "type"))
            )
            groups.setdefault((row["economy"], row["n_traders"], economy), []).append(row)
    return [_frontier(group) for group in groups.values()]


def _frontier(rows: list[ReportRow]) -> MarketFrontier:
    title = f"{economy_of(rows[0])}, N={rows[0]['n_traders']}"
    placed = list(dict.fromkeys(_placed(row) for row in rows))
    return MarketFrontier(title, placed, _bounds(rows))


def _placed(row: ReportRow) -> Placed:
    tax = row.get("sigma_rule") or ("" if row["sigma"] is None else f"{row['sigma']:.3g}")
    strategy = "" if row["strategy"] == "honest" else row["strategy"]
    label = " ".join(part for part in (row["mechanism"], tax, strategy) if part)
    deficit = -_measured(row, "least_surplus") * row["n_traders"]
    return Placed(label, _measured(row, "distance"), deficit, _deviating_pays(row))


def _deviating_pays(row: ReportRow) -> bool:
    """Return whether incentives were refuted, whichever constraint the row is about."""
    constraints = row["constraints"] or {}
    incentives = constraints.get(INCENTIVES, {}).get("state")
    return bool((incentives or row["state"]) == "refuted")


def _bounds(rows: list[ReportRow]) -> AssumptionBounds | None:
    """Return what bounds the economy, where it is deviator's own and the paper speaks of it."""
    tested = next((market for market in map(built_in_market, rows) if market is not None), None)
    largest = max(_measured(row, "largest_trade") for row in rows)
    if tested is None or largest <= 0:
        return None
    if not isinstance(tested.economy, QuadraticEconomy | SmoothEconomy):
        return None
    try:
        return assumption_bounds(tested.economy, largest)
    except DeviatorError:
        return None


def _measured(row: ReportRow, name: str) -> float:
    value: float = (row["outcomes"] or {})[name]["value"]
    return value

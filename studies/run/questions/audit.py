"""Which of the five constraints hold, for all traders, and what honest play leads to."""

from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from deviator.errors import NotConvergedError, RefusedError
from deviator.evidence import Market, Verdict
from deviator.evidence.constraints import INCENTIVES, Constraint, ConstraintVerdict

from ...audit_market import report_card
from ...card.report_card import ReportCard
from ...gather import Search
from ...outcomes import measured_outcomes, plain_outcomes
from ...spec.cell import Cell


def run(cell: Cell, folder: Path) -> dict[str, Any]:
    """Return the report card of a cell's market and the measured outcomes of honest play.

    Parameters
    ----------
    cell : Cell
    folder : Path
        Stays empty: an audit keeps no policies.
    """
    tested = cell.market.build_market()
    learners = () if tested.bids_are_surfaces else cell.learner.build_learners()
    search = Search(learners, cell.seeds, cell.steps, cell.rung, cell.held_out)
    card = report_card(tested, search)
    outcomes = measured_outcomes(tested, cell.held_out)
    # Without one the row is about incentives, as a report card is.
    asked = cell.constraint or INCENTIVES
    return {
        "answer": _answer(card, asked),
        "trader": card.trader,
        "scale": card.scale,
        "epsilon": card.epsilon,
        "stakes": _stakes(tested, card.trader),
        "unit": tested.unit,
        "honest_utility": outcomes["utility"].value if "utility" in outcomes else None,
        "constraints": {name: _plain(each) for name, each in card.constraints.items()},
        "witnesses": card.witnesses,
        "outcomes": plain_outcomes(outcomes),
    }


def _answer(card: ReportCard, asked: Constraint) -> dict[str, Any]:
    """Return what the row says of the constraint that it is about."""
    if asked == INCENTIVES:
        return _on_incentives(card, card.verdict)
    answer = card.constraints[asked]
    return {
        "state": answer.state,
        "scope": answer.scope,
        "reason": answer.reason,
        "lower": answer.worst,
        "worst": answer.worst,
        "cap": None,
        "certificate": answer.certificate,
        "witness": answer.witness,
        "power": None,
        "power_interval": None,
        "each_draw": None,
    }


def _on_incentives(card: ReportCard, verdict: Verdict) -> dict[str, Any]:
    return {
        "state": card.state,
        "scope": card.scope,
        "reason": card.reason,
        "lower": card.lower,
        "worst": card.worst,
        "cap": card.upper,
        "certificate": card.certificate,
        "witness": card.witness,
        "power": card.power,
        "power_interval": verdict.power_interval and list(verdict.power_interval),
        "each_draw": card.each_draw,
    }


def _stakes(tested: Market, trader: int) -> float | None:
    """Return what trading is worth to a trader; None where the rule does not clear."""
    try:
        return replace(tested, trader=trader).stakes
    except (RefusedError, NotConvergedError):
        return None


def _plain(answer: ConstraintVerdict) -> dict[str, Any]:
    """Return an answer as plain data; None where the gains from trade are 0, whatever is broken."""
    share = answer.worst_share
    return {
        "state": answer.state,
        "scope": answer.scope,
        "worst": answer.worst,
        "share": share if isfinite(share) else None,
        "cap": answer.cap,
        "reason": answer.reason,
    }

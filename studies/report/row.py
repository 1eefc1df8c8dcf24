"""From the cells' results to the rows of a report: a pure function of what was measured."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
from typing_extensions import TypedDict

from deviator.evidence import Evidence, LearnedGain, Verdict, judge
from deviator.evidence.constraints import Scope, State
from deviator.evidence.market import Unit
from deviator.evidence.power import student_interval
from deviator.plugins.rungs import shown_rung

from ..run.cell_result import evidence_of
from ..spec.cell import Cell
from ..spec.market import MarketSpec
from .asked_columns import asked_columns
from .economy_labels import economy_labels
from .matched_controls import matched_controls

INTERVAL = "95% Student interval of the mean over seeds"


class ControlRow(TypedDict):
    """The matched control of a row, in units of money per market.

    Numbers and key are None where the control was not run; mechanism and economy too where the bid
    language has no control.
    """

    mechanism: str | None
    economy: str | None
    exact_gain: float | None
    best_gain: float | None
    learned_gain: float | None
    share: float | None
    key: str | None


class MarketColumns(TypedDict):
    """What was tested, and with what budget."""

    mechanism: str
    parameters: dict[str, Any]
    economy: str
    economy_settings: dict[str, Any]
    economy_label: str
    strategy: str
    strategy_parameters: dict[str, Any]
    trader: int | str
    n_traders: int
    sigma: float | None
    sigma_rule: str | None
    information: str
    constraint: str | None
    members: int
    identities: int
    transfers: bool
    learner: str
    learner_settings: dict[str, Any]
    steps: int
    held_out: int
    plugins: list[dict[str, str]]
    undeclared_reads: list[str]
    key: str


class SeedColumns(TypedDict):
    """What was learned from one seed, as in `LearnedGain`."""

    seed: int
    untrained_gain: float | None
    learned_gain: float
    learned_gain_max: float
    training_gain_max: float | None
    stopped: str | None


class LearnedColumns(TypedDict):
    """What was learned, over seeds; None and empty in cells in which nothing was trained."""

    seeds: list[int]
    by_seed: list[SeedColumns]
    untrained_gain: float | None
    learned_gain: float | None
    learned_gain_interval: list[float] | None
    learned_gain_max: float | None
    training_gain_max: float | None
    share: float | None
    curves: list[list[list[float]]]
    stopped: list[str]


class VerdictColumns(TypedDict):
    """What the evidence supports, as in `Verdict`."""

    power: float | None
    cap: float | None
    certificate: dict[str, Any] | None
    lower: float
    epsilon: float
    scale: float
    state: State
    scope: Scope
    reason: str
    worst: float
    stakes: float | None
    power_interval: list[float] | None
    share_interval: list[float] | None
    witness: dict[str, Any] | None
    each_draw: dict[str, Any] | None
    unit: Unit


class ReportRow(MarketColumns, LearnedColumns, VerdictColumns):
    """One row of a report: a cell, its evidence and its verdict; gains in money per market.

    ``docs/report.md`` describes every field.
    """

    honest_utility: float | None
    exact_gain: float | None
    best_gain: float
    best_gain_kind: str
    control: ControlRow | None
    question: str
    constraints: dict[str, Any] | None
    outcomes: dict[str, Any] | None
    beyond: dict[str, Any] | None
    equilibrium: dict[str, Any] | None


def report_rows(cells: list[Cell], results: list[dict[str, Any]]) -> list[ReportRow]:
    """Return one row per cell.

    Parameters
    ----------
    cells : list of Cell
    results : list of dict
        Of `run_cell`, in the same order.
    """
    measured = [
        Measured(cell, evidence_of(result, cell.learner.title, None))
        for cell, result in zip(cells, results, strict=True)
    ]
    controls = [None if place is None else measured[place] for place in matched_controls(cells)]
    labels = economy_labels(cells)
    return [_row(*parts) for parts in zip(measured, results, controls, labels, strict=True)]


class Measured(NamedTuple):
    """A cell, and what is known of it without its control."""

    cell: Cell
    evidence: Evidence


def _row(
    measured: Measured, result: dict[str, Any], control: Measured | None, label: str
) -> ReportRow:
    cell, evidence = measured
    evidence = replace(evidence, control=None if control is None else control.evidence)
    of_deviations = {
        **market_columns(cell, result, label),
        **_learned_columns(evidence),
        **_verdict_columns(judge(evidence), evidence),
        "honest_utility": evidence.honest_utility,
        "exact_gain": evidence.best.exact_gain,
        "best_gain": evidence.best.gain,
        "best_gain_kind": evidence.best.kind,
        "control": None if cell.is_control else _control(cell.control, control),
    }
    return cast(ReportRow, of_deviations | asked_columns(result))


def market_columns(cell: Cell, result: Mapping[str, Any], label: str) -> MarketColumns:
    """Return the columns that say what a cell is about.

    Parameters
    ----------
    cell : Cell
    result : mapping
        Of `run_cell`; its `n_traders`, `sigma` and `plugins` are shown.
    label : str
        The economy, and what tells it from others of the study.
    """
    market = cell.market
    return {
        "mechanism": market.title,
        "parameters": market.parameters,
        "economy": market.economy.title,
        "economy_settings": market.economy.settings(),
        "economy_label": label,
        "strategy": market.strategy_title,
        "strategy_parameters": market.strategy_parameters,
        "trader": market.trader,
        "n_traders": result["n_traders"],
        "sigma": result["sigma"],
        "sigma_rule": market.sigma if isinstance(market.sigma, str) else None,
        "information": shown_rung(cell.information),
        "constraint": cell.constraint,
        "members": cell.members,
        "identities": cell.identities,
        "transfers": cell.transfers,
        "learner": cell.learner.title,
        "learner_settings": cell.learner.settings,
        "steps": cell.steps,
        "held_out": cell.held_out,
        "plugins": result["plugins"],
        "undeclared_reads": result.get("undeclared_reads", []),
        "key": cell.key,
    }


def _learned_columns(evidence: Evidence) -> LearnedColumns:
    learned = evidence.learned
    return {
        "seeds": [one.seed for one in learned],
        "by_seed": [_seed_columns(one) for one in learned],
        "untrained_gain": _mean(_known(one.untrained_gain for one in learned)),
        "learned_gain": evidence.learned_gain,
        "learned_gain_interval": _listed(student_interval([one.gain for one in learned])),
        "learned_gain_max": max((one.largest_gain for one in learned), default=None),
        "training_gain_max": max(_known(one.training_gain for one in learned), default=None),
        "share": evidence.share,
        "curves": [[list(point) for point in one.curve] for one in learned],
        "stopped": [f"seed {one.seed}: {one.stopped}" for one in learned if one.stopped],
    }


def _seed_columns(learned: LearnedGain) -> SeedColumns:
    return {
        "seed": learned.seed,
        "untrained_gain": learned.untrained_gain,
        "learned_gain": learned.gain,
        "learned_gain_max": learned.largest_gain,
        "training_gain_max": learned.training_gain,
        "stopped": learned.stopped,
    }


def _verdict_columns(verdict: Verdict, evidence: Evidence) -> VerdictColumns:
    return {
        "power": verdict.power,
        "cap": verdict.upper,
        "certificate": verdict.certificate,
        "lower": verdict.lower,
        "epsilon": verdict.epsilon,
        "scale": verdict.scale,
        "state": verdict.state,
        "scope": verdict.scope,
        "reason": verdict.reason,
        "worst": verdict.worst,
        "stakes": evidence.stakes,
        "power_interval": _listed(verdict.power_interval),
        "share_interval": _listed(evidence.share_interval),
        "witness": verdict.witness,
        "unit": verdict.unit,
        "each_draw": verdict.each_draw,
    }


def _control(stated: MarketSpec | None, ran: Measured | None) -> ControlRow:
    """Return the matched control of a cell that is not its own."""
    evidence = None if ran is None else ran.evidence
    return {
        "mechanism": None if stated is None else stated.title,
        "economy": None if stated is None else stated.economy.title,
        "exact_gain": None if evidence is None else evidence.best.exact_gain,
        "best_gain": None if evidence is None else evidence.best.gain,
        "learned_gain": None if evidence is None else evidence.learned_gain,
        "share": None if evidence is None else evidence.share,
        "key": None if ran is None else ran.cell.key,
    }


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _listed(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)

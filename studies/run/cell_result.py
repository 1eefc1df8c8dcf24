"""Running one cell: what it finds as plain data, and the evidence that plain data holds."""

from pathlib import Path
from typing import Any

from deviator.evidence import (
    BestDeviation,
    Certificate,
    EachDraw,
    Evidence,
    LargestGain,
    LearnedGain,
)
from deviator.plugins.undeclared_reads import undeclared_reads

from ..spec.cell import Cell
from .questions import QUESTIONS


def run_cell(cell: Cell, folder: Path) -> dict[str, Any]:
    """Run a cell and return its result as plain data.

    Parameters
    ----------
    cell : Cell
    folder : Path
        Where the learned policies and the TensorBoard logs go.
    """
    found = QUESTIONS[cell.question](cell, folder)
    return {
        "key": cell.key,
        "question": cell.question,
        "plugins": cell.plugins,
        "n_traders": cell.market.economy.economy.n_traders,
        "sigma": cell.market.tax_slope(),
        "undeclared_reads": undeclared_reads(),
    } | found


def evidence_of(result: dict[str, Any], learner: str, control: Evidence | None) -> Evidence:
    """Return the evidence that a cell's result holds.

    Parameters
    ----------
    result : dict
        Of `run_cell`.
    learner : str
        Name of the cell's learner.
    control : Evidence or None
        That of the cell's matched control.

    Returns
    -------
    Evidence
        Of a cell that asks something else, evidence in which nobody deviates.
    """
    if result.get("question", "deviation") != "deviation":
        return _without_deviations(result)
    certificate = result["certificate"]
    return Evidence(
        scale=result["scale"],
        trades=result["trades"],
        honest_utility=result["honest_utility"],
        best=BestDeviation(
            gain=result["best_gain"],
            error=result["best_gain_error"],
            kind=result["best_gain_kind"],
            epsilon=result["epsilon"],
            beyond_rounding=result["best_gain_beyond_rounding"],
        ),
        learned=tuple(_learned_of(seed, learner) for seed in result["seeds"]),
        control=control,
        certificate=certificate and Certificate.from_dict(certificate, result["trades"]),
        witness=result["witness"],
        information=result["information"],
        stakes=result["stakes"],
        rounding=result["rounding"],
        tolerated=result["tolerated"],
        worst=_worst_of(result["worst"]),
        refusals=tuple(result["refusals"]),
        rare_losses_known=result["rare_losses_known"],
        each_draw=_each_draw_of(result.get("each_draw")),
        unit=result.get("unit", "money"),
    )


def _without_deviations(result: dict[str, Any]) -> Evidence:
    return Evidence(
        scale=result["scale"],
        trades=True,
        honest_utility=result.get("honest_utility") or 0.0,
        best=BestDeviation(gain=0.0, error=0.0, kind="searched", epsilon=0.0),
        stakes=result.get("stakes") or 0.0,
        unit=result.get("unit", "money"),
    )


def _each_draw_of(answer: dict[str, Any] | None) -> EachDraw | None:
    return None if answer is None else EachDraw(**answer)


def _worst_of(worst: dict[str, Any] | None) -> LargestGain | None:
    return None if worst is None else LargestGain(**worst | {"types": tuple(worst["types"])})


def _learned_of(seed: dict[str, Any], learner: str) -> LearnedGain:
    return LearnedGain(
        learner=learner,
        seed=seed["seed"],
        gain=seed["learned_gain"],
        largest_gain=seed["learned_gain_max"],
        untrained_gain=seed["untrained_gain"],
        training_gain=seed["training_gain_max"],
        curve=tuple((steps, gain) for steps, gain in seed["curve"]),
        beyond_rounding=seed["beyond_rounding"],
        stopped=seed["stopped"],
    )

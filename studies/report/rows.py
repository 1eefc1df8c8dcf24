"""From the cells' results to the rows of a report: a pure function of what was measured."""

from typing import Any

import numpy as np
from scipy.stats import t as student

from deviator.evidence.verdict import Verdict, reach_verdict

from ..spec.cell import Cell
from ..spec.market import plain_name
from .economy_labels import economy_labels

INTERVAL = "95% Student interval of the mean over seeds"


def report_rows(cells: list[Cell], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per cell; gains in units of money per market.

    Parameters
    ----------
    cells : list of Cell
    results : list of dict
        Of `run_cell`, in the same order.
    """
    return [
        _row(cell, result, _result_of_control(cell, cells, results)) | {"economy_label": label}
        for cell, result, label in zip(cells, results, economy_labels(cells), strict=True)
    ]


def _result_of_control(
    cell: Cell, cells: list[Cell], results: list[dict[str, Any]]
) -> dict[str, Any] | None:
    for other, result in zip(cells, results, strict=True):
        if other.controls(cell):
            return result
    return None


def _row(cell: Cell, result: dict[str, Any], control: dict[str, Any] | None) -> dict[str, Any]:
    learned = [seed["learned_gain"] for seed in result["seeds"]]
    verdict = verdict_of(result, control)
    return {
        "mechanism": plain_name(cell.market.mechanism),
        "parameters": cell.market.parameters,
        "economy": cell.market.economy.title,
        "economy_settings": cell.market.economy.settings(),
        "strategy": plain_name(cell.market.strategy),
        "trader": cell.market.trader,
        "n_traders": result["n_traders"],
        "sigma": result["sigma"],
        "information": cell.information,
        "learner": plain_name(cell.learner.name),
        "steps": cell.steps,
        "seeds": list(cell.seeds),
        "held_out": cell.held_out,
        "honest_utility": result["honest_utility"],
        "untrained_gain": _mean(result, "untrained_gain"),
        "learned_gain": float(np.mean(learned)),
        "learned_gain_interval": _interval(learned),
        "learned_gain_max": max(seed["learned_gain_max"] for seed in result["seeds"]),
        "training_gain_max": max(seed["training_gain_max"] for seed in result["seeds"]),
        "exact_gain": result["exact_gain"],
        "best_gain": result["best_gain"],
        "best_gain_kind": result["best_gain_kind"],
        "share": _share(result),
        "control": _control(cell, control),
        "power": verdict.power,
        "cap": verdict.upper,
        "certificate": verdict.certificate,
        "lower": verdict.lower,
        "epsilon": verdict.epsilon,
        "scale": verdict.scale,
        "state": verdict.state,
        "witness": verdict.witness,
        "curves": [seed["curve"] for seed in result["seeds"]],
        "plugins": result["plugins"],
        "key": cell.key,
    }


def verdict_of(result: dict[str, Any], control: dict[str, Any] | None) -> Verdict:
    """Return the verdict on one cell, given the result of its matched control."""
    return reach_verdict(
        gains=[result["best_gain"], *(seed["learned_gain"] for seed in result["seeds"])],
        error=result["best_gain_error"],
        scale=result["scale"],
        epsilon=result["epsilon"],
        trades=result["trades"],
        certificate=result["certificate"],
        witness=result["witness"],
        power=None if control is None else _share(control),
    )


def _control(cell: Cell, control: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the matched control of a cell; None where the cell is its own.

    Numbers are None where the control cell could not be run.
    """
    if cell.is_control:
        return None
    return {
        "mechanism": plain_name(cell.control.mechanism),
        "economy": cell.control.economy.title,
        "exact_gain": None if control is None else control["exact_gain"],
        "best_gain": None if control is None else control["best_gain"],
        "learned_gain": None if control is None else _mean(control, "learned_gain"),
        "share": None if control is None else _share(control),
        "key": None if control is None else control["key"],
    }


def _share(result: dict[str, Any]) -> float | None:
    """Return learned over best gain, or None where there is nothing to gain."""
    if result["best_gain"] <= result["epsilon"]:
        return None
    return _mean(result, "learned_gain") / float(result["best_gain"])


def _mean(result: dict[str, Any], field: str) -> float:
    return float(np.mean([seed[field] for seed in result["seeds"]]))


def _interval(values: list[float]) -> list[float] | None:
    """Return a 95% Student interval of the mean; None for a single value."""
    if len(values) < 2:
        return None
    reach = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return [float(np.mean(values) - reach), float(np.mean(values) + reach)]

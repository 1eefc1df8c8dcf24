"""Running one cell: its evidence as plain data, and the evidence that plain data holds."""

from dataclasses import asdict
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
from deviator.learners import Learner, Training
from deviator.plugins.undeclared_reads import undeclared_reads
from deviator.policies import save_policy

from ..gather import Search, Watch, gather
from ..spec.cell import Cell


def run_cell(cell: Cell, folder: Path) -> dict[str, Any]:
    """Run a cell and return its result as plain data.

    Parameters
    ----------
    cell : Cell
    folder : Path
        Where the learned policies and the TensorBoard logs go.
    """
    tested = cell.market.build_market()
    # Learners bid numbers, and surfaces are functions: such markets are searched alone.
    learners = () if tested.bids_are_surfaces else (cell.learner.build_learner(),)
    search = Search(learners, cell.seeds, cell.steps, cell.rung, cell.held_out)

    def keep(_: Learner, seed: int, training: Training) -> None:
        # A third party's deviation may have no file format: its gains are kept all the same.
        if training.policy.file_format:
            save_policy(
                training.policy,
                folder / f"seed{seed}",
                market=cell.market.model_dump(mode="json"),
                plugins=cell.plugins,
                information=search.information,
            )

    control = None if cell.control is None else cell.control.build_market()
    watch = Watch(keep, log_folder=lambda _, seed: folder / "tensorboard" / f"seed{seed}")
    evidence = gather(tested, search, control=control, watch=watch)
    return {
        "key": cell.key,
        "plugins": cell.plugins,
        "n_traders": tested.economy.n_traders,
        "sigma": cell.market.tax_slope(),
        "undeclared_reads": undeclared_reads(),
    } | _plain(evidence)


def _plain(evidence: Evidence) -> dict[str, Any]:
    best, certificate = evidence.best, evidence.certificate
    return {
        "scale": evidence.scale,
        "epsilon": evidence.epsilon,
        "honest_utility": evidence.honest_utility,
        "trades": evidence.trades,
        "exact_gain": best.exact_gain,
        "best_gain": best.gain,
        "best_gain_error": best.error,
        "best_gain_kind": best.kind,
        "best_gain_beyond_rounding": best.beyond_rounding,
        "information": evidence.information,
        "stakes": evidence.stakes,
        "rounding": evidence.rounding,
        "tolerated": evidence.tolerated,
        "worst": None if evidence.worst is None else asdict(evidence.worst),
        "refusals": list(evidence.refusals),
        "rare_losses_known": evidence.rare_losses_known,
        "unit": evidence.unit,
        "seeds": [_plain_learned(learned) for learned in evidence.learned],
        "certificate": None if certificate is None else certificate.to_dict(),
        "witness": evidence.witness,
        "each_draw": None if evidence.each_draw is None else evidence.each_draw.to_dict(),
    }


def _plain_learned(learned: LearnedGain) -> dict[str, Any]:
    return {
        "seed": learned.seed,
        "untrained_gain": learned.untrained_gain,
        "learned_gain": learned.gain,
        "learned_gain_max": learned.largest_gain,
        "training_gain_max": learned.training_gain,
        "beyond_rounding": learned.beyond_rounding,
        "curve": [list(point) for point in learned.curve],
        "stopped": learned.stopped,
    }


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
    """
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

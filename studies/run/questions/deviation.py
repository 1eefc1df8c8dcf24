"""What one trader gains by deviating: the evidence on one market, as plain data."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from deviator.evidence import Evidence, LearnedGain
from deviator.learners import Learner, Training
from deviator.policies import save_policy

from ...gather import Search, Watch, gather
from ...spec.cell import Cell
from ...spec.naming import without_folders


def run(cell: Cell, folder: Path) -> dict[str, Any]:
    """Return the evidence on a cell's market.

    Parameters
    ----------
    cell : Cell
    folder : Path
        Where the learned policies and the TensorBoard logs go.
    """
    tested = cell.market.build_market()
    # Learners bid numbers, and surfaces are functions: such markets are searched alone.
    learners = () if tested.bids_are_surfaces else cell.learner.build_learners()
    search = Search(learners, cell.seeds, cell.steps, cell.rung, cell.held_out)

    def keep(_: Learner, seed: int, training: Training) -> None:
        # A third party's deviation may have no file format: its gains are kept all the same.
        if training.policy.file_format:
            save_policy(
                training.policy,
                folder / f"seed{seed}",
                market=without_folders(cell.market.model_dump(mode="json")),
                plugins=cell.plugins,
                information=search.information,
            )

    control = None if cell.control is None else cell.control.build_market()
    watch = Watch(keep, log_folder=lambda _, seed: folder / "tensorboard" / f"seed{seed}")
    return plain_evidence(gather(tested, search, control=control, watch=watch))


def plain_evidence(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as plain data."""
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

"""Running one cell: exact answer, trained deviators, certificate and witness."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from deviator.envs import deviation_core
from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.evidence.best_deviation import best_answer, held_out_profiles, trades
from deviator.evidence.certificates import Certificate, certify
from deviator.evidence.certificates.theorem import certify_by_theorem
from deviator.evidence.verdict import epsilon_of, pays
from deviator.evidence.witness import find_witness
from deviator.learners import Training
from deviator.policies import Information, LearnedDeviation, save_policy
from deviator.validation import Floats

from .spec.cell import Cell
from .spec.market import MarketSpec


def run_cell(cell: Cell, folder: Path) -> dict[str, Any]:
    """Run a cell and return its result as plain data.

    Parameters
    ----------
    cell : Cell
    folder : Path
        Where the learned policies and the TensorBoard logs go.
    """
    # One thread gives the same sums in every process.
    with threadpool_limits(limits=1):
        tested = cell.market.build()
        types = held_out_profiles(tested, cell.held_out)
        best = best_answer(tested, types, cell.information)
        trained = [_train(cell, tested, types, seed, folder) for seed in cell.seeds]
        certificate = certificate_of(tested, cell.information)
        learned = [training.policy for _, training in trained]
        witness = best.witness or _learned_witness(tested, types, learned, cell.information)
    return {
        "key": cell.key,
        "plugins": cell.plugins,
        "n_traders": tested.economy.n_traders,
        "sigma": cell.market.tax_slope(),
        "scale": tested.scale(),
        "epsilon": epsilon_of(tested),
        "honest_utility": _honest_utility(tested, types),
        "exact_gain": best.exact_gain,
        "trades": trades(tested, types),
        "best_gain": best.gain,
        "best_gain_error": best.error,
        "best_gain_kind": best.kind,
        "seeds": [result for result, _ in trained],
        "certificate": None if certificate is None else certificate.to_dict(),
        "witness": witness,
    }


def certificate_of(tested: Market, information: Information) -> Certificate | None:
    """Return the market's certificate, exact or by theorem, or None where there is neither."""
    with suppress(RefusedError):
        return certify(tested, information)
    with suppress(RefusedError):
        return certify_by_theorem(tested)
    return None


def _honest_utility(tested: Market, types: Floats) -> float:
    honest = tested.strategy.bids(types).of_trader(tested.trader)
    return float(tested.utilities(types, honest[:, None])[:, 0].mean())


def _learned_witness(
    tested: Market, types: Floats, learned: list[LearnedDeviation], information: Information
) -> dict[str, Any] | None:
    """Return a witness of the first learned deviation that pays on average."""
    for policy in learned:
        if pays(tested, tested.gains(types, policy.bid(types, tested.trader)), information):
            return find_witness(tested, policy, types)
    return None


def _train(
    cell: Cell, tested: Market, types: Floats, seed: int, folder: Path
) -> tuple[dict[str, Any], Training]:
    """Train one deviator and judge him on held-out profiles."""
    core = deviation_core(tested, information=cell.information, control=cell.control.build())
    training = cell.learner.build().train(
        core, cell.steps, seed, log_folder=folder / "tensorboard" / f"seed{seed}"
    )
    save_policy(described(training.policy, cell.market, cell.plugins), folder / f"seed{seed}")
    return {"seed": seed} | judged(tested, types, training), training


def described(
    policy: LearnedDeviation, market: MarketSpec, plugins: list[dict[str, str]]
) -> LearnedDeviation:
    """Return the policy with the description of its market, from which it can be rebuilt."""
    return replace(policy, market=market.model_dump(mode="json"), plugins=tuple(plugins))


def judged(tested: Market, types: Floats, training: Training) -> dict[str, Any]:
    """Return a training's gains on given profiles, in units of money per market."""
    untrained = tested.gains(types, training.untrained.bid(types, tested.trader))
    learned = tested.gains(types, training.policy.bid(types, tested.trader))
    return {
        "untrained_gain": float(untrained.mean()),
        "learned_gain": float(learned.mean()),
        "learned_gain_max": float(learned.max()),
        "training_gain_max": training.largest_gain,
        "curve": [[point.steps, point.gain] for point in training.curve],
    }

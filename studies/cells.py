"""Running one cell: exact answer, trained deviators, certificate and witness."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from deviator.economies import QuadraticEconomy
from deviator.envs import Market, deviation_core
from deviator.errors import RefusedError
from deviator.learners import Training
from deviator.policies import (
    BestResponse,
    Information,
    LearnedDeviation,
    exact_gain,
    save_policy,
)
from deviator.validation import Floats

from .certificates import Certificate, certify
from .specs import Cell, MarketSpec
from .verdict import EPSILON
from .witness import find_witness

HELD_OUT_SEED = 2_000_003
"""Seeds the held-out profiles, the same in every cell with the same law of types."""

ROUNDING = 1e-12
"""Exact gains below this multiple of the scale are rounding errors and stated as 0."""


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
        exact = exact_answer(tested, types, cell.information)
        seeds = [_train(cell, tested, types, seed, folder) for seed in cell.seeds]
        certificate = certificate_of(tested, cell.information)
    scale = tested.scale()
    return {
        "key": cell.key,
        "n_traders": tested.economy.n_traders,
        "sigma": cell.market.tax_slope(),
        "scale": scale,
        "honest_utility": _honest_utility(tested, types),
        "exact_gain": exact["gain"] if exact["gain"] > ROUNDING * scale else 0.0,
        "seeds": seeds,
        "certificate": None if certificate is None else certificate.to_dict(),
        "exact_gain_error": exact["error"],
        "witness": exact["witness"],
    }


def held_out_profiles(tested: Market, count: int) -> Floats:
    """Draw the profiles on which deviators are judged, shape (count, N).

    Under Normal types their mean and covariance are the law's, so that the exact gain measured on
    them is the expected one.
    """
    return tested.distribution.matched_sample(np.random.default_rng(HELD_OUT_SEED), count)


def exact_answer(tested: Market, types: Floats, information: Information) -> dict[str, Any]:
    """Return the exact best deviator's mean gain on given profiles, and a witness if it pays.

    Beside the gain stands its sampling error, three standard errors of the mean.

    On the own-type rung his bids are cleared on the same profiles, so that a learner's share is
    measured with common random numbers.
    """
    economy = tested.economy
    if not isinstance(economy, QuadraticEconomy):
        raise RefusedError(
            f"an exact answer needs a linear-quadratic economy, got {type(economy).__name__}"
        )
    best = BestResponse(
        tested.mechanism, economy, information, tested.distribution, tested.strategy
    )
    if information == "profile":
        gains = exact_gain(
            tested.mechanism, economy, types, others=tested.strategy, trader=tested.trader
        )
    else:
        gains = tested.gains(types, best.bid(types, tested.trader))
    gain, error = float(gains.mean()), 3 * float(gains.std()) / float(np.sqrt(len(gains)))
    pays = gain > max(error, EPSILON * tested.scale())
    witness = find_witness(tested, best, types) if pays else None
    return {"gain": gain, "error": error, "witness": witness}


def certificate_of(tested: Market, information: Information) -> Certificate | None:
    """Return the market's certificate, or None where it has no exact form."""
    try:
        return certify(tested, information)
    except RefusedError:
        return None


def _honest_utility(tested: Market, types: Floats) -> float:
    honest = tested.strategy.bids(types).of_trader(tested.trader)
    return float(tested.utilities(types, honest[:, None])[:, 0].mean())


def _train(cell: Cell, tested: Market, types: Floats, seed: int, folder: Path) -> dict[str, Any]:
    """Train one deviator and judge him on held-out profiles."""
    core = deviation_core(tested, information=cell.information, control=cell.control.build())
    training = cell.learner.build().train(
        core, cell.steps, seed, log_folder=folder / "tensorboard" / f"seed{seed}"
    )
    save_policy(described(training.policy, cell.market), folder / f"seed{seed}")
    return {"seed": seed} | judged(tested, types, training)


def described(policy: LearnedDeviation, market: MarketSpec) -> LearnedDeviation:
    """Return the policy with the description of its market, from which it can be rebuilt."""
    return replace(policy, market=market.model_dump(mode="json"))


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

"""Training one deviator in one market, and judging saved ones again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from pydantic import ValidationError

from deviator.economies import private_values
from deviator.envs import Market, deviation_core, market, matched_control
from deviator.errors import ResultsError
from deviator.learners import CurvePoint, Learner
from deviator.policies import (
    Information,
    LearnedDeviation,
    check_information,
    load_policy,
    save_policy,
)
from deviator.policies.learned import read_description

from .cells import ROUNDING, described, exact_answer, held_out_profiles, judged
from .specs import MarketSpec

HELD_OUT = 20_000
"""Profiles on which a trained deviator is judged."""


@final
@dataclass(frozen=True)
class TrainingReport:
    """How well one trained deviator does, in units of money per market.

    Attributes
    ----------
    untrained_gain, learned_gain, exact_gain : float
        Means over the same held-out profiles.
    share : float or None
        Learned over exact gain; None where there is nothing to gain.
    path : Path or None
        Where the policy was saved, without suffix.
    """

    untrained_gain: float
    learned_gain: float
    exact_gain: float
    share: float | None
    path: Path | None = None


Live = Callable[[CurvePoint, float], None]
"""Called with each point of the curve and the exact best gain."""


def train(
    spec: MarketSpec,
    learner: Learner,
    steps: int,
    seed: int,
    *,
    information: Information = "profile",
    out: Path | None = None,
    live: Live | None = None,
) -> TrainingReport:
    """Train one deviator on a market and save its policy.

    Parameters
    ----------
    spec : MarketSpec
    learner : Learner
    steps : int
        Budget in submitted bids.
    seed : int
    information : {"profile", "own"}
    out : Path, optional
        Where to save the policy, without suffix; it is not saved by default.
    live : callable, optional
        Called at each point of the learning curve.

    Raises
    ------
    DeviatorError
        If the market or the file breaks a rule.
    """
    tested = spec.build()
    types = held_out_profiles(tested, HELD_OUT)
    exact = _exact(tested, types, information)
    core = deviation_core(tested, information=information, control=control_of(tested))
    training = learner.train(
        core, steps, seed, progress=None if live is None else lambda point: live(point, exact)
    )
    if out is not None:
        _save(training.policy, spec, out)
    found = judged(tested, types, training)
    return _report(found["untrained_gain"], found["learned_gain"], exact, out)


def control_of(tested: Market) -> Market:
    """Return the matched control; for equilibrium schedules, price-taking private values.

    A market in equilibrium offers nothing to gain, so its own best shift cannot set the range.
    """
    if tested.strategy.name != "linear-bayes":
        return matched_control(tested)
    slope = float(np.mean(tested.economy.slope))  # type: ignore[attr-defined]
    economy = private_values(tested.economy.n_traders, alpha=1.0, slope=slope)
    return market(tested.mechanism, economy, trader=tested.trader)


def evaluate(path: Path) -> TrainingReport:
    """Judge a saved policy on held-out profiles of the market that it was trained in.

    Parameters
    ----------
    path : Path
        Of the policy, without suffix.

    Raises
    ------
    ResultsError
        If the files are missing, damaged or not a policy of ours.
    """
    description = read_description(path)
    try:
        tested = MarketSpec.model_validate(description.get("market")).build()
    except ValidationError as error:
        raise ResultsError(
            f"{path}.json must describe the market of the policy, and does not "
            f"({error.errors()[0]['msg']}); train one anew"
        ) from None
    policy = load_policy(path, tested.strategy)
    information = check_information(policy.observation.information)
    types = held_out_profiles(tested, HELD_OUT)
    gain = float(tested.gains(types, policy.bid(types, tested.trader)).mean())
    return _report(float("nan"), gain, _exact(tested, types, information), path)


def _exact(tested: Market, types: Any, information: Information) -> float:
    gain = float(exact_answer(tested, types, information)["gain"])
    return gain if gain > ROUNDING * tested.scale() else 0.0


def _report(untrained: float, learned: float, exact: float, path: Path | None) -> TrainingReport:
    return TrainingReport(untrained, learned, exact, learned / exact if exact > 0 else None, path)


def _save(policy: LearnedDeviation, spec: MarketSpec, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_policy(described(policy, spec), out)
    except OSError as error:
        raise ResultsError(
            f"{out} must be writable, got {error.strerror}; choose another"
        ) from None

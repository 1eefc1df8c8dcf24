"""Training one deviator in one market, and judging saved ones again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pydantic import ValidationError

from deviator.envs import deviation_core
from deviator.errors import ResultsError
from deviator.evidence import standing_control
from deviator.evidence.best_deviation import Answer, best_answer, held_out_profiles
from deviator.files import write_atomically
from deviator.learners import CurvePoint, Learner
from deviator.plugins import provenance
from deviator.policies import Information, check_information, load_policy, save_policy
from deviator.policies.learned import policy_stem, read_description

from .cells import described, judged
from .run.store import explained
from .spec.market import MarketSpec
from .spec.messages import mistakes_of

HELD_OUT = 20_000
"""Profiles on which a trained deviator is judged."""


@final
@dataclass(frozen=True)
class TrainingReport:
    """How well one trained deviator does, in units of money per market.

    Attributes
    ----------
    untrained_gain, learned_gain : float
        Means over the same held-out profiles.
    exact_gain : float or None
        That of the best deviator; None where the mechanism has no exact answer.
    best_gain : float
        The exact gain, or where there is none what a search found, a lower bound.
    share : float or None
        Learned over best gain; None where there is nothing to gain.
    path : Path or None
        Where the policy was saved, without suffix.
    """

    untrained_gain: float
    learned_gain: float
    exact_gain: float | None
    best_gain: float
    share: float | None
    path: Path | None = None


Live = Callable[[CurvePoint, Answer], None]
"""Called with each point of the curve and the best deviation known without learning."""


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
    if out is not None:
        out = policy_stem(out)
        _check_writable(out)
    types = held_out_profiles(tested, HELD_OUT)
    best = best_answer(tested, types, information)
    core = deviation_core(tested, information=information, control=standing_control(tested))
    training = learner.train(
        core, steps, seed, progress=None if live is None else lambda point: live(point, best)
    )
    if out is not None:
        plugins = [*spec.plugins(), {"kind": "learner"} | provenance(learner)]
        with explained(out):
            save_policy(described(training.policy, spec, plugins), out)
    found = judged(tested, types, training)
    return _report(found["untrained_gain"], found["learned_gain"], best, out)


def evaluate(path: Path, plugins: Sequence[str] = ()) -> TrainingReport:
    """Judge a saved policy on held-out profiles of the market that it was trained in.

    Parameters
    ----------
    path : Path
        Of the policy, without suffix.
    plugins : sequence of str
        Files that may define what the market names; by default those that it was trained with.

    Raises
    ------
    ResultsError
        If the files are missing, damaged or not a policy of ours.
    """
    path = policy_stem(path)
    description = read_description(path)
    market = description.get("market")
    try:
        spec = MarketSpec.model_validate(market)
        tested = spec.with_plugins(tuple(plugins)).build()
    except ValidationError as error:
        raise ResultsError(
            f"{path}.json must describe the market of the policy, and does not "
            f"({mistakes_of(error, market, MarketSpec)[0].sentence}); train one anew"
        ) from None
    policy = load_policy(path, tested.strategy)
    wanted = (tested.economy.n_traders, tested.bid_size, tested.trader)
    found = (len(policy.observation.mean), policy.box.size, policy.observation.trader)
    if found != wanted:
        raise ResultsError(
            f"{path} must fit its market (traders, numbers in a bid, deviator) = {wanted}, "
            f"got {found}; train anew"
        )
    information = check_information(policy.observation.information)
    types = held_out_profiles(tested, HELD_OUT)
    gain = float(tested.gains(types, policy.bid(types, tested.trader)).mean())
    return _report(float("nan"), gain, best_answer(tested, types, information), path)


def _report(untrained: float, learned: float, best: Answer, path: Path | None) -> TrainingReport:
    share = learned / best.gain if best.gain > 0 else None
    return TrainingReport(untrained, learned, best.exact_gain, best.gain, share, path)


def _check_writable(out: Path) -> None:
    """Fail before training, not after it, where a policy cannot be saved."""
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.name}.probe")
        write_atomically(probe, "")
        probe.unlink()

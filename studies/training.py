"""Training one deviator in one market, and judging saved ones again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from pydantic import ValidationError

from deviator.errors import RefusedError, ResultsError
from deviator.evidence import BestDeviation, Evidence, Market
from deviator.files import write_atomically
from deviator.learners import CurvePoint, Learner, Training
from deviator.plugins import provenance
from deviator.policies import (
    Deviation,
    Information,
    LearnedDeviation,
    load_policy,
    save_policy,
)
from deviator.policies.policy_files import policy_stem, read_description, stated_information

from .gather import Search, Watch, gather
from .run.cell_result import described
from .run.store import explained
from .spec.market import MarketSpec
from .spec.messages import mistakes_of


@final
@dataclass(frozen=True)
class TrainingReport:
    """How well one trained deviator does, in units of money per market.

    Attributes
    ----------
    evidence : Evidence
        What is known about the market; the deviator is the one that was learned.
    path : Path or None
        Where the policy was saved, without suffix.
    """

    evidence: Evidence
    path: Path | None = None

    @property
    def learned_gain(self) -> float:
        """Mean gain over the held-out profiles."""
        return self.evidence.learned[0].gain

    @property
    def untrained_gain(self) -> float | None:
        """The same before learning; None for a policy that was loaded."""
        return self.evidence.learned[0].untrained_gain

    @property
    def exact_gain(self) -> float | None:
        """Gain of the best deviator; None where the mechanism has no exact answer."""
        return self.evidence.best.exact_gain

    @property
    def best_gain(self) -> float:
        """The exact gain, or where it is not known what a search gains, a lower bound."""
        return self.evidence.best.gain

    @property
    def share(self) -> float | None:
        """Learned over best gain; None where there is nothing to gain."""
        return self.evidence.share


def train(
    spec: MarketSpec,
    learner: Learner,
    steps: int,
    seed: int,
    *,
    information: Information = "profile",
    out: Path | None = None,
    live: Callable[[CurvePoint, BestDeviation], None] = lambda point, best: None,
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
        Called with each point of the learning curve and the best deviation known without learning.

    Raises
    ------
    DeviatorError
        If the market or the file breaks a rule.
    """
    tested = spec.build_market()
    if out is not None:
        out = policy_stem(out)
        _check_writable(out)

    def keep(_: Learner, seed: int, training: Training) -> None:
        if out is not None:
            plugins = [*spec.plugins(), {"kind": "learner"} | provenance(learner)]
            with explained(out):
                save_policy(described(training.policy, spec, plugins), out)

    search = Search((learner,), (seed,), steps, information)
    evidence = gather(tested, search, certified=False, watch=Watch(keep, live))
    if not evidence.learned:
        raise RefusedError(f"there is nothing to learn in {tested.mechanism.name}: nobody trades")
    return TrainingReport(evidence, out)


def evaluate(
    path: Path, plugins: Sequence[str] = (), classes: Sequence[type[Deviation]] = ()
) -> TrainingReport:
    """Judge a saved policy on held-out profiles of the market that it was trained in.

    Parameters
    ----------
    path : Path
        Of the policy, without suffix.
    plugins : sequence of str
        Files that define what the market names. A file that only the policy names is not run.
    classes : sequence of type
        Classes of third parties that the policy may be of.

    Raises
    ------
    ResultsError
        If the files are missing, damaged or not a saved policy, or a plugin file is not named.
    """
    path = policy_stem(path)
    description = read_description(path)
    market = description.get("market")
    try:
        spec = MarketSpec.model_validate(market).with_plugins(tuple(plugins))
        _check_named(path, spec, plugins)
        tested = spec.build_market()
    except ValidationError as error:
        raise ResultsError(
            f"{path}.json must describe the market of the policy, and does not "
            f"({mistakes_of(error, market, MarketSpec)[0].sentence}); train one anew"
        ) from None
    policy = load_policy(path, tested.strategy, classes=classes)
    _check_fit(path, policy, tested)
    search = Search(information=stated_information(description))
    return TrainingReport(gather(tested, search, certified=False, saved=(policy,)), path)


def _check_fit(path: Path, policy: Deviation, tested: Market) -> None:
    """Refuse a policy that was learned in another market."""
    wanted = (tested.economy.n_traders, tested.bid_size, tested.trader)
    if isinstance(policy, LearnedDeviation):
        saved = (len(policy.observation.mean), policy.box.size, policy.observation.trader)
    else:
        types = tested.distribution.sample(np.random.default_rng(0), 2)
        shape = np.shape(policy.bid(types, tested.trader))
        saved = (tested.economy.n_traders, shape[-1] if shape[:1] == (2,) else 0, tested.trader)
    if saved != wanted:
        raise ResultsError(
            f"{path} must fit its market (traders, numbers in a bid, deviator) = {wanted}, "
            f"got {saved}; train anew"
        )


def _check_named(path: Path, spec: MarketSpec, plugins: Sequence[str]) -> None:
    """Refuse a policy that names a plugin file which its user does not: the file would be run."""
    known = {Path(file).resolve() for file in plugins}
    for file in spec.plugin_files():
        if Path(file).resolve() not in known:
            raise ResultsError(
                f"{path}.json must name no plugin file that you do not, and names {file}; run "
                f"`deviator evaluate {path} --plugin {file}` if you trust it"
            )


def _check_writable(out: Path) -> None:
    """Fail before training, not after it, where a policy cannot be saved."""
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.name}.probe")
        write_atomically(probe, "")
        probe.unlink()

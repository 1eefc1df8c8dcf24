"""Training one deviator in one market, and judging saved ones again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pydantic import ValidationError

from deviator.errors import RefusedError, ResultsError
from deviator.evidence import BestDeviation, Evidence
from deviator.files import write_atomically
from deviator.learners import CurvePoint, Learner, Training
from deviator.plugins import provenance
from deviator.policies import Information, check_information, load_policy, save_policy
from deviator.policies.learned import policy_stem, read_description

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
        If the files are missing, damaged or not a saved policy.
    """
    path = policy_stem(path)
    description = read_description(path)
    market = description.get("market")
    try:
        spec = MarketSpec.model_validate(market)
        tested = spec.with_plugins(tuple(plugins)).build_market()
    except ValidationError as error:
        raise ResultsError(
            f"{path}.json must describe the market of the policy, and does not "
            f"({mistakes_of(error, market, MarketSpec)[0].sentence}); train one anew"
        ) from None
    policy = load_policy(path, tested.strategy)
    wanted = (tested.economy.n_traders, tested.bid_size, tested.trader)
    saved = (len(policy.observation.mean), policy.box.size, policy.observation.trader)
    if saved != wanted:
        raise ResultsError(
            f"{path} must fit its market (traders, numbers in a bid, deviator) = {wanted}, "
            f"got {saved}; train anew"
        )
    information = check_information(policy.observation.information)
    search = Search(information=information)
    return TrainingReport(gather(tested, search, certified=False, saved=(policy,)), path)


def _check_writable(out: Path) -> None:
    """Fail before training, not after it, where a policy cannot be saved."""
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.name}.probe")
        write_atomically(probe, "")
        probe.unlink()

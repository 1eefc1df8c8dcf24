"""What a learner is: it trains in an environment core and returns a deviation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from typing_extensions import override

from deviator.envs import DecisionProblem, RoundsCore
from deviator.envs.core import check_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.policies import Deviation, Network
from deviator.validation import positive, whole_number

from .session import Checkpoint, CurvePoint, Keep, Progress, Session, TrainingStopped


@final
@dataclass(frozen=True, eq=False)
class Training:
    """What training produced.

    Attributes
    ----------
    untrained, policy : Deviation
        The deviation before learning, and the best that was seen on validation profiles.
    curve : tuple of CurvePoint
        From before the first step to the end.
    largest_gain : float
        The largest gain of any single bid submitted in training, in units of money.
    stopped : str or None
        Why training ended before its budget was spent, or that it came to nothing, in a sentence.
    interrupted : bool
        Whether a person ended it, with Ctrl-C.
    """

    untrained: Deviation
    policy: Deviation
    curve: tuple[CurvePoint, ...]
    largest_gain: float
    stopped: str | None = None
    interrupted: bool = False


class Learner(ABC):
    """A way to search for a profitable deviation; starts away from honesty.

    Members are frozen dataclasses of their settings, so that a study can name and digest them.

    Attributes
    ----------
    waivers : mapping of str to str
        Checks of the conformance kit that the learner is known to fail, each with the reason.
    """

    waivers: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """Registered name, as in ``ppo``."""

    @abstractmethod
    def train(
        self,
        core: Any,
        steps: int,
        seed: int,
        *,
        progress: Progress | None = None,
        log_folder: Path | None = None,
    ) -> Training:
        """Train one deviator.

        Parameters
        ----------
        core : DecisionProblem
            A `DeviationCore`, say.
        steps : int
            Budget in submitted bids; rounded up to whole rollouts.
        seed : int
            The same seed gives the same result.
        progress : callable, optional
            Called at each point of the learning curve.
        log_folder : Path, optional
            Where TensorBoard logs go; none are written by default.
        """

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the settings as plain data."""

    def check_problem(self, problem: DecisionProblem) -> None:  # noqa: B027
        """Check that the learner can play a problem; asked before anything is searched or trained.

        Raises
        ------
        RefusedError
            If it cannot. By default every problem can be played.
        """


class EvaluatedLearner(Learner):
    """A learner that reports to a `Session`, which keeps curve, logs, budget and the best so far.

    Subclasses write `_search`: look at the untrained deviation, then learn until the session is
    done, looking whenever a point is due and at the end.

    Attributes
    ----------
    plays_rounds : bool
        Whether it can play a `RoundsCore`.
    """

    plays_rounds: ClassVar[bool] = False

    @final
    @override
    def train(
        self,
        core: DecisionProblem,
        steps: int,
        seed: int,
        *,
        progress: Progress | None = None,
        log_folder: Path | str | None = None,
        seconds: float | None = None,
        start: Network | None = None,
        keep: Keep | None = None,
        resumed: Checkpoint | None = None,
    ) -> Training:
        """Train one deviator; arguments as in `Learner.train` and `Session`.

        Interrupted by Ctrl-C or a step that diverges, the best so far is returned, and `stopped`
        says so.
        """
        check_core(core)
        check_playable(self, core)
        budget = whole_number("steps", steps, 1)
        if resumed is not None:
            start = start or network_of(resumed.best)
            _check_left(resumed.curve[-1], budget, seconds)
        session = Session(
            core,
            budget,
            whole_number("seed", seed, 0),
            seconds=None if seconds is None else positive("seconds", seconds),
            progress=progress,
            log_folder=log_folder,
            start=start,
            keep=keep,
            resumed=resumed,
        )
        return _trained(session, self._search)

    @override
    def settings(self) -> dict[str, Any]:
        plain: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        return plain

    @abstractmethod
    def _search(self, session: Session) -> None:
        """Learn until the session is done."""


def _trained(session: Session, search: Callable[[Session], None]) -> Training:
    stopped, interrupted = None, False
    try:
        search(session)
    except TrainingStopped as end:
        if session.best is None:
            raise RefusedError(str(end)) from end
        stopped = str(end)
    except KeyboardInterrupt:
        if session.best is None:
            raise
        stopped = f"training was interrupted after {session.spent} bids; the best so far is kept"
        interrupted = True
    finally:
        session.close()
    best, curve, largest_gain = session.checkpoint
    if stopped is None and best is session.untrained:
        stopped = (
            f"training did no better than where it began, in {session.spent} bids; lower the "
            "learner's rate or step size, or give it a larger budget"
        )
    return Training(session.untrained or best, best, curve, largest_gain, stopped, interrupted)


def _check_left(spent: CurvePoint, steps: int, seconds: float | None) -> None:
    if spent.steps >= steps:
        raise InvalidInputError(
            f"steps must be more than the {spent.steps} of the resumed training, got {steps}"
        )
    if seconds is not None and spent.seconds >= seconds:
        raise InvalidInputError(
            f"seconds must be more than the {spent.seconds:.3g} of the resumed training, got "
            f"{seconds:.3g}"
        )


def check_playable(learner: Learner, problem: DecisionProblem) -> None:
    """Check that a learner can play a problem, before anything is searched or trained.

    Raises
    ------
    RefusedError
        If it cannot.
    """
    if isinstance(problem, RoundsCore) and not plays_rounds(learner):
        raise RefusedError(
            f"{learner.name} plays one-shot markets, got one of {problem.rounds} rounds; name a "
            "learner of rounds, as recurrent-ppo"
        )
    learner.check_problem(problem)


def plays_rounds(learner: Learner) -> bool:
    """Return whether a learner can play a `RoundsCore`."""
    return bool(getattr(learner, "plays_rounds", False))


def network_of(deviation: Deviation) -> Any:
    """Return the network of any kind from which a learned deviation can be learned on.

    Raises
    ------
    RefusedError
        If it has none.
    """
    network = getattr(deviation, "network", None)
    if network is None:
        raise RefusedError(
            f"training resumes from a deviation with a network, got {type(deviation).__name__}; "
            "train anew"
        )
    return network

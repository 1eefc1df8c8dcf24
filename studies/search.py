"""The effort of a search by learners, and what is called on the way."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

from deviator.envs import DecisionProblem, deviation_core, rounds_core
from deviator.errors import InvalidInputError
from deviator.evidence import BestDeviation, Market, of_single_rounds
from deviator.learners import Checkpoint, CurvePoint, Keep, Learner, Training
from deviator.policies import ActionMode, Information, check_information
from deviator.validation import check_kind, positive, whole_number

ENDLESS = 10**12
"""Steps that no training comes to, where CPU seconds are to decide alone."""


def _ignore(*_: object) -> None:
    """Do nothing with what there is to see."""


@final
@dataclass(frozen=True)
class Actions:
    """How far actions move bids; the defaults are those of `deviation_core`.

    Parameters
    ----------
    mode : {"relative", "absolute"}, optional
    range_multiple : float, optional
    ranges : tuple of float, optional
        One range for each number of a bid, in its units.

    Raises
    ------
    InvalidInputError
        If a range would go unused.
    """

    mode: ActionMode | None = None
    range_multiple: float | None = None
    ranges: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.ranges is not None and self.range_multiple is not None:
            raise InvalidInputError(
                "range_multiple has no effect beside ranges, got "
                f"{self.range_multiple}; leave one of them out"
            )

    def stated(self) -> dict[str, Any]:
        """Return what is not left to the defaults."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@final
@dataclass(frozen=True, eq=False)
class Search:
    """The effort of a search for profitable deviations in a market.

    Parameters
    ----------
    learners : sequence of Learner
        Each is trained once for every seed.
    seeds : sequence of int
    steps : int
        Budget of each training in submitted bids.
    information : {"profile", "own", "statistics", "signal:DEVIATION"} or Rung
        What deviators know.
    held_out : int
        Profiles on which gains are measured, at least 100.
    seconds : float, optional
        CPU seconds that each training may take; by default the steps decide alone.
    actions : Actions, optional
        How far actions move bids, where the defaults are not meant.
    rounds : int
        How often the same traders meet with the same types; gains are means over the rounds. Rules
        over rounds have their own number, and are searched over all of them.

    Raises
    ------
    InvalidInputError
        If a setting is of the wrong kind or too small, or two learners have the same name.
    """

    learners: Sequence[Learner] = ()
    seeds: Sequence[int] = (0,)
    steps: int = 100_000
    information: Information = "profile"
    held_out: int = 20_000
    seconds: float | None = None
    actions: Actions = field(default_factory=Actions)
    rounds: int = 1

    def __post_init__(self) -> None:
        for learner in self.learners:
            check_kind("learner", learner, Learner, "name one with deviator.audit(learner='ppo')")
        names = [learner.name for learner in self.learners]
        if len(set(names)) < len(names):
            raise InvalidInputError(
                f"learners of one search must have different names, got {', '.join(names)}; "
                "search again for the others"
            )
        if self.seconds is not None:
            positive("seconds", self.seconds)
        for seed in self.seeds:
            whole_number("seed", seed, at_least=0)
        whole_number("steps", self.steps, at_least=1)
        whole_number("held_out", self.held_out, at_least=100)
        whole_number("rounds", self.rounds, at_least=1)
        check_information(self.information)

    def problem(
        self, tested: Market, control: Market | None = None, *, in_turns: bool = False
    ) -> DecisionProblem:
        """Return a market as learners meet it; errors as in `deviation_core`.

        Parameters
        ----------
        tested : Market
        control : Market, optional
        in_turns : bool
            Whether plans for a rule over rounds (`over_rounds`) are made round by round.
        """
        settings = {"information": self.information, "control": control} | self.actions.stated()
        if in_turns:
            settings["control"] = None if control is None else of_single_rounds(control)
            return rounds_core(of_single_rounds(tested), **settings)
        if self.rounds == 1:
            return deviation_core(tested, **settings)
        return rounds_core(tested, rounds=self.rounds, **settings)


@final
@dataclass(frozen=True, eq=False)
class Watch:
    """What is called while learners are trained in the market under test.

    Parameters
    ----------
    keep : callable, optional
        Called with each learner, seed and training, to keep the policy.
    live : callable, optional
        Called with each point of a learning curve and the best deviation known without learning.
    log_folder : callable, optional
        Returns where the TensorBoard logs of a learner and seed go; by default nothing is logged.
    checkpoint : callable, optional
        Called at each point of a learning curve, by learners that report to a session.
    resumed : Checkpoint, optional
        Of an earlier training, which the first one resumes.
    goes_on : bool
        Whether Ctrl-C ends one training and no more: what it learned is measured then. By default
        it is kept, and everything ends.
    """

    keep: Callable[[Learner, int, Training], None] = _ignore
    live: Callable[[CurvePoint, BestDeviation], None] = _ignore
    log_folder: Callable[[Learner, int], Path | None] = _ignore
    checkpoint: Keep | None = None
    resumed: Checkpoint | None = None
    goes_on: bool = False

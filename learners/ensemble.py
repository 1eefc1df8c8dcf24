"""The best of several learners under one shared budget, by successive halving.

All members that can play the market train for equal shares of a round; the worse half goes
(Jamieson and Talwalkar 2016), the others go on from their own best with twice as much. They are
compared by the gain on the validation profiles of learning curves, the same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.envs import DecisionProblem
from deviator.errors import DeviatorError, InvalidInputError, RefusedError
from deviator.policies import Network
from deviator.validation import given, whole_number

from .base import EvaluatedLearner, Training, network_of
from .session import Checkpoint, Session
from .start import checked_offset, offset_network

MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "gradient": ".gradient:GradientLearner",
        "cma-es": ".cma_es:CMAESLearner",
        "evolution": ".evolution:EvolutionLearner",
        "ppo": ".ppo:PPOLearner",
        "sac": ".sb3.sac:SACLearner",
        "td3": ".sb3.td3:TD3Learner",
    }
)
"""Learners that can be members by name, imported on use."""

Member = str | Mapping[str, Any] | EvaluatedLearner


@final
@dataclass(frozen=True)
class EnsembleLearner(EvaluatedLearner):
    """Successive halving among learners.

    Parameters
    ----------
    members : sequence of str, dict or EvaluatedLearner
        Names, ``{"name": "ppo", "settings": {...}}``, or learners themselves. Those that cannot
        play a market are left out there.
    offset : float
        How far from honesty the untrained deviation is, as a share of the range.
    points : int
        Points of the learning curve.

    Raises
    ------
    InvalidInputError
        If a setting is malformed.
    """

    members: tuple[Member, ...] = ("gradient", "cma-es", "evolution", "ppo", "sac")
    offset: float = 0.3
    points: int = 20
    name: ClassVar[str] = "ensemble"

    def __post_init__(self) -> None:
        if isinstance(self.members, (str, Mapping)) or not hasattr(self.members, "__iter__"):
            raise InvalidInputError(f"members must be a list of learners, got {self.members!r}")
        object.__setattr__(self, "members", tuple(_checked(member) for member in self.members))
        if not self.members:
            raise InvalidInputError("members must be at least one learner, got none")
        checked_offset(self.offset)
        whole_number("points", self.points, 1)

    @override
    def settings(self) -> dict[str, Any]:
        members = [
            member if isinstance(member, str) else _described(member) for member in self.members
        ]
        return {"members": members, "offset": self.offset, "points": self.points}

    @override
    def check_problem(self, problem: DecisionProblem) -> None:
        """Refuse problems that no member can play."""
        self._players(problem)

    @override
    def _search(self, session: Session) -> None:
        session.points = self.points
        problem = session.problem
        start = session.start or offset_network(problem, session.seed, self.offset)
        session.look(problem.deviation(start))
        field = [_Player(learner, session.start) for learner in self._players(problem)]
        rounds = (len(field) - 1).bit_length() + 1
        for left in range(rounds, 0, -1):
            field = _trained(session, field, left)
            if session.done:
                break
        session.look(session.checkpoint.best)

    def _players(self, problem: DecisionProblem) -> list[EvaluatedLearner]:
        players, refusals = [], []
        for member in self.members:
            learner = _built(member)
            try:
                learner.check_problem(problem)
            except DeviatorError as refusal:
                refusals.append(str(refusal))
            else:
                players.append(learner)
        if not players:
            raise RefusedError(f"no member of the ensemble can play this market: {refusals[0]}")
        return players


class _Player(NamedTuple):
    """A member and where it goes on."""

    learner: EvaluatedLearner
    start: Network | None
    gain: float = -np.inf


def _trained(session: Session, field: list[_Player], left: int) -> list[_Player]:
    """Train all for their shares of one of the rounds left; return the better half, best first."""
    budget = (session.steps - session.spent) / left
    seconds = None
    if session.seconds is not None:
        seconds = (session.seconds - session.used_seconds) / left
    after, refusal = [], None
    for player in field:
        if session.done:
            break
        share = 1.0 / len(field)
        limit = None if seconds is None else max(seconds * share, 1e-3)
        try:
            after.append(_follow(session, player, max(int(budget * share), 1), limit))
        except DeviatorError as error:
            refusal = error
    if not after:
        raise refusal or RefusedError("the budget must suffice for one member, and does not")
    after.sort(key=lambda player: -player.gain)
    return after[: (len(after) + 1) // 2]


def _follow(session: Session, player: _Player, steps: int, seconds: float | None) -> _Player:
    """Train one member, and let the session see what it does."""
    before, unit = session.spent, session.problem.reward_unit

    def keep(reached: Checkpoint) -> None:
        spent = before + reached.curve[-1].steps - session.spent
        session.spend(spent, np.array([reached.largest_gain / unit]))
        if session.due:
            session.look(reached.best)

    training: Training = player.learner.train(
        session.problem, steps, session.seed, seconds=seconds, start=player.start, keep=keep
    )
    session.look(training.policy)
    if training.interrupted:
        raise KeyboardInterrupt
    gain = max(point.gain for point in training.curve)
    return _Player(player.learner, network_of(training.policy), gain)


def _checked(member: Any) -> Member:
    if isinstance(member, EvaluatedLearner):
        return member
    if isinstance(member, str):
        _known(member)
        return member
    keys = set(member) if isinstance(member, Mapping) else set()
    if not {"name"} <= keys <= {"name", "settings"}:
        raise InvalidInputError(
            "a member must be a name, a name with settings, or an EvaluatedLearner, got "
            f"{given(member)}"
        )
    learner_class = _class_of(member["name"])
    try:
        learner: EvaluatedLearner = learner_class(**member.get("settings", {}))
    except TypeError as error:
        raise InvalidInputError(f"settings of {member['name']} do not fit ({error})") from None
    return learner


def _known(name: Any) -> str:
    if name not in MEMBERS:
        raise InvalidInputError(
            f"a member must be one of {', '.join(MEMBERS)}, got {name!r}; pass other learners "
            "themselves"
        )
    return MEMBERS[name]


def _class_of(name: str) -> Any:
    module, _, which = _known(name).partition(":")
    return getattr(import_module(module, __package__), which)


def _built(member: Member) -> EvaluatedLearner:
    if isinstance(member, str):
        learner: EvaluatedLearner = _class_of(member)()
        return learner
    assert isinstance(member, EvaluatedLearner)
    return member


def _described(member: Any) -> dict[str, Any]:
    return {"name": member.name, "settings": member.settings()}

"""What learners by stable-baselines3 share: markets, where they begin, when they stop and look."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, final

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.learners.base import EvaluatedLearner
from deviator.learners.random_state import own_random_state
from deviator.learners.session import Session, TrainingStopped
from deviator.learners.start import checked_offset, checked_widths, offset_action
from deviator.policies import Network
from deviator.validation import Floats, finite_number, positive, whole_number

from .actor import network_of, put
from .markets import MarketsVecEnv

AVERAGED = 8.0
"""The policy that counts is the mean of the last ones, of about one in this many of all updates:
each update is noisy, their mean much less so. Weights fall as a power of the update (Shamir and
Zhang 2013)."""

LEAST_RATE = 1e-5
"""Learning rates fall to here."""


class SB3Learner(EvaluatedLearner):
    """A learner of one-shot problems that stable-baselines3 drives; members are dataclasses.

    Members have the settings `markets`, `log_exploration`, `offset` and `reward_limit`, and build
    the model. Exploration and offset are shared out over the K numbers of a bid, so that they
    move a bid as far in every bid language.
    """

    markets: int
    batch_size: int
    learning_rate: float
    log_exploration: float
    offset: float
    reward_limit: float
    points: int
    counts: ClassVar[tuple[str, ...]]
    widths: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        for field in ("markets", "points", *self.counts):
            whole_number(field, getattr(self, field), 1)
        whole_number("batch_size", self.batch_size, 2)
        for field in self.widths:
            object.__setattr__(self, field, checked_widths(field, getattr(self, field)))
        finite_number("log_exploration", self.log_exploration)
        positive("learning_rate", self.learning_rate)
        positive("reward_limit", self.reward_limit)
        checked_offset(self.offset)
        self._check_batches()

    @abstractmethod
    def _check_batches(self) -> None:
        """Raise InvalidInputError unless the sizes of batches fit each other."""

    @abstractmethod
    def _model(self, env: MarketsVecEnv, session: Session) -> Any:
        """Return the model, as it is before learning."""

    @final
    @override
    def _search(self, session: Session) -> None:
        session.points = self.points
        with own_random_state():
            model = self._model(MarketsVecEnv(session, self.markets, self.reward_limit), session)
            start = session.start or self._offset(network_of(model.policy), session)
            put(model.policy, start)
            session.look(session.problem.deviation(start))
            follow = _Follow(session)
            model.set_logger(_logger(session))
            try:
                model.learn(session.steps, callback=follow, log_interval=None)
                follow.look()
            finally:
                model.logger.close()

    def _offset(self, network: Network, session: Session) -> Network:
        """Return the network with the same bid for all, away from honesty in every number."""
        rng = np.random.default_rng(session.seed)
        action = offset_action(session.problem.action_size, self.offset, rng)
        final_bias = np.arctanh(action) if network.squash else action
        return Network(
            (*network.weights[:-1], np.zeros_like(network.weights[-1])),
            (*network.biases[:-1], final_bias),
            activation=network.activation,
            squash=network.squash,
        )

    def _log_exploration(self, session: Session) -> float:
        """Return the logarithm of the standard deviation of each number of an action."""
        return self.log_exploration - 0.5 * float(np.log(session.problem.action_size))


def sb3_seed(session: Session) -> int:
    """Return a seed for stable-baselines3, whose generators take 32 bits, drawn from the session's.

    Seeds of any size work, and what is left of a training draws other numbers than its beginning.
    """
    return int(session.rng.integers(2**32))


def falling(rate: float, session: Session) -> Callable[[float], float]:
    """Return a learning rate that falls with what is left of the budget, whatever SB3 counts."""
    return lambda _: max(rate * session.left, LEAST_RATE)


@final
class _Follow(BaseCallback):
    """Averages the policy while it learns, looks when a point is due, and stops in time."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._updates = 0
        self._mean: Network | None = None

    def look(self) -> None:
        """Measure the averaged policy, and log with it what stable-baselines3 has recorded."""
        self._session.look(self._session.problem.deviation(self._average()))
        self.logger.dump(self._session.spent)

    @override
    def _on_rollout_start(self) -> None:
        if self._session.spent and self._session.due:
            self.look()
        else:
            self._average()

    @override
    def _on_step(self) -> bool:
        return not self._session.done

    def _average(self) -> Network:
        try:
            now = network_of(self.model.policy)
        except InvalidInputError as error:
            raise TrainingStopped(
                f"training diverged after {self._session.spent} bids ({error}); the best so far "
                "is kept, lower learning_rate"
            ) from None
        self._updates += 1
        share = (AVERAGED + 1.0) / (AVERAGED + self._updates)
        self._mean = now if self._mean is None else _between(self._mean, now, share)
        return self._mean


def _logger(session: Session) -> Logger:
    folder = session.log_folder
    formats: list[KVWriter] = [] if folder is None else [TensorBoardOutputFormat(str(folder))]
    return Logger(None if folder is None else str(folder), formats)


def _between(old: Network, new: Network, share: float) -> Network:
    def mixed(before: tuple[Floats, ...], after: tuple[Floats, ...]) -> tuple[Floats, ...]:
        return tuple(a + share * (b - a) for a, b in zip(before, after, strict=True))

    return Network(
        mixed(old.weights, new.weights),
        mixed(old.biases, new.biases),
        activation=new.activation,
        squash=new.squash,
    )

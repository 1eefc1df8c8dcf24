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
from deviator.policies import Deviation, Network
from deviator.validation import Floats, finite_number, positive, whole_number

from .actor import network_of, put

AVERAGED = 8.0
"""The policy that counts is the mean of the last ones, of about one in this many of all updates:
each update is noisy, their mean much less so. Weights fall as a power of the update (Shamir and
Zhang 2013)."""

OVERFLOW = "Expected parameter"
"""How torch begins when a distribution has a mean or deviation that is not finite."""

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
    def _model(self, session: Session) -> Any:
        """Return the model and its markets, as they are before learning."""

    @final
    @override
    def _search(self, session: Session) -> None:
        session.points = self.points
        with own_random_state():
            model = self._model(session)
            start = session.start or self._offset(self._read(model.policy), session)
            self._write(model.policy, start)
            session.look(self._deviation(start, session))
            follow = _Follow(self, session)
            model.set_logger(_logger(session))
            try:
                model.learn(session.steps, callback=follow, log_interval=None)
                follow.look()
            except ValueError as error:
                if OVERFLOW not in str(error):
                    raise
                raise diverged(session, "its exploration is not finite") from None
            finally:
                model.logger.close()

    def _read(self, policy: Any) -> Any:
        """Return the policy's mean action as a network in NumPy."""
        return network_of(policy)

    def _write(self, policy: Any, network: Any) -> None:
        """Let a policy begin with a network."""
        put(policy, network)

    def _deviation(self, network: Any, session: Session) -> Deviation:
        """Return what a network means in the session's problem."""
        return session.problem.deviation(network)

    def _offset(self, network: Any, session: Session) -> Any:
        """Return the network with the same action everywhere, away from honesty in every number."""
        rng = np.random.default_rng(session.seed)
        action = offset_action(session.problem.action_size, self.offset, rng)
        return constant(network, action)

    def _log_exploration(self, session: Session) -> float:
        """Return the logarithm of the standard deviation of each number of an action."""
        return self.log_exploration - 0.5 * float(np.log(session.problem.action_size))


def check_whole_batches(markets: int, batch_size: int) -> None:
    """Raise InvalidInputError unless the markets of a rollout are whole batches."""
    if markets % batch_size:
        raise InvalidInputError(
            f"markets must be a multiple of batch_size {batch_size}, got {markets}; set "
            "batch_size too"
        )


def diverged(session: Session, reason: str) -> TrainingStopped:
    """Return what ends a training whose numbers overflow."""
    return TrainingStopped(
        f"training diverged after {session.spent} bids ({reason}); the best so far is kept, lower "
        "learning_rate"
    )


def sb3_seed(session: Session) -> int:
    """Return a seed for stable-baselines3, whose generators take 32 bits, drawn from the session's.

    Seeds of any size work, and what is left of a training draws other numbers than its beginning.
    """
    return int(session.rng.integers(2**32))


def falling(rate: float, session: Session) -> Callable[[float], float]:
    """Return a learning rate that falls with what is left of the budget, whatever SB3 counts."""
    return lambda _: max(rate * session.left, LEAST_RATE)


def constant(network: Network, action: Floats) -> Network:
    """Return the network with another last layer, which chooses one action everywhere."""
    final_bias = np.arctanh(action) if network.squash else action
    return Network(
        (*network.weights[:-1], np.zeros_like(network.weights[-1])),
        (*network.biases[:-1], final_bias),
        activation=network.activation,
        squash=network.squash,
    )


@final
class _Follow(BaseCallback):
    """Averages the policy while it learns, looks when a point is due, and stops in time."""

    def __init__(self, learner: SB3Learner, session: Session) -> None:
        super().__init__()
        self._learner, self._session = learner, session
        self._updates = 0
        self._mean: Any = None

    def look(self) -> None:
        """Measure the averaged policy, and log with it what stable-baselines3 has recorded."""
        self._average()
        self._session.look(self._learner._deviation(self._mean, self._session))
        self.logger.dump(self._session.spent)

    @override
    def _on_rollout_start(self) -> None:
        if self._updates and self._session.due:
            self.look()
        else:
            self._average()

    @override
    def _on_step(self) -> bool:
        return not self._session.done

    def _average(self) -> None:
        try:
            now = self._learner._read(self.model.policy)
        except InvalidInputError as error:
            raise diverged(self._session, str(error)) from None
        self._updates += 1
        share = (AVERAGED + 1.0) / (AVERAGED + self._updates)
        self._mean = now if self._mean is None else _between(self._mean, now, share)


def _between(old: Any, new: Any, share: float) -> Any:
    """Return the network that lies between two of the same shape."""
    (before, _), (after, shape) = old.to_files(), new.to_files()
    mixed = {name: before[name] + share * (after[name] - before[name]) for name in after}
    return type(new).from_files(mixed, shape)


def _logger(session: Session) -> Logger:
    folder = session.log_folder
    formats: list[KVWriter] = [] if folder is None else [TensorBoardOutputFormat(str(folder))]
    return Logger(None if folder is None else str(folder), formats)

"""Proximal policy optimization (Schulman et al. 2017), by stable-baselines3, with our preset.

The market is one-shot, so gamma is 0 and every rollout is one step of many markets. The policy is
linear by default, which contains the best deviation of every linear-quadratic market. It starts
away from honesty: its bid is offset in every number, with seeded signs, so that a null result is
something learned. Offset and exploration are shared out over the K numbers of a bid, so that they
move a bid as far in every bid language.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from typing_extensions import override

from deviator.envs import DeviationCore
from deviator.envs.core import check_core
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.errors import InvalidInputError
from deviator.policies import LearnedDeviation, Network
from deviator.validation import Floats, finite_number, positive, whole_number

from .base import Learner, Training
from .session import CurvePoint, Progress

FULL_RATE_SIZE = 12
"""Bids with more numbers learn at a rate in inverse proportion to their number: the noise of
every step adds up over them. Measured at N = 30, where the full rate diverges."""

VALIDATION_PROFILES = 2048
VALIDATION_SEED = 1_000_003
"""Seeds the validation profiles of learning curves, which are not the held-out ones."""


@final
@dataclass(frozen=True)
class PPOLearner(Learner):
    """Large-batch PPO for one-shot markets.

    Parameters
    ----------
    markets : int
        Markets per rollout.
    batch_size, n_epochs : int
        Minibatch size, and passes over each rollout.
    learning_rate : float
        For bids of up to 12 numbers, and in inverse proportion to their number beyond; falls
        linearly to 1e-5.
    log_exploration : float
        Logarithm of the initial exploration of a bid, as a share of its range.
    offset : float
        How far from honesty learning starts, as a share of the range.
    hidden : tuple of int
        Widths of the policy's hidden layers; an empty tuple makes it linear.
    critic : tuple of int
        Widths of the critic's hidden layers.
    points : int
        Points of the learning curve.
    """

    markets: int = 2048
    batch_size: int = 1024
    n_epochs: int = 4
    learning_rate: float = 4e-3
    log_exploration: float = -2.0
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    critic: tuple[int, ...] = (64, 64)
    points: int = 20
    name: ClassVar[str] = "ppo"

    def __post_init__(self) -> None:
        for field in ("markets", "n_epochs", "points"):
            whole_number(field, getattr(self, field), 1)
        whole_number("batch_size", self.batch_size, 2)
        for field in ("hidden", "critic"):
            widths = getattr(self, field)
            if isinstance(widths, str) or not isinstance(widths, Sequence):
                raise InvalidInputError(f"{field} must be a list of widths, got {widths!r}")
            checked = tuple(whole_number(f"a width of {field}", width, 1) for width in widths)
            object.__setattr__(self, field, checked)
        finite_number("log_exploration", self.log_exploration)
        positive("learning_rate", self.learning_rate)
        positive("offset", self.offset)
        if self.markets % self.batch_size:
            raise InvalidInputError(
                f"markets must be a multiple of batch_size {self.batch_size}, got {self.markets}"
            )

    @override
    def settings(self) -> dict[str, Any]:
        return asdict(self)

    @override
    def train(
        self,
        core: DeviationCore,
        steps: int,
        seed: int,
        *,
        progress: Progress | None = None,
        log_folder: Path | None = None,
    ) -> Training:
        check_core(core)
        budget = whole_number("steps", steps, 1)
        whole_number("seed", seed, 0)
        threads = torch.get_num_threads()
        # One thread gives the same weights in every process, and two workers with two threads
        # each on two cores run many times slower.
        torch.set_num_threads(1)
        try:
            return self._train(core, budget, seed, progress, log_folder)
        finally:
            torch.set_num_threads(threads)

    def _train(
        self,
        core: DeviationCore,
        budget: int,
        seed: int,
        progress: Progress | None,
        log_folder: Path | None,
    ) -> Training:
        env = DeviationVecEnv(core, self.markets, seed)
        model = self._model(env, core.box.size, seed)
        untrained = _deviation(model, core)
        watch = _Watch(core, budget, self.points, progress)
        model.set_logger(_logger(log_folder))
        try:
            model.learn(budget, callback=watch, log_interval=10)
        finally:
            model.logger.close()
        return Training(
            untrained,
            _deviation(model, core),
            tuple(watch.curve),
            env.largest_reward * core.reward_unit,
        )

    def _model(self, env: DeviationVecEnv, size: int, seed: int) -> PPO:
        model = PPO(
            "MlpPolicy",
            env,
            n_steps=1,
            batch_size=self.batch_size,
            n_epochs=self.n_epochs,
            gamma=0.0,
            gae_lambda=1.0,
            learning_rate=_falling(self.learning_rate * min(1.0, FULL_RATE_SIZE / size)),
            policy_kwargs={
                "net_arch": {"pi": list(self.hidden), "vf": list(self.critic)},
                "log_std_init": self.log_exploration - 0.5 * float(np.log(size)),
            },
            seed=seed,
            device="cpu",
        )
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size)
        final_layer: Any = model.policy.action_net
        with torch.no_grad():
            final_layer.weight.zero_()
            offset = torch.as_tensor(self.offset * signs / np.sqrt(size))
            final_layer.bias.copy_(offset)
        return model


class _Watch(BaseCallback):
    """Follows the gain on validation profiles while training."""

    def __init__(
        self, core: DeviationCore, budget: int, points: int, progress: Progress | None
    ) -> None:
        super().__init__()
        self.core = core
        self.every = max(budget // points, 1)
        self.progress = progress
        self.curve: list[CurvePoint] = []
        law = core.market.distribution
        self.types = law.matched_sample(np.random.default_rng(VALIDATION_SEED), VALIDATION_PROFILES)

    def _on_rollout_start(self) -> None:
        if not self.curve or self.num_timesteps - self.curve[-1].steps >= self.every:
            self._look()

    def _on_training_end(self) -> None:
        self._look()

    def _on_step(self) -> bool:
        return True

    def _look(self) -> None:
        gain = float(_gains(_deviation(self.model, self.core), self.core, self.types).mean())
        point = CurvePoint(self.num_timesteps, gain)
        self.curve.append(point)
        self.logger.record("gain/validation", gain)
        if self.progress is not None:
            self.progress(point)


def _gains(deviation: LearnedDeviation, core: DeviationCore, types: Floats) -> Floats:
    return core.market.gains(types, deviation.bid(types, core.market.trader))


def _deviation(model: Any, core: DeviationCore) -> LearnedDeviation:
    """Copy the policy's mean action out of torch."""
    layers = [layer for layer in model.policy.mlp_extractor.policy_net if hasattr(layer, "weight")]
    layers.append(model.policy.action_net)

    def copied(tensor: torch.Tensor) -> Floats:
        array: Floats = tensor.detach().numpy().astype(np.float64)
        return array

    network = Network(
        tuple(copied(layer.weight) for layer in layers),
        tuple(copied(layer.bias) for layer in layers),
    )
    return LearnedDeviation(network, core.observation, core.box, core.market.strategy)


def _falling(start: float) -> Callable[[float], float]:
    def rate(remaining: float) -> float:
        return max(start * remaining, 1e-5)

    return rate


def _logger(folder: Path | None) -> Logger:
    formats: list[KVWriter] = [] if folder is None else [TensorBoardOutputFormat(str(folder))]
    return Logger(None if folder is None else str(folder), formats)

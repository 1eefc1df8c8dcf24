"""What a learner is given: a batched one-shot decision, whoever decides and whatever is decided."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import NamedTuple

import numpy as np

from deviator.arrays import Array
from deviator.evidence import Market
from deviator.policies import Deviation, Network
from deviator.validation import Floats

from .lots import with_lots

COMPARED = 64
"""Profiles at which rewards on tensors are compared with those on NumPy arrays."""

AGREE = 1e-6
"""How far they may differ, in units of reward and relative to the largest."""


class Played(NamedTuple):
    """What an action led to."""

    reward: Floats  # (B,)
    info: dict[str, Floats]  # what people look at, each (B,): the gain, in units of money, first


class DecisionProblem(ABC):
    """See an observation, choose an action in [-1, 1]^K, earn a reward; in batches of markets.

    Attributes
    ----------
    market : Market
        Where it is played.
    reward_unit : float
        What one unit of reward is worth, in units of money.
    """

    market: Market
    reward_unit: float

    @property
    @abstractmethod
    def action_size(self) -> int:
        """K, how many numbers an action has."""

    @property
    @abstractmethod
    def observation_size(self) -> int:
        """How many numbers an observation has."""

    def draw(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw types, shape (batch, N), and beside them the lots of a rule that draws them."""
        return self.with_lots(rng, self.market.distribution.sample(rng, batch))

    def with_lots(self, rng: np.random.Generator, types: Floats) -> Floats:
        """Return types (B, N), and lots of each market beside them where the rule draws any."""
        return with_lots(self.market.mechanism, types, rng)

    @abstractmethod
    def observe(self, types: Array) -> Array:
        """Return what is seen of types (B, N), shape (B, observation_size)."""

    @abstractmethod
    def reward(self, types: Array, action: Array) -> Array:
        """Return the gain over the strategy's own bids, in units of `reward_unit`, shape (B,).

        Parameters
        ----------
        types : ndarray of float or tensor, shape (B, N)
            Or with lots beside them, as `draw` returns them; of types alone the gain is the mean
            over the lots.
        action : ndarray of float or tensor, shape (B, K)
            Tensors are clipped to [-1, 1], and gradients pass through to them.

        Raises
        ------
        InvalidInputError
            If an action has the wrong shape, is not finite, or leaves [-1, 1].
        RefusedError
            If the mechanism or the economy takes NumPy arrays only, and these are tensors.
        """

    def play(self, types: Floats, action: Floats) -> Played:
        """Return the reward of actions on NumPy arrays, and what else they led to."""
        reward = self.reward(types, action)
        return Played(reward, {"gain": reward * self.reward_unit})

    def best_gains(self, types: Floats) -> Floats | None:
        """Return the exact best gain at each profile in units of money, (B,); None if unknown."""
        return None

    @abstractmethod
    def deviation(self, network: Network) -> Deviation:
        """Return the deviation in which a network chooses the actions."""

    @abstractmethod
    def gains(self, types: Floats, deviation: Deviation) -> Floats:
        """Return what a deviation gains in each market, in units of money, shape (B,)."""

    @cached_property
    def takes_tensors(self) -> bool:
        """Whether rewards can be computed on tensors, with gradients; tried at a few profiles."""
        import torch

        types = self.draw(np.random.default_rng(0), COMPARED)
        rng = np.random.default_rng(1)
        action = 0.1 * rng.uniform(-1.0, 1.0, (COMPARED, self.action_size))
        tensor = torch.as_tensor(action).requires_grad_()
        try:
            reward = self.reward(torch.as_tensor(types), tensor)
            there = np.asarray(reward.detach())
        except Exception:  # rules of third parties fail in any way that they like
            return False
        here = self.reward(types, action)
        close = np.abs(here - there) <= AGREE * max(1.0, float(np.abs(here).max()))
        return bool(reward.requires_grad and close.all())

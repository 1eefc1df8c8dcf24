"""What a deviator observes, and what its actions mean, as numbers."""

from dataclasses import dataclass
from typing import Any, Literal, final, get_args

import numpy as np

from deviator.arrays import Array, is_foreign, like, namespace
from deviator.economies import TypeDistribution
from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, read_only, trader_index

from .base import Information, check_information

OBSERVATION_BOUND = 8.0
"""Observations are types in standard deviations from their mean, clipped here."""

ActionMode = Literal["relative", "absolute"]
"""Whether an action is a change to the honest bid, or the bid itself."""


@final
@dataclass(frozen=True, eq=False)
class ActionBox:
    """How actions in [-1, 1]^K become bids.

    Parameters
    ----------
    mode : {"relative", "absolute"}
        Relative: bid = honest bid + half_width * action. Absolute: center + half_width * action.
    center, half_width : ndarray of float, shape (K,)
        In the units of a bid; the center is not used by relative actions.
    low, high : ndarray of float, shape (K,), optional
        Limits of bids, to which they are moved; infinite, or None in lists, for numbers without
        one. By default there are none.
    """

    mode: ActionMode
    center: Floats
    half_width: Floats
    low: Floats | None = None
    high: Floats | None = None

    def __post_init__(self) -> None:
        if self.mode not in get_args(ActionMode):
            raise InvalidInputError(f"mode must be relative or absolute, got {self.mode!r}")
        half_width = finite_array("half_width", self.half_width, (None,))
        center = finite_array("center", self.center, half_width.shape)
        if (half_width <= 0).any():
            raise InvalidInputError(f"half_width must be positive, got {half_width.min()}")
        object.__setattr__(self, "half_width", read_only(half_width))
        object.__setattr__(self, "center", read_only(center))
        for name in ("low", "high"):
            if getattr(self, name) is not None:
                limit = _limits(getattr(self, name), -np.inf if name == "low" else np.inf)
                limit = np.broadcast_to(limit, half_width.shape)
                object.__setattr__(self, name, read_only(limit))

    @property
    def size(self) -> int:
        """K, how many numbers an action has."""
        return len(self.half_width)

    def to_bid(self, honest: Array, action: Array, out: Floats | None = None) -> Array:
        """Return the bids (B, K) of actions (B, K) beside honest bids (B, K), in `out` if given.

        Of tensors the bids are tensors, and `out` is not used.
        """
        if is_foreign(action):
            return self._tensor_bid(honest, action)
        bid: Floats = np.multiply(self.half_width, action, out=out)
        bid += honest if self.mode == "relative" else self.center
        if self.low is not None or self.high is not None:
            np.clip(bid, self.low, self.high, out=bid)
        return bid

    def _tensor_bid(self, honest: Array, action: Array) -> Array:
        xp, start = namespace(action), honest if self.mode == "relative" else self.center
        bid = like(action, self.half_width) * action + (
            start if is_foreign(start) else like(action, start)
        )
        if self.low is not None:
            bid = xp.maximum(bid, like(action, self.low))
        return bid if self.high is None else xp.minimum(bid, like(action, self.high))

    def to_action(self, honest: Floats, bid: Floats) -> Floats:
        """Return the actions (B, K) that lead to the given bids; they may leave [-1, 1]."""
        base = honest if self.mode == "relative" else self.center
        return (bid - base) / self.half_width

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `ActionBox(**data)` builds an equal box."""
        limits = {"low": self.low, "high": self.high}
        return {
            "mode": self.mode,
            "center": self.center.tolist(),
            "half_width": self.half_width.tolist(),
        } | {name: _finite(limit) for name, limit in limits.items() if limit is not None}


def _finite(limit: Floats) -> list[float | None]:
    """Return limits as JSON has them: None for numbers without one."""
    return [number if np.isfinite(number) else None for number in limit.tolist()]


def _limits(limit: Any, without: float) -> Floats:
    """Return limits as numbers, in place of None the infinity that stands for none."""
    if isinstance(limit, list):
        limit = [without if number is None else number for number in limit]
    return np.asarray(limit, dtype=np.float64)


@final
@dataclass(frozen=True, eq=False)
class Observation:
    """What a deviator sees: types in standard deviations, all or the own one.

    Parameters
    ----------
    information : {"profile", "own"}
    trader : int
        Who looks.
    mean, deviation : ndarray of float, shape (N,)
        Of the types.
    """

    information: Information
    trader: int
    mean: Floats
    deviation: Floats

    def __post_init__(self) -> None:
        check_information(self.information)
        mean = finite_array("mean", self.mean, (None,))
        object.__setattr__(self, "mean", read_only(mean))
        deviation = finite_array("deviation", self.deviation, mean.shape)
        if (deviation <= 0).any():
            raise InvalidInputError(f"deviation must be positive, got {deviation.min()}")
        object.__setattr__(self, "deviation", read_only(deviation))
        trader_index(self.trader, len(mean))

    @classmethod
    def of(cls, law: TypeDistribution, information: Information, trader: int) -> "Observation":
        """Return the observation of types drawn from a distribution."""
        return cls(information, trader, law.mean, law.deviation)

    @property
    def size(self) -> int:
        """How many types are seen: N or 1."""
        return len(self.mean) if self.information == "profile" else 1

    def __call__(self, types: Array) -> Array:
        """Return observations, shape (B, N) or (B, 1), within the observation bound."""
        if is_foreign(types):
            return self._of_tensor(types)
        seen = slice(None) if self.information == "profile" else [self.trader]
        standard: Floats = types[:, seen] - self.mean[seen]
        standard /= self.deviation[seen]
        return np.clip(standard, -OBSERVATION_BOUND, OBSERVATION_BOUND, out=standard)

    def _of_tensor(self, types: Array) -> Array:
        mean, deviation = like(types, self.mean), like(types, self.deviation)
        standard = (types - mean) / deviation
        seen = standard if self.information == "profile" else standard[:, [self.trader]]
        return namespace(types).clip(seen, -OBSERVATION_BOUND, OBSERVATION_BOUND)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `Observation(**data)` builds an equal one."""
        return {
            "information": self.information,
            "trader": self.trader,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
        }

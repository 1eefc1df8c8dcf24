"""What a deviator observes, and what its actions mean, as numbers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, final, get_args

import numpy as np

from deviator.arrays import Array, is_foreign, like, namespace
from deviator.economies import TypeDistribution
from deviator.errors import InvalidInputError, did_you_mean
from deviator.validation import Floats, finite_array, given, read_only, trader_index

from .base import View
from .information import (
    Information,
    check_information,
    rung_of,
    seen_by,
)
from .rungs import OwnType, OwnTypeAndStatistics, Rung, WholeProfile

OBSERVATION_BOUND = 8.0
"""Observations are types in standard deviations from their mean, clipped here."""

REFERENCE_PROFILES = 2048
"""Profiles drawn, from a fixed seed, to learn how large is what other rungs than these show."""

SHOW_TYPES = (OwnType, WholeProfile)
"""Rungs that show types themselves."""

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
            question = did_you_mean(self.mode, get_args(ActionMode))
            hint = f"; {question}" if question else ""
            raise InvalidInputError(f"mode must be relative or absolute, got {self.mode!r}{hint}")
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
    """What a deviator sees on a rung of information, in standard deviations.

    Parameters
    ----------
    information : str, Rung or dict
        As in `check_information`, bound to a market (`Rung.within`); or what `to_dict` says of it.
    trader : int
        Who looks.
    mean, deviation : ndarray of float, shape (N,)
        Of the types.
    seen_mean, seen_deviation : ndarray of float, shape (O,), optional
        Of what is seen; those of the types where these are what is seen.
    """

    information: Any
    trader: int
    mean: Floats
    deviation: Floats
    seen_mean: Floats | None = None
    seen_deviation: Floats | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "information", check_information(_rung(self.information)))
        mean = finite_array("mean", self.mean, (None,))
        object.__setattr__(self, "mean", read_only(mean))
        object.__setattr__(self, "deviation", _positive("deviation", self.deviation, mean.shape))
        trader_index(self.trader, len(mean))
        if self.seen_mean is None or self.seen_deviation is None:
            shown = self._shown(mean), self._shown(self.deviation)
        else:
            size = (self.rung.size(len(mean)),)
            shown = (
                finite_array("seen_mean", self.seen_mean, size),
                _positive("seen_deviation", self.seen_deviation, size),
            )
        object.__setattr__(self, "seen_mean", read_only(shown[0]))
        object.__setattr__(self, "seen_deviation", read_only(shown[1]))

    @classmethod
    def of(cls, law: TypeDistribution, information: Information, trader: int) -> "Observation":
        """Return the observation of types drawn from a distribution, on a rung within a market."""
        rung = rung_of(information)
        if isinstance(rung, SHOW_TYPES):
            return cls(information, trader, law.mean, law.deviation)
        types = law.sample(np.random.default_rng(0), REFERENCE_PROFILES)
        seen = np.asarray(seen_by(rung, types, trader))
        spread = seen.std(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        return cls(rung, trader, law.mean, law.deviation, seen.mean(axis=0), scale)

    @cached_property
    def rung(self) -> Rung:
        """What is seen."""
        return rung_of(self.information)

    @property
    def scale(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of what is seen, each (O,)."""
        assert self.seen_mean is not None
        assert self.seen_deviation is not None
        return self.seen_mean, self.seen_deviation

    @property
    def size(self) -> int:
        """How many numbers are seen."""
        return self.rung.size(len(self.mean))

    def __call__(self, view: View | Array) -> Array:
        """Return observations, shape (B, size), within the observation bound.

        Parameters
        ----------
        view : View, or array of shape (B, N)
            The types. Where a view says itself what is seen, that counts.
        """
        standard = self.standard(view)
        if is_foreign(standard):
            return namespace(standard).clip(standard, -OBSERVATION_BOUND, OBSERVATION_BOUND)
        return np.clip(standard, -OBSERVATION_BOUND, OBSERVATION_BOUND, out=standard)

    def standard(self, view: View | Array) -> Array:
        """Return what is seen in standard deviations from its mean, however far, (B, size)."""
        known = view.seen if isinstance(view, View) else None
        types = view.types if isinstance(view, View) else view
        seen = seen_by(self.rung, types, self.trader) if known is None else known
        mean, deviation = self.scale
        if is_foreign(seen):
            return (seen - like(seen, mean)) / like(seen, deviation)
        standard: Floats = seen - mean
        standard /= deviation
        return standard

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `Observation(**data)` builds an equal one.

        Of a rung that another defines, the name alone: it takes the rung itself to read it.
        """
        data = {
            "information": _rung_as_data(self.rung),
            "trader": self.trader,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
        }
        if isinstance(self.rung, SHOW_TYPES):
            return data
        mean, deviation = self.scale
        return data | {"seen_mean": mean.tolist(), "seen_deviation": deviation.tolist()}

    def _shown(self, numbers: Floats) -> Floats:
        """Return those of the numbers, one for each type, that belong to the types seen."""
        if not isinstance(self.rung, SHOW_TYPES):
            raise InvalidInputError(
                f"seen_mean and seen_deviation are needed on the rung {self.rung.name}, got None; "
                "build it with Observation.of"
            )
        shown: Floats = np.asarray(seen_by(self.rung, numbers[None], self.trader))[0]
        return shown


def _positive(name: str, numbers: Any, shape: tuple[int, ...]) -> Floats:
    deviation = finite_array(name, numbers, shape)
    if (deviation <= 0).any():
        raise InvalidInputError(f"{name} must be positive, got {deviation.min()}")
    return read_only(deviation)


def _rung_as_data(rung: Rung) -> str | dict[str, Any]:
    """Return a rung as plain data."""
    if isinstance(rung, OwnTypeAndStatistics) and rung.weights is not None:
        return {"name": rung.name, "weights": np.asarray(rung.weights).tolist()}
    return rung.name


def _rung(information: Any) -> Any:
    """Return the rung of plain data, and anything else as it is."""
    if not isinstance(information, dict):
        return information
    if set(information) != {"name", "weights"} or information["name"] != "statistics":
        raise InvalidInputError(f"information must be a rung's data, got {given(information)}")
    return OwnTypeAndStatistics(information["weights"])

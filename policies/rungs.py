"""What deviators see of the types: rungs of the information ladder, and those of ours."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.economies import Economy, Factored
from deviator.mechanisms import Mechanism, PublicStatistics
from deviator.validation import Floats, finite_array, positive, read_only, whole_number

from .pseudo_random import pseudo_normal

SIGNAL = "signal"
"""The name of noisy signals, before their deviation."""


class Rung(ABC):
    """What a deviator sees of the types; the strategy's own bid is known on every rung.

    Attributes
    ----------
    waivers : mapping of str to str
        Checks of the conformance kit that the rung is known to fail, each with the reason.

    Examples
    --------
    >>> class LargestType(Rung):
    ...     name = "largest-type"
    ...
    ...     def size(self, n_traders):
    ...         return 2
    ...
    ...     def seen(self, types, trader):
    ...         return np.stack([types[:, trader], types.max(axis=1)], axis=1)
    >>> LargestType().seen(np.array([[1.0, 4.0, 2.0]]), 2)
    array([[2., 4.]])
    """

    waivers: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """Name that reports show."""

    @abstractmethod
    def size(self, n_traders: int) -> int:
        """Return how many numbers a deviator sees in a market of that many traders."""

    @abstractmethod
    def seen(self, types: Floats, trader: int) -> Floats:
        """Return what a trader sees, shape (B, size): a function of each market's own types.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        trader : int
            Who looks.
        """

    def within(self, mechanism: Mechanism, economy: Economy) -> "Rung":
        """Return the rung in one market, where it depends on what mechanism and economy name."""
        del mechanism, economy
        return self


@final
@dataclass(frozen=True)
class OwnType(Rung):
    """The own type alone."""

    name = "own"

    @override
    def size(self, n_traders: int) -> int:
        return 1

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        return types[:, [trader]]


@final
@dataclass(frozen=True)
class WholeProfile(Rung):
    """All types."""

    name = "profile"

    @override
    def size(self, n_traders: int) -> int:
        return n_traders

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        return types


@final
@dataclass(frozen=True, eq=False)
class OwnTypeAndStatistics(Rung):
    """The own type and public statistics S s of all types.

    Parameters
    ----------
    weights : array-like of float, shape (G, N), optional
        S. By default those that a factored economy names, else those that the mechanism names, and
        where neither does, the mean of the others' types.

    Examples
    --------
    >>> OwnTypeAndStatistics([[1, 1, 1]]).seen(np.array([[1.0, 2.0, 4.0]]), 1)
    array([[2., 7.]])
    >>> OwnTypeAndStatistics().seen(np.array([[1.0, 2.0, 4.0]]), 1)
    array([[2. , 2.5]])
    """

    weights: ArrayLike | None = None
    name = "statistics"

    def __post_init__(self) -> None:
        if self.weights is not None:
            weights = finite_array("weights", self.weights, (None, None))
            object.__setattr__(self, "weights", read_only(weights))

    @override
    def size(self, n_traders: int) -> int:
        return 1 + (1 if self.weights is None else len(np.asarray(self.weights)))

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        seen: Floats = np.empty((len(types), self.size(types.shape[1])))
        seen[:, 0] = types[:, trader]
        for place, row in enumerate(self.rows(types.shape[1], trader), start=1):
            # One row at a time: a market's sum does not depend on how many markets there are.
            seen[:, place] = (types * row).sum(axis=1)
        return seen

    @override
    def within(self, mechanism: Mechanism, economy: Economy) -> Rung:
        named = getattr(mechanism, "statistics", None)
        if self.weights is not None:
            return self
        if isinstance(economy, Factored):
            return OwnTypeAndStatistics(economy.statistics)
        return OwnTypeAndStatistics(named.weights) if isinstance(named, PublicStatistics) else self

    def rows(self, n_traders: int, trader: int) -> Floats:
        """Return S, shape (G, N), as one trader sees it."""
        if self.weights is None:
            others = np.full((1, n_traders), 1.0 / max(n_traders - 1, 1))
            others[0, trader] = 0.0
            return others
        return finite_array("weights", self.weights, (None, n_traders))


@final
@dataclass(frozen=True)
class NoisySignal(Rung):
    """The own type, and each other's type with Normal noise.

    The noise of a market is a pseudo-random function of its types, of the trader and of a seed: not
    a draw. So a batch shows what a loop over its markets shows, honest and deviating bids meet the
    same signal, and whoever looks twice sees nothing new: a deviator cannot average the noise away.
    Under laws without atoms no two profiles are the same, and the noise is as good as independent
    of the types. Under a discrete law equal profiles show equal signals.

    Parameters
    ----------
    deviation : float
        Standard deviation of the noise, in the units of types.
    seed : int

    Raises
    ------
    InvalidInputError
        If the deviation is not positive and finite, or the seed no whole number from 0.

    Examples
    --------
    >>> types = np.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.1]])
    >>> NoisySignal(0.1).seen(types, 0).round(2)
    array([[1.  , 2.15, 3.94],
           [1.  , 1.92, 4.07]])
    """

    deviation: float
    seed: int = 0

    def __post_init__(self) -> None:
        positive("deviation", self.deviation)
        whole_number("seed", self.seed, 0)

    @property
    @override
    def name(self) -> str:
        stated = f"{SIGNAL}:{float(self.deviation)!r}"
        return f"{stated}:{self.seed}" if self.seed else stated

    @override
    def size(self, n_traders: int) -> int:
        return n_traders

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        seen: Floats = types + self.deviation * pseudo_normal(types, trader, self.seed)
        seen[:, trader] = types[:, trader]
        return seen


OWN_RUNGS = (OwnType, WholeProfile, OwnTypeAndStatistics, NoisySignal)


class LinearView(NamedTuple):
    """What a rung shows as W s + e: weights on the types, and independent Normal noise."""

    weights: Floats  # (O, N)
    noise: Floats  # (O,), standard deviations of e


def linear_view(rung: Rung, n_traders: int, trader: int) -> LinearView | None:
    """Return what a rung of ours shows as a linear function of the types; None of any other."""
    everyone = np.eye(n_traders)
    if isinstance(rung, OwnType):
        return LinearView(everyone[[trader]], np.zeros(1))
    if isinstance(rung, WholeProfile):
        return LinearView(everyone, np.zeros(n_traders))
    if isinstance(rung, OwnTypeAndStatistics):
        weights = np.concatenate([everyone[[trader]], rung.rows(n_traders, trader)])
        return LinearView(weights, np.zeros(len(weights)))
    if isinstance(rung, NoisySignal):
        noise = np.where(np.arange(n_traders) == trader, 0.0, rung.deviation)
        return LinearView(everyone, noise)
    return None

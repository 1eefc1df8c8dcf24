"""Traders who are only approximately honest: they bid honestly, but not of quite their own type.

In the mechanism's own language each bids what an honest trader of a type near the own one bids.
Noise is a mistake about the own type, rounding states it on a grid, and shading states less of it,
so that less is traded. A mistake is a function of the own type: nobody draws, and gains against
such traders are exact wherever those against honest ones are. Theorems are about honest others and
do not speak of these, who get no certificate by them.

One trader may be honest all the same. What that trader gains by deviating says whether honesty is
still a best response.
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.arrays import like, namespace, to_numpy
from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms import Bids, Mechanism
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import Rationals, rational
from deviator.validation import Floats, finite_number, non_negative, positive, whole_number

from .base import Policy, View, check_market
from .honest_one import all_but, check_honest_one
from .pseudo_random import pseudo_normal
from .revelation import Revelation


@dataclass(frozen=True, eq=False)
class NearlyHonest(Policy):
    """Honest bids of types that are not quite the traders' own.

    Parameters
    ----------
    mechanism : Mechanism
        Whose honest bids they are.
    economy : Economy
        The traders' true utilities.
    honest : int, optional
        The trader who bids honestly all the same; by default nobody does.
    """

    mechanism: Mechanism
    economy: Economy
    honest: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        check_honest_one(self.honest, self.economy.n_traders)

    @property
    @override
    def n_traders(self) -> int:
        return self.economy.n_traders

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        return Revelation(self.mechanism, self.economy).bids(self.stated(View.of(view).types))

    def stated(self, types: Any) -> Any:
        """Return the types of which the traders bid honestly, shape (B, N)."""
        return types + like(types, self._mistaken) * self._mistakes(types)

    @property
    def _mistaken(self) -> Floats:
        return all_but(self.honest, self.n_traders)

    @abstractmethod
    def _mistakes(self, types: Any) -> Any:
        """Return by how much each trader's statement is off, by the own type alone, (B, N)."""


@final
@dataclass(frozen=True, eq=False)
class NoisyHonest(NearlyHonest):
    """Traders who misjudge their own types: honest bids of s_i + noise x a standard Normal number.

    The number is a function of the trader, the type and the seed (`pseudo_normal`): as good as
    drawn, the same whenever the type is, and nearly the same for types that are nearly so.

    Parameters
    ----------
    mechanism, economy, honest
        As in `NearlyHonest`.
    noise : float
        Standard deviation of the mistakes, in units of a type.
    grain : float
        Types so far apart or farther make mistakes that have nothing to do with each other.
    seed : int
        Other seeds make other mistakes.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import SigmaDCDA
    >>> policy = NoisyHonest(SigmaDCDA(0.2), private_values(3), noise=0.1, honest=0)
    >>> policy.stated(np.array([[1.0, 0.0, -1.0]])).round(2)
    array([[ 1.  ,  0.07, -0.93]])
    """

    noise: float = 0.1
    grain: float = 0.01
    seed: int = 0
    name: ClassVar[str] = "noisy-honest"

    def __post_init__(self) -> None:
        super().__post_init__()
        non_negative("noise", self.noise)
        positive("grain", self.grain)
        whole_number("seed", self.seed, at_least=0)

    @override
    def _mistakes(self, types: Any) -> Any:
        places = to_numpy(types) / self.grain
        below = np.floor(places)
        way = places - below
        # A sum of two numbers of the grid, of variance 1 wherever between them a type is.
        sums = (1 - way) * self._drawn(below) + way * self._drawn(below + 1)
        return like(types, self.noise * sums / np.hypot(1 - way, way))

    def _drawn(self, places: Floats) -> Floats:
        """Return the numbers of places of the grid, (B, N), each by its trader and place alone."""
        each = [
            pseudo_normal(places[:, [trader]], trader, self.seed)
            for trader in range(self.n_traders)
        ]
        return np.concatenate(each, axis=1)


@final
@dataclass(frozen=True, eq=False)
class RoundedHonest(NearlyHonest):
    """Traders who state their types on a grid: honest bids of the nearest multiple of a step.

    Parameters
    ----------
    mechanism, economy, honest
        As in `NearlyHonest`.
    step : float
        Of the grid, in units of a type; positive.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import SigmaDCDA
    >>> policy = RoundedHonest(SigmaDCDA(0.2), private_values(3), step=0.5, honest=0)
    >>> policy.stated(np.array([[0.8, 0.8, 0.1]]))
    array([[0.8, 1. , 0. ]])
    """

    step: float = 0.5
    name: ClassVar[str] = "rounded-honest"

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("step", self.step)

    @override
    def _mistakes(self, types: Any) -> Any:
        return self.step * namespace(types).round(types / self.step) - types


@final
@dataclass(frozen=True, eq=False)
class ShadedHonest(NearlyHonest):
    """Traders who state less than their types: honest bids of s_i - share (s_i - centre).

    Who wants to buy bids as if wanting less, and who wants to sell too, so that less is traded.

    Parameters
    ----------
    mechanism, economy, honest
        As in `NearlyHonest`.
    share : float
        From 0, honesty, up to 1.
    centre : float
        The type that is stated as it is.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import SigmaDCDA
    >>> policy = ShadedHonest(SigmaDCDA(0.2), private_values(3), share=0.25)
    >>> policy.stated(np.array([[1.0, 0.0, -1.0]]))
    array([[ 0.75,  0.  , -0.75]])
    """

    share: float = 0.1
    centre: float = 0.0
    name: ClassVar[str] = "shaded-honest"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= finite_number("share", self.share) <= 1:
            raise InvalidInputError(f"share must be from 0 to 1, got {self.share}")
        finite_number("centre", self.centre)

    @override
    def _mistakes(self, types: Any) -> Any:
        return self.share * (self.centre - types)

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        """Return honest bids of what is stated, which is affine in the types."""
        mistakes = Fraction(self.share) * (Fraction(self.centre) - types)
        stated = types + rational(self._mistaken) * mistakes
        return Revelation(self.mechanism, self.economy).exact_bids(stated)

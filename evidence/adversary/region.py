"""The box of profiles that an adversary searches."""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, freeze, positive

from ..certificates.bounded_search import SPREADS
from ..market import Market


@final
@dataclass(frozen=True, eq=False)
class Region:
    """A box of profiles.

    Parameters
    ----------
    low, high : ndarray of float, shape (N,)
        Ends of each type, low below high.
    stated : str
        What the box is, in words.

    Raises
    ------
    InvalidInputError
        If the box is empty, or ends are malformed.
    """

    low: Floats
    high: Floats
    stated: str = "a box"

    def __post_init__(self) -> None:
        low = finite_array("low", self.low, (None,))
        high = finite_array("high", self.high, low.shape)
        empty = np.flatnonzero(~(low < high))
        if len(empty):
            trader = int(empty[0])
            raise InvalidInputError(
                f"low must be below high, got {low[trader]} and {high[trader]} for trader {trader};"
                " search a region that holds a profile"
            )
        freeze(self, low=low, high=high)

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return len(self.low)

    def profiles(self, places: Floats) -> Floats:
        """Return the profiles at places (..., N) that run from -1 to 1 in each type."""
        middle, half = 0.5 * (self.low + self.high), 0.5 * (self.high - self.low)
        return np.clip(middle + half * places, self.low, self.high)

    def places(self, profiles: Floats) -> Floats:
        """Return where profiles (..., N) lie in the box; those outside are moved to its edge."""
        middle, half = 0.5 * (self.low + self.high), 0.5 * (self.high - self.low)
        return np.clip((profiles - middle) / half, -1.0, 1.0)


def region_of(tested: Market, spread: float = SPREADS) -> Region:
    """Return the box around the mean of a market's law, cut to the sets of types.

    Parameters
    ----------
    tested : Market
    spread : float
        How many standard deviations it reaches to each side.

    Raises
    ------
    InvalidInputError
        If `spread` is not positive, or the law lies outside the economy's sets of types.

    Examples
    --------
    >>> from deviator.economies import private_values, unit_demands
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import KDoubleAuction, UniformDoubleAuction
    >>> region_of(market(UniformDoubleAuction(), private_values(3))).low
    array([-4., -4., -4.])
    >>> region_of(market(KDoubleAuction(), unit_demands(2, 1))).high
    array([1., 1., 1.])
    """
    law, room = tested.distribution, positive("spread", spread)
    ends = (tested.economy.type_set, law.support)
    low = np.max([law.mean - room * law.deviation, *(end[0] for end in ends)], axis=0)
    high = np.min([law.mean + room * law.deviation, *(end[1] for end in ends)], axis=0)
    outside = np.flatnonzero(~(low < high))
    if len(outside):
        trader = int(outside[0])
        raise InvalidInputError(
            f"the law of types must reach into the sets of types, that of trader {trader} has mean "
            f"{law.mean[trader]:g} and deviation {law.deviation[trader]:g}; state another law"
        )
    bounded = any(np.isfinite(end).any() for pair in ends for end in pair)
    cut = ", inside the sets of types" if bounded else ""
    return Region(low, high, f"{room:g} standard deviations around the mean{cut}")

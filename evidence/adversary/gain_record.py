"""The largest gain that was found, and what makes a gain count."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from deviator.errors import NotConvergedError, RefusedError
from deviator.validation import Floats, read_only

from ..constraints.violations import HonestMarkets
from ..market import Market
from .region import Region

UNSOLVED = (NotConvergedError, RefusedError)
"""What mechanisms raise at profiles that they cannot solve."""


@final
@dataclass(frozen=True, eq=False)
class WorstGain:
    """The largest gain from deviating that a search of profiles found.

    Attributes
    ----------
    trader : int
        Who gains it.
    types : ndarray of float, shape (N,)
        The profile.
    gain : float
        In units of money; 0 where nothing is gained beyond rounding.
    share : float
        The largest gain, at any profile tried, relative to what its trader has at stake there:
        `HonestMarkets.stake`. Infinite where nothing is at stake.
    bid : ndarray of float, shape (K,), or None
        A bid that gains it; None where bids are surfaces, or none is known.
    evaluations : int
        Profiles tried, for all traders together.
    kind : {"exact", "searched"}
        Whether gains are the largest at their profiles, or what a search for bids found.
    """

    trader: int
    types: Floats
    gain: float
    share: float
    bid: Floats | None
    evaluations: int
    kind: Literal["exact", "searched"]


def nothing_gained(
    trader: int, region: Region, evaluations: int, kind: Literal["exact", "searched"]
) -> WorstGain:
    """Return the record of a search that found nothing."""
    middle = region.profiles(np.zeros(region.n_traders))
    return WorstGain(trader, read_only(middle), 0.0, 0.0, None, evaluations, kind)


def real_gains(honest: HonestMarkets, traders: list[int], gain: Floats) -> tuple[Floats, Floats]:
    """Return gains (B, T) beyond rounding, and the same relative to what is at stake."""
    rounding, stake = honest.rounding[:, traders], honest.stake[:, traders]
    real = np.where(gain > rounding, gain, 0.0)
    some = stake > rounding
    ratio = real / np.where(some, stake, 1.0)
    return real, np.where(some, ratio, np.where(real > 0, np.inf, 0.0))


def gain_alone(tested: Market, trader: int, types: Floats, bid: Floats) -> float:
    """Return what one bid (K,) gains at one profile (N,), each market cleared by itself."""
    profile = types[None]
    honest = tested.strategy.bids(profile)
    utility = []
    for bids in (honest, honest.with_candidates(trader, bid[None, None])):
        outcome = tested.mechanism.clear(bids)
        worth = tested.economy.utility(outcome.quantity, profile)
        utility.append(float((worth - outcome.transfer)[0, trader]))
    return utility[1] - utility[0]

"""The largest gain that was found, and what makes a gain count."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from deviator.errors import NotConvergedError, RefusedError
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats, read_only

from ..constraints.violations import HonestMarkets
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
        In units of payoff; 0 where nothing is gained beyond rounding.
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


def gain_alone(
    honest: HonestMarkets, market: int, trader: int, bid: Floats, claimed: float
) -> float:
    """Return what one bid (K,) gains in one market, where it is cleared without other candidates.

    The whole market is cleared only where the fast path for one bid does not refute half of what is
    claimed.
    """
    tested, types = honest.tested, honest.types[[market]]
    kept, bids = float(honest.utility[market, trader]), drawn_bids(tested.strategy, types)
    candidate = bid[None, None]
    fast = tested.mechanism.clear_deviations(bids, trader, candidate)
    payoff = tested.economy.payoff_of(trader, fast.quantity, fast.transfer, types)
    gain = float(payoff[0, 0]) - kept
    if gain < 0.5 * claimed:
        return gain
    outcome = tested.mechanism.clear(bids.with_candidates(trader, candidate))
    payoff = tested.economy.payoff(outcome.quantity, outcome.transfer, types)
    return float(payoff[0, trader]) - kept

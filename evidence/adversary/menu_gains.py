"""Gains of many traders at many profiles, read off their menus."""

from collections.abc import Callable
from contextlib import suppress
from typing import final

import numpy as np

from deviator.policies import BestResponse
from deviator.validation import Floats, read_only

from ..constraints.trader_gains import exact_trader_gains
from ..constraints.violations import honest_markets
from ..market import Market
from .gain_record import UNSOLVED, WorstGain, gain_alone, nothing_gained, real_gains
from .region import Region

MONEY, SHARE = 0, 1
"""Columns of gains: in money, and relative to what is at stake."""

LARGEST = 1e300
"""Infinite shares count as this where they are compared."""


def has_menus(tested: Market, traders: list[int]) -> bool:
    """Return whether gains can be read off menus."""
    if tested.bids_are_surfaces:
        return False
    with suppress(*UNSOLVED):
        exact_trader_gains(tested, traders, tested.distribution.sample(np.random.default_rng(0), 2))
        return True
    return False


@final
class MenuGains:
    """Gains read off menus, and the largest of them.

    Not frozen: a search asks for one batch after the other, and this keeps the largest.

    Parameters
    ----------
    tested : Market
    traders : list of int
        T traders.
    """

    def __init__(self, tested: Market, traders: list[int]) -> None:
        self._tested, self._traders = tested, traders
        self.evaluations = 0
        self._gain = self._share = 0.0
        self._best: tuple[int, Floats] | None = None

    def objective(self, column: int) -> Callable[[Floats], Floats]:
        """Return what a search makes as large as it can."""
        return lambda types: self.gains(types)[:, column]

    def gains(self, types: Floats) -> Floats:
        """Return the largest gain at each profile, in money and for its stake, (B, 2).

        NaN where there is no menu.
        """
        self.evaluations += len(types)
        return self._gains(types)

    def _gains(self, types: Floats) -> Floats:
        try:
            gain = exact_trader_gains(self._tested, self._traders, types).gain
            real, share = real_gains(honest_markets(self._tested, types), self._traders, gain)
        except UNSOLVED:
            if len(types) == 1:
                return np.full((1, 2), np.nan)
            return np.concatenate([self._gains(part) for part in np.array_split(types, 2)])
        market, place = divmod(int(real.argmax()), len(self._traders))
        if real[market, place] > self._gain:
            self._gain = float(real[market, place])
            self._best = self._traders[place], types[market].copy()
        self._share = max(self._share, float(share.max()))
        return np.stack([real.max(axis=1), np.minimum(share, LARGEST).max(axis=1)], axis=1)

    def result(self, region: Region) -> WorstGain:
        """Return the largest gain, with a bid that gains it where one is known.

        A bid that gains less than half of what the menu says shows that the menu is wrong.
        """
        if self._best is None:
            return nothing_gained(self._traders[0], region, self.evaluations, "exact")
        trader, types = self._best
        bid = self._best_bid(trader, types)
        if bid is not None and not self._holds_up(trader, types, bid):
            return nothing_gained(trader, region, self.evaluations, "exact")
        gained = (self._gain, self._share, bid, self.evaluations)
        return WorstGain(trader, read_only(types), *gained, "exact")

    def _holds_up(self, trader: int, types: Floats, bid: Floats) -> bool:
        with suppress(*UNSOLVED):
            honest = honest_markets(self._tested, types[None])
            return gain_alone(honest, 0, trader, bid, self._gain) >= 0.5 * self._gain
        return False

    def _best_bid(self, trader: int, types: Floats) -> Floats | None:
        tested = self._tested
        with suppress(*UNSOLVED):
            best = BestResponse(
                tested.mechanism, tested.economy, "profile", tested.distribution, tested.strategy
            )
            return np.asarray(best.bid(types[None], trader)[0])
        return None

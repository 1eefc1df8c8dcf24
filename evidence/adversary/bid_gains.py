"""Gains of bids that a search finds, cleared alone before they count."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import final

import numpy as np

from deviator.validation import Floats, read_only

from ..constraints.trader_gains import searched_gain
from ..constraints.violations import HonestMarkets, solved_markets
from ..market import Market
from .far import far_from
from .gain_record import UNSOLVED, WorstGain, gain_alone, real_gains

CLEARED_AGAIN = 3
"""So many of the largest gains of a batch are cleared again before none is believed."""

_BidsOf = Callable[[HonestMarkets, int], tuple[Floats, Floats | None]]


@final
class BidGains:
    """Gains of bids that were found, and the largest that held up when cleared alone.

    Not frozen: a search reports gains one batch after the other, and this keeps the largest.

    Parameters
    ----------
    tested : Market
    """

    def __init__(self, tested: Market) -> None:
        self._tested = tested
        self.evaluations = 0
        self._worst: WorstGain | None = None

    @property
    def worst(self) -> WorstGain | None:
        """The largest gain; None where nothing is gained."""
        return self._worst and replace(self._worst, evaluations=self.evaluations)

    def searched(self, types: Floats, traders: list[int]) -> Floats:
        """Return what searched bids gain traders at profiles, (B, T); -inf where unsolved."""
        return self._tried(
            types, traders, lambda honest, trader: searched_gain(self._tested, trader, honest.types)
        )

    def far(self, types: Floats, traders: list[int]) -> None:
        """Try bids of all levels at profiles."""
        self._tried(types, traders, far_from)

    def _tried(self, types: Floats, traders: list[int], search: _BidsOf) -> Floats:
        self.evaluations += len(types)
        gains = np.full((len(types), len(traders)), -np.inf)
        for part, honest in solved_markets(self._tested, types):
            for place, trader in enumerate(traders):
                with suppress(*UNSOLVED):
                    gain, bids = search(honest, trader)
                    gains[part, place] = self._noted(honest, trader, gain, bids)
        return gains

    def _noted(
        self, honest: HonestMarkets, trader: int, gain: Floats, bids: Floats | None
    ) -> Floats:
        """Return gains (B,) beyond rounding; the largest is kept, if it holds up."""
        real, share = real_gains(honest, [trader], gain[:, None])
        kept = real[:, 0]
        for _ in range(CLEARED_AGAIN):
            market = int(kept.argmax())
            claimed, least = float(kept[market]), 0.0 if self._worst is None else self._worst.gain
            if claimed <= least:
                return kept
            types, bid = honest.types[market], None if bids is None else bids[market]
            alone = claimed if bid is None else gain_alone(honest, market, trader, bid, claimed)
            if alone >= max(0.5 * claimed, float(honest.rounding[market, trader])):
                gained = (alone, float(share[market, 0]) * alone / claimed, bid, 0)
                self._worst = WorstGain(trader, read_only(types.copy()), *gained, "searched")
                return kept
            kept[market] = 0.0
        return np.zeros_like(kept)

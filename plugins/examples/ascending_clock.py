"""Ausubel's ascending clock for a divisible good: what others no longer want is clinched.

Source: Ausubel (2004), An Efficient Ascending-Bid Auction for Multiple Objects, American Economic
Review 94, Section II.

An auctioneer sells a supply. In round r = 0, 1, ... the clock stands at the price r * step, and
everybody says how much they demand there: a bid is a schedule, read at that price, and demand may
not rise with the price. A trader clinches what the others leave of the supply, at the price at
which they first leave it. The clock stops when demand is no larger than the supply. What is left
over then is rationed in proportion to the demand that was just dropped, at the price before, where
it was still wanted. What nobody clinched at the last price stays unsold.

Under private values the price of what a trader clinches depends on the others' demand alone, so
that sincere bidding pays but for what happens within the last step of the clock: no other bid gains
more than is of the order of the step.
"""

from dataclasses import dataclass, field

import numpy as np

from deviator.mechanisms import Outcome, RoundsMechanism, ScheduleLanguage
from deviator.units import PRICE, QUANTITY
from deviator.validation import positive, whole_number


@dataclass(frozen=True)
class AscendingClock(RoundsMechanism):
    """A supply sold by a clock that rises in equal steps.

    Parameters
    ----------
    supply : float
        Units for sale.
    step : float
        By how much the price rises from round to round.
    rounds : int
        How many prices there are; the last is ``rounds * step``.
    """

    supply: float = field(default=1.0, metadata=QUANTITY)
    step: float = field(default=0.25, metadata=PRICE)
    rounds: int = 16
    name = "ascending-clock"
    language = ScheduleLanguage()

    def __post_init__(self):
        positive("supply", self.supply)
        positive("step", self.step)
        whole_number("rounds", self.rounds, at_least=1)

    def clear_round(self, bids, history):
        """Return what is clinched at the next price; nothing once the clock has stopped."""
        price = len(history) * self.step
        demand = self._demand(history, bids)
        before = self._demand(history[:-1], history[-1].bids) if history else demand
        owned = sum((past.outcome.quantity for past in history), np.zeros_like(demand))
        running = before.sum(axis=1) > self.supply if history else np.full(len(demand), True)
        stops = running & (demand.sum(axis=1) <= self.supply)
        clinched = np.maximum(self.supply - (demand.sum(axis=1, keepdims=True) - demand), owned)
        target = np.where(stops[:, None], self._rationed(before, demand), clinched)
        quantity = np.where(running[:, None], target - owned, 0.0)
        paid = np.where(stops, max(price - self.step, 0.0), price)
        traded = quantity.any(axis=1)
        return Outcome(
            price=np.where(traded, paid, np.nan),
            quantity=quantity,
            transfer=quantity * paid[:, None],
            traded=traded,
            outside=-quantity.sum(axis=1),
        )

    def public(self, history):
        """Return everybody's demand at the price of the clock, shape (B, N)."""
        return self._demand(history[:-1], history[-1].bids)

    def _demand(self, history, bids):
        """Return demand at the price after a history: what is bid, and no more than before."""
        submitted = [past.bids for past in history] + [bids]
        at_prices = [
            np.maximum(each.level - each.steepness * (turn * self.step), 0.0)
            for turn, each in enumerate(submitted)
        ]
        return np.min(at_prices, axis=0)

    def _rationed(self, before, demand):
        """Return demand, and of what was dropped since the price before as much as is left."""
        dropped = before - demand
        left = self.supply - demand.sum(axis=1, keepdims=True)
        whole = dropped.sum(axis=1, keepdims=True)
        share = np.divide(left, whole, out=np.zeros_like(left), where=whole > 0)
        return demand + np.clip(share, 0.0, 1.0) * dropped

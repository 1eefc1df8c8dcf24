"""A market maker who takes the other side of whatever traders order, at a price that moves with it.

The linear impact of Kyle, "Continuous auctions and insider trading", Econometrica 53 (1985)
1315-1335, without noise: the market maker quotes a price, traders order what they want at the
quote, and all orders are filled at the quote plus impact times what is ordered in all.
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

from deviator.mechanisms import BidLanguage, Mechanism, Outcome, ScheduleLanguage, Schedules
from deviator.units import PRICE, SLOPE
from deviator.validation import finite_number, freeze, non_negative


@final
@dataclass(frozen=True)
class MarketMaker(Mechanism):
    """Bids are schedules; what a schedule demands at the quote is the trader's order.

    The market maker absorbs the imbalance, so that `Outcome.outside` is minus the sum of all
    orders. With impact 0 the quote is a posted price, and honesty pays. Otherwise a trader who
    orders x units moves the price of all of them by impact x, and gains by ordering less.

    Parameters
    ----------
    quote : float
        Price at which nobody's orders weigh on the market maker.
    impact : float
        By how much the price moves per unit ordered in all, non-negative.
    """

    quote: float = field(default=0.0, metadata=PRICE)
    impact: float = field(default=0.2, metadata=SLOPE)
    name: ClassVar[str] = "market-maker"
    language: ClassVar[BidLanguage] = ScheduleLanguage()

    def __post_init__(self) -> None:
        freeze(self, quote=finite_number("quote", self.quote))
        freeze(self, impact=non_negative("impact", self.impact))

    def clear(self, bids: Schedules) -> Outcome:
        """Fill all orders at the price that their sum leads to."""
        orders = bids.level - bids.steepness * self.quote
        imbalance = orders.sum(axis=1)
        price = self.quote + self.impact * imbalance
        return Outcome(price, orders, price[:, None] * orders, outside=-imbalance)

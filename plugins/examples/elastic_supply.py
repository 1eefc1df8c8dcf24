"""A uniform-price auction in which the auctioneer supplies more as the price rises.

LiCalzi and Pavan, "Tilting the supply schedule to enhance competition in uniform-price auctions",
European Economic Review 49 (2005) 227-250: a seller who supplies more at a higher price keeps
bidders from holding their demand back, as each of them moves the price by less.
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

from deviator.mechanisms import BidLanguage, Mechanism, Outcome, ScheduleLanguage, Schedules
from deviator.units import PRICE, STEEPNESS
from deviator.validation import finite_number, freeze, positive


@final
@dataclass(frozen=True)
class ElasticSupply(Mechanism):
    """Bids are schedules q = level - steepness p; the auctioneer sells elasticity (p - reserve).

    The auctioneer is somebody outside: `Outcome.outside` says what they receive, here a negative
    number where they sell. A trader who changes their quantity by one unit moves the price by
    1 / (elasticity + the others' steepness), so that honest traders gain by shading, and by less
    the more elastic supply is.

    Parameters
    ----------
    elasticity : float
        Units supplied per unit of price, positive.
    reserve : float
        The price at which nothing is supplied; below it the auctioneer buys.
    """

    elasticity: float = field(default=1.0, metadata=STEEPNESS)
    reserve: float = field(default=0.0, metadata=PRICE)
    name: ClassVar[str] = "elastic-supply"
    language: ClassVar[BidLanguage] = ScheduleLanguage()

    def __post_init__(self) -> None:
        freeze(self, elasticity=positive("elasticity", self.elasticity))
        freeze(self, reserve=finite_number("reserve", self.reserve))

    def clear(self, bids: Schedules) -> Outcome:
        """Return the price at which the traders demand what the auctioneer supplies."""
        demanded = bids.level.sum(axis=1) + self.elasticity * self.reserve
        price = demanded / (bids.steepness.sum(axis=1) + self.elasticity)
        quantity = bids.level - bids.steepness * price[:, None]
        supplied = self.elasticity * (price - self.reserve)
        return Outcome(price, quantity, price[:, None] * quantity, outside=-supplied)

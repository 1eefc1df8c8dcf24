"""A uniform-price double auction in two rounds, after sequential double auctions of one asset.

Source: Du and Zhu (2017), What is the optimal trading frequency in financial markets?, Review of
Economic Studies 84, without news between the rounds; demand reduction in uniform-price auctions:
Ausubel, Cramton, Pycia, Rostek and Weretka (2014), Review of Economic Studies 81.

Schedules say how much a trader wants to have at a price, in total. The first round brings everybody
a share of that, the second all that is left at the price that clears it. Who bids the same in both
pays one price, as in one uniform-price auction. Who buys the first share cheaply and the rest at
the price that their whole demand leads to gains more: it pays to bid less first.
"""

from dataclasses import dataclass, replace

from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    Outcome,
    RoundsMechanism,
    ScheduleLanguage,
    Schedules,
    UniformDoubleAuction,
)


@dataclass(frozen=True)
class TwoRoundUniform(RoundsMechanism):
    """A share of what clears the first round is traded there, the rest in the second.

    Parameters
    ----------
    share : float
        Of what everybody demands, traded in the first round; above 0 and below 1.
    """

    share: float = 0.5
    name = "two-round-uniform"
    language = ScheduleLanguage()
    rounds = 2

    def __post_init__(self):
        if not 0 < self.share < 1:
            raise InvalidInputError(
                f"share must be above 0 and below 1, got {self.share}; take 0.5"
            )

    def clear_round(self, bids, history):
        """Return what one of the two rounds trades."""
        if not history:
            return self._first(bids)
        owned = history[0].outcome.quantity
        return UniformDoubleAuction().clear(Schedules(bids.level - owned, bids.steepness))

    def _first(self, bids) -> Outcome:
        whole = UniformDoubleAuction().clear(bids)
        quantity, transfer = self.share * whole.quantity, self.share * whole.transfer
        return replace(whole, quantity=quantity, transfer=transfer)

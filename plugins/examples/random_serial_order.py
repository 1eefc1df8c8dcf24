"""Trade at a fixed price, in a random serial order.

Everybody states a demand schedule, which says how much they want at the price of the rule. The
side of the market that wants less is served in full. On the other side traders come one after the
other, in an order that lots decide, and each takes what they want of what is left.

Nobody's schedule moves the price or the order. Stating more than one wants leads to too much, and
stating less leaves to others what one would take: honesty is best whatever the order is, which is
what universally truthful means.

References
----------
Barbera and Jackson (1995), Strategy-proof exchange, Econometrica 63, 51-87: prices are fixed.
Barbera, Jackson and Neme (1997), Strategy-proof allotment rules, Games and Economic Behavior 18,
1-21: what is scarce is shared in a serial order.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from deviator.errors import InvalidInputError
from deviator.mechanisms import Claim, Mechanism, Outcome, ScheduleLanguage, Schedules
from deviator.units import PRICE
from deviator.validation import Floats, finite_number

MOST_TRADERS = 8
"""Every trader needs a lot, and a rule states how many it is given."""


@dataclass(frozen=True)
class RandomSerialOrder(Mechanism):
    """Trade at a fixed price; the longer side is served in a random order.

    Parameters
    ----------
    price : float
    """

    price: float = field(default=0.0, metadata=PRICE)
    name: ClassVar[str] = "random-serial-order"
    language: ClassVar[ScheduleLanguage] = ScheduleLanguage()
    draws: ClassVar[int] = MOST_TRADERS
    claims: ClassVar[frozenset[Claim]] = frozenset(
        {"truthful", "universally_truthful", "individually_rational", "budget_surplus", "anonymous"}
    )

    def __post_init__(self) -> None:
        finite_number("price", self.price)

    def clear(self, bids: Schedules, lots: Floats) -> Outcome:
        """Return quantities at the fixed price; trader i's place is that of lot i among all."""
        wanted = bids.level - bids.steepness * self.price
        n_traders = wanted.shape[1]
        if n_traders > MOST_TRADERS:
            raise InvalidInputError(
                f"traders must be at most {MOST_TRADERS}, one for each lot, got {n_traders}"
            )
        order = np.argsort(lots[:, :n_traders], axis=1)
        bought, sold = np.maximum(wanted, 0.0), np.maximum(-wanted, 0.0)
        volume = np.minimum(bought.sum(axis=1), sold.sum(axis=1))
        quantity = _served(bought, order, volume) - _served(sold, order, volume)
        traded = volume > 0
        price = np.where(traded, self.price, np.nan)
        return Outcome(price, quantity, self.price * quantity, traded)


def _served(wanted: Floats, order: Any, volume: Floats) -> Floats:
    """Return what each takes of the volume (B,) who comes in the order, shape (B, N)."""
    in_order = np.take_along_axis(wanted, order, axis=1)
    left = volume[:, None] - (np.cumsum(in_order, axis=1) - in_order)
    taken = np.clip(left, 0.0, in_order)
    served = np.empty_like(taken)
    np.put_along_axis(served, order, taken, axis=1)
    return served

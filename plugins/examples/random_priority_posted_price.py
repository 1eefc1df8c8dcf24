"""A posted price for single units, with random priority on the longer side.

The price is posted before anybody speaks. Buyers who value the unit at least as highly, and sellers
who value it at most as highly, want to trade; where one side has more of them, lots decide who
does. No report moves the price or the lots, so that honesty is best whatever they are.

References
----------
Hagerty and Rogerson (1987), Robust trading mechanisms, Journal of Economic Theory 42, 94-107: with
one buyer and one seller, posted prices are all that is budget-balanced and in dominant strategies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from deviator.economies import Economy, UnitDemands
from deviator.errors import InvalidInputError
from deviator.mechanisms import Claim, Mechanism, Outcome, ReportLanguage, Reports
from deviator.units import PRICE, QUANTITY
from deviator.validation import Floats, finite_number, positive


@dataclass(frozen=True)
class RandomPriorityPostedPrice(Mechanism):
    """Single units at a posted price; who trades on the longer side is drawn by lot.

    Parameters
    ----------
    price : float
        In money per unit of the good.
    sides : str
        A letter for each trader: b buys, s sells.
    unit : float
        How many units of the good are traded as one; 1 but in other units.
    """

    price: float = field(default=0.5, metadata=PRICE)
    sides: str = "bbss"
    unit: float = field(default=1.0, metadata=QUANTITY)
    name: ClassVar[str] = "random-priority-posted-price"
    language: ClassVar[ReportLanguage] = ReportLanguage()
    claims: ClassVar[frozenset[Claim]] = frozenset(
        {"truthful", "universally_truthful", "individually_rational", "budget_surplus"}
    )

    def __post_init__(self) -> None:
        finite_number("price", self.price)
        positive("unit", self.unit)
        if set(self.sides) != {"b", "s"}:
            raise InvalidInputError(
                f"sides must be letters b and s, at least one of each, got {self.sides!r}"
            )

    @property
    def draws(self) -> int:
        """One lot for each trader."""
        return len(self.sides)

    def clear(self, bids: Reports, lots: Floats) -> Outcome:
        """Return who trades at the posted price; the smallest lots come first."""
        if bids.shape[1] != len(self.sides):
            raise InvalidInputError(
                f"sides must be of {bids.shape[1]} traders, a letter each, got {self.sides!r}"
            )
        buys = np.array([side == "b" for side in self.sides])
        willing = np.where(buys, bids.types >= self.price, bids.types <= self.price)
        pairs = np.minimum((willing & buys).sum(axis=1), (willing & ~buys).sum(axis=1))
        bought = _first(willing & buys, lots, pairs)
        sold = _first(willing & ~buys, lots, pairs)
        quantity = self.unit * (bought.astype(np.float64) - sold)
        price = np.where(pairs > 0, self.price, np.nan)
        return Outcome(price, quantity, self.price * quantity, pairs > 0)

    def example_economies(self) -> tuple[Economy, ...]:
        """Return the market for single units with these sides."""
        roles = tuple("buyer" if side == "b" else "seller" for side in self.sides)
        high = 2 * self.price
        return (UnitDemands(roles, 0.0, high, unit=self.unit),)

    def relabelled(self, order: Sequence[int]) -> "RandomPriorityPostedPrice":
        """Return the rule for renumbered traders, whose sides move with them."""
        return replace(self, sides="".join(self.sides[trader] for trader in order))


def _first(willing: Any, lots: Floats, pairs: Any) -> Any:
    """Return who trades of those willing (B, N): the `pairs` (B,) with the smallest lots."""
    place = np.argsort(np.argsort(np.where(willing, lots, 2.0), axis=1), axis=1)
    return willing & (place < pairs[:, None])

"""Markets for single units: buyers want one, sellers own one, private values.

The setting of the double auctions of Chatterjee and Samuelson (1983) and McAfee (1992).
"""

from dataclasses import dataclass, field
from typing import final

import numpy as np

from deviator.errors import InvalidInputError
from deviator.units import EACH_TRADER, PRICE, QUANTITY
from deviator.validation import (
    Bools,
    Floats,
    finite_array,
    freeze,
    non_negative,
    positive,
    trader_count,
    whole_number,
)

from .base import Economy
from .distributions import UniformBox
from .profiles import checked_profiles
from .unit_matching import match_units

ROLES = ("buyer", "seller")


@final
@dataclass(frozen=True)
class UnitDemands(Economy):
    """Traders who value one unit each: u_i = s_i q_i as far as they own and want units.

    A type is the value of the unit, in money per unit of the good. A buyer's quantities run from
    0 to `unit`, a seller's from -`unit` to 0. More than one unit is worth nothing more. A unit
    that a trader sells without owning it must be bought elsewhere, at the price `high`, or at the
    trader's own value where that is higher. Utility is therefore finite everywhere, concave where
    values are not negative, and no gains from trade arise where quantities are not feasible.

    Parameters
    ----------
    roles : tuple of str
        "buyer" or "seller" for each trader, at least one of each.
    low, high : float
        Ends of the set of types, from which they are drawn, 0 <= low < high. Utility is defined
        beyond it too.
    unit : float
        How many units of the good make up the one unit that is traded; 1 but in other units.

    Raises
    ------
    InvalidInputError
        If there are fewer than three traders, a side is empty, or a number is out of range.
    """

    roles: tuple[str, ...] = field(metadata=EACH_TRADER)
    low: float = field(default=0.0, metadata=PRICE)
    high: float = field(default=1.0, metadata=PRICE)
    unit: float = field(default=1.0, metadata=QUANTITY)
    name: str = "unit demands"
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        freeze(self, roles=tuple(self.roles), n_traders=trader_count(len(self.roles)))
        if set(self.roles) != set(ROLES):
            raise InvalidInputError(
                "roles must be 'buyer' or 'seller', with at least one of each, got "
                f"{sorted(set(self.roles))}"
            )
        freeze(self, low=non_negative("low", self.low), high=positive("high", self.high))
        freeze(self, unit=positive("unit", self.unit))
        if self.low >= self.high:
            raise InvalidInputError(f"low must be below high, got {self.low} and {self.high}")

    @property
    def type_set(self) -> tuple[Floats, Floats]:
        """Return the ends of the sets of types, low and high for all, each of shape (N,)."""
        return np.full(self.n_traders, self.low), np.full(self.n_traders, self.high)

    @property
    def buyers(self) -> Bools:
        """Who buys, shape (N,)."""
        return np.array([role == "buyer" for role in self.roles])

    def utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return s_i q_i on the trader's own side, shape (B, N); see the class for the rest."""
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        least, most = self._limits()
        short = np.minimum(quantity - least, 0.0)
        return types * np.clip(quantity, least, most) + self._price_elsewhere(types) * short

    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return s_i on the trader's own side, both ends included, shape (B, N)."""
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        short, inside = self._places(quantity)
        return np.where(inside, types, np.where(short, self._price_elsewhere(types), 0.0))

    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        """Return the effects of the own type, on the diagonal, shape (B, N, N)."""
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        short, inside = self._places(quantity)
        own = inside | (short & (types > self.high))
        return own[:, :, None] * np.eye(self.n_traders)

    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        """Return 0, shape (B, N): utility is linear between its kinks."""
        quantity, _ = checked_profiles(self.n_traders, quantity, types)
        return np.zeros_like(quantity)

    def types(self) -> UniformBox:
        """Return independent values, uniform from low to high."""
        return UniformBox.common(self.n_traders, self.low, self.high)

    def efficient_allocation(self, types: Floats) -> Floats:
        """Return the allocation in which the m best pairs trade, shape (B, N)."""
        values = finite_array("types", types, (None, self.n_traders))
        return self.unit * match_units(values, self.buyers).quantity

    def _limits(self) -> tuple[Floats, Floats]:
        """Return each trader's least and largest feasible quantity, each of shape (N,)."""
        return np.where(self.buyers, 0.0, -self.unit), np.where(self.buyers, self.unit, 0.0)

    def _places(self, quantity: Floats) -> tuple[Bools, Bools]:
        """Return where more is sold than owned, and where the quantity is feasible."""
        least, most = self._limits()
        return quantity < least, (quantity >= least) & (quantity <= most)

    def _price_elsewhere(self, types: Floats) -> Floats:
        return np.maximum(types, self.high)


def unit_demands(n_buyers: int, n_sellers: int, low: float = 0.0, high: float = 1.0) -> UnitDemands:
    """Return a market for single units; the buyers come first.

    Parameters
    ----------
    n_buyers, n_sellers : int
        At least one of each and three traders in all.
    low, high : float
        Values are uniform between these, 0 <= low < high.

    Raises
    ------
    InvalidInputError
        If a number is out of range.

    Examples
    --------
    >>> economy = unit_demands(n_buyers=2, n_sellers=1)
    >>> economy.efficient_allocation(np.array([[0.9, 0.4, 0.3]]))
    array([[ 1.,  0., -1.]])
    >>> economy.utility(np.array([[1.0, 2.0, -1.0]]), np.array([[0.9, 0.4, 0.3]]))
    array([[ 0.9,  0.4, -0.3]])
    """
    buyers = whole_number("n_buyers", n_buyers, at_least=1)
    sellers = whole_number("n_sellers", n_sellers, at_least=1)
    return UnitDemands(("buyer",) * buyers + ("seller",) * sellers, low, high)

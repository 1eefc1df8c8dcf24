"""Menus: what one trader can reach while the others' bids are fixed, quantity -> transfer.

Whatever a trader submits, he ends at a point of his menu or pays more for the same quantity, so
his best response is the best point of the menu.
"""

from abc import ABC
from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Bools, Floats, finite_array


class Menu(ABC):
    """What one trader can reach in each of B markets.

    Attributes
    ----------
    regular : ndarray of bool, shape (B,)
        Whether the market trades, so that the menu exists.
    """

    regular: Bools


@final
@dataclass(frozen=True, eq=False)
class LineMenu(Menu):
    """A menu on a straight residual price curve, intercept + slope x.

    The transfer for x units is constant + linear x + quadratic x^2 / 2 (mathematics: T_i(q);
    Definition 3 of the paper).

    Attributes
    ----------
    intercept, slope : ndarray of float, shape (B,)
        Residual price curve.
    linear, quadratic : ndarray of float, shape (B,)
        Coefficients of the transfer.
    regular : ndarray of bool, shape (B,)
        As in `Menu`; the other attributes are NaN elsewhere.
    constant : ndarray of float, shape (B,)
        Transfer that no bid avoids; 0 by default.
    excess : ndarray of float, shape (B,)
        What the trader's present bid pays above the menu for its own quantity; 0 by default, and
        wherever the transfer depends on price and quantity alone.
    low, high : ndarray of float, shape (B,)
        Ends of the quantities that bids can reach; infinite by default.
    """

    intercept: Floats
    slope: Floats
    linear: Floats
    quadratic: Floats
    regular: Bools
    constant: Floats | float = 0.0
    excess: Floats | float = 0.0
    low: Floats | float = -np.inf
    high: Floats | float = np.inf

    def residual_price(self, quantity: Floats) -> Floats:
        """Return the residual price at the given quantities, shape (B,)."""
        return self.intercept + self.slope * quantity

    def transfer(self, quantity: Floats) -> Floats:
        """Return the money paid for the given quantities, shape (B,)."""
        return self.constant + (self.linear + 0.5 * self.quadratic * quantity) * quantity

    def curvature(self, marginal_utility_slope: float | Floats) -> Floats:
        """Return how fast the deviator's objective bends, mu_i + T''; shape (B,).

        Raises
        ------
        RefusedError
            If it is not positive somewhere: the best gain is then unbounded, or honesty is not
            a local optimum.
        """
        bend = marginal_utility_slope + self.quadratic
        if (bend[self.regular] <= 0).any():
            place = tuple(np.argwhere(self.regular & (bend <= 0))[0])
            raise RefusedError(
                "a best response exists only where mu_i plus the menu's curvature is positive, "
                f"got {bend[place]:.6g} in market {place[0]}; the gain is unbounded there"
            )
        return bend

    def best_quantity(self, value: Floats, marginal_utility_slope: float) -> Floats:
        """Return the utility-maximizing quantity for v x - (mu / 2) x^2 - T(x), shape (B,).

        Parameters
        ----------
        value : ndarray of float, shape (B,)
            Marginal utility v of the first unit.
        marginal_utility_slope : float
            mu, positive.

        Raises
        ------
        RefusedError
            As in `curvature`.
        """
        return np.clip(self.wanted_quantity(value, marginal_utility_slope), self.low, self.high)

    def wanted_quantity(self, value: Floats, marginal_utility_slope: float) -> Floats:
        """Return what would maximize utility if every quantity could be reached, shape (B,).

        Parameters and errors are those of `best_quantity`.
        """
        return (value - self.linear) / self.curvature(marginal_utility_slope)


@final
@dataclass(frozen=True, eq=False)
class FiniteMenu(Menu):
    """A menu of M points, as in markets for single units.

    Parameters
    ----------
    quantity : ndarray of float, shape (B, M)
        Units received at each point.
    transfer : ndarray of float, shape (B, M)
        The least money for which the point can be had; a limit where ties decide.
    """

    quantity: Floats
    transfer: Floats

    def __post_init__(self) -> None:
        quantity = finite_array("quantity", self.quantity, (None, None))
        if quantity.shape[1] == 0:
            raise InvalidInputError("a menu must have at least one point, got none")
        object.__setattr__(self, "quantity", quantity)
        object.__setattr__(
            self, "transfer", finite_array("transfer", self.transfer, quantity.shape)
        )
        object.__setattr__(self, "regular", np.ones(len(quantity), dtype=bool))

    def best(self, economy: Economy, types: Floats, trader: int) -> tuple[Floats, Floats]:
        """Return the best point's quantity and the utility there, each of shape (B,).

        Parameters
        ----------
        economy : Economy
        types : ndarray of float, shape (B, N)
        trader : int
        """
        utility = np.empty_like(self.quantity)
        units = np.zeros_like(types)
        for point in range(self.quantity.shape[1]):
            units[:, trader] = self.quantity[:, point]
            utility[:, point] = economy.utility(units, types)[:, trader]
        utility -= self.transfer
        best = utility.argmax(axis=1)[:, None]
        return (
            np.take_along_axis(self.quantity, best, axis=1)[:, 0],
            np.take_along_axis(utility, best, axis=1)[:, 0],
        )

"""Menus: what one trader can reach while the others' bids are fixed, quantity -> payment.

Whatever a trader submits, the outcome is a point of the trader's menu, or costs more than the menu
says for the same quantity: the best response is the best point of the menu.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, QuadraticEconomy, is_linear_quadratic
from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Bools, Floats, finite_array

from .outcome import TraderOutcome

REACHED = 1e-7
"""A quantity is on a menu if it is this near, of the largest: clearing a bid rounds."""


class BestPoint(NamedTuple):
    """The best point of a trader's menu in each market, beside what the present bid gets."""

    quantity: Floats  # (B,)
    gain: Floats  # (B,), never negative


class Menu(ABC):
    """What one trader can reach in each of B markets.

    Attributes
    ----------
    regular : ndarray of bool, shape (B,)
        Whether the market trades, so that the menu exists.
    """

    regular: Bools

    @abstractmethod
    def payment(self, quantity: Floats) -> Floats:
        """Return the least money for which quantities can be had, shape (B,).

        Infinite where no bid leads to them; a limit where ties decide.

        Parameters
        ----------
        quantity : ndarray of float, shape (B,)
        """

    @abstractmethod
    def best(
        self, economy: Economy, types: Floats, trader: int, present: TraderOutcome
    ) -> BestPoint:
        """Return the point of the largest payoff.

        Parameters
        ----------
        economy : Economy
            The payoffs.
        types : ndarray of float, shape (B, N)
        trader : int
            Whose menu it is.
        present : TraderOutcome
            What the trader's present bid gets, shape (B, 1).

        Raises
        ------
        RefusedError
            If the best gain is unbounded, or has no closed form in this economy.
        """

    @abstractmethod
    def samples(self, present: Floats) -> list[Floats]:
        """Return quantities on the menu, each (B,), at which to try it.

        Parameters
        ----------
        present : ndarray of float, shape (B,)
            The quantities at present.
        """


class LineShift(NamedTuple):
    """The best points of straight menus, beside the present ones: of one trader (B,), or (B, N)."""

    quantity: Floats  # best minus present quantity
    best: Floats  # best quantity
    wanted: Floats  # what would be best if every quantity could be reached
    bend: Floats  # curvature of the deviator's objective

    @property
    def gain(self) -> Floats:
        """The parabola's rise from the present to the best quantity: no cancellation, never < 0."""
        return 0.5 * self.bend * self.quantity * (self.quantity + 2 * (self.wanted - self.best))


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
        """Return the polynomial that is paid on the residual curve, shape (B,)."""
        return self.constant + (self.linear + 0.5 * self.quadratic * quantity) * quantity

    @override
    def payment(self, quantity: Floats) -> Floats:
        ends = np.concatenate([np.ravel(self.low), np.ravel(self.high)])
        size = np.abs(ends[np.isfinite(ends)]).max(initial=np.abs(quantity).max(initial=0.0))
        reached = (quantity >= self.low - REACHED * size) & (quantity <= self.high + REACHED * size)
        return np.where(reached, self.transfer(quantity), np.inf)

    @override
    def best(
        self, economy: Economy, types: Floats, trader: int, present: TraderOutcome
    ) -> BestPoint:
        market = linear_economy(economy)
        value, slope = market.value(types)[:, trader], float(market.slope[trader])
        shift = self.shift(value, slope, present.quantity[:, 0])
        return BestPoint(shift.best, shift.gain + self.excess)

    def shift(self, value: Floats, slope: Floats | float, present: Floats) -> LineShift:
        """Return the maximum of v x - (mu / 2) x^2 - T(x) beside present quantities.

        Parameters
        ----------
        value : ndarray of float, shape (B,)
            Marginal utility v of the first unit.
        slope : float or ndarray of float
            mu.
        present : ndarray of float, shape (B,)

        Raises
        ------
        RefusedError
            As in `curvature`.
        """
        bend = self.curvature(slope)
        wanted = (value - self.linear) / bend
        best = np.clip(wanted, self.low, self.high)
        return LineShift(best - present, best, wanted, bend)

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

    @override
    def samples(self, present: Floats) -> list[Floats]:
        points = [0.5 * present, 1.5 * present, present + np.abs(present).mean()]
        return [np.clip(point, self.low, self.high) for point in points]


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
        transfer = finite_array("transfer", self.transfer, quantity.shape)
        object.__setattr__(self, "quantity", quantity)
        object.__setattr__(self, "transfer", transfer)
        object.__setattr__(self, "regular", np.ones(len(quantity), dtype=bool))

    @override
    def payment(self, quantity: Floats) -> Floats:
        size = np.abs(self.quantity).max()
        near = np.abs(self.quantity - quantity[:, None]) <= REACHED * size
        least: Floats = np.where(near, self.transfer, np.inf).min(axis=1)
        return least

    @override
    def best(
        self, economy: Economy, types: Floats, trader: int, present: TraderOutcome
    ) -> BestPoint:
        utility = economy.payoff_of(trader, self.quantity, self.transfer, types)
        point = utility.argmax(axis=1)[:, None]
        kept = economy.payoff_of(trader, present.quantity, present.transfer, types)
        gain = (np.take_along_axis(utility, point, axis=1) - kept)[:, 0]
        quantity = np.take_along_axis(self.quantity, point, axis=1)[:, 0]
        stays = gain <= 0
        return BestPoint(
            np.where(stays, present.quantity[:, 0], quantity), np.where(stays, 0.0, gain)
        )

    @override
    def samples(self, present: Floats) -> list[Floats]:
        return list(self.quantity.T)


def linear_economy(economy: Economy) -> QuadraticEconomy:
    """Return the economy if it is linear-quadratic, or raise RefusedError."""
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"exact best responses need a linear-quadratic economy, got {type(economy).__name__}; "
            "search numerically: deviator.policies.NumericSearch, or where bids are surfaces "
            "surface_best_response"
        )
    return economy

"""What a mechanism returns: outcomes of whole markets, of one trader, and menus."""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.errors import RefusedError
from deviator.validation import Bools, Floats


@final
@dataclass(frozen=True, eq=False)
class Outcome:
    """Outcome of a batch of markets.

    Attributes
    ----------
    price : ndarray of float, shape (B,)
        Market-clearing price; NaN in autarky, where there is none.
    quantity : ndarray of float, shape (B, N)
        Units received, negative where sold; sums to 0 over the traders.
    transfer : ndarray of float, shape (B, N)
        Money paid to the mechanism; negative where received.
    traded : ndarray of bool, shape (B,)
        False in autarky, where all quantities and transfers are 0.
    converged : ndarray of bool, shape (B,)
        Whether the market was solved; closed forms always are.
    residual_slope : ndarray of float, shape (B, N)
        Slope k_i of each trader's residual price p + k_i (x - q_i); NaN in autarky.
    """

    price: Floats
    quantity: Floats
    transfer: Floats
    traded: Bools
    converged: Bools
    residual_slope: Floats


@final
@dataclass(frozen=True, eq=False)
class TraderOutcome:
    """Outcomes of one trader under several candidate bids, others' bids fixed.

    Attributes
    ----------
    price, quantity, transfer : ndarray of float, shape (B, M)
        For each of M candidates in each market; price NaN in autarky.
    traded : ndarray of bool, shape (B, M)
    """

    price: Floats
    quantity: Floats
    transfer: Floats
    traded: Bools


@final
@dataclass(frozen=True, eq=False)
class Menu:
    """What one trader can reach while the others' bids are fixed: quantity -> transfer.

    The residual price is intercept + slope x, and the transfer for x units is
    linear x + quadratic x^2 / 2 (mathematics: T_i(q); Definition 3 of the paper).

    Attributes
    ----------
    intercept, slope : ndarray of float, shape (B,)
        Residual price curve.
    linear, quadratic : ndarray of float, shape (B,)
        Coefficients of the transfer.
    regular : ndarray of bool, shape (B,)
        Whether the honest market trades, so that the residual curve exists; the other
        attributes are NaN elsewhere.
    """

    intercept: Floats
    slope: Floats
    linear: Floats
    quadratic: Floats
    regular: Bools

    def residual_price(self, quantity: Floats) -> Floats:
        """Return the residual price at the given quantities, shape (B,)."""
        return self.intercept + self.slope * quantity

    def transfer(self, quantity: Floats) -> Floats:
        """Return the money paid for the given quantities, shape (B,)."""
        return (self.linear + 0.5 * self.quadratic * quantity) * quantity

    def curvature(self, marginal_utility_slope: float) -> Floats:
        """Return how fast the deviator's objective bends, mu_i + T''; shape (B,).

        Raises
        ------
        RefusedError
            If it is not positive somewhere: the best gain is then unbounded, or honesty is not
            a local optimum.
        """
        bend = marginal_utility_slope + self.quadratic
        if (bend[self.regular] <= 0).any():
            market = int(np.flatnonzero(self.regular & (bend <= 0))[0])
            raise RefusedError(
                "a best response exists only where mu_i plus the menu's curvature is positive, "
                f"got {bend[market]:.6g} in market {market}; the gain is unbounded there"
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
        return (value - self.linear) / self.curvature(marginal_utility_slope)

"""Examples 1, 4 and 7: every value is alpha s_i + beta mean(s), all slopes are mu.

References
----------
Andreyanov and Sadzik (2021), equations (2.2), (4.14) to (4.16), Example 7 and Appendix C.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import RefusedError
from deviator.validation import Floats, finite_array, positive, trader_count

from .solved_economy import SolvedEconomy, taxed_slope


@final
@dataclass(frozen=True)
class FundamentalValue(SolvedEconomy):
    """The fundamental value model.

    Parameters
    ----------
    alpha, beta : float
        Weights on the own and on the average type.
    slope : float
        mu, positive.

    Examples
    --------
    >>> economy, types = FundamentalValue(alpha=1.0, beta=0.5, slope=2.0), [[1.0, 0.0, 2.0]]
    >>> economy.price(types), economy.quantity(types), economy.transfer(types)
    (array([1.5]), array([[ 0. , -0.5,  0.5]]), array([[ 0.    , -0.9375,  0.5625]]))
    """

    alpha: float
    beta: float
    slope: float

    def __post_init__(self) -> None:
        positive("slope", self.slope)

    def price(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return (alpha + beta) mean(s), equation (4.14), whatever the tax."""
        del sigma
        average = finite_array("types", types, (None, None)).mean(axis=1)
        return np.asarray((self.alpha + self.beta) * average)

    def quantity(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return alpha (s_i - mean(s)) / (mu + sigma), equations (2.2) and (4.14)."""
        checked = finite_array("types", types, (None, None))
        idiosyncratic = checked - checked.mean(axis=1, keepdims=True)
        return np.asarray(self.alpha / taxed_slope(self.slope, sigma) * idiosyncratic)

    def sigma_n(self, n_traders: int) -> float:
        """Return the tax slope mu (alpha + beta) / ((N - 2) alpha - beta), equation (4.15).

        Raises
        ------
        RefusedError
            If (N - 2) alpha <= beta: assumption A4^N fails.

        Examples
        --------
        >>> round(FundamentalValue(alpha=1.0, beta=0.5, slope=1.0).sigma_n(10), 12)
        0.2
        """
        room = (trader_count(n_traders) - 2) * self.alpha - self.beta
        if room <= 0:
            raise RefusedError(
                f"sigma_N exists only where (N - 2) alpha > beta (assumption A4^N), got a "
                f"difference of {room:.6g}; add traders"
            )
        return self.slope * (self.alpha + self.beta) / room

    def residual_slope(self, n_traders: int, sigma: float = 0.0) -> float:
        """Return k = (alpha + beta) (mu + sigma) / ((N - 1) alpha); at sigma_N it is sigma_N."""
        numerator = (self.alpha + self.beta) * taxed_slope(self.slope, sigma)
        return numerator / ((trader_count(n_traders) - 1) * self.alpha)

    def inverse_demand(
        self, own_type: ArrayLike, to_clear: ArrayLike, sigma: float = 0.0
    ) -> Floats:
        """Return the conditional inverse demand of Example 7, shape (B,), which reads only a total.

        d_i(s_i)(q_-i) = (alpha + beta) (s_i + (mu + sigma) / alpha sum_{j != i} q_j).

        Parameters
        ----------
        own_type, to_clear : array-like of float, shape (B,)
            s_i, and the quantity that all others receive together.

        Examples
        --------
        >>> FundamentalValue(alpha=1.0, beta=0.5, slope=2.0).inverse_demand([1.0], [0.5])
        array([3.])
        """
        return self._demand(own_type, to_clear, taxed_slope(self.slope, sigma) / self.alpha)

    def equilibrium_inverse_demand(
        self, own_type: ArrayLike, to_clear: ArrayLike, n_traders: int
    ) -> Floats:
        """Return the inverse demand submitted to the double auction in its linear equilibrium.

        (alpha + beta) (s_i + mu (N - 1) / (alpha (N - 2) - beta) sum_{j != i} q_j), Appendix C: the
        conditional inverse demand of the sigma_N-DCDA, in the arguments of `inverse_demand`.

        Examples
        --------
        >>> economy = FundamentalValue(alpha=1.0, beta=0.5, slope=1.0)
        >>> economy.equilibrium_inverse_demand([1.0], [0.5], n_traders=10)
        array([2.4])
        """
        n = n_traders
        steepness = self.slope * (n - 1) / (self.alpha * (n - 2) - self.beta)
        return self._demand(own_type, to_clear, steepness)

    def _demand(self, own_type: ArrayLike, to_clear: ArrayLike, steepness: float) -> Floats:
        signal = finite_array("own_type", own_type, (None,))
        total = finite_array("to_clear", to_clear, signal.shape)
        return (self.alpha + self.beta) * (signal + steepness * total)

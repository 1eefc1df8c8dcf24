"""Examples 3, 6 and 7: the fundamental value with small traders (steep) and big ones (flat).

The first half of the traders is small, S; the other half big, B.

References
----------
Andreyanov and Sadzik (2021), equation (2.4), Examples 6 and 7, Appendix C.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.constructors import even_count
from deviator.validation import Floats, finite_array, non_negative, positive

from .fundamental_value import FundamentalValue
from .solved_economy import SolvedEconomy
from .two_groups import group_means


@final
@dataclass(frozen=True)
class Heterogeneous(SolvedEconomy):
    """The fundamental value model with two slopes.

    Parameters
    ----------
    alpha, beta : float
        Weights on the own and on the average type.
    slope_small, slope_big : float
        mu_S and mu_B, positive.

    Examples
    --------
    >>> economy = Heterogeneous(alpha=1.0, beta=0.5, slope_small=3.0, slope_big=1.0)
    >>> economy.price([[4.0, 0.0, 0.0, 0.0]]), economy.residual_slope(4).round(6)
    (array([1.]), array([0.857143, 0.857143, 0.8     , 0.8     ]))
    """

    alpha: float
    beta: float
    slope_small: float
    slope_big: float

    def __post_init__(self) -> None:
        positive("slope_small", self.slope_small)
        positive("slope_big", self.slope_big)

    def group_weights(self, sigma: float = 0.0) -> Floats:
        """Return gamma_S and gamma_B, the weights of the groups' types in the price, shape (2,).

        gamma_G = (sigma + mu_-G) / (2 sigma + mu_B + mu_S), Example 6. The explicit transfers of
        Appendix C print mu_G in place of mu_-G.

        Examples
        --------
        >>> Heterogeneous(1.0, 0.5, slope_small=3.0, slope_big=1.0).group_weights()
        array([0.25, 0.75])
        """
        tax, small, big = non_negative("sigma", sigma), self.slope_small, self.slope_big
        return np.array([tax + big, tax + small]) / (2 * tax + small + big)

    def price(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return alpha (gamma_S mean(s^S) + gamma_B mean(s^B)) + beta mean(s)."""
        means = group_means(types)[:, [0, -1]]
        averages = self.alpha * (means @ self.group_weights(sigma))
        return np.asarray(averages + self.beta * means.mean(axis=1))

    def quantity(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return (alpha s_i + beta mean(s) - p^sigma) / (mu_G + sigma).

        The printed (2.4) has p^sigma where p^0 belongs.
        """
        checked = finite_array("types", types, (None, None))
        value = self.alpha * checked + self.beta * checked.mean(axis=1, keepdims=True)
        level = self.price(checked, sigma)[:, None]
        return np.asarray((value - level) / self._taxed_slopes(checked.shape[1], sigma))

    def sigma_n(self, n_traders: int) -> float:
        """Return the tax slope of Proposition 2, that of Example 4 for the steeper demand.

        Examples
        --------
        >>> round(Heterogeneous(1.0, 0.5, slope_small=2.0, slope_big=0.6).sigma_n(10), 12)
        0.4
        """
        steepest = max(self.slope_small, self.slope_big)
        return FundamentalValue(self.alpha, self.beta, steepest).sigma_n(even_count(n_traders))

    def residual_slope(self, n_traders: int, sigma: float = 0.0) -> Floats:
        """Return k_i = (sigma + mu_G) (beta + 2 alpha gamma_G) / (alpha (N - 2 gamma_G)).

        The slope in the transfers of Example 6, Appendix C.
        """
        n, alpha = even_count(n_traders), self.alpha
        gamma = np.repeat(self.group_weights(sigma), n // 2)
        bend = self._taxed_slopes(n, sigma)
        return np.asarray(bend * (self.beta + 2 * alpha * gamma) / (alpha * (n - 2 * gamma)))

    def inverse_demand(
        self,
        group: int,
        own_type: ArrayLike,
        others: ArrayLike,
        other_group: ArrayLike,
        sigma: float = 0.0,
    ) -> Floats:
        """Return the conditional inverse demand of Example 7, of a small or big trader, shape (B,).

        (alpha + beta) (s_i + (mu_G + sigma) / alpha sum_{j != i} q_j) + beta (mu_-G - mu_G) /
        (2 alpha) qbar^-G, with the average quantity of the other group; the paper's mu is mu_G.

        Parameters
        ----------
        group : int
            0 for a small trader, 1 for a big one.
        own_type, others, other_group : array-like of float, shape (B,)
            s_i; what all others receive together; and the other group's average quantity.

        Examples
        --------
        A small trader, then a big one, who see the same:

        >>> economy = Heterogeneous(alpha=1.0, beta=0.5, slope_small=3.0, slope_big=1.0)
        >>> [economy.inverse_demand(group, [0.0], [0.0], [1.0]).item() for group in (0, 1)]
        [-0.5, 0.5]
        """
        slopes = self.slope_small, self.slope_big
        own, other = slopes[group], slopes[1 - group]
        average = finite_array("other_group", other_group, (None,))
        alike = FundamentalValue(self.alpha, self.beta, own)
        tilt = self.beta * (other - own) / (2 * self.alpha)
        return alike.inverse_demand(own_type, others, sigma) + tilt * average

    def _taxed_slopes(self, n: int, sigma: float) -> Floats:
        pair = [self.slope_small, self.slope_big]
        return np.repeat(pair, n // 2) + non_negative("sigma", sigma)

"""Examples 2, 5 and 7: values alpha_G s_i + beta_G mean(s^G) in two groups of equal size.

The first half of the traders is group 1. The paper solves the symmetric case, alpha_1 = alpha_2
and beta_1 = beta_2; price, quantity and transfer here are right without it.

References
----------
Andreyanov and Sadzik (2021), equation (2.3), Examples 5 and 7.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.constructors import even_count
from deviator.errors import RefusedError
from deviator.validation import Floats, finite_array, positive

from .solved_economy import SolvedEconomy, taxed_slope


@final
@dataclass(frozen=True)
class TwoGroups(SolvedEconomy):
    """The group model.

    Parameters
    ----------
    alpha, beta : float or pair of float
        Weights on the own type and on the group's average type, one number or one per group;
        `sigma_n` and `inverse_demand` are those of the symmetric case.
    slope : float
        mu, positive.

    Examples
    --------
    >>> economy, types = TwoGroups(alpha=[1.0, 2.0], beta=0.5, slope=2.0), [[1.0, 3.0, 0.0, 0.0]]
    >>> economy.price(types), economy.quantity(types)
    (array([1.5]), array([[ 0.25,  1.25, -0.75, -0.75]]))
    >>> TwoGroups(alpha=1.0, beta=0.6, slope=1.8).residual_slope(4)
    array([0.8, 0.8, 0.8, 0.8])
    """

    alpha: Any
    beta: Any
    slope: float

    def __post_init__(self) -> None:
        positive("slope", self.slope)

    def price(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return the average of (alpha_G + beta_G) mean(s^G) over both groups, whatever the tax.

        In the symmetric case (alpha + beta) mean(s), as in Example 5.
        """
        del sigma
        means = group_means(types)[:, [0, -1]]
        return np.asarray((means * (_pair(self.alpha) + _pair(self.beta))).mean(axis=1))

    def quantity(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return (alpha_G s_i + beta_G mean(s^G) - p) / (mu + sigma).

        The printed (2.3) has (alpha_G + beta_G) mean(s) in place of the price, and does not clear
        the market where the groups differ.
        """
        checked, means = finite_array("types", types, (None, None)), group_means(types)
        own, group = self._weights(checked.shape[1])
        value = own * checked + group * means
        return (value - self.price(checked)[:, None]) / taxed_slope(self.slope, sigma)

    def sigma_n(self, n_traders: int) -> float:
        """Return the tax slope mu (alpha + beta) / ((N - 2) alpha) of Example 5, symmetric groups.

        Examples
        --------
        >>> round(TwoGroups(alpha=1.0, beta=0.7, slope=1.0).sigma_n(10), 12)
        0.2125
        """
        if self.alpha <= 0:
            raise RefusedError(
                f"sigma_N exists only where alpha > 0, got {self.alpha}; state sigma instead"
            )
        size = (even_count(n_traders) - 2) * self.alpha
        return float(self.slope * (self.alpha + self.beta) / size)

    def residual_slope(self, n_traders: int, sigma: float = 0.0) -> Floats:
        """Return (alpha_G + beta_G) (mu + sigma) / ((N - 1) alpha_G + beta_G) per trader.

        At sigma_N of symmetric groups they are sigma_N.
        """
        own, group = self._weights(even_count(n_traders))
        taxed = taxed_slope(self.slope, sigma)
        return np.asarray((own + group) * taxed / ((n_traders - 1) * own + group))

    def inverse_demand(
        self,
        own_type: ArrayLike,
        others: ArrayLike,
        group_others: ArrayLike,
        n_traders: int,
        sigma: float = 0.0,
    ) -> Floats:
        """Return the conditional inverse demand of Example 7, symmetric groups, shape (B,).

        (alpha + beta) s_i + (mu + sigma) / alpha ((alpha + beta (N - 2) / N) sum_{j != i} q_j +
        beta qbar^own), where qbar^own is the sum over the own group's other members divided by
        N / 2. As the average over these N / 2 - 1 members, or over the group, it does not hold.

        Parameters
        ----------
        own_type, others, group_others : array-like of float, shape (B,)
            s_i; what all others, and what the own group's other members, receive together.

        Examples
        --------
        >>> TwoGroups(alpha=1.0, beta=1.0, slope=1.0).inverse_demand([1.0], [1.0], [2.0], 4)
        array([4.5])
        """
        signal = finite_array("own_type", own_type, (None,))
        total = finite_array("others", others, signal.shape)
        group = finite_array("group_others", group_others, signal.shape)
        n, alpha, beta = even_count(n_traders), self.alpha, self.beta
        reading = (alpha + beta * (n - 2) / n) * total + beta * group / (n / 2)
        steepness = taxed_slope(self.slope, sigma) / alpha
        return np.asarray((alpha + beta) * signal + steepness * reading)

    def _weights(self, n_traders: int) -> Iterator[Floats]:
        return (np.repeat(_pair(each), n_traders // 2) for each in (self.alpha, self.beta))


def group_means(types: ArrayLike) -> Floats:
    """Return the average type of each trader's group, shape (B, N)."""
    checked = finite_array("types", types, (None, None))
    half = even_count(checked.shape[1]) // 2
    return np.repeat(checked.reshape(len(checked), 2, half).mean(axis=2), half, axis=1)


def _pair(weight: ArrayLike) -> Floats:
    return finite_array("weights of the groups", np.broadcast_to(weight, (2,)), (2,))

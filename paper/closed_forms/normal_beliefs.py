"""Normal beliefs behind Examples 4 and 5, and the double auction's linear equilibrium in groups.

References
----------
Andreyanov and Sadzik (2021), equations (4.17) to (4.20) and Appendix C; Rostek and Weretka (2012),
Proposition 2, for the double auction.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.constructors import even_count
from deviator.economies.information import correlation
from deviator.validation import Floats, finite_array, positive, trader_count

from .solved_economy import taxed_slope
from .two_groups import TwoGroups


@final
@dataclass(frozen=True)
class NormalBeliefs:
    """Values of variance 1 that correlate among all traders or within groups, noisy signals.

    Parameters
    ----------
    n_traders : int
        Even where there are groups, as there are in all methods but the first.
    rho : float
        Covariance of values, in [0, 1).
    noise : float
        zeta, the variance of the signals' noise, positive.
    slope : float
        mu, positive.

    Examples
    --------
    Weights alpha and beta are those of the fundamental value among half as many traders:

    >>> NormalBeliefs(4, rho=0.5, noise=0.5).fundamental_value_weights()
    (0.5, 0.3333333333333333)
    >>> NormalBeliefs(8, rho=0.5, noise=0.5).two_groups_weights()
    (0.5, 0.3333333333333333)

    As the number of traders grows c_s and c_p of the double auction approach
    (2 - rho) / (2 - rho + 2 zeta) and 2 zeta / (2 - rho + 2 zeta):

    >>> [round(c, 6) for c in NormalBeliefs(10**8, rho=0.5, noise=0.75).equilibrium_constants()]
    [0.5, 0.5]

    Expected utilities before transfers, under the sigma-VCG allocation and in the double auction's
    equilibrium, and their limits:

    >>> beliefs = NormalBeliefs(8, rho=0.5, noise=0.5)
    >>> round(beliefs.expected_utility(0.0), 6), round(beliefs.equilibrium_expected_utility(), 6)
    (0.223958, 0.202098)
    >>> round(beliefs.limit_expected_utility(), 9), round(beliefs.limit_equilibrium_utility(), 9)
    (0.25, 0.225)
    """

    n_traders: int
    rho: float
    noise: float
    slope: float = 1.0

    def __post_init__(self) -> None:
        trader_count(self.n_traders)
        correlation(self.rho)
        positive("noise", self.noise)
        positive("slope", self.slope)

    def fundamental_value_weights(self) -> tuple[float, float]:
        """Return the weights alpha and beta where values correlate among all, equation (4.17).

        alpha = (1 - rho) / (1 - rho + zeta), beta = N rho zeta / ((1 - rho + zeta) (1 + (N - 1) rho
        + zeta)). The printed (4.17) lacks the last "+ zeta"; Appendix C has it.
        """
        return self._projection_weights(self.n_traders)

    def two_groups_weights(self) -> tuple[float, float]:
        """Return the weights alpha and beta where values correlate within groups, equation (4.18).

        The printed (4.18) lacks a "+ zeta" as well.
        """
        return self._projection_weights(even_count(self.n_traders) // 2)

    def two_groups(self) -> TwoGroups:
        """Return the group model of these weights."""
        return TwoGroups(*self.two_groups_weights(), self.slope)

    def _projection_weights(self, size: int) -> tuple[float, float]:
        """Return the weights of a value on the own signal and on the average of `size` signals."""
        shared, zeta = self.rho, self.noise
        idiosyncratic = 1 - shared + zeta
        common = size * shared * zeta / (idiosyncratic * (1 + (size - 1) * shared + zeta))
        return (1 - shared) / idiosyncratic, common

    def equilibrium_constants(self) -> tuple[float, float]:
        """Return c_s and c_p of the double auction's linear equilibrium (4.19), from Appendix C.

        They are the weights of E[theta_i | s_i, p] on the signal and the price. c_p is below
        (N - 2) / (N - 1), so that demand decreases and the equilibrium exists.
        """
        n, zeta = even_count(self.n_traders), self.noise
        shared = (n - 2) / (2 * (n - 1)) * self.rho
        on_signal = (1 - shared) / (1 - shared + zeta)
        on_price = n * shared / (1 + (n - 1) * shared) * zeta / (1 - shared + zeta)
        return on_signal, on_price

    def equilibrium_price(self, types: ArrayLike) -> Floats:
        """Return the equilibrium price c_s / (1 - c_p) mean(s), (4.19), shape (B,)."""
        checked = finite_array("types", types, (None, self.n_traders))
        on_signal, on_price = self.equilibrium_constants()
        return np.asarray(on_signal / (1 - on_price) * checked.mean(axis=1))

    def equilibrium_quantity(self, types: ArrayLike) -> Floats:
        """Return the double auction's equilibrium quantities, equation (4.19), shape (B, N)."""
        checked = finite_array("types", types, (None, self.n_traders))
        steepness = self._equilibrium_steepness() / self.slope
        return np.asarray(steepness * (checked - checked.mean(axis=1, keepdims=True)))

    def _equilibrium_steepness(self) -> float:
        """Return mu dq_i / ds_i of (4.19), the price aside."""
        n, (on_signal, on_price) = self.n_traders, self.equilibrium_constants()
        return on_signal * ((n - 2) / (n - 1) - on_price) / (1 - on_price)

    def expected_utility(self, sigma: float) -> float:
        """Return a trader's expected utility, before transfers, under the sigma-VCG allocation.

        E[q_i (theta_i - mu q_i / 2)]. The two shocks of v_i - p, within the group and between the
        groups, are independent.
        """
        (alpha, beta), (within, between) = self.two_groups_weights(), self._signal_variances()
        markup = alpha**2 * within + (alpha + beta) ** 2 * between
        trade = 1 / taxed_slope(self.slope, sigma)
        return (trade - self.slope * trade**2 / 2) * markup

    def equilibrium_expected_utility(self) -> float:
        """Return a trader's expected utility, before transfers, in the auction's equilibrium."""
        n = even_count(self.n_traders)
        within, between = self._signal_variances()
        with_value = 1 - (1 + (n / 2 - 1) * self.rho) / n
        trade = self._equilibrium_steepness()
        return (trade * with_value - trade**2 * (within + between) / 2) / self.slope

    def _signal_variances(self) -> tuple[float, float]:
        """Return the variances of s_i - mean(s^G) and of mean(s^G) - mean(s)."""
        n, idiosyncratic = self.n_traders, 1 - self.rho + self.noise
        return idiosyncratic * (1 - 2 / n), (self.rho + 2 * idiosyncratic / n) / 2

    def limit_expected_utility(self) -> float:
        """Return the large-N limit of sigma_N-VCG's expected utility, the efficient one, (4.20).

        (rho / 4 + (1 - rho)^2 / (2 (1 - rho + zeta))) / mu.
        """
        rho = self.rho
        return (rho / 4 + (1 - rho) ** 2 / (2 * (1 - rho + self.noise))) / self.slope

    def limit_equilibrium_utility(self) -> float:
        """Return the large-N limit of the double auction's expected utility, (4.20).

        (2 - rho)^2 / (4 (2 - rho + 2 zeta)) / mu: trade across the groups is not realized.
        """
        signal = 2 - self.rho
        return signal**2 / (4 * (signal + 2 * self.noise)) / self.slope

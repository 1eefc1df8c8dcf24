"""Example 6's continuum of beliefs for one economy, and the double auction under each.

theta_i = theta + theta_G + theta_i^id and s_i = theta_i + eps_G + eps_i, all shocks independent and
Normal. Small traders are group S, big ones group B, N / 2 each. Everything is computed from group
averages, so that N may be large.

References
----------
Andreyanov and Sadzik (2021), equations (4.21), (4.22), (C.1) to (C.4), Appendix C.
"""

from dataclasses import astuple, dataclass, replace
from typing import NamedTuple, final

import numpy as np
from scipy.optimize import root

from deviator.economies.constructors import even_count
from deviator.errors import InvalidInputError, NoEquilibriumError
from deviator.validation import Floats, non_negative, positive

from .heterogeneous import Heterogeneous

PRECISION = 1e-11
"""Largest relative error of (C.4) that counts as solved."""

STAGES = 8
"""Values of beta through which the equilibrium is followed from private values."""


@final
@dataclass(frozen=True)
class HeterogeneousBeliefs:
    """Beliefs that justify the weights alpha and beta of Example 3.

    Parameters
    ----------
    n_traders : int
        Even.
    alpha, beta : float
        Weights on the own and on the average type; alpha + beta < 1.
    var_noise_own, var_noise_group : float
        Variances of eps_i (positive) and of eps_G.

    Raises
    ------
    InvalidInputError
        If alpha + beta is not below 1, or an input is malformed.

    Examples
    --------
    Noise that is common to a group implies values that are, too:

    >>> HeterogeneousBeliefs(8, 0.5, 0.3, var_noise_own=1.0, var_noise_group=0.2).variances().group
    0.2
    """

    n_traders: int
    alpha: float
    beta: float
    var_noise_own: float
    var_noise_group: float

    def __post_init__(self) -> None:
        even_count(self.n_traders)
        positive("alpha", self.alpha)
        non_negative("beta", self.beta)
        positive("var_noise_own", self.var_noise_own)
        non_negative("var_noise_group", self.var_noise_group)
        if self.alpha + self.beta >= 1:
            raise InvalidInputError(
                f"alpha + beta must be below 1 for (4.21), got {self.alpha + self.beta}"
            )

    def variances(self) -> "ValueVariances":
        """Return the variances of the values' shocks, equation (4.21)."""
        rest, noise = 1 - self.alpha, self.var_noise_own
        common = self.beta * (2 * noise + self.n_traders * self.var_noise_group)
        return ValueVariances(
            common / (2 * self.n_traders * rest * (rest - self.beta)),
            self.alpha * self.var_noise_group / rest,
            self.alpha * noise / rest,
        )

    def signal_covariance(self) -> Floats:
        """Return the covariance of (s_i, mean(s^G), mean(s^-G)), i in G: A and B of Appendix C."""
        common, group, own = self.variances()
        shared = common + group + self.var_noise_group
        of_one = shared + own + self.var_noise_own
        of_mean = shared + 2 * (own + self.var_noise_own) / self.n_traders
        return np.array(
            [[of_one, of_mean, common], [of_mean, of_mean, common], [common, common, of_mean]]
        )

    def expected_utility(self, reaction: Floats, slope: float) -> float:
        """Return E[q_i (theta_i - slope q_i / 2)], q_i = reaction . (s_i, mean s^G, mean s^-G)."""
        covariance = self.signal_covariance()
        value = np.array([self.alpha, self.beta / 2, self.beta / 2])
        return float(reaction @ covariance @ (value - slope / 2 * reaction))


class ValueVariances(NamedTuple):
    """Variances of theta, theta_G and theta_i^id."""

    common: float
    group: float
    own: float


class PriceMoments(NamedTuple):
    """Covariance of (s_i, p), and of theta_i with (s_i, p), i in G."""

    covariance: Floats  # (2, 2)
    with_value: Floats  # (2,)


def price_moments(beliefs: HeterogeneousBeliefs, own: float, other: float) -> PriceMoments:
    """Return the moments of a price own mean(s^G) + other mean(s^-G), as trader i in G sees it.

    Appendix C, where own = a_G / (b_S + b_B) and other = a_-G / (b_S + b_B). There the terms in
    sigma_theta^2 lack the factor own + other, squared in Var(p).
    """
    common, group, individual = beliefs.variances()
    noise, group_noise = beliefs.var_noise_own, beliefs.var_noise_group
    of_mean = group + group_noise + 2 * (individual + noise) / beliefs.n_traders
    total = own + other
    of_signal = common + group + individual + group_noise + noise
    with_price = common * total + own * of_mean
    of_price = common * total**2 + (own**2 + other**2) * of_mean
    value_with_price = common * total + own * (group + 2 * individual / beliefs.n_traders)
    return PriceMoments(
        np.array([[of_signal, with_price], [with_price, of_price]]),
        np.array([common + group + individual, value_with_price]),
    )


def price_projection(
    beliefs: HeterogeneousBeliefs, own: float, other: float, total: float
) -> tuple[float, float]:
    """Return a~_G and b~_G of E[theta_i | s_i, p] = a~_G s_i - b~_G p, equation (C.3).

    Given a_G, a_-G and b_S + b_B. The closed form printed for b~_G is that of -b~_G; "n" in the one
    for a~_G is N.

    Examples
    --------
    Under private values the price carries no information:

    >>> price_projection(HeterogeneousBeliefs(8, 0.5, 0.0, 1.0, 0.2), 0.3, 0.4, 1.5)
    (0.5, 0.0)
    """
    n, alpha, beta, noise, group = astuple(beliefs)
    squares, gap, denominator = _terms(beliefs, own, other)
    across = alpha * own * (n - 2) * noise + other * (
        -alpha * n * (noise + group) + n * group + 2 * noise
    )
    on_signal = (2 * (alpha - 1) * alpha * squares + beta * gap * across) / denominator
    crossed = own * (n - 2) * noise + other * n * (noise + group)
    on_price = (alpha - 1) * beta * total * crossed / denominator
    return on_signal, 0.0 - on_price


def projection_sensitivity(
    beliefs: HeterogeneousBeliefs, own: float, other: float
) -> tuple[float, float]:
    """Return the derivatives of a~_G in var_noise_own and in var_noise_group, alpha, beta fixed.

    Appendix C, Example 6, part 4: neither is 0 where a_G is not a_-G, so that equilibria differ
    among beliefs that justify one economy.
    """
    n, alpha, beta, noise, group = astuple(beliefs)
    _, gap, denominator = _terms(beliefs, own, other)
    inner = 2 * (alpha - 1) * (own**2 + other**2) + beta * gap**2
    factor = (alpha - 1) * beta * other * (n - 2) * n * gap * inner / denominator**2
    return factor * group, -factor * noise


def _terms(beliefs: HeterogeneousBeliefs, own: float, other: float) -> tuple[float, float, float]:
    """Return the terms that (C.3) and its derivatives share; the last one is the denominator."""
    n, alpha, beta, noise, group = astuple(beliefs)
    squares = own**2 * (n - 2) * noise + other**2 * n * (noise + group)
    gap = own - other
    return squares, gap, 2 * (alpha - 1) * squares + beta * (n - 2) * noise * gap**2


def price_impact(n_traders: int, own: float, other: float) -> float:
    """Return d_i = 1 / ((N - 2) b_G / 2 + N b_-G / 2), equation (C.2)."""
    return 1 / ((n_traders - 2) / 2 * own + n_traders / 2 * other)


@final
@dataclass(frozen=True, eq=False)
class HeterogeneousEquilibrium:
    """A linear equilibrium q_i = a_G s_i - b_G p of the double auction, groups S and B in order.

    Attributes
    ----------
    intercept, slope : ndarray of float, shape (2,)
        a_G and b_G.
    """

    intercept: Floats
    slope: Floats

    def reaction(self, group: int) -> Floats:
        """Return q_i's weights on (s_i, mean(s^G), mean(s^-G)) at the price (C.1), shape (3,)."""
        weights = self.slope[group] * self.intercept / self.slope.sum()
        return np.array([self.intercept[group], -weights[group], -weights[1 - group]])


def linear_equilibrium(
    beliefs: HeterogeneousBeliefs, *, slope_small: float, slope_big: float
) -> HeterogeneousEquilibrium:
    """Return the double auction's linear Bayesian equilibrium, the solution of (C.4).

    It has no closed form; it is followed from private values, beta = 0. NoEquilibriumError if the
    search fails.

    Examples
    --------
    >>> beliefs = HeterogeneousBeliefs(8, 0.5, 0.3, var_noise_own=1.0, var_noise_group=0.2)
    >>> linear_equilibrium(beliefs, slope_small=2.0, slope_big=0.6).slope.round(6)
    array([0.2939  , 0.673306])
    """
    bends = np.array([positive("slope_small", slope_small), positive("slope_big", slope_big)])
    point = np.concatenate([beliefs.alpha / bends, np.log(1 / bends)])
    for share in np.linspace(0, 1, STAGES):
        stage = replace(beliefs, beta=beliefs.beta * float(share))
        point = _solve_equilibrium(stage, bends, point)
    return HeterogeneousEquilibrium(point[:2], np.exp(point[2:]))


def sigma_vcg_reaction(
    beliefs: HeterogeneousBeliefs,
    group: int,
    *,
    slope_small: float,
    slope_big: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the sigma-VCG's weights on (s_i, mean(s^G), mean(s^-G)), Example 6, shape (3,)."""
    gamma = Heterogeneous(beliefs.alpha, beliefs.beta, slope_small, slope_big).group_weights(sigma)
    bend = (slope_small, slope_big)[group] + sigma
    return beliefs.alpha / bend * np.array([1.0, -gamma[group], -gamma[1 - group]])


def _solve_equilibrium(beliefs: HeterogeneousBeliefs, bends: Floats, start: Floats) -> Floats:
    """Solve (C.4) in a_S, a_B and the logarithms of b_S, b_B."""

    def error(point: Floats) -> Floats:
        intercept, slope = point[:2], np.exp(np.clip(point[2:], -50, 50))
        wanted = np.array(
            [_best_response(beliefs, bends, intercept, slope, group) for group in (0, 1)]
        )
        return np.concatenate([wanted[:, 0] / intercept - 1, wanted[:, 1] / slope - 1])

    solution = root(error, start, options={"xtol": 1e-14})
    if not (np.isfinite(solution.x).all() and np.abs(error(solution.x)).max() < PRECISION):
        raise NoEquilibriumError(
            "a linear Bayesian equilibrium with decreasing demand was not found at beta = "
            f"{beliefs.beta:.4g}; weaken the interdependence"
        )
    return np.asarray(solution.x, dtype=np.float64)


def _best_response(
    beliefs: HeterogeneousBeliefs, bends: Floats, intercept: Floats, slope: Floats, group: int
) -> tuple[float, float]:
    """Return the right sides of (C.4) for one group."""
    other = 1 - group
    on_signal, minus_on_price = price_projection(
        beliefs, intercept[group], intercept[other], slope.sum()
    )
    bend = bends[group] + price_impact(beliefs.n_traders, slope[group], slope[other])
    return on_signal / bend, (minus_on_price + 1) / bend

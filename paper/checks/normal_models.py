"""Normal beliefs drawn shock by shock, and the double auction under them.

Statements on Bayesian foundations and equilibria are compared with these.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies import NormalInformation
from deviator.mechanisms import Outcome, Reports, SigmaVCG, UniformDoubleAuction
from deviator.policies import LinearBayes
from deviator.validation import Floats

BELIEFS = 24
"""Beliefs drawn for a statement."""

LARGE = 10**7
"""Number of traders from which limits are extrapolated."""


class Shocks:
    """Independent shocks whose sample moments are exact, so that regressions are projections."""

    def __init__(self, seed: int, count: int) -> None:
        draws = np.random.default_rng(seed).standard_normal((2 * count + 4, count))
        self._columns = iter((np.linalg.qr(draws)[0] * np.sqrt(len(draws))).T)

    def several(self, variance: float, count: int) -> Floats:
        """Return shocks of a variance, shape (samples, count)."""
        columns = np.stack([next(self._columns) for _ in range(count)], axis=1)
        return np.asarray(np.sqrt(variance) * columns)


def regression(values: Floats, signals: Floats) -> Floats:
    """Return the weights of the least-squares regression of each value on all signals, (N, N)."""
    weights = np.linalg.lstsq(signals, values, rcond=None)[0].T
    return np.asarray(weights, dtype=np.float64)


def common_weights(n: int, alpha: float, beta: float) -> Floats:
    """Return the matrix of the weights alpha s_i + beta mean(s), shape (N, N)."""
    return alpha * np.eye(n) + beta / n


class AuctionEquilibrium(NamedTuple):
    """The double auction in a linear equilibrium, at drawn profiles of types."""

    strategy: LinearBayes
    types: Floats
    outcome: Outcome


def auction_equilibrium(
    information: NormalInformation, slope: ArrayLike, seed: int
) -> AuctionEquilibrium:
    """Clear the double auction in its linear equilibrium, at eight drawn profiles."""
    strategy = LinearBayes(information, slope)
    types = np.random.default_rng(seed).standard_normal((8, information.n_traders))
    return AuctionEquilibrium(strategy, types, UniformDoubleAuction().clear(strategy.bids(types)))


def extrapolated(of_size: Callable[[int], Any]) -> Any:
    """Return the limit of a sequence that is a power series in 1 / N, up to terms in N^-2."""
    return 2 * of_size(2 * LARGE) - of_size(LARGE)


def _expected_utility(
    information: NormalInformation, reactions: Floats, slopes: ArrayLike
) -> Floats:
    """Return E[q_i (theta_i - mu_i q_i / 2)] for quantities linear in the signals, shape (N,).

    Row j of the reactions, (N, N), is the quantities at the profile of s_j = 1 and 0 otherwise.
    """
    with_value = np.einsum("ji,ij->i", reactions, information.value_signal_covariance)
    squares = np.einsum("ji,jk,ki->i", reactions, information.signal_covariance, reactions)
    return np.asarray(with_value - np.asarray(slopes) / 2 * squares)


def direct_expected_utility(
    information: NormalInformation, slopes: ArrayLike, sigma: float
) -> Floats:
    """Return each trader's expected utility before transfers, as sigma-VCG clears."""
    direct = SigmaVCG(information.economy(slopes), sigma)
    reactions = direct.clear(Reports(np.eye(information.n_traders))).quantity
    return _expected_utility(information, reactions, slopes)


def auction_expected_utility(information: NormalInformation, slopes: ArrayLike) -> Floats:
    """Return each trader's expected utility before transfers, as the double auction clears."""
    strategy = LinearBayes(information, slopes)
    reactions = UniformDoubleAuction().clear(strategy.bids(np.eye(information.n_traders))).quantity
    return _expected_utility(information, reactions, slopes)

"""The taxed Walrasian allocation in closed form, linear-quadratic case (Definition 1).

With y_i = 1 / (mu_i + sigma) and v = W s + c: p = sum(y v) / sum(y), q_i = y_i (v_i - p).
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.arrays import beside, namespace, product
from deviator.validation import Floats, non_negative

from .factored import Factored
from .quadratic import QuadraticEconomy


@final
@dataclass(frozen=True, eq=False)
class WalrasianResponse:
    """How the taxed Walrasian price and quantities move with the types.

    Attributes
    ----------
    economy : QuadraticEconomy
    steepness : ndarray of float, shape (N,)
        y_i = 1 / (mu_i + sigma).
    price_effect : ndarray of float, shape (N,)
        dp/ds_j.
    """

    economy: QuadraticEconomy
    steepness: Floats
    price_effect: Floats

    @property
    def quantity_effect(self) -> Floats:
        """dq_i/ds_j, shape (N, N); written out when asked, for small economies."""
        return self.steepness[:, None] * (self.economy.weights - self.price_effect)

    @property
    def own_effect(self) -> Floats:
        """dq_i/ds_i, shape (N,); positive where the allocation is monotone."""
        return self.steepness * (self.economy.own_type_effects - self.price_effect)

    @property
    def residual_slope(self) -> Floats:
        """Slopes k_i of the residual curves, equation (B.5), shape (N,)."""
        return self.price_effect / self.own_effect


def walrasian_response(economy: QuadraticEconomy, sigma: float) -> WalrasianResponse:
    """Return the derivatives of price and quantities with respect to the types."""
    steepness = 1 / (economy.slope + non_negative("sigma", sigma))
    price_effect = economy.weighted_traders(steepness) / steepness.sum()
    return WalrasianResponse(economy, steepness, price_effect)


def walrasian_allocation(
    economy: QuadraticEconomy, sigma: float, types: Floats
) -> tuple[Floats, Floats]:
    """Return the taxed Walrasian price (B,) and quantities (B, N); sigma = 0 is efficient."""
    value = economy.value(types)
    steepness = 1 / (beside(value, economy, "slope") + sigma)
    price = product(value, steepness) / namespace(value).sum(steepness)
    return price, steepness * (value - price[:, None])


def first_best_surplus(economy: QuadraticEconomy, mean: Floats, covariance: Floats) -> float:
    """Return the expected first-best surplus per trader, the scale of every tolerance.

    The efficient allocation is affine in the types and yields sum_i mu_i q_i^2 / 2.

    Parameters
    ----------
    economy : QuadraticEconomy
    mean : ndarray of float, shape (N,)
        Mean of the types.
    covariance : ndarray of float, shape (N, N) or (N,)
        Covariance of the types; or, where they are independent, their variances.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> economy = private_values(4)
    >>> first_best_surplus(economy, np.zeros(4), np.ones(4))
    0.375
    """
    response = walrasian_response(economy, 0.0)
    at_mean = walrasian_allocation(economy, 0.0, mean[None, :])[1][0]
    second_moment = at_mean**2 + response.steepness**2 * _markup_variances(response, covariance)
    return float(economy.slope @ second_moment) / (2 * economy.n_traders)


def _markup_variances(response: WalrasianResponse, covariance: Floats) -> Floats:
    """Return the variances of v_i - p, shape (N,): (w_i - p')' Cov (w_i - p')."""
    economy = response.economy
    if not isinstance(economy, Factored):
        effect = economy.weights - response.price_effect
        return np.asarray(np.einsum("ij,ij->i", _times(effect, covariance), effect))
    # w_i - p' = own_i e_i + [L_i, -1] [V; p'].
    loadings = np.column_stack([economy.loadings, -np.ones(economy.n_traders)])
    statistics = np.vstack([economy.statistics, response.price_effect])
    spread = _times(statistics, covariance)
    variances = np.diagonal(covariance) if covariance.ndim == 2 else covariance
    return np.asarray(
        economy.own**2 * variances
        + 2 * economy.own * np.einsum("ig,gi->i", loadings, spread)
        + np.einsum("ig,gh,ih->i", loadings, spread @ statistics.T, loadings)
    )


def _times(rows: Floats, covariance: Floats) -> Floats:
    """Return rows times a covariance, which may be given by its diagonal."""
    return rows @ covariance if covariance.ndim == 2 else rows * covariance

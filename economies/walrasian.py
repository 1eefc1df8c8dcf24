"""The taxed Walrasian allocation in closed form, linear-quadratic case (Definition 1).

With y_i = 1 / (mu_i + sigma) and v = W s + c: p = sum(y v) / sum(y), q_i = y_i (v_i - p).
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.validation import Floats, non_negative

from .linear_quadratic import LinearQuadratic


@final
@dataclass(frozen=True, eq=False)
class WalrasianResponse:
    """How the taxed Walrasian price and quantities move with the types.

    Attributes
    ----------
    price_effect : ndarray of float, shape (N,)
        dp/ds_j.
    quantity_effect : ndarray of float, shape (N, N)
        dq_i/ds_j.
    """

    price_effect: Floats
    quantity_effect: Floats

    @property
    def own_effect(self) -> Floats:
        """dq_i/ds_i, shape (N,); positive where the allocation is monotone."""
        return np.diagonal(self.quantity_effect)

    @property
    def residual_slope(self) -> Floats:
        """Slopes k_i of the residual curves, equation (B.5), shape (N,)."""
        return self.price_effect / self.own_effect


def walrasian_response(economy: LinearQuadratic, sigma: float) -> WalrasianResponse:
    """Return the derivatives of price and quantities with respect to the types."""
    steepness = 1 / (economy.slope + non_negative("sigma", sigma))
    price_effect = steepness @ economy.weights / steepness.sum()
    return WalrasianResponse(price_effect, steepness[:, None] * (economy.weights - price_effect))


def walrasian_allocation(
    economy: LinearQuadratic, sigma: float, types: Floats
) -> tuple[Floats, Floats]:
    """Return the taxed Walrasian price (B,) and quantities (B, N); sigma = 0 is efficient."""
    steepness = 1 / (economy.slope + sigma)
    value = economy.value(types)
    price = value @ steepness / steepness.sum()
    return price, steepness * (value - price[:, None])


def first_best_surplus(economy: LinearQuadratic, mean: Floats, covariance: Floats) -> float:
    """Return the expected first-best surplus per trader, the scale of every tolerance.

    The efficient allocation is affine in the types and yields sum_i mu_i q_i^2 / 2.

    Parameters
    ----------
    economy : LinearQuadratic
    mean : ndarray of float, shape (N,)
        Mean of the types.
    covariance : ndarray of float, shape (N, N)
        Covariance of the types.
    """
    effect = walrasian_response(economy, 0.0).quantity_effect
    at_mean = walrasian_allocation(economy, 0.0, mean[None, :])[1][0]
    second_moment = at_mean**2 + np.einsum("ij,jk,ik->i", effect, covariance, effect)
    return float(economy.slope @ second_moment) / (2 * economy.n_traders)

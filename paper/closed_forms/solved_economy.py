"""What the paper solves for in an economy of its examples."""

from abc import ABC, abstractmethod
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.validation import Floats, non_negative, positive


class SolvedEconomy(ABC):
    """sigma-VCG in closed form, at types of shape (B, N) and the slope sigma of a tax."""

    @abstractmethod
    def price(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return the price, in units of money per unit of the good, shape (B,)."""

    @abstractmethod
    def quantity(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return the quantities, shape (B, N); with sigma = 0 they are efficient."""

    @abstractmethod
    def sigma_n(self, n_traders: int) -> float:
        """Return the tax slope of Proposition 2."""

    @abstractmethod
    def residual_slope(self, n_traders: int, sigma: float = 0.0) -> float | Floats:
        """Return the slopes k_i of residual demand, equation (B.5), of all or shape (N,)."""

    @final
    def transfer(self, types: ArrayLike, sigma: float = 0.0) -> Floats:
        """Return the transfers p q_i + (sigma - k_i) q_i^2 / 2, equation (3.10), shape (B, N).

        Where all slopes and weights are equal they are p q_i at sigma_N, and the budget balances.
        """
        bought = self.quantity(types, sigma)
        discount = self.residual_slope(bought.shape[1], sigma)
        level = self.price(types, sigma)[:, None]
        return np.asarray(level * bought + (sigma - discount) * bought**2 / 2)


def taxed_slope(slope: float, sigma: float) -> float:
    """Return mu + sigma, the slope of taxed marginal utilities."""
    return positive("slope", slope) + non_negative("sigma", sigma)

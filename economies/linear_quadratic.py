"""Linear-quadratic economies: u_i(q_i, s) = (c_i + sum_j w_ij s_j) q_i - (mu_i / 2) q_i^2.

All examples of the paper (Examples 1 to 7) are of this form.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeGuard, final

import numpy as np
from typing_extensions import override

from deviator.arrays import beside, product
from deviator.errors import RefusedError
from deviator.units import EACH_TRADER, PRICES, SLOPES, TRADERS_BY_TRADERS
from deviator.validation import Floats, finite_array, freeze, read_only, trader_count

from .base import Economy
from .factored import Factored
from .quadratic import SINGULAR_WEIGHTS, QuadraticEconomy


@final
@dataclass(frozen=True, eq=False)
class LinearQuadratic(QuadraticEconomy):
    """An economy of linear marginal utilities mu_i = c_i + (W s)_i - slope_i q_i.

    Parameters
    ----------
    weights : ndarray of float, shape (N, N)
        W; entry (i, j) is the effect of trader j's type on trader i's marginal utility.
    slope : ndarray of float, shape (N,)
        Slopes of the marginal utilities, positive, in money per squared unit.
    intercept : ndarray of float, shape (N,)
        c, in money per unit.
    name : str
        Family name shown in reports.
    roles : tuple of str
        A role for each trader ("small", "big"), or empty where all play the same.
    type_low, type_high : ndarray of float, shape (N,), optional
        Ends of the sets of types, low below high; by default types are unbounded.
    """

    weights: Floats = field(metadata=TRADERS_BY_TRADERS)
    slope: Floats = field(metadata=SLOPES)
    intercept: Floats = field(metadata=PRICES)
    name: str = "linear-quadratic"
    roles: tuple[str, ...] = field(default=(), metadata=EACH_TRADER)
    type_low: Floats | None = field(default=None, metadata=PRICES)
    type_high: Floats | None = field(default=None, metadata=PRICES)
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        n = trader_count(len(np.atleast_1d(np.asarray(self.slope))))
        freeze(self, weights=finite_array("weights", self.weights, (n, n)))
        self._freeze_common_fields(n)

    @property
    @override
    def own_type_effects(self) -> Floats:
        return np.asarray(np.diagonal(self.weights))

    @override
    def effects_on_several(self, traders: slice) -> Floats:
        return self.weights[traders].copy()

    @override
    def weighted_types(self, types: Floats) -> Floats:
        weighted: Floats = product(types, beside(types, self, "weights").T)
        return weighted

    @override
    def weighted_traders(self, trader_weights: Floats) -> Floats:
        return trader_weights @ self.weights

    @override
    def types_behind(self, values: Floats) -> Floats:
        return values @ self.inverse_weights().T

    def inverse_weights(self) -> Floats:
        """Return the inverse of W, by which a conditional bid reads types off an allocation.

        Raises
        ------
        RefusedError
            If W is singular to working precision (assumption INJ fails).
        """
        return self._inverse_weights

    @cached_property
    def _inverse_weights(self) -> Floats:
        """The inverse of W, which every honest bid needs, computed once."""
        # Rows and columns carry units of their own; equilibrating first keeps the verdict free
        # of them.
        rows = np.abs(self.weights).max(axis=1)
        scale = np.where(rows > 0, rows, 1.0)
        balanced = self.weights / scale[:, None]
        columns = np.abs(balanced).max(axis=0)
        column_scale = np.where(columns > 0, columns, 1.0)
        balanced = balanced / column_scale
        if 1 / np.linalg.cond(balanced) < self.n_traders * np.finfo(float).eps:
            raise RefusedError(SINGULAR_WEIGHTS)
        return read_only(np.linalg.inv(balanced) / column_scale[:, None] / scale)


def is_linear_quadratic(economy: Economy) -> TypeGuard[QuadraticEconomy]:
    """Return whether an economy's payoffs are the quadratic ones of its weights and slopes.

    Closed forms and certificates rest on that, so a subclass, which may override anything, does
    not count: it is measured like any other economy.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> is_linear_quadratic(private_values(3))
    True
    """
    plain = {"utility", "payoff"}.isdisjoint(getattr(economy, "__dict__", {}))
    return type(economy) in (LinearQuadratic, Factored) and plain

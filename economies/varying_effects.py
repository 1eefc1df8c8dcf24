"""Type effects that are nonlinear in the types and vary with the quantity.

mu_i = c_i - slope_i q_i + sum_j w_ij [s_j + bend b tanh(s_j / b - q_i / r)]

A type matters most to the unit q = r s_j / b: there its effect is w_ij (1 + bend), far from there
w_ij. The derivatives

mu_ij = w_ij [1 + bend h_ij],  mu_iq = -slope_i - bend (b / r) sum_j w_ij h_ij,
h_ij = sech(s_j / b - q_i / r)^2 in (0, 1],

are bounded, and every bound is reached, at s_j / b = q_i / r for all j, or approached far from it.
With W >= 0: A3 holds if and only if bend > -1, A2 if slopes stay positive, which a negative bend
may prevent.
"""

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.units import PRICE, PRICES, QUANTITY, SLOPES, TRADERS_BY_TRADERS
from deviator.validation import Floats, finite_number, freeze, positive

from .constructors import common_value_weights
from .profiles import checked_profiles
from .saturating import effect_bounds, log_cosh, sech_squared
from .smooth import SmoothEconomy, UtilityBounds


@final
@dataclass(frozen=True, eq=False)
class VaryingEffects(SmoothEconomy):
    """An economy in which a type's effect depends on the type and on the unit that is traded.

    Parameters
    ----------
    weights : ndarray of float, shape (N, N)
        W, the effects far from the unit to which a type matters most; row i the trader affected.
    slope : float or ndarray of float, shape (N,)
        Slopes of the marginal utilities without the bend, positive, in money per squared unit.
    bend : float
        By how much an effect is larger (smaller, if negative) where it is largest, as a share.
    type_scale : float
        b, the range of types over which an effect changes, positive, in money per unit.
    quantity_scale : float
        r, the units over which an effect changes, positive.
    intercept : float or ndarray of float, shape (N,)
        c, in money per unit.
    type_low, type_high : ndarray of float, shape (N,), optional
        Ends of the sets of types, low below high; by default types are unbounded.

    Raises
    ------
    InvalidInputError
        If a shape does not fit or a number is out of range.

    Examples
    --------
    >>> economy = varying_effects(4, alpha=1.0, beta=0.4, slope=1.0, bend=0.5)
    >>> bounds = economy.bounds
    >>> [round(bound, 12) for bound in (bounds.own_effect, bounds.interdependence)]
    [1.1, 0.15]
    >>> [round(bound, 12) for bound in (bounds.flattest, bounds.steepest)]
    [1.0, 1.7]
    """

    weights: Floats = field(metadata=TRADERS_BY_TRADERS)
    slope: Floats = field(metadata=SLOPES)
    bend: float
    type_scale: float = field(metadata=PRICE)
    quantity_scale: float = field(metadata=QUANTITY)
    intercept: Floats = field(metadata=PRICES)
    type_low: Floats | None = field(default=None, metadata=PRICES)
    type_high: Floats | None = field(default=None, metadata=PRICES)
    name: str = "varying effects"
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        self._freeze_common_fields("slope")
        if (self.slope <= 0).any():
            raise InvalidInputError(f"slope must be positive, got {self.slope.min()}")
        freeze(self, bend=finite_number("bend", self.bend))
        for name in ("type_scale", "quantity_scale"):
            freeze(self, **{name: positive(name, getattr(self, name))})

    @property
    @override
    def bounds(self) -> UtilityBounds:
        steeper = self._bend_per_unit * self.weights
        flattest = self.slope + np.minimum(steeper, 0.0).sum(axis=1)
        steepest = self.slope + np.maximum(steeper, 0.0).sum(axis=1)
        return UtilityBounds(
            float(flattest.min()), float(steepest.max()), *effect_bounds(*self.effect_range)
        )

    @property
    @override
    def effect_range(self) -> tuple[Floats, Floats]:
        bent = self.weights * (1 + self.bend)
        return np.minimum(self.weights, bent), np.maximum(self.weights, bent)

    @override
    def utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        start = log_cosh(types / self.type_scale)[:, None, :]
        bent_part = self._weighted(start - log_cosh(self._distance(quantity, types)))
        plain = types @ self.weights.T + self.intercept
        bent = self.bend * self.type_scale * self.quantity_scale * bent_part
        return np.asarray(plain * quantity - 0.5 * self.slope * quantity**2 + bent)

    @override
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        bent_part = self._weighted(np.tanh(self._distance(quantity, types)))
        plain = types @ self.weights.T + self.intercept - self.slope * quantity
        return np.asarray(plain + self.bend * self.type_scale * bent_part)

    @override
    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        nearness = sech_squared(self._distance(quantity, types))
        return np.asarray(self.weights * (1 + self.bend * nearness))

    @override
    def effects_of(self, traders: Any, quantity: Floats, types: Floats) -> Floats:
        own = np.take_along_axis(types, np.asarray(traders)[:, None], axis=1)
        nearness = sech_squared(own / self.type_scale - quantity / self.quantity_scale)
        return np.asarray(self.weights.T[traders] * (1 + self.bend * nearness))

    @override
    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        nearness = self._weighted(sech_squared(self._distance(quantity, types)))
        return np.asarray(-self.slope - self._bend_per_unit * nearness)

    @property
    def _bend_per_unit(self) -> float:
        return self.bend * self.type_scale / self.quantity_scale

    def _distance(self, quantity: Floats, types: Floats) -> Floats:
        """Return s_j / b - q_i / r, shape (B, N, N), row i the trader affected."""
        units = quantity / self.quantity_scale
        return np.asarray(types[:, None, :] / self.type_scale - units[:, :, None])

    def _weighted(self, terms: Floats) -> Floats:
        """Return sum_j w_ij terms_ij, shape (B, N)."""
        return np.asarray(np.einsum("ij,bij->bi", self.weights, terms))


def varying_effects(
    n_traders: int,
    alpha: float = 1.0,
    beta: float = 0.5,
    slope: ArrayLike = 1.0,
    bend: float = 0.5,
    type_scale: float = 1.0,
    quantity_scale: float = 1.0,
    intercept: ArrayLike = 0.0,
    *,
    type_low: ArrayLike | None = None,
    type_high: ArrayLike | None = None,
) -> VaryingEffects:
    """Return an economy of varying type effects with a fundamental value, as Example 1.

    Parameters
    ----------
    n_traders : int
    alpha, beta : float
        Weights on the own type and on the average of all; beta = 0 is private values.
    slope, bend, type_scale, quantity_scale, intercept, type_low, type_high
        As in `VaryingEffects`; slope, intercept and ends of types are one number for all traders or
        one each.

    Raises
    ------
    InvalidInputError
        As in `VaryingEffects`.

    Examples
    --------
    The own type matters most to the units that such a type trades:

    >>> economy = varying_effects(3, alpha=1.0, beta=0.0, bend=0.5)
    >>> types = np.array([[1.0, 0.0, -1.0]])
    >>> effects = economy.type_effects(np.array([[1.0, 9.0, -9.0]]), types)
    >>> effects[0].diagonal().round(4)
    array([1.5, 1. , 1. ])
    """
    weights = common_value_weights(n_traders, alpha, beta)
    fields: Any = slope, bend, type_scale, quantity_scale, intercept, type_low, type_high
    return VaryingEffects(weights, *fields)

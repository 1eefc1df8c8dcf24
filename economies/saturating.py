"""Saturating marginal utilities: steep around no trade, flatter far from it, slopes bounded.

mu_i = c_i + (W s)_i - flat_i q_i - (steep_i - flat_i) r_i tanh(q_i / r_i)

has slopes from steep_i at no trade to flat_i far from it: A2 holds if flat_i > 0, and only then.
Type effects are the constants W, so A3 and A4^N are conditions on W and on these slopes.
"""

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.units import PRICES, QUANTITIES, SLOPES, TRADERS_BY_TRADERS
from deviator.validation import Floats

from .constructors import common_value_weights
from .profiles import checked_profiles
from .smooth import SmoothEconomy, UtilityBounds


@final
@dataclass(frozen=True, eq=False)
class Saturating(SmoothEconomy):
    """An economy in which marginal utility falls steeply at first, and then less so.

    Parameters
    ----------
    weights : ndarray of float, shape (N, N)
        W; entry (i, j) is the effect of trader j's type on trader i's marginal utility. Diagonal
        under private values.
    flat, steep : float or ndarray of float, shape (N,)
        Slopes far from trade and at no trade, 0 <= flat <= steep, steep > 0, in money per squared
        unit. A2 fails where flat is 0: then a market without a tax may have no clearing price.
    quantity_scale : float or ndarray of float, shape (N,)
        r, the units over which the slope changes, positive.
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
    >>> economy = saturating(4, alpha=1.0, beta=0.4, flat=0.5, steep=1.5)
    >>> bounds = economy.bounds
    >>> bounds.flattest, bounds.steepest, bounds.own_effect, round(bounds.interdependence, 12)
    (0.5, 1.5, 1.1, 0.1)
    >>> economy.quantity_slopes(np.array([[0.0, 100.0, 0.0, -100.0]]), np.zeros((1, 4)))
    array([[-1.5, -0.5, -1.5, -0.5]])
    """

    weights: Floats = field(metadata=TRADERS_BY_TRADERS)
    flat: Floats = field(metadata=SLOPES)
    steep: Floats = field(metadata=SLOPES)
    quantity_scale: Floats = field(metadata=QUANTITIES)
    intercept: Floats = field(metadata=PRICES)
    type_low: Floats | None = field(default=None, metadata=PRICES)
    type_high: Floats | None = field(default=None, metadata=PRICES)
    name: str = "saturating"
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        self._freeze_common_fields("flat", "steep", "quantity_scale")
        if (self.flat < 0).any():
            raise InvalidInputError(f"flat must be non-negative, got {self.flat.min()}")
        if (self.steep <= 0).any():
            raise InvalidInputError(f"steep must be positive, got {self.steep.min()}")
        if (self.flat > self.steep).any():
            trader = int((self.flat - self.steep).argmax())
            raise InvalidInputError(
                f"flat must be at most steep, got {self.flat[trader]} and {self.steep[trader]} for "
                f"trader {trader}"
            )
        check_scale("quantity_scale", self.quantity_scale)

    @property
    @override
    def bounds(self) -> UtilityBounds:
        return UtilityBounds(
            float(self.flat.min()),
            float(self.steep.max()),
            *effect_bounds(*self.effect_range),
        )

    @property
    @override
    def effect_range(self) -> tuple[Floats, Floats]:
        return self.weights, self.weights

    @override
    def utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        bend = (self.steep - self.flat) * self.quantity_scale**2
        area = 0.5 * self.flat * quantity**2 + bend * log_cosh(quantity / self.quantity_scale)
        return np.asarray(self._value(types) * quantity - area)

    @override
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        bend = (self.steep - self.flat) * self.quantity_scale
        steep_part = bend * np.tanh(quantity / self.quantity_scale)
        return np.asarray(self._value(types) - self.flat * quantity - steep_part)

    @override
    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        quantity, _ = checked_profiles(self.n_traders, quantity, types)
        return np.broadcast_to(self.weights, (*quantity.shape, self.n_traders))

    @override
    def effects_of(self, traders: Any, quantity: Floats, types: Floats) -> Floats:
        del quantity, types
        return np.asarray(self.weights.T[traders])

    @override
    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        quantity, _ = checked_profiles(self.n_traders, quantity, types)
        steepness = sech_squared(quantity / self.quantity_scale)
        return np.asarray(-self.flat - (self.steep - self.flat) * steepness)

    def _value(self, types: Floats) -> Floats:
        return np.asarray(types @ self.weights.T + self.intercept)


def saturating(
    n_traders: int,
    alpha: float = 1.0,
    beta: float = 0.5,
    flat: ArrayLike = 0.5,
    steep: ArrayLike = 1.5,
    quantity_scale: ArrayLike = 1.0,
    intercept: ArrayLike = 0.0,
    *,
    type_low: ArrayLike | None = None,
    type_high: ArrayLike | None = None,
) -> Saturating:
    """Return an economy of saturating marginal utilities with a fundamental value, as Example 1.

    Parameters
    ----------
    n_traders : int
    alpha, beta : float
        Weights on the own type and on the average of all; beta = 0 is private values.
    flat, steep, quantity_scale, intercept, type_low, type_high
        As in `Saturating`, one number for all traders or one each.

    Raises
    ------
    InvalidInputError
        As in `Saturating`.

    Examples
    --------
    >>> economy = saturating(3, alpha=1.0, beta=0.0, flat=1.0, steep=1.0)    # quadratic
    >>> economy.efficient_allocation(np.array([[1.0, 0.0, -1.0]]))
    array([[ 1.,  0., -1.]])
    """
    weights = common_value_weights(n_traders, alpha, beta)
    fields: Any = flat, steep, quantity_scale, intercept, type_low, type_high
    return Saturating(weights, *fields)


def check_scale(name: str, scale: Floats) -> None:
    """Check that numbers that others are divided by are positive."""
    if (scale <= 0).any():
        raise InvalidInputError(f"{name} must be positive, got {scale.min()}")


def effect_bounds(low: Floats, high: Floats) -> tuple[float, float, float, float]:
    """Return m_o, phi_N, and the largest cross and the least effect, from bounds (N, N) of all."""
    others = high[~np.eye(len(high), dtype=bool)]
    sums = high.sum(axis=0) - np.diagonal(high)
    phi = sums.max() / (len(high) - 1)
    return float(np.diagonal(low).min()), float(phi), float(others.max()), float(low.min())


def log_cosh(x: Floats) -> Floats:
    """Return log cosh x without overflow, accurate around 0 too."""
    size = np.abs(x)
    # log cosh x = log1p(2 sinh(x/2)^2), which keeps small numbers exact.
    near = np.log1p(2 * np.sinh(np.minimum(size, 1.0) / 2) ** 2)
    far = size + np.log1p(np.exp(-2 * size)) - np.log(2.0)
    return np.asarray(np.where(size < 1.0, near, far))


def sech_squared(x: Floats) -> Floats:
    """Return 1 / cosh(x)^2, the derivative of tanh, without overflow."""
    decay = np.exp(-2 * np.abs(x))
    return np.asarray(4 * decay / (1 + decay) ** 2)

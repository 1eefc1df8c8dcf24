"""Intervals of real numbers in arrays, rounded outwards: bounds that hold in floating point.

Each operation returns an interval that holds every real result of numbers from its operands.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from deviator.validation import Bools, Floats


@final
@dataclass(frozen=True, eq=False)
class Interval:
    """Closed intervals; infinite ends stand for no limit.

    Parameters
    ----------
    low, high : ndarray of float
        Ends, low at most high, of shapes that fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> unit = Interval(np.array(0.0), np.array(1.0))
    >>> bool((unit * unit - 1).high < 1e-15), bool(((unit - 0.5) ** 2).low == 0)
    (True, True)
    """

    low: Floats
    high: Floats

    # NumPy numbers on the left must hand the operation to this class.
    __array_ufunc__ = None

    @classmethod
    def of(cls, value: Any) -> "Interval":
        """Return the least interval around a number or an array of numbers, exact ones included.

        Raises
        ------
        TypeError
            If it is of another kind.
        """
        if isinstance(value, Interval):
            return value
        if isinstance(value, Fraction):
            number = float(value)
            exact = Fraction(number)
            low = number if exact <= value else np.nextafter(number, -np.inf)
            high = number if exact >= value else np.nextafter(number, np.inf)
            return cls(np.asarray(low), np.asarray(high))
        array = np.asarray(value)
        if array.dtype.kind not in "fiu" or (array.astype(np.float64) != array).any():
            raise TypeError(f"an interval is of real numbers, got {value!r}")
        return cls(array.astype(np.float64), array.astype(np.float64))

    @property
    def middle(self) -> "Interval":
        """A number in each interval; twice the finite end, or beyond 1, where there is no other."""
        low = np.where(np.isinf(self.low), np.minimum(2 * self.high, -1.0), self.low)
        high = np.where(np.isinf(self.high), np.maximum(2 * self.low, 1.0), self.high)
        point = np.where(np.isinf(self.low) & np.isinf(self.high), 0.0, 0.5 * low + 0.5 * high)
        point = np.where(np.isinf(self.high) & np.isfinite(self.low), high, point)
        point = np.where(np.isinf(self.low) & np.isfinite(self.high), low, point)
        return Interval.of(np.clip(point, self.low, self.high))

    @property
    def magnitude(self) -> "Interval":
        """Absolute values."""
        across = (self.low <= 0) & (self.high >= 0)
        ends = np.abs(self.low), np.abs(self.high)
        return Interval(np.where(across, 0.0, np.minimum(*ends)), np.maximum(*ends))

    @property
    def _is_nothing(self) -> bool:
        """Whether it is the number 0 and no array, as derivatives of constants are."""
        return self.low.ndim == 0 == self.high.ndim and bool(self.low == 0 == self.high)

    def hull(self, other: "Interval") -> "Interval":
        """Return the least interval around both."""
        return Interval(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def common(self, other: "Interval") -> "Interval":
        """Return what both hold, which must be something."""
        return Interval(np.maximum(self.low, other.low), np.minimum(self.high, other.high))

    def holds(self, value: Floats) -> Bools:
        """Return whether numbers are in the intervals."""
        return np.asarray((self.low <= value) & (value <= self.high))

    def __eq__(self, other: object) -> bool:
        raise TypeError("an interval cannot be compared")

    def __bool__(self) -> bool:
        raise TypeError("an interval is neither true nor false")

    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __pos__(self) -> "Interval":
        return self

    def __add__(self, other: Any) -> "Interval":
        right = Interval.of(other)
        if right._is_nothing or self._is_nothing:
            return self if right._is_nothing else right
        with np.errstate(invalid="ignore", over="ignore"):
            return _outwards(self.low + right.low, self.high + right.high)

    def __sub__(self, other: Any) -> "Interval":
        return self + -Interval.of(other)

    def __rsub__(self, other: Any) -> "Interval":
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> "Interval":
        right = Interval.of(other)
        if right._is_nothing or self._is_nothing:
            return right if right._is_nothing else self
        with np.errstate(invalid="ignore", over="ignore"):
            products = [
                _product(x, y) for x in (self.low, self.high) for y in (right.low, right.high)
            ]
            return _outwards(
                np.minimum(np.minimum(*products[:2]), np.minimum(*products[2:])),
                np.maximum(np.maximum(*products[:2]), np.maximum(*products[2:])),
            )

    def __truediv__(self, other: Any) -> "Interval":
        return self * Interval.of(other).reciprocal()

    def __rtruediv__(self, other: Any) -> "Interval":
        return Interval.of(other) * self.reciprocal()

    def reciprocal(self) -> "Interval":
        """Return 1 / x; everything where 0 is among the numbers."""
        across = (self.low <= 0) & (self.high >= 0)
        with np.errstate(divide="ignore", over="ignore"):
            low, high = 1 / np.asarray(self.high), 1 / np.asarray(self.low)
        inverse = _outwards(low, high)
        return Interval(
            np.where(across, -np.inf, inverse.low), np.where(across, np.inf, inverse.high)
        )

    def __pow__(self, exponent: Any) -> "Interval":
        whole = whole_exponent(exponent)
        if whole < 0:
            return (self**-whole).reciprocal()
        if whole % 2 == 0:
            power = _repeated(self.magnitude, whole)
            return Interval(np.maximum(power.low, 0.0), power.high)
        ends = _repeated(Interval.of(self.low), whole), _repeated(Interval.of(self.high), whole)
        return Interval(ends[0].low, ends[1].high)

    def __radd__(self, other: Any) -> "Interval":
        return self.__add__(other)

    def __rmul__(self, other: Any) -> "Interval":
        return self.__mul__(other)


def whole_exponent(exponent: Any) -> int:
    """Return a whole exponent.

    Raises
    ------
    TypeError
        If it is none.
    """
    number = float(exponent) if isinstance(exponent, int | float | Fraction) else np.nan
    if not number.is_integer():
        raise TypeError(f"an exponent must be a whole number, got {exponent!r}")
    return int(number)


def _repeated(base: Interval, exponent: int) -> Interval:
    if exponent == 0:
        return Interval.of(np.ones_like(base.low))
    power = base
    for _ in range(exponent - 1):
        power = power * base
    return power


def _product(left: Floats, right: Floats) -> Floats:
    """Return products; an infinite end is no number, so that 0 times it is 0."""
    product = np.asarray(left * right)
    unknown = np.isnan(product)
    return np.where(unknown, 0.0, product) if unknown.any() else product


def _outwards(low: Floats, high: Floats) -> Interval:
    """Return an interval whose ends are moved by the rounding of one operation."""
    low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    if np.isnan(low).any() or np.isnan(high).any():
        low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    return Interval(low, high)

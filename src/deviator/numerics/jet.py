"""Values with derivatives: how a rule written in arithmetic says how fast it changes.

A rule that is run on jets returns its own first and second derivatives, in the numbers that the
jets hold: on `Interval`s, bounds of them over whole boxes.
"""

from dataclasses import dataclass
from typing import Any, final

from .interval import Interval, whole_exponent


@final
@dataclass(frozen=True, eq=False)
class Jet:
    """A function of x and a parameter a, expanded to second order in x.

    Parameters
    ----------
    value, x, a, xx, xa : Interval
        The function, its derivatives in x and in a, its second derivative in x, and the mixed one.

    Examples
    --------
    >>> from deviator.numerics.interval import Interval
    >>> cube = Jet.variable(Interval.of(2.0), "x") ** 3
    >>> [round(float(each.middle.low), 9) for each in (cube.value, cube.x, cube.xx)]
    [8.0, 12.0, 12.0]
    """

    value: Interval
    x: Interval
    a: Interval
    xx: Interval
    xa: Interval

    __array_ufunc__ = None

    @classmethod
    def variable(cls, value: Interval, name: str) -> "Jet":
        """Return x or a itself."""
        none, one = Interval.of(0.0), Interval.of(1.0)
        return cls(value, one if name == "x" else none, one if name == "a" else none, none, none)

    @classmethod
    def of(cls, value: Any) -> "Jet":
        """Return a constant, or a jet itself.

        Raises
        ------
        TypeError
            If it is neither a jet nor made of real numbers.
        """
        if isinstance(value, Jet):
            return value
        none = Interval.of(0.0)
        return cls(Interval.of(value), none, none, none, none)

    def __eq__(self, other: object) -> bool:
        raise TypeError("a value with derivatives cannot be compared")

    def __bool__(self) -> bool:
        raise TypeError("a value with derivatives is neither true nor false")

    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> "Jet":
        return Jet(-self.value, -self.x, -self.a, -self.xx, -self.xa)

    def __pos__(self) -> "Jet":
        return self

    def __add__(self, other: Any) -> "Jet":
        right = Jet.of(other)
        return Jet(
            self.value + right.value,
            self.x + right.x,
            self.a + right.a,
            self.xx + right.xx,
            self.xa + right.xa,
        )

    def __sub__(self, other: Any) -> "Jet":
        return self + -Jet.of(other)

    def __rsub__(self, other: Any) -> "Jet":
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> "Jet":
        right = Jet.of(other)
        return Jet(
            self.value * right.value,
            self.x * right.value + self.value * right.x,
            self.a * right.value + self.value * right.a,
            self.xx * right.value + 2 * self.x * right.x + self.value * right.xx,
            self.xa * right.value + self.x * right.a + self.a * right.x + self.value * right.xa,
        )

    def __truediv__(self, other: Any) -> "Jet":
        return self * Jet.of(other).reciprocal()

    def __rtruediv__(self, other: Any) -> "Jet":
        return Jet.of(other) * self.reciprocal()

    def reciprocal(self) -> "Jet":
        """Return 1 / f."""
        inverse = self.value.reciprocal()
        return self._after(inverse, -(inverse**2), 2 * inverse**3)

    def __pow__(self, exponent: Any) -> "Jet":
        whole = whole_exponent(exponent)
        if whole < 0:
            return (self**-whole).reciprocal()
        powers = [self.value ** max(whole - order, 0) for order in range(3)]
        return self._after(powers[0], whole * powers[1], whole * (whole - 1) * powers[2])

    def __radd__(self, other: Any) -> "Jet":
        return self.__add__(other)

    def __rmul__(self, other: Any) -> "Jet":
        return self.__mul__(other)

    def _after(self, value: Interval, first: Interval, second: Interval) -> "Jet":
        """Return a function of this one, given its value and derivatives here."""
        return Jet(
            value,
            first * self.x,
            first * self.a,
            second * self.x**2 + first * self.xx,
            second * self.x * self.a + first * self.xa,
        )

"""Polynomials over any numbers: how a payment rule turns into a menu.

A rule written with + - * / only can be evaluated at symbols instead of numbers. At price
a + k x and quantity x it returns the transfer as a polynomial in x: the menu that a deviator
faces, read off the mechanism's own rule, in floating point or in rational arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

Monomial = tuple[str, ...]

MOST_FACTORS = 8
"""Largest power of a symbol."""


@final
@dataclass(frozen=True, eq=False)
class Polynomial:
    """A polynomial in named variables.

    Parameters
    ----------
    terms : mapping of tuple of str to number or ndarray
        Coefficients by monomial: ``()`` is the constant, ``("x", "x")`` is x squared; the
        variables of a monomial are in alphabetical order.

    Examples
    --------
    >>> x = Polynomial.variable("x")
    >>> ((2 + 3 * x) * x - x / 2).terms
    {('x', 'x'): 3, ('x',): Fraction(3, 2)}
    """

    terms: Mapping[Monomial, Any]

    # NumPy arrays on the left must hand the operation to this class, not broadcast over it.
    __array_ufunc__ = None

    @classmethod
    def variable(cls, name: str) -> "Polynomial":
        """Return the polynomial that is one variable."""
        return cls({(name,): 1})

    def coefficient(self, *monomial: str) -> Any:
        """Return the coefficient of a monomial, 0 where it does not appear."""
        return self.terms.get(tuple(sorted(monomial)), 0)

    def exact(self) -> "Polynomial":
        """Return the polynomial with its coefficients as the rational numbers that they are."""
        return Polynomial({monomial: Fraction(value) for monomial, value in self.terms.items()})

    def evaluate(self, **values: Any) -> Any:
        """Return the value where each variable has a given one, a number, array or polynomial.

        Examples
        --------
        >>> x = Polynomial.variable("x")
        >>> (3 * x * x + 1).evaluate(x=2)
        13
        """
        total: Any = 0
        for monomial, coefficient in self.terms.items():
            term = coefficient
            for name in monomial:
                term = term * values[name]
            total = total + term
        return total

    def __eq__(self, other: object) -> bool:
        # A rule that asks which value a symbol has cannot be read off.
        raise TypeError("a symbol cannot be compared")

    def __bool__(self) -> bool:
        raise TypeError("a symbol is neither true nor false")

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> "Polynomial":
        terms = dict(self.terms)
        for monomial, value in _terms(other).items():
            terms[monomial] = terms[monomial] + value if monomial in terms else value
        return Polynomial(terms)

    def __mul__(self, other: Any) -> "Polynomial":
        product = Polynomial({})
        for left, value in self.terms.items():
            shifted = {
                tuple(sorted(left + right)): value * factor
                for right, factor in _terms(other).items()
            }
            product = product + Polynomial(shifted)
        return product

    def __truediv__(self, number: Any) -> "Polynomial":
        return Polynomial({m: _divided(value, number) for m, value in self.terms.items()})

    def __pow__(self, exponent: Any) -> "Polynomial":
        if exponent not in range(MOST_FACTORS + 1):
            raise TypeError(
                f"a symbol has whole powers from 0 to {MOST_FACTORS} only, got {exponent!r}"
            )
        power = Polynomial({(): 1})
        for _ in range(int(exponent)):
            power = power * self
        return power

    def __neg__(self) -> "Polynomial":
        return self * -1

    def __pos__(self) -> "Polynomial":
        return self

    def __sub__(self, other: Any) -> "Polynomial":
        return self.__add__(other * -1)

    def __rsub__(self, other: Any) -> "Polynomial":
        return self.__mul__(-1).__add__(other)

    def __radd__(self, other: Any) -> "Polynomial":
        return self.__add__(other)

    def __rmul__(self, other: Any) -> "Polynomial":
        return self.__mul__(other)


def _divided(value: Any, number: Any) -> Any:
    """Return a quotient that stays exact where whole numbers are divided."""
    whole = isinstance(value, int) and isinstance(number, int)
    return Fraction(value, number) if whole else value / number


def _terms(value: Any) -> Mapping[Monomial, Any]:
    return value.terms if isinstance(value, Polynomial) else {(): value}

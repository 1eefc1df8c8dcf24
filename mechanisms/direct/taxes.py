"""Taxes tau(|q|) on quantities: increasing, convex and twice differentiable (Section 6)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_number, non_negative, positive

GRID = 2001
"""Quantities at which the shape of a tax given as callables is checked."""

AGREES = 1e-4
"""How far a stated derivative may be from finite differences, of its largest value."""


class Tax(ABC):
    """A tax on quantities x >= 0, with tau(0) = 0."""

    @abstractmethod
    def amount(self, quantity: Floats) -> Floats:
        """Return tau(x) in units of money, of the same shape."""

    @abstractmethod
    def marginal(self, quantity: Floats) -> Floats:
        """Return tau'(x), in money per unit."""

    @abstractmethod
    def bend(self, quantity: Floats) -> Floats:
        """Return tau''(x), in money per squared unit."""

    @abstractmethod
    def rescaled(self, price: float, quantity: float) -> "Tax":
        """Return the tax in units of which there go more to a price or a quantity."""

    def __add__(self, other: "Tax") -> "SumTax":
        """Return the tax that collects both."""
        return SumTax((self, other))


@final
@dataclass(frozen=True)
class PowerTax(Tax):
    """The tax coefficient x^exponent / exponent.

    Exponent 1 is the bid-ask spread (delta = coefficient) and exponent 2 the quadratic tax of
    sigma-VCG (sigma = coefficient).

    Parameters
    ----------
    coefficient : float
        Non-negative.
    exponent : float
        1, or at least 2: between them tau'' is infinite at 0, below 1 the tax is not convex.

    Raises
    ------
    InvalidInputError
        If a parameter is out of range.

    Examples
    --------
    >>> float(PowerTax(0.4, 2.0).amount(np.array(3.0)))
    1.8
    """

    coefficient: float
    exponent: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficient", non_negative("coefficient", self.coefficient))
        exponent = finite_number("exponent", self.exponent)
        if exponent < 1:
            raise InvalidInputError(
                f"a tax must be convex, so its exponent at least 1, got {exponent}"
            )
        if 1 < exponent < 2:
            raise InvalidInputError(
                "a tax must be twice differentiable at 0, so its exponent 1 or at least 2, got "
                f"{exponent}"
            )
        object.__setattr__(self, "exponent", exponent)

    @override
    def amount(self, quantity: Floats) -> Floats:
        return np.asarray(self.coefficient * quantity**self.exponent / self.exponent)

    @override
    def marginal(self, quantity: Floats) -> Floats:
        return np.asarray(self.coefficient * quantity ** (self.exponent - 1))

    @override
    def bend(self, quantity: Floats) -> Floats:
        if self.exponent == 1:
            return np.zeros_like(quantity)
        steepness = self.coefficient * (self.exponent - 1)
        return np.asarray(steepness * quantity ** (self.exponent - 2))

    @override
    def rescaled(self, price: float, quantity: float) -> "PowerTax":
        return PowerTax(self.coefficient * price * quantity ** (1 - self.exponent), self.exponent)


@final
@dataclass(frozen=True)
class SumTax(Tax):
    """Several taxes at once."""

    parts: tuple[Tax, ...]

    @override
    def amount(self, quantity: Floats) -> Floats:
        return sum((part.amount(quantity) for part in self.parts), np.zeros_like(quantity))

    @override
    def marginal(self, quantity: Floats) -> Floats:
        return sum((part.marginal(quantity) for part in self.parts), np.zeros_like(quantity))

    @override
    def bend(self, quantity: Floats) -> Floats:
        return sum((part.bend(quantity) for part in self.parts), np.zeros_like(quantity))

    @override
    def rescaled(self, price: float, quantity: float) -> "SumTax":
        return SumTax(tuple(part.rescaled(price, quantity) for part in self.parts))


@final
@dataclass(frozen=True)
class CallableTax(Tax):
    """A tax given by functions of an array of quantities.

    Parameters
    ----------
    tau, derivative, second_derivative : callable
        tau, tau' and tau'' of quantities x >= 0.
    largest : float
        Quantity up to which the tax is checked to be 0 at 0, increasing, convex, and to have these
        derivatives; more than anybody trades.
    money, units : float
        What one unit of money and of the good is written as; 1 but in other units.

    Raises
    ------
    InvalidInputError
        If a check fails; the error names the quantity.

    Examples
    --------
    >>> tax = CallableTax(lambda x: np.cosh(x) - 1, np.sinh, np.cosh, largest=5.0)
    >>> float(tax.marginal(np.array(0.0)))
    0.0
    """

    tau: Callable[[Floats], Floats]
    derivative: Callable[[Floats], Floats]
    second_derivative: Callable[[Floats], Floats]
    largest: float = 100.0
    money: float = 1.0
    units: float = 1.0

    def __post_init__(self) -> None:
        for name in ("largest", "money", "units"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        _check_shape(self, self.largest)

    @override
    def amount(self, quantity: Floats) -> Floats:
        return np.asarray(self.money * self.tau(quantity / self.units))

    @override
    def marginal(self, quantity: Floats) -> Floats:
        return np.asarray(self.money / self.units * self.derivative(quantity / self.units))

    @override
    def bend(self, quantity: Floats) -> Floats:
        scale = self.money / self.units**2
        return np.asarray(scale * self.second_derivative(quantity / self.units))

    @override
    def rescaled(self, price: float, quantity: float) -> "CallableTax":
        return CallableTax(
            self.tau,
            self.derivative,
            self.second_derivative,
            self.largest * quantity,
            self.money * price * quantity,
            self.units * quantity,
        )


def _check_shape(tax: Tax, largest: float) -> None:
    """Check that a tax is 0 at 0, increasing, convex, and has the derivatives that it states."""
    x = largest * np.linspace(0.0, 1.0, GRID)
    amount, marginal, bend = tax.amount(x), tax.marginal(x), tax.bend(x)
    size = max(float(np.abs(amount).max()), np.finfo(float).tiny)
    rules = (
        ("finite", ~np.isfinite(amount + marginal + bend), amount),
        ("0 where nothing is traded", (x == 0) & (np.abs(amount) > 1e-12 * size), amount),
        ("increasing, so tau' non-negative", marginal < 0, marginal),
        ("convex, so tau'' non-negative", bend < 0, bend),
        ("the integral of its derivative", _apart(x, amount, marginal), marginal),
        ("the integral of its second derivative", _apart(x, marginal, bend), bend),
    )
    for rule, broken, values in rules:
        if broken.any():
            place = int(np.flatnonzero(broken)[0])
            raise InvalidInputError(
                f"a tax must be {rule}, got {values[place]:.6g} at quantity {x[place]:.6g}"
            )


def _apart(x: Floats, function: Floats, derivative: Floats) -> Any:
    """Return where a function is not the integral of its stated derivative, shape (GRID,)."""
    slope = np.diff(function) / np.diff(x)
    stated = 0.5 * (derivative[1:] + derivative[:-1])
    bend = np.abs(np.diff(derivative))
    allowed = bend + AGREES * np.abs(derivative).max()
    return np.append(np.abs(slope - stated) > allowed, False)


def tax_of(tax: Any) -> Tax:
    """Return a tax from a `Tax`, or from plain data: pairs [coefficient, exponent], summed.

    Raises
    ------
    InvalidInputError
        If it is neither.

    Examples
    --------
    >>> float(tax_of([[0.1, 1], [0.4, 2]]).marginal(np.array(2.0)))
    0.9
    """
    if isinstance(tax, Tax):
        return tax
    pairs = isinstance(tax, Sequence) and not isinstance(tax, str)
    if not pairs or any(not isinstance(part, Sequence) or len(part) != 2 for part in tax):
        raise InvalidInputError(
            f"tax must be a Tax or pairs [coefficient, exponent] of powers, got {tax!r}"
        )
    return SumTax(tuple(PowerTax(coefficient, exponent) for coefficient, exponent in tax))

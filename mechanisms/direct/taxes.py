"""Taxes tau(|q|) on quantities: increasing, convex and twice differentiable (Section 6)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Bools, Floats, finite_number, freeze, non_negative, positive

GRID = np.union1d(np.linspace(0.0, 1.0, 1001), np.geomspace(1e-9, 1.0, 1000))
"""Shares of the largest quantity at which the shape of a tax of unknown shape is checked."""

AGREES = 1e-4
"""How far a stated derivative may be from finite differences, of its largest value."""


class Tax(ABC):
    """A tax on quantities x >= 0: 0 at 0, increasing, convex and twice differentiable.

    Members compute on arrays of any shape. `checked_tax` checks the shape of those that are not of
    this module, as far as somebody might trade.
    """

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
        freeze(self, coefficient=non_negative("coefficient", self.coefficient))
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
    """Several taxes at once.

    Raises
    ------
    InvalidInputError
        If a part is not a `Tax`.
    """

    parts: tuple[Tax, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        for part in self.parts:
            if not isinstance(part, Tax):
                raise InvalidInputError(f"a sum of taxes must be of Tax objects, got {part!r}")

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
        Quantity up to which the tax is checked at once to be 0 at 0, increasing, convex, and to
        have these derivatives; beyond it, a mechanism checks it where somebody might trade more.
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
            freeze(self, **{name: positive(name, getattr(self, name))})
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


def checked_tax(tax: Tax, reach: float) -> Tax:
    """Return a tax whose shape is what Section 6 asks for, as far as somebody might trade.

    Powers have it everywhere and callables as far as they were checked; any other member is
    checked on a grid from 0 to that quantity. InvalidInputError names the quantity at fault.
    """
    if reach > _known_up_to(tax):
        _check_shape(tax, reach)
    return tax


def _known_up_to(tax: Tax) -> float:
    """Return up to which quantity the shape of a tax is known; a subclass may override anything."""
    if type(tax) is PowerTax:
        return np.inf
    if type(tax) is CallableTax:
        return tax.largest
    if type(tax) is SumTax:
        return min((_known_up_to(part) for part in tax.parts), default=np.inf)
    return 0.0


def _check_shape(tax: Tax, largest: float) -> None:
    """Check that a tax is 0 at 0, increasing, convex, and has the derivatives that it states."""
    x = largest * GRID
    with np.errstate(all="ignore"):
        values = np.stack([_numbers(tax, name, x) for name in ("amount", "marginal", "bend")])
    # A tax that overflows keeps everybody from these quantities; below them it is checked.
    overflows = np.asarray(np.isposinf(values).any(axis=0))
    known = ~np.logical_or.accumulate(overflows) | overflows[0]
    x, (amount, marginal, bend) = x[known], values[:, known]
    _check_rules([("finite", ~np.isfinite(each), each) for each in (amount, marginal, bend)], x)
    size = max(float(np.abs(amount).max()), np.finfo(float).tiny)
    rules = (
        ("0 where nothing is traded", (x == 0) & (np.abs(amount) > 1e-12 * size), amount),
        ("increasing, so tau' non-negative", marginal < 0, marginal),
        ("convex, so tau'' non-negative", bend < 0, bend),
        ("the integral of its derivative", _apart(x, amount, marginal), marginal),
        ("the integral of its second derivative", _apart(x, marginal, bend), bend),
    )
    _check_rules(rules, x)


def _numbers(tax: Tax, name: str, x: Floats) -> Floats:
    """Return what a tax says of quantities, one number for each."""
    try:
        values = np.asarray(getattr(tax, name)(x.copy()))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"a tax must be one function for all traders, of quantities of any shape, and "
            f"{type(tax).__name__}.{name} fails for shape {x.shape} ({error}); state one schedule"
        ) from None
    if values.shape != x.shape or values.dtype.kind not in "fiu":
        raise InvalidInputError(
            f"a tax must give one number per quantity, {type(tax).__name__}.{name} gives "
            f"{values.dtype} of shape {values.shape} for shape {x.shape}"
        )
    return values.astype(np.float64)


def _check_rules(rules: Iterable[tuple[str, Bools, Floats]], x: Floats) -> None:
    for rule, broken, values in rules:
        if broken.any():
            place = int(np.flatnonzero(broken)[0])
            raise InvalidInputError(
                f"a tax must be {rule}, got {values[place]:.6g} at quantity {x[place]:.6g}"
            )


def _apart(x: Floats, function: Floats, derivative: Floats) -> Any:
    """Return where a function is not the integral of its stated derivative, shape (X,)."""
    slope = np.diff(function) / np.diff(x)
    stated = 0.5 * (derivative[1:] + derivative[:-1])
    bend = np.abs(np.diff(derivative))
    allowed = bend + AGREES * np.abs(derivative).max()
    return np.append(np.abs(slope - stated) > allowed, False)


def tax_of(tax: Any) -> Tax:
    """Return a tax from a `Tax`, or from plain data: pairs [coefficient, exponent], summed.

    InvalidInputError if it is neither. The shape of a `Tax` is left to `checked_tax`.

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

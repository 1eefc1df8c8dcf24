"""Rules in which every trader faces a straight residual demand curve: all follows from two methods.

How bids clear and what a trader pays is enough: menus, deviations and certificates are read off the
payment rule by running it on symbols.
"""

from abc import abstractmethod
from fractions import Fraction
from typing import Any

import numpy as np

from deviator.autocast import full_precision
from deviator.errors import RefusedError
from deviator.numerics.polynomial import Polynomial
from deviator.numerics.rational import Rationals
from deviator.validation import Bools, Floats, trader_index

from . import portable
from .base import Mechanism, check_candidates, checked_tax_slope
from .clearing import Clearing, DeviationSolution
from .exact import RationalBids, RationalSolution
from .languages import SurfaceBids, check_record
from .menu import LineMenu
from .outcome import Outcome, TraderOutcome


class ResidualLineMechanism(Mechanism):
    """A mechanism in which every trader faces a straight residual demand curve.

    Subclasses state how bids clear and what a trader pays; menus, deviations and certificates
    follow from these two.
    """

    @property
    @abstractmethod
    def clearing(self) -> Clearing:
        """How bids turn into price and quantities."""

    @abstractmethod
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        """Return a trader's transfer to the mechanism, in units of money.

        Uses + - * and division by whole numbers only, so that it also runs on rational numbers
        and on `Polynomial`, which is how menus and certificates are read off it.
        """

    def clear(self, bids: Any) -> Outcome:
        """Clear every market of a batch; irregular ones are in autarky."""
        if isinstance(bids, SurfaceBids):
            return self._clear_surfaces(bids)
        self._check_record(bids)
        settle = self.clearing.settle if bids.is_numpy else full_precision(self.clearing.settle)
        return settle(bids, self._transfer)

    def menu(self, bids: Any, trader: int) -> LineMenu:
        """Return the trader's exact menu, read off the payment rule.

        Raises
        ------
        RefusedError
            If transfers are not quadratic in the quantity.
        """
        self._check_record(bids)
        portable.require_numpy("menus", bids)
        index = trader_index(trader, bids.shape[1])
        solution = self.clearing.solve(bids)
        regular = solution.regular
        slope = np.where(regular, solution.residual_slope[:, index], np.nan)
        intercept = solution.price - slope * solution.quantity[:, index]
        menu = menu_on_lines(self, intercept, slope, regular)
        if menu is None:
            raise RefusedError(
                "a menu needs transfers that are quadratic in the quantity and 0 where nothing is "
                f"traded, those of {self.name} are not; train a learner against it instead"
            )
        return menu

    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        """Return a trader's outcomes under candidate bids by the clearing's fast path."""
        self._check_record(bids)
        if not bids.is_numpy:
            # Not super(): a mutant's next class takes NumPy bids only.
            return Mechanism.clear_deviations(self, bids, trader, candidates)
        checked, index = check_candidates(bids, trader, candidates)
        solution = self.clearing.solve_deviations(bids, index, checked)
        return self._pay_deviations(solution)

    def clear_exact(self, bids: RationalBids) -> tuple[RationalSolution, Rationals] | None:
        """Clear M markets that differ in their levels only, in exact numbers.

        Returns
        -------
        tuple of RationalSolution and ndarray of Fraction, or None
            The clearing and the transfers (M, N); None in autarky.

        Raises
        ------
        RefusedError
            If the payment rule uses more than + - * and division by numbers.
        """
        solution = self.clearing.solve_exact(bids)
        if solution is None:
            return None
        price, quantity = solution.price[:, None], solution.quantity
        transfers = exact_payment(self, price, quantity, solution.residual_slope)
        return solution, transfers + Fraction(0) * quantity

    def _clear_surfaces(self, bids: SurfaceBids) -> Outcome:
        """Clear markets of surfaces; only rules of conditional bids do."""
        self._check_record(bids)
        raise RefusedError(f"{self.name} takes numerical bids, got surfaces")

    def _transfer(self, price: Floats, quantity: Floats, residual_slope: Floats) -> Any:
        return self.payment(price, quantity, residual_slope, self.tax_slope)

    def _pay_deviations(self, solution: DeviationSolution) -> TraderOutcome:
        traded = solution.regular
        quantity = np.where(traded, solution.quantity, 0.0)
        price = np.where(traded, solution.price, np.nan)
        transfer = self.payment(price, quantity, solution.residual_slope, self.tax_slope)
        return TraderOutcome(price, quantity, np.where(traded, transfer, 0.0), traded)

    def _check_record(self, bids: Any) -> None:
        check_record(self.name, self.language.record, bids)


def menu_on_lines(
    mechanism: ResidualLineMechanism, intercept: Floats, slope: Floats, regular: Bools
) -> LineMenu | None:
    """Return the menus on residual lines; None where transfers are not quadratic, 0 at 0."""
    transfer = residual_transfer(mechanism, intercept, slope, checked_tax_slope(mechanism))
    if any(monomial not in (("x",), ("x", "x")) for monomial in transfer.terms):
        return None
    coefficients = transfer.coefficient("x"), 2 * transfer.coefficient("x", "x")
    linear, bend = (
        np.asarray(each if np.shape(each) == slope.shape else each + 0.0 * slope, dtype=np.float64)
        for each in coefficients
    )
    return LineMenu(intercept, slope, linear, bend, regular)


def residual_transfer(
    mechanism: ResidualLineMechanism, intercept: Any, slope: Any, tax_slope: Any
) -> Polynomial:
    """Return the transfer for x units on the residual line intercept + slope x, in x.

    Raises
    ------
    RefusedError
        If the payment rule uses more than + - * and division by numbers.
    """
    x = Polynomial.variable("x")
    try:
        transfer = mechanism.payment(intercept + slope * x, x, slope, tax_slope)
    except TypeError as error:
        raise _unreadable(mechanism, error) from None
    return transfer if isinstance(transfer, Polynomial) else Polynomial({(): transfer})


def exact_payment(mechanism: ResidualLineMechanism, price: Any, quantity: Any, slope: Any) -> Any:
    """Return the transfer in exact numbers, or as an exact polynomial where one of these is.

    A rule's settings are floats, and a float times a rational number is a float. So the rule is
    read off with symbols first, and its coefficients are read as the rational numbers that they
    are.

    Raises
    ------
    RefusedError
        If the payment rule uses more than + - * and division by numbers.
    """
    symbols = [Polynomial.variable(name) for name in ("price", "quantity", "slope", "tax")]
    try:
        rule = mechanism.payment(*symbols)
        polynomial = rule if isinstance(rule, Polynomial) else Polynomial({(): rule})
        exact = polynomial.exact()
        tax = Fraction(mechanism.tax_slope)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise _unreadable(mechanism, error) from None
    return exact.evaluate(price=price, quantity=quantity, slope=slope, tax=tax)


def _unreadable(mechanism: Mechanism, error: Exception) -> RefusedError:
    return RefusedError(
        f"a payment rule can be read off only where it uses + - * and division by numbers, that of "
        f"{mechanism.name} does not ({error}); train a learner against it instead"
    )


def uniform_price(price: Any, quantity: Any) -> Any:
    """Return p q: one price for all units."""
    return price * quantity


def area_under_residual_demand(
    price: Any, quantity: Any, residual_slope: Any, tax_slope: Any
) -> Any:
    """Return the integral of the residual price from 0 to q, and the quadratic tax.

    p q - k q^2 / 2 + sigma q^2 / 2, equation (3.10) and Definition 3.
    """
    return price * quantity + (tax_slope - residual_slope) * quantity * quantity / 2

"""How the exact forms of honest outcomes are read off a market, and what they are checked against.

N + 1 honest markets, cleared in exact numbers, tell how outcomes depend on the types; the payment
rule, run on symbols, what is paid. Other profiles, and the mechanism in floating point, must agree.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from deviator.economies import Economy, QuadraticEconomy, is_linear_quadratic
from deviator.errors import RefusedError
from deviator.mechanisms import ResidualLineMechanism, exact_payment
from deviator.mechanisms.exact import RationalBids, RationalEconomy, RationalSolution
from deviator.numerics.polynomial import Polynomial
from deviator.numerics.quadratic_form import QuadraticForm
from deviator.numerics.rational import Rationals, as_float, exact_number, exactly, rational
from deviator.policies.mixing import unmixed_bids
from deviator.validation import Floats

from ..certificates.honest_markets import MOST_TRADERS
from ..certificates.premises import all_known
from ..market import Market
from .outcome_forms import HonestForms

AGREEMENT = 1e-7
"""How far outcomes in floating point may be from exact ones, of the largest value."""

TRIED_PROFILES = 4


def honest_forms(tested: Market) -> HonestForms | None:
    """Return the exact forms of a market's honest outcomes; None in autarky, where nobody trades.

    Raises
    ------
    RefusedError
        If the market has no exact forms, with what would give some.
    """
    mechanism, economy = _exact_parts(tested)
    base, steps = _base_profiles(economy)
    tried = rational(_tried_profiles(economy, range(TRIED_PROFILES)))
    profiles = np.concatenate([base[None], base + np.diag(steps), tried])
    bids = _exact_bids(tested, profiles)
    solution = mechanism.clearing.solve_exact(bids)
    if solution is None:
        return None
    forms = _forms(mechanism, RationalEconomy.of(economy), solution, base, steps)
    _check_outcomes(tested, forms, tried, solution)
    if _clears_otherwise(mechanism):
        levels = bids.levels[-len(tried) :]
        _check_transfers(
            tested, forms, tried, mechanism.clear_exact(RationalBids(bids.coefficients, levels))
        )
    _check_in_floats(tested, forms)
    return forms


def _clears_otherwise(mechanism: ResidualLineMechanism) -> bool:
    """Return whether exact transfers are not those of the payment rule by definition."""
    return type(mechanism).clear_exact is not ResidualLineMechanism.clear_exact


def _exact_parts(tested: Market) -> tuple[ResidualLineMechanism, QuadraticEconomy]:
    mechanism, economy = tested.mechanism, tested.economy
    if economy.n_traders > MOST_TRADERS:
        raise RefusedError(
            f"exact forms clear markets in rational arithmetic, of at most {MOST_TRADERS} traders, "
            f"got {economy.n_traders}; search profiles instead"
        )
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"exact forms need a linear-quadratic economy, got {type(economy).__name__}; search "
            "profiles instead"
        )
    if not isinstance(mechanism, ResidualLineMechanism):
        raise RefusedError(
            "exact forms need a rule with straight residual lines and a payment read off it, "
            f"which {mechanism.name} is not; search profiles instead"
        )
    all_known("an exact form", tested)
    limited = any(mechanism.bid_limits(i) is not None for i in range(economy.n_traders))
    if limited and _clears_otherwise(mechanism):
        raise RefusedError(
            f"exact forms need types without bounds in {mechanism.name}, which charges units that "
            "no report leads to by another rule; search profiles instead"
        )
    return mechanism, economy


def _base_profiles(economy: QuadraticEconomy) -> tuple[Rationals, Rationals]:
    """Return a profile in the sets of types, and a step of each type that stays in its set."""
    low, high = economy.type_set
    base = np.clip(0.0, low, high)
    steps = np.where(base + 1 <= high, 1.0, np.where(base - 1 >= low, -1.0, high - base))
    steps = np.where(steps == 0, low - base, steps)
    return rational(base), rational(steps)


def _exact_bids(tested: Market, types: Rationals) -> RationalBids:
    try:
        return tested.strategy.exact_bids(types)
    except NotImplementedError as error:
        raise RefusedError(f"exact forms need exact bids: {error}; search profiles instead") from (
            None
        )


def _forms(
    mechanism: ResidualLineMechanism,
    economy: RationalEconomy,
    solution: RationalSolution,
    base: Rationals,
    steps: Rationals,
) -> HonestForms:
    start, effect = exactly(base), 1 / exactly(steps)
    n = economy.n_traders

    def affine(outcomes: Rationals) -> NDArray[Any]:
        """Return rows of effects and constants of what has values (N + 1, M) at base profiles."""
        values = exactly(outcomes)
        effects = (values[1:] - values[0]).T * effect
        return np.column_stack([effects, values[0] - effects @ start])

    quantity, price = affine(solution.quantity[: n + 1]), affine(solution.price[: n + 1, None])
    value = np.column_stack([exactly(economy.weights), exactly(economy.intercept)])
    steepness = 1 / exactly(economy.slope)
    efficient = (steepness @ value) / steepness.sum()
    one = np.array([fmpq(0)] * n + [fmpq(1)], dtype=object)
    functions = np.vstack([quantity, value, price, efficient, one])
    payments, menus = zip(*_payments(mechanism, solution.residual_slope), strict=True)
    transfers = tuple(_transfer(paid, i, 2 * n, 2 * n + 2) for i, paid in enumerate(payments))
    return HonestForms(economy, functions, transfers, menus, exactly(solution.residual_slope))


def _payments(
    mechanism: ResidualLineMechanism, residual_slope: Rationals
) -> Iterator[tuple[Polynomial, Polynomial]]:
    """Yield each trader's payment in price and quantity, and on the own residual line."""
    price, quantity = Polynomial.variable("price"), Polynomial.variable("quantity")
    intercept, x = Polynomial.variable("a"), Polynomial.variable("x")
    for slope in residual_slope:
        paid = _polynomial(exact_payment(mechanism, price, quantity, slope))
        degree = max((len(m) for m, value in paid.terms.items() if value != 0), default=0)
        if degree > 2:
            raise RefusedError(
                f"exact forms need payments of degree two in price and quantity, those of "
                f"{mechanism.name} have degree {degree}; search profiles instead"
            )
        yield paid, _polynomial(paid.evaluate(price=intercept + slope * x, quantity=x))


def _polynomial(paid: Any) -> Polynomial:
    return paid if isinstance(paid, Polynomial) else Polynomial({(): paid})


def _transfer(paid: Polynomial, quantity: int, price: int, one: int) -> QuadraticForm:
    """Return a payment as a form, in which a missing factor is the constant 1."""
    places = {"quantity": quantity, "price": price}
    products = []
    for monomial, coefficient in paid.terms.items():
        factors = [places[name] for name in monomial] + [one] * (2 - len(monomial))
        if coefficient != 0:
            products.append((factors[0], factors[1], Fraction(coefficient)))
    return QuadraticForm.of(products)


def _tried_profiles(economy: Economy, powers: range) -> Floats:
    """Return profiles of sizes 10^power, moved into the sets of types: many at their ends."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** np.array(powers)
    types = rng.standard_normal((len(sizes), economy.n_traders)) * sizes[:, None]
    return np.clip(types.round(3), *economy.type_set)


def _check_outcomes(
    tested: Market, forms: HonestForms, types: Rationals, solution: RationalSolution
) -> None:
    """Compare the last of some cleared markets, at these types, with what the forms say."""
    n, last = forms.n_traders, len(types)
    for profile, price, quantity in zip(
        types, solution.price[-last:], solution.quantity[-last:], strict=True
    ):
        variables = forms.at(profile)
        agrees = exact_number(price) == variables[forms.price_place]
        if not (agrees and bool((exactly(quantity) == variables[:n]).all())):
            raise RefusedError(
                "exact forms need outcomes that are affine in the types, and those of "
                f"{tested.mechanism.name} with the strategy {tested.strategy.name} are not; search "
                "profiles instead"
            )


def _check_transfers(
    tested: Market,
    forms: HonestForms,
    types: Rationals,
    cleared: tuple[RationalSolution, Rationals] | None,
) -> None:
    for market, profile in enumerate(types):
        variables = forms.at(profile)
        paid = [transfer.value(variables) for transfer in forms.transfers]
        if cleared is None or bool((exactly(cleared[1][market]) != paid).any()):
            raise RefusedError(
                "exact forms need transfers that the payment rule alone states, and those of "
                f"{tested.mechanism.name} are not; search profiles instead"
            )


def _check_in_floats(tested: Market, forms: HonestForms) -> None:
    """Compare what runs with the forms at small and large profiles, together and one by one."""
    types = _tried_profiles(tested.economy, range(-3, 7))
    together = tested.mechanism.clear(unmixed_bids(tested.strategy, types))
    n = forms.n_traders
    for market, profile in enumerate(rational(types)):
        variables = forms.at(profile)
        paid = np.array([transfer.value(variables) for transfer in forms.transfers])
        alone = tested.mechanism.clear(unmixed_bids(tested.strategy, types[[market]]))
        money = max(abs(as_float(value)) for value in variables[n : 2 * n])
        units = money / min(as_float(slope) for slope in forms.slope)
        for outcome, row in ((together, market), (alone, 0)):
            agrees = _close(outcome.quantity[row], variables[:n], units) and _close(
                outcome.transfer[row], paid, units * money
            )
            if not agrees:
                raise RefusedError(
                    f"{tested.mechanism.name} clears otherwise in floating point than in exact "
                    "numbers, so its exact forms answer for nothing; search profiles instead"
                )


def _close(values: Floats, exact: NDArray[Any], size: float) -> bool:
    """Return whether values agree, given how large the numbers are that they are made of."""
    wanted = np.array([as_float(value) for value in exact])
    return bool(np.abs(values - wanted).max() <= AGREEMENT * max(size, np.abs(wanted).max()))

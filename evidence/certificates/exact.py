"""The exact linear-quadratic certificate: a cap on every deviation's gain, in rational arithmetic.

The honest first-order condition alone proves nothing, since it is the market's defining equation:
a rule that charges 1.5 k passes it. So everything is read off the mechanism itself, in exact
numbers: that honest markets are regular; that the menu comes out of the mechanism's own payment
rule, vanishes at 0 and uses the slope of the residual curve; that deviations land on it; that the
deviator's objective is concave; and how far honest quantities are from its top, as an affine
function of the whole profile. Where that distance is identically 0 the cap is 0 for all types and
all deviations, however complicated; elsewhere the cap is the exact expected gain.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from deviator.economies import NormalTypes, QuadraticEconomy, TypeDistribution, is_linear_quadratic
from deviator.errors import RefusedError
from deviator.mechanisms import Mechanism, ResidualLineMechanism, exact_payment
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.polynomial import Polynomial
from deviator.numerics.rational import Rationals, rational, rational_inverse
from deviator.policies import Information
from deviator.policies.affine_shift import check_regressions
from deviator.trust import foreign_methods, is_ours
from deviator.validation import Floats

from ..market import Market
from .certificate import Certificate, Condition

KIND = "exact linear-quadratic"

AGREEMENT = 1e-7
"""How far floating-point outcomes may be from exact ones, of the largest value."""


MOST_TRADERS = 60
"""Rational elimination takes seconds at 50 traders, and grows with the cube and the digits."""

DERIVED = ("clear", "clear_deviations", "clear_exact", "menu")
"""What a mechanism must not define for itself, to be certified."""

TRIED_PAYMENTS = 200
TRIED_PROFILES = 4


@final
@dataclass(frozen=True, eq=False)
class _HonestMarkets:
    """Exact honest outcomes at the zero profile and at each unit profile: N + 1 markets."""

    types: Rationals
    bids: RationalBids
    price: Rationals  # (N + 1,)
    quantity: Rationals  # (N + 1,), the deviator's
    transfer: Rationals  # (N + 1,), the deviator's
    slope: Fraction

    @property
    def intercept(self) -> Rationals:
        """Intercepts of the deviator's residual price curve, shape (N + 1,)."""
        intercept: Rationals = self.price - self.slope * self.quantity
        return intercept


@final
@dataclass(frozen=True)
class _MenuRule:
    """T(x) = on_intercept a x + curvature x^2 / 2 on the residual line a + k x."""

    on_intercept: Fraction
    curvature: Fraction

    def transfer(self, intercept: Any, quantity: Any) -> Any:
        return (self.on_intercept * intercept + self.curvature * quantity / 2) * quantity


def certify(tested: Market, information: Information = "profile") -> Certificate:
    """Certify a cap on the gain of every deviation from the market's strategy.

    Parameters
    ----------
    tested : Market
        A linear-quadratic economy, and a mechanism and strategy with exact forms.
    information : {"profile", "own"}
        What the deviator knows. Under "own" the cap is the expected gain of the best bid that
        depends on the deviator's own type only.

    Raises
    ------
    RefusedError
        If the market has no exact form: the answer is then "not certified", never 0.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> certify(market(SigmaDCDA(0.2), fundamental_value(4))).cap
    0.0
    """
    mechanism, economy = _exact_parts(tested)
    honest = _honest_markets(tested, mechanism)
    if honest is None:
        regular = Condition("honest markets are regular", False, "autarky: nobody trades")
        return Certificate(KIND, (regular,), None, False, trades=False)
    regular = Condition("honest markets are regular", True, f"residual slope {float(honest.slope)}")
    own_slope = Fraction(float(economy.slope[tested.trader]))
    rule, menu_condition = _menu_rule(mechanism, honest.slope)
    if rule is None:
        return Certificate(KIND, (regular, menu_condition), None, False)
    bend = own_slope + rule.curvature
    conditions = (
        regular,
        menu_condition,
        _lands_on_menu(tested, mechanism, honest, rule),
        _floats_agree(tested, mechanism, honest),
        Condition("the objective is concave", bend > 0, f"mu + T'' = {float(bend)}"),
    )
    distance = _first_order_condition(tested, economy, honest, rule, own_slope)
    identity = bool((distance == 0).all())
    worst = float(np.abs(distance.astype(float)).max())
    detail = "holds at every profile" if identity else f"fails by up to {worst:.3g} per unit type"
    first_order = Condition("honesty is first-order optimal", identity, detail)
    if not all(condition.holds for condition in conditions):
        return Certificate(KIND, (*conditions, first_order), None, False)
    cap = _expected_gain(tested, honest, distance / bend, bend, information)
    return Certificate(KIND, (*conditions, first_order), cap, identity)


def _exact_parts(tested: Market) -> tuple[ResidualLineMechanism, QuadraticEconomy]:
    mechanism, economy = tested.mechanism, tested.economy
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"an exact certificate needs a linear-quadratic economy, got {type(economy).__name__}"
        )
    if not isinstance(mechanism, ResidualLineMechanism):
        raise RefusedError(
            "an exact certificate needs a mechanism with an exact rule, which "
            f"{mechanism.name} lacks"
        )
    if mechanism.bid_limits(tested.trader) is not None:
        raise RefusedError(
            f"an exact certificate needs bids without limits, and types are bounded in "
            f"{mechanism.name}"
        )
    if economy.n_traders > MOST_TRADERS:
        raise RefusedError(
            "an exact certificate clears markets in rational arithmetic, of at most "
            f"{MOST_TRADERS} traders, got {economy.n_traders}"
        )
    return mechanism, economy


def foreign_parts(mechanism: ResidualLineMechanism) -> list[str]:
    """Return what does not derive from the payment rule and a built-in clearing.

    What a rule overrides might do anything in markets that nobody tries.
    """
    foreign = foreign_methods(mechanism, DERIVED)
    return foreign if is_ours(type(mechanism.clearing)) else [*foreign, "clearing"]


def _honest_markets(tested: Market, mechanism: ResidualLineMechanism) -> _HonestMarkets | None:
    n, trader = tested.economy.n_traders, tested.trader
    types = rational(np.concatenate([np.zeros((1, n)), np.eye(n)]))
    try:
        bids = tested.strategy.exact_bids(types)
    except NotImplementedError as error:
        raise RefusedError(f"an exact certificate needs exact bids: {error}") from None
    cleared = mechanism.clear_exact(bids)
    if cleared is None:
        return None
    solution, transfers = cleared
    return _HonestMarkets(
        types,
        bids,
        solution.price,
        solution.quantity[:, trader],
        transfers[:, trader],
        solution.residual_slope[trader],
    )


def _menu_rule(
    mechanism: ResidualLineMechanism, slope: Fraction
) -> tuple[_MenuRule | None, Condition]:
    """Evaluate the payment rule on the residual line with symbols for its intercept and x."""
    intercept, x = Polynomial.variable("a"), Polynomial.variable("x")
    paid = exact_payment(mechanism, intercept + slope * x, x, slope)
    transfer = paid if isinstance(paid, Polynomial) else Polynomial({(): paid})
    allowed = {("a", "x"), ("x", "x")}
    strange = [m for m, value in transfer.terms.items() if value != 0 and m not in allowed]
    name = "the menu comes from the payment rule and vanishes at 0"
    if strange:
        return None, Condition(name, False, f"it has a term in {'*'.join(strange[0]) or '1'}")
    rule = _MenuRule(transfer.coefficient("a", "x"), 2 * transfer.coefficient("x", "x"))
    shown = f"T(x) = {float(rule.on_intercept):g} a x + {float(rule.curvature):.6g} x^2/2"
    return rule, Condition(name, True, shown)


def _lands_on_menu(
    tested: Market, mechanism: ResidualLineMechanism, honest: _HonestMarkets, rule: _MenuRule
) -> Condition:
    """Deviate in level and in every coefficient, and compare outcomes with the menu.

    Others' bids fixed, the market has one degree of freedom, the residual line, so what is checked
    is that the mechanism's slope is that line's and that it charges what the menu says.
    """
    name = "deviations land on the residual line and pay the menu"
    trading = 0
    for deviated in _deviations(tested, honest):
        cleared = mechanism.clear_exact(deviated)
        if cleared is None:
            continue
        trading += 1
        solution, transfers = cleared
        quantity = solution.quantity[:, tested.trader]
        on_line = solution.price == honest.intercept + honest.slope * quantity
        paid = transfers[:, tested.trader] == rule.transfer(honest.intercept, quantity)
        if not (on_line.all() and paid.all()):
            return Condition(name, False, "a deviation leaves the line or pays another amount")
    paid_honestly = honest.transfer == rule.transfer(honest.intercept, honest.quantity)
    holds = trading > 0 and bool(paid_honestly.all())
    return Condition(name, holds, "checked in level and in every coefficient")


def _floats_agree(
    tested: Market, mechanism: ResidualLineMechanism, honest: _HonestMarkets
) -> Condition:
    """Compare what runs, in floating point, with what was certified: honest bids and deviations."""
    name = "the mechanism that runs agrees with the exact one"
    record, trader = mechanism.language.record, tested.trader
    foreign = foreign_parts(mechanism)
    if foreign:
        return Condition(name, False, f"it has its own {' and '.join(foreign)}")
    if not _payment_runs_as_read(mechanism):
        return Condition(name, False, "the payment rule pays another amount than was read off it")
    if not _strategy_is_affine(tested, honest):
        detail = "the strategy's bids differ from its exact bids, or these are not affine"
        return Condition(name, False, detail)
    bids = tested.strategy.bids(honest.types.astype(np.float64))
    honest_array = _as_floats(mechanism, honest.bids)
    # Each number of a bid has units of its own.
    numbers = zip(
        np.moveaxis(bids.as_array(), -1, 0), np.moveaxis(honest_array, -1, 0), strict=True
    )
    if not all(_close(values, exact, 0.0) for values, exact in numbers):
        return Condition(name, False, "the strategy's bids differ from its exact bids")
    quantity_size = float(np.abs(honest.quantity.astype(np.float64)).max())
    transfer_size = float(np.abs(honest.transfer.astype(np.float64)).max())
    for bidding in (honest.bids, *_deviations(tested, honest)):
        cleared = mechanism.clear_exact(bidding)
        if cleared is None:
            continue
        array = _as_floats(mechanism, bidding)
        whole = mechanism.clear(record.from_array(array))
        alone = mechanism.clear_deviations(bids, trader, array[:, [trader]])
        for quantity, transfer in (
            (whole.quantity[:, trader], whole.transfer[:, trader]),
            (alone.quantity[:, 0], alone.transfer[:, 0]),
        ):
            exact = cleared[0].quantity[:, trader], cleared[1][:, trader]
            agrees = _close(quantity, exact[0], quantity_size)
            if not (agrees and _close(transfer, exact[1], transfer_size)):
                return Condition(name, False, "clear or clear_deviations differs from clear_exact")
    return Condition(name, True, f"to {AGREEMENT:g} of the largest value")


def _payment_runs_as_read(mechanism: ResidualLineMechanism) -> bool:
    """Compare payments in floating point with the exact rule, small and large, and in arrays."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-4, 4, (3, TRIED_PAYMENTS))
    price, quantity, slope = sizes * rng.standard_normal(sizes.shape)
    paid = mechanism.payment(price, quantity, slope, mechanism.tax_slope)
    exact = exact_payment(mechanism, rational(price), rational(quantity), rational(slope))
    wanted = (exact + Fraction(0) * rational(quantity)).astype(np.float64)
    terms = np.abs(price * quantity) + (np.abs(slope) + mechanism.tax_slope) * quantity**2
    return bool((np.abs(paid - wanted) <= AGREEMENT * np.maximum(terms, np.abs(wanted))).all())


def _strategy_is_affine(tested: Market, honest: _HonestMarkets) -> bool:
    """Compare bids at random profiles with exact ones, and these with an affine extension."""
    n = tested.economy.n_traders
    types = np.random.default_rng(0).standard_normal((TRIED_PROFILES, n)).round(3)
    types *= 10.0 ** np.arange(TRIED_PROFILES)[:, None]
    exact = tested.strategy.exact_bids(rational(types))
    levels = honest.bids.levels
    extended = levels[0] + rational(types) @ (levels[1:] - levels[0])
    if (exact.levels != extended).any() or (exact.coefficients != honest.bids.coefficients).any():
        return False
    array = tested.strategy.bids(types).as_array()
    numbers = _as_floats(tested.mechanism, exact)
    size = np.abs(numbers).max(axis=1, keepdims=True)
    return bool((np.abs(array - numbers) <= AGREEMENT * size).all())


def _as_floats(mechanism: Mechanism, bids: RationalBids) -> Floats:
    """Return exact bids as an array (M, N, K) of floats."""
    coefficients = bids.coefficients.astype(np.float64)
    markets = np.broadcast_to(coefficients, (len(bids.levels), *coefficients.shape))
    levels = bids.levels.astype(np.float64)[..., None]
    parts = [levels, markets] if mechanism.language.level == 0 else [markets, levels]
    return np.concatenate(parts, axis=-1)


def _close(values: Floats, exact: Rationals | Floats, size: float) -> bool:
    """Return whether values agree, given how large such values usually are in this market."""
    wanted = exact.astype(np.float64)
    return bool(np.abs(values - wanted).max() <= AGREEMENT * max(size, np.abs(wanted).max()))


def _deviations(tested: Market, honest: _HonestMarkets) -> list[RationalBids]:
    trader, bids = tested.trader, honest.bids
    levels = bids.levels.copy()
    levels[:, trader] = levels[:, trader] * 3 + Fraction(7, 5)
    shifted = RationalBids(bids.coefficients, levels)
    size = bids.coefficients.shape[1]
    if size == 0:
        return [shifted]
    coefficients = bids.coefficients.copy()
    factors = [Fraction(place + 2, place + 1) for place in range(size)]
    coefficients[trader] = coefficients[trader] * np.array(factors, dtype=object) + Fraction(1, 9)
    return [shifted, RationalBids(coefficients, levels)]


def _first_order_condition(
    tested: Market,
    economy: QuadraticEconomy,
    honest: _HonestMarkets,
    rule: _MenuRule,
    own_slope: Fraction,
) -> Rationals:
    """Return v - mu q - T'(q) at honesty as an affine function: constant, then one per type."""
    value = RationalEconomy.of(economy).value(honest.types)[:, tested.trader]
    marginal_price = rule.on_intercept * honest.intercept + rule.curvature * honest.quantity
    distance = value - own_slope * honest.quantity - marginal_price
    affine: Rationals = np.concatenate([distance[:1], distance[1:] - distance[0]])
    return affine


def _expected_gain(
    tested: Market,
    honest: _HonestMarkets,
    shift: Rationals,
    bend: Fraction,
    information: Information,
) -> float:
    """Return E[(bend / 2) shift^2] of the best deviation on a rung of information."""
    law = tested.distribution
    mean, covariance = rational(law.mean), rational(law.covariance)
    if information == "own":
        check_regressions(law)
    if information == "own" and tested.mechanism.language.reads != "allocation":
        seen = _seen(tested, honest, law)
        return _gain_from_projection(shift, seen, mean, covariance, bend)
    centre = shift[0] + shift[1:] @ mean
    variance = shift[1:] @ covariance @ shift[1:]
    return _rounded_up(bend / 2 * (centre**2 + variance))


def _seen(tested: Market, honest: _HonestMarkets, law: TypeDistribution) -> Rationals:
    """Return what an own-type bid conditions on, as weights on the types, one row each."""
    own: Rationals = honest.types[1 + tested.trader][None]
    if tested.mechanism.language.reads == "nothing":
        return own
    if not isinstance(law, NormalTypes):
        raise RefusedError(
            "an own-type certificate in schedules needs Normal types, got "
            f"{type(law).__name__}; use information='profile'"
        )
    intercept = honest.intercept
    seen: Rationals = np.concatenate([own, (intercept[1:] - intercept[0])[None]])
    return seen


def _gain_from_projection(
    shift: Rationals, seen: Rationals, mean: Rationals, covariance: Rationals, bend: Fraction
) -> float:
    """Return E[(bend / 2) E[shift | seen]^2]; the projection is exact under Normal types."""
    moments = seen @ covariance @ seen.T
    inverse = rational_inverse(moments)
    if inverse is None:
        return _gain_from_projection(shift, seen[:1], mean, covariance, bend)
    target = seen @ covariance @ shift[1:]
    explained = target @ inverse @ target
    centre = shift[0] + shift[1:] @ mean
    return _rounded_up(bend / 2 * (centre**2 + explained))


def _rounded_up(value: Fraction) -> float:
    """Return the least float that is not below the exact value."""
    number = float(value)
    return number if Fraction(number) >= value else float(np.nextafter(number, np.inf))

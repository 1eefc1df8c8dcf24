"""The exact linear-quadratic certificate: a cap on every deviation's gain, in rational arithmetic.

The honest first-order condition alone proves nothing, since it is the market's defining equation:
a rule that charges 1.5 k passes it. So everything is read off the mechanism itself, in exact
numbers: that all that decides an outcome is known; that bids read their own trader's type only;
that honest markets are regular; that the menu comes out of the mechanism's own payment rule,
vanishes at 0 and uses the slope of the residual curve; that deviations land on it; that the
deviator's objective is concave; and how far honest quantities are from its top, as an affine
function of the whole profile. Where that distance is identically 0 the cap is 0 for all types and
all deviations, however complicated; elsewhere the cap is the exact expected gain.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, final

import numpy as np

from deviator.economies import QuadraticEconomy, is_linear_quadratic
from deviator.errors import RefusedError
from deviator.mechanisms import Mechanism, ResidualLineMechanism, SigmaVCG
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.outcome import Outcome
from deviator.numerics.rational import Rationals
from deviator.policies import Information

from ..market import Market
from .agreement import (
    AGREEMENT,
    NAME,
    as_floats,
    deviations_agree,
    outcomes_agree,
    payment_agrees,
    strategy_agrees,
)
from .certificate import Certificate, Condition
from .expected_gain import expected_gain, negligible_shift
from .honest_markets import (
    MOST_TRADERS,
    ExactHonestMarkets,
    MenuRule,
    Seat,
    honest_markets,
    lands_on_menu,
    menu_rule,
    own_type_only,
)
from .premises import all_known, check_law

KIND = "exact linear-quadratic"
SUBJECT = "an exact certificate"

DERIVED = ("clear", "clear_deviations", "clear_exact", "_transfer", "_pay_deviations")
READ_OFF = (ResidualLineMechanism, ConditionalAuction, SigmaVCG)
"""Rules whose outcomes are those of clearing and payment wherever bids have no limits."""

ROUNDING = 1e-12
"""A distance below this share of what it is a difference of is the rounding of a strategy."""

CLOSED_FORM = "the mean gain has a closed form"


@final
class _Shared(NamedTuple):
    """What all traders' certificates rest on."""

    mechanism: ResidualLineMechanism
    honest: ExactHonestMarkets
    outcome: Outcome
    known: Condition
    own_type: Condition
    flaw: Condition | None
    """What runs otherwise than it is certified, whoever deviates."""


def certify(tested: Market, information: Information = "profile") -> Certificate:
    """Certify a cap on the gain of every deviation from the market's strategy.

    Parameters
    ----------
    tested : Market
        A linear-quadratic economy, and a mechanism and strategy with exact forms.
    information : str or Rung
        What the deviator knows. On rungs below "profile" the cap is the expected gain of the best
        bid that depends on what is seen.

    Raises
    ------
    RefusedError
        If the market has no exact form, or what decides its outcomes is not known: the answer is
        then "not certified", never 0.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> certify(market(SigmaDCDA(0.2), fundamental_value(4))).cap
    0.0
    """
    certificate = certify_traders(tested, information, (tested.trader,))[tested.trader]
    for failure in certificate.failures:
        if failure.name == CLOSED_FORM:
            raise RefusedError(failure.detail)
    return certificate


def certify_traders(
    tested: Market, information: Information, traders: Sequence[int]
) -> dict[int, Certificate]:
    """Certify a cap for several traders, whose residual lines come from one exact clearing.

    Parameters
    ----------
    tested, information
        As in `certify`; the market's own trader does not matter.
    traders : sequence of int
        Who deviates, each alone.

    Raises
    ------
    RefusedError
        As in `certify`.
    """
    mechanism, economy = _exact_parts(tested)
    known = all_known(SUBJECT, tested)
    _check_clearing(mechanism, economy, traders)
    honest = honest_markets(tested, mechanism, economy)
    if honest is None:
        regular = Condition("honest markets are regular", False, "autarky: nobody trades")
        idle = Certificate(KIND, (regular,), None, False, trades=False)
        return dict.fromkeys(traders, idle)
    bids = mechanism.language.record.from_array(as_floats(mechanism, honest.bids))
    flaw = _payment_flaw(mechanism) or strategy_agrees(tested, honest)
    own_type = own_type_only(honest.bids)
    shared = _Shared(mechanism, honest, mechanism.clear(bids), known, own_type, flaw)
    return {trader: _certificate(tested, information, shared, trader) for trader in traders}


def _certificate(
    tested: Market, information: Information, shared: _Shared, trader: int
) -> Certificate:
    seat = shared.honest.seat(trader)
    regular = Condition("honest markets are regular", True, f"residual slope {float(seat.slope)}")
    rule, menu_condition = menu_rule(shared.mechanism, seat.slope)
    first = (shared.known, shared.own_type, regular, menu_condition)
    if rule is None:
        return Certificate(KIND, first, None, False)
    bend = seat.bend + rule.curvature
    conditions = (
        *first,
        lands_on_menu(shared.honest, trader, rule),
        shared.flaw or _runs_as_certified(shared, trader, rule),
        Condition("the objective is concave", bend > 0, f"mu + T'' = {float(bend)}"),
    )
    marginal_price = rule.on_intercept * seat.intercept + rule.curvature * seat.quantity
    distance = _affine(seat.value - seat.bend * seat.quantity - marginal_price)
    first_order = _first_order_condition(distance, seat)
    if not all(condition.holds for condition in conditions):
        return Certificate(KIND, (*conditions, first_order), None, False)
    if first_order.holds:
        return Certificate(KIND, (*conditions, first_order), 0.0, True)
    try:
        check_law("a cap on a mean", tested.distribution)
        cap = expected_gain(tested, seat, trader, distance / bend, bend, information)
    except RefusedError as error:
        closed = Condition(CLOSED_FORM, False, str(error))
        return Certificate(KIND, (*conditions, first_order, closed), None, False)
    average = negligible_shift(cap, bend, seat, tested, information)
    return Certificate(KIND, (*conditions, first_order, *average), cap, False)


def _exact_parts(tested: Market) -> tuple[ResidualLineMechanism, QuadraticEconomy]:
    mechanism, economy = tested.mechanism, tested.economy
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"an exact certificate needs a linear-quadratic economy, got {type(economy).__name__}"
        )
    if not isinstance(mechanism, ResidualLineMechanism):
        raise RefusedError(
            "an exact certificate needs a mechanism with an exact rule, which "
            f"{_name(mechanism)} lacks; derive it from ResidualLineMechanism"
        )
    return mechanism, economy


def _check_clearing(
    mechanism: ResidualLineMechanism, economy: QuadraticEconomy, traders: Sequence[int]
) -> None:
    """Refuse markets that cannot be cleared, or charged for, in the numbers used here."""
    _check_derived(mechanism)
    if economy.n_traders > MOST_TRADERS:
        raise RefusedError(
            "an exact certificate clears markets in rational arithmetic, of at most "
            f"{MOST_TRADERS} traders, got {economy.n_traders}"
        )
    if any(mechanism.bid_limits(trader) is not None for trader in traders):
        raise RefusedError(
            f"an exact certificate needs bids without limits, and types are bounded in "
            f"{mechanism.name}"
        )


def _check_derived(mechanism: ResidualLineMechanism) -> None:
    """Refuse a rule of deviator's that clears or charges in a way that is not read off here.

    It refuses mutants too whose faults are not in their payment rule or clearing.
    """
    for name in DERIVED:
        known = [vars(kind).get(name) for kind in READ_OFF]
        if getattr(type(mechanism), name) not in known:
            raise RefusedError(
                "an exact certificate needs a rule that clears by its clearing and charges by its "
                f"payment, and {mechanism.name} has {name} of its own"
            )


def _name(mechanism: Mechanism) -> str:
    return str(getattr(mechanism, "name", type(mechanism).__name__))


def _payment_flaw(mechanism: ResidualLineMechanism) -> Condition | None:
    """Try the payment rule, which is arithmetic, for what rounding does to it."""
    if payment_agrees(mechanism):
        return None
    return Condition(NAME, False, "the payment rule pays another amount than was read off it")


def _runs_as_certified(shared: _Shared, trader: int, rule: MenuRule) -> Condition:
    if not outcomes_agree(shared.outcome, shared.honest, trader):
        return Condition(NAME, False, "clear differs from clear_exact at honest bids")
    if not deviations_agree(shared.mechanism, shared.honest, trader, rule):
        return Condition(NAME, False, "clear or clear_deviations differs from the menu")
    return Condition(NAME, True, f"to {AGREEMENT:g} of the largest value")


def _affine(values: Rationals) -> Rationals:
    """Return values at the zero and unit profiles as a constant and one coefficient per type."""
    affine: Rationals = np.concatenate([values[:1], values[1:] - values[0]])
    return affine


def _first_order_condition(distance: Rationals, seat: Seat) -> Condition:
    """Judge v - mu q - T'(q) at honesty as an affine function of the types."""
    name = "honesty is first-order optimal"
    if (distance == 0).all():
        return Condition(name, True, "holds at every profile")
    worst = max(abs(each) for each in distance)
    size = max(abs(each) for each in _affine(seat.value))
    shown = f"{float(worst):.3g} per unit type"
    if worst > Fraction(ROUNDING) * size:
        return Condition(name, False, f"fails by up to {shown}")
    detail = f"the strategy, as rounded to doubles, is within {shown} of it at every profile"
    return Condition(name, False, detail)

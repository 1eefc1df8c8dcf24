"""What runs, in floating point, beside what was certified: bids, outcomes, deviations, payments."""

from fractions import Fraction
from typing import Any

import numpy as np

from deviator.mechanisms import Mechanism, ResidualLineMechanism, exact_payment
from deviator.mechanisms.exact import RationalBids
from deviator.mechanisms.outcome import Outcome, TraderOutcome
from deviator.numerics.rational import Rationals, rational
from deviator.policies.mixing import unmixed_bids
from deviator.validation import Floats

from ..market import Market
from .certificate import Condition
from .honest_markets import ExactHonestMarkets, MenuRule, Seat, unit_profiles

AGREEMENT = 1e-7
"""How far floating-point outcomes may be from exact ones, of the largest value."""

TRIED_PROFILES = 4
DECADES = 45
"""Payments are tried at numbers from 10^-12 to 10^12, where rounding would show."""

TRIED_PAYMENTS = 400
NAME = "the mechanism that runs agrees with the exact one"


def strategy_agrees(tested: Market, honest: ExactHonestMarkets) -> Condition | None:
    """Compare bids with exact ones, and these with an affine function; None where they agree."""
    bids = unmixed_bids(tested.strategy, unit_profiles(tested.economy.n_traders).astype(np.float64))
    exact_array = as_floats(tested.mechanism, honest.bids)
    # Each number of a bid has units of its own.
    numbers = zip(np.moveaxis(bids.as_array(), -1, 0), np.moveaxis(exact_array, -1, 0), strict=True)
    if not all(_close(values, exact, 0.0) for values, exact in numbers):
        return Condition(NAME, False, "the strategy's bids differ from its exact bids")
    if not _strategy_is_affine(tested, honest):
        detail = "the strategy's bids differ from its exact bids, or these are not affine"
        return Condition(NAME, False, detail)
    return None


def outcomes_agree(whole: Outcome, honest: ExactHonestMarkets, trader: int) -> bool:
    """Compare one trader's side of the honest markets, cleared in floating point, with the exact.

    Parameters
    ----------
    whole : Outcome
        What the mechanism does with the honest bids, as floats.
    """
    seat = honest.seat(trader)
    size = _largest(seat.quantity)
    money = max(_largest(seat.transfer), _largest(seat.intercept) * size)
    return (
        bool(whole.traded.all())
        and _close(whole.quantity[:, trader], seat.quantity, size)
        and _close(whole.transfer[:, trader], seat.transfer, money)
    )


def deviations_agree(
    mechanism: ResidualLineMechanism, honest: ExactHonestMarkets, trader: int, rule: MenuRule
) -> bool:
    """Deviate in the level and in every coefficient, both ways that a deviation is cleared."""
    array = as_floats(mechanism, honest.bids)
    candidates = _candidates(mechanism, array, trader)
    some, shape = [0, 1 + trader], (2, candidates.shape[1])
    bids = mechanism.language.record.from_array(array[some])
    alone = mechanism.clear_deviations(bids, trader, candidates[some])
    tiled = mechanism.clear(bids.with_candidates(trader, candidates[some]))
    again = TraderOutcome(
        tiled.price_of(trader).reshape(shape),
        tiled.quantity[:, trader].reshape(shape),
        tiled.transfer[:, trader].reshape(shape),
        tiled.traded.reshape(shape),
    )
    seat = honest.seat(trader)
    return _on_menu(alone, seat, some, rule) and _on_menu(again, seat, some, rule)


def _on_menu(outcome: TraderOutcome, seat: Seat, some: list[int], rule: MenuRule) -> bool:
    """Return whether outcomes are on the residual line and pay the menu, or are autarky."""
    quantity, slope = outcome.quantity, float(seat.slope)
    intercept = seat.intercept[some].astype(np.float64)[:, None]
    units = np.maximum(np.abs(quantity), _largest(seat.quantity))
    price_size = np.maximum(np.abs(slope) * units, _largest(seat.intercept))
    on_line = np.abs(outcome.price - intercept - slope * quantity) <= AGREEMENT * price_size
    on_intercept, curvature = float(rule.on_intercept), float(rule.curvature)
    menu = (on_intercept * intercept + curvature * quantity / 2) * quantity
    money = (price_size + np.abs(curvature) * units) * units
    paid = np.abs(outcome.transfer - menu) <= AGREEMENT * money
    idle = ~outcome.traded & (quantity == 0) & (outcome.transfer == 0)
    return bool((idle | (on_line & paid)).all())


def payment_agrees(mechanism: ResidualLineMechanism) -> bool:
    """Compare payments in floating point with the exact rule, over many sizes of numbers."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-DECADES, DECADES, (3, TRIED_PAYMENTS))
    price, quantity, slope = sizes * np.sign(rng.standard_normal(sizes.shape))
    # What overflows on the way agrees with nothing.
    with np.errstate(all="ignore"):
        paid = mechanism.payment(price, quantity, slope, mechanism.tax_slope)
    exact = exact_payment(mechanism, rational(price), rational(quantity), rational(slope))
    wanted = (exact + Fraction(0) * rational(quantity)).astype(np.float64)
    terms = np.abs(price * quantity) + (np.abs(slope) + mechanism.tax_slope) * quantity**2
    return bool((np.abs(paid - wanted) <= AGREEMENT * np.maximum(terms, np.abs(wanted))).all())


def as_floats(mechanism: Mechanism, bids: RationalBids) -> Floats:
    """Return exact bids as an array (M, N, K) of floats."""
    coefficients = bids.coefficients.astype(np.float64)
    markets = np.broadcast_to(coefficients, (len(bids.levels), *coefficients.shape))
    levels = bids.levels.astype(np.float64)[..., None]
    parts = [levels, markets] if mechanism.language.level == 0 else [markets, levels]
    return np.concatenate(parts, axis=-1)


def _strategy_is_affine(tested: Market, honest: ExactHonestMarkets) -> bool:
    """Compare bids at random profiles with exact ones, and these with an affine extension."""
    n = tested.economy.n_traders
    types = np.random.default_rng(0).standard_normal((TRIED_PROFILES, n)).round(3)
    types *= 10.0 ** np.arange(TRIED_PROFILES)[:, None]
    exact = tested.strategy.exact_bids(rational(types))
    levels = honest.bids.levels
    extended = levels[0] + rational(types) @ (levels[1:] - levels[0])
    if (exact.levels != extended).any() or (exact.coefficients != honest.bids.coefficients).any():
        return False
    array = unmixed_bids(tested.strategy, types).as_array()
    numbers = as_floats(tested.mechanism, exact)
    size = np.abs(numbers).max(axis=1, keepdims=True)
    return bool((np.abs(array - numbers) <= AGREEMENT * size).all())


def _candidates(mechanism: ResidualLineMechanism, array: Floats, trader: int) -> Floats:
    """Return deviations of a trader, (M, 2, K): in the level, and in all numbers of the bid.

    They are as large as honest bids move, in whatever units: a level by what a unit of the own type
    moves it, a coefficient by a ninth of the largest of its kind.
    """
    place = mechanism.language.level % array.shape[2]
    own = array[:, trader]
    moved = own.copy()
    step = float(array[1 + trader, trader, place] - array[0, trader, place])
    moved[:, place] = 3 * own[:, place] + 7 / 5 * step
    turned = moved.copy()
    others = [each for each in range(array.shape[2]) if each != place]
    factors = np.array([(each + 2) / (each + 1) for each in range(len(others))])
    largest = np.abs(array[0][:, others]).max(axis=0)
    turned[:, others] = own[:, others] * factors + largest / 9
    return np.stack([moved, turned], axis=1)


def _largest(values: Rationals) -> float:
    return float(np.abs(values.astype(np.float64)).max())


def _close(values: Any, exact: Any, size: float) -> bool:
    """Return whether values agree, given how large such values usually are in this market."""
    wanted = exact.astype(np.float64)
    return bool(np.abs(values - wanted).max() <= AGREEMENT * max(size, np.abs(wanted).max()))

"""Checks of economies: the rules that every family of utilities and types keeps."""

import copy
from itertools import permutations
from typing import Any

import numpy as np

from deviator.economies import Economy, QuadraticEconomy, TypeDistribution
from deviator.validation import Floats

from .comparing import (
    RESTATES,
    assert_close,
    assert_text,
    assert_trader_count,
    assert_unchanged,
    in_another_process,
    locked,
)
from .process_state import assert_same_state, process_state, shifted_clock
from .trials import MARKETS, profiles

SAMPLES = 4000
"""Profiles on which a law's stated moments are tested, within five standard errors."""

STEP = 1e-5
"""Step of finite differences, relative to the usual quantity or type."""

DERIVATIVE_TOLERANCE = 1e-5
"""Allowed difference of derivatives from finite differences, relative to the largest."""

MARGINALS = ("utility", "marginal_utility", "type_effects", "quantity_slopes")


def check_settings(economy: Economy) -> None:
    """Name and number of traders are of the stated kinds."""
    assert_text("name", economy.name)
    assert_trader_count(economy.n_traders)


def check_shapes(economy: Economy) -> None:
    """Utilities and their derivatives are finite, a number per market and trader."""
    types = profiles(economy, MARKETS)
    batch, n = types.shape
    quantity = np.random.default_rng(2).uniform(-0.5, 0.5, types.shape)
    for name in MARGINALS:
        values = np.asarray(getattr(economy, name)(quantity, types))
        wanted = (batch, n, n) if name == "type_effects" else (batch, n)
        assert values.shape == wanted, f"{name} must have shape {wanted}, got {values.shape}"
        assert np.isfinite(values).all(), f"{name} must be finite, and is not"


def check_nothing_is_worth_nothing(economy: Economy) -> None:
    """No units are worth no money, whatever the types."""
    types = profiles(economy, MARKETS)
    utility = economy.utility(np.zeros_like(types), types)
    assert not utility.any(), f"utility must be 0 for no units, got {utility.flat[0]:.6g}"


def check_own_quantity_only(economy: Economy) -> None:
    """A trader's utility depends on its own quantity only."""
    quantity, types = _point(economy)
    wanted = economy.utility(quantity, types)
    for trader in range(economy.n_traders):
        alone = np.zeros_like(quantity)
        alone[:, trader] = quantity[:, trader]
        assert_close(
            f"trader {trader}'s utility must not depend on what others receive",
            economy.utility(alone, types)[:, trader],
            wanted[:, trader],
        )


def check_marginal_utility(economy: Economy) -> None:
    """The marginal utility is the derivative of the utility."""
    quantity, types = _point(economy)
    measured = _slope_in_quantity(economy.utility, quantity, types)
    rule = "marginal_utility must be the derivative of utility in the own quantity"
    _assert_derivative(rule, economy.marginal_utility(quantity, types), measured)


def check_quantity_slopes(economy: Economy) -> None:
    """The quantity slopes are the derivative of the marginal utility."""
    quantity, types = _point(economy)
    measured = _slope_in_quantity(economy.marginal_utility, quantity, types)
    rule = "quantity_slopes must be the derivative of marginal_utility in the own quantity"
    size = float(np.abs(economy.marginal_utility(quantity, types)).max()) / _size(quantity)
    _assert_derivative(rule, economy.quantity_slopes(quantity, types), measured, size)


def _slope_in_quantity(function: Any, quantity: Floats, types: Floats) -> Any:
    step = STEP * _size(quantity)
    return (function(quantity + step, types) - function(quantity - step, types)) / (2 * step)


def check_quadratic_form(economy: Economy) -> None:
    """An economy that says it is linear-quadratic is so, also far from what is efficient."""
    if not isinstance(economy, QuadraticEconomy):
        return
    types = profiles(economy, MARKETS)
    for size in (1.0, 30.0, 1e4):
        quantity = size * np.random.default_rng(6).standard_normal(types.shape)
        value = economy.weighted_types(types) + economy.intercept
        assert_close(
            "utility must be v q - slope q^2 / 2",
            economy.utility(quantity, types),
            value * quantity - 0.5 * economy.slope * quantity**2,
        )


def check_type_effects(economy: Economy) -> None:
    """The type effects are the derivatives of the marginal utilities in every type."""
    quantity, types = _point(economy)
    effects = np.asarray(economy.type_effects(quantity, types))
    step = STEP * _size(types)
    for other in range(economy.n_traders):
        shift = step * np.eye(economy.n_traders)[other]
        marginal = economy.marginal_utility
        change = marginal(quantity, types + shift) - marginal(quantity, types - shift)
        rule = f"type_effects must be the derivative of marginal_utility in trader {other}'s type"
        size = float(np.abs(effects).max())
        _assert_derivative(rule, effects[:, :, other], change / (2 * step), size)


def _assert_derivative(rule: str, stated: Floats, measured: Floats, size: float = 0.0) -> None:
    assert_close(rule, stated, measured, tolerance=DERIVATIVE_TOLERANCE, size=size)


def check_inputs_unchanged(economy: Economy) -> None:
    """Quantities and types are what they were, and may be read-only."""
    quantity, types = _point(economy)
    for name, call in _calls(economy):
        given = quantity.copy(), types.copy()
        wanted = call(*given)
        for before, after in zip((quantity, types), given, strict=True):
            assert_unchanged(f"{name} must leave quantities and types alone", before, after)
        rule = f"{name} must give the same for read-only input"
        assert_close(rule, call(locked(quantity), locked(types)), wanted, tolerance=0.0)


def check_same_result_twice(economy: Economy) -> None:
    """The same input gives the same result at any time, and the process stays as it is."""
    quantity, types = _point(economy)
    before = process_state()
    for name, call in _calls(economy):
        first = np.array(call(quantity, types))
        call(quantity[::-1], types[::-1])
        again = np.array(call(quantity, types))
        with shifted_clock(economy):
            later = np.array(call(quantity, types))
        for result in (again, later):
            assert_close(f"{name} must give the same again", result, first, tolerance=0.0)
    assert_same_state("an economy", before, process_state())


def check_batch_equals_loop(economy: Economy) -> None:
    """A batch of markets has the utilities that each of them has alone."""
    quantity, types = _point(economy)
    for name, call in _calls(economy):
        whole = np.asarray(call(quantity, types))
        for market in range(len(types)):
            rule = f"{name} of market {market} must be alone what it is in its batch"
            alone = call(quantity[[market]], types[[market]])
            assert_close(rule, alone, whole[[market]])


def check_types(economy: Economy) -> None:
    """The types have the stated law: seeds decide, moments fit, the support holds."""
    law = economy.types()
    assert isinstance(law, TypeDistribution), (
        f"types() must return a TypeDistribution, got {type(law).__name__}"
    )
    n = economy.n_traders
    assert law.n_traders == n, f"types() must be of {n} types, got {law.n_traders}"
    for draw in (law.sample, law.matched_sample):
        types = draw(np.random.default_rng(0), SAMPLES)
        assert types.shape == (SAMPLES, n), (
            f"draws must have shape {(SAMPLES, n)}, got {types.shape}"
        )
        _assert_seeds_decide(draw, types)
        _assert_moments(law, types)
        low, high = law.support
        assert ((types >= low) & (types <= high)).all(), "types must stay within their support"


def _assert_seeds_decide(draw: Any, types: Floats) -> None:
    again = draw(np.random.default_rng(0), SAMPLES)
    assert_close("types drawn from the same seed must be the same", again, types, tolerance=0.0)
    other = draw(np.random.default_rng(1), SAMPLES)
    assert not np.array_equal(other, types), "types drawn from another seed must differ"


def _assert_moments(law: TypeDistribution, types: Floats) -> None:
    error = 5 / np.sqrt(SAMPLES)
    distance = np.abs(types.mean(axis=0) - law.mean) / law.deviation
    assert distance.max() <= error, (
        f"the mean of the types must be the stated one, and is off by {distance.max():.3g} of the "
        "standard deviation"
    )
    scale = np.outer(law.deviation, law.deviation)
    # The factor 3 allows for a fourth moment of up to nine times the squared variance.
    spread = np.abs(np.cov(types.T, bias=True) - law.covariance) / scale
    assert spread.max() <= 3 * error, (
        f"the covariance of the types must be the stated one, and is off by {spread.max():.3g} of "
        "the variances"
    )


def check_efficient_allocation(economy: Economy) -> None:
    """The efficient allocation sums to what is supplied, and no exchange improves on it."""
    types = profiles(economy, MARKETS)
    best = economy.efficient_allocation(types)
    size = _size(best)
    rule = f"the efficient allocation must sum to {economy.supply:g}, what is sold from outside"
    supplied = np.full(len(types), economy.supply)
    assert_close(rule, best.sum(axis=1), supplied, tolerance=1e-9, size=size)
    total = economy.utility(best, types).sum(axis=1)
    allowed = 1e-9 * (np.abs(total).max() + size)
    for giver, taker in permutations(range(economy.n_traders), 2):
        for units in (1e-3 * size, 0.1 * size, size):
            moved = best.copy()
            moved[:, giver] -= units
            moved[:, taker] += units
            better = economy.utility(moved, types).sum(axis=1) - total
            assert better.max() <= allowed, (
                f"no exchange may improve on the efficient allocation, {units:.3g} units from "
                f"trader {giver} to {taker} add {better.max():.6g} in market {better.argmax()}"
            )


def check_relabelling(economy: Economy) -> None:
    """Renumbered traders have the utilities that they had before."""
    quantity, types = _point(economy)
    n = economy.n_traders
    for order in ([*range(1, n), 0], [1, 0, *range(2, n)]):
        renumbered = economy.relabelled(order)
        assert_close(
            f"traders renumbered {order} must have the utilities that they had before",
            renumbered.utility(quantity[:, order], types[:, order]),
            economy.utility(quantity, types)[:, order],
        )


def check_units(economy: Economy) -> None:
    """Other units of money and quantity describe the same economy; types are values."""
    quantity, types = _point(economy)
    for price, units in ((7.3, 0.031), (1e-6, 1e5)):
        restated = economy.rescaled(price, units)
        assert_close(
            f"an economy in units of {price:g} (price) and {units:g} (quantity) must be the same, "
            f"so {RESTATES}",
            restated.utility(quantity * units, types * price),
            economy.utility(quantity, types) * (price * units),
        )


def check_pickling(economy: Economy) -> None:
    """Sent to another process, the economy has the same utilities and types."""
    point = _point(economy)
    there = in_another_process("an economy", _utility_and_types, economy, *point)
    here = _utility_and_types(economy, *point)
    for name, got, want in zip(("utilities", "types"), there, here, strict=True):
        assert_close(f"an economy must have the same {name} in another process", got, want)


def _utility_and_types(economy: Economy, quantity: Floats, types: Floats) -> tuple[Floats, Floats]:
    return economy.utility(quantity, types), profiles(economy, MARKETS)


def _point(economy: Economy) -> tuple[Floats, Floats]:
    """Return quantities other than 0, away from kinks, and types, each of shape (B, N)."""
    types = profiles(economy, MARKETS)
    efficient = economy.efficient_allocation(types)
    share = np.random.default_rng(2).uniform(0.2, 0.8, types.shape)
    return share * np.where(efficient == 0, 0.1 * _size(efficient), efficient), types


def _calls(economy: Economy) -> list[tuple[str, Any]]:
    """Return what an economy computes, by name, as functions of quantity and types."""

    def allocation(quantity: Floats, types: Floats) -> Floats:
        del quantity
        return copy.deepcopy(economy.efficient_allocation(types))

    calls = [(name, getattr(economy, name)) for name in MARGINALS]
    return [*calls, ("efficient_allocation", allocation)]


def _size(values: Floats) -> float:
    return float(np.abs(values).mean()) or 1.0

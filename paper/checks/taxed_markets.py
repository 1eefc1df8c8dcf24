"""Markets with taxes, transfers in them by their definition, and whether quantities rise.

Pivotal types come from bisection, integrals from dense sums over units. Incentive compatibility
needs quantities that rise in the own type.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from deviator.economies import (
    LinearQuadratic,
    QuadraticEconomy,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    two_groups,
)
from deviator.mechanisms import PivotalMechanism
from deviator.validation import Floats

from ..statement import gap
from .drawn import random_economy

HALVINGS = 60
UNITS = 1001
"""Points at which an integral over units is summed, by the midpoint rule."""

AllocationOf = Callable[[Floats], Floats]
"""Types (L, N) to quantities (L, N)."""

PriceOf = Callable[[Floats, Floats], Floats]
"""Types (L, N) at which units x (L,) are pivotal, to the price of each unit, (L,)."""


def pivotal_profiles(allocation: AllocationOf, types: Floats, trader: int, units: Floats) -> Floats:
    """Return the types with one trader's replaced by s_i(x), (3.11), shape (L, N).

    For units x (L,) and types (N,). If no report leads to x exactly, s_i(x) is where the quantity
    jumps past it.
    """
    profiles = np.tile(types, (len(units), 1))
    width = 10.0 * (1 + np.ptp(types) + float(np.abs(units).max(initial=0.0)))
    low, high = (np.full(len(units), types[trader] + side * width) for side in (-1, 1))
    for _ in range(HALVINGS):
        profiles[:, trader] = 0.5 * (low + high)
        below = allocation(profiles)[:, trader] < units
        low = np.where(below, profiles[:, trader], low)
        high = np.where(below, high, profiles[:, trader])
    profiles[:, trader] = high
    return profiles


def literal_transfer(allocation: AllocationOf, types: Floats, trader: int, price: PriceOf) -> float:
    """Return the integral from 0 to q_i of the price of unit x at its pivotal type."""
    quantity = float(allocation(types[None])[0, trader])
    units = quantity * (np.arange(UNITS) + 0.5) / UNITS
    profiles = pivotal_profiles(allocation, types, trader, units)
    return quantity * float(price(profiles, units).mean())


def marginal_utility(economy: QuadraticEconomy, trader: int) -> PriceOf:
    """Return the pivotal price mu_i(x, s_i(x), s_-i)."""

    def price(profiles: Floats, units: Floats) -> Floats:
        value = economy.value(profiles)[:, trader]
        return np.asarray(value - economy.slope[trader] * units)

    return price


PROFILES = 40


class TaxedMarket(NamedTuple):
    """An economy with single crossing, the size of a tax, and profiles of types."""

    economy: LinearQuadratic
    tax: float
    types: Floats  # (PROFILES, N)


def crossing_markets(seed: int, count: int) -> Iterator[TaxedMarket]:
    """Draw economies with single crossing and any slopes; the first has no tax."""
    rng = np.random.default_rng(seed)
    for draw in range(count):
        n = int(rng.integers(3, 8))
        own = rng.uniform(0.5, 1.5, n)
        weights = own * rng.uniform(0, 0.9, (n, n)) * rng.choice([0.0, 0.5, 1.0])
        np.fill_diagonal(weights, own)
        slope, intercept = rng.uniform(0.5, 2.0, n), rng.normal(0, 0.3, n)
        tax = 0.0 if draw == 0 else float(rng.uniform(0, 0.8))
        economy = linear_quadratic(weights, slope, intercept)
        yield TaxedMarket(economy, tax, rng.standard_normal((PROFILES, n)))


def market_price(rule: PivotalMechanism) -> PriceOf:
    """Return the pivotal price that is the market's price."""

    def price(profiles: Floats, units: Floats) -> Floats:
        del units
        return rule.allocate(profiles).price

    return price


def same_for_all(price: PriceOf) -> Callable[[int], PriceOf]:
    """Return a pivotal price for each trader that is the same function for all."""

    def price_to(trader: int) -> PriceOf:
        del trader
        return price

    return price_to


def transfer_gap(
    rule: PivotalMechanism, types: Floats, transfer: Floats, price_to: Callable[[int], PriceOf]
) -> float:
    """Return the gap between transfers and integrals over pivotal types."""

    def quantities(profiles: Floats) -> Floats:
        return rule.allocate(profiles).quantity

    literal = [
        [
            literal_transfer(quantities, profile, trader, price_to(trader))
            for trader in range(len(profile))
        ]
        for profile in types
    ]
    return gap(transfer, literal)


QUANTITY_TOLERANCE = 1e-9
"""Falls of a quantity up to this size are rounding."""

DRAWN = 50
"""Number of economies within A4^N in which quantities are compared as types rise."""

PROFILES = 40

FEE_WITNESS = two_groups(4, alpha=1.0, beta=1.55, slope=1.0)
"""Two groups of two with weight .775 within: here quantities fall under an entry fee of .3."""

TAX_WITNESS = linear_quadratic(np.eye(5) + 1.4 * np.outer(np.eye(5)[4], np.eye(5)[0]), 1.0)
"""Trader 0's type moves trader 4's value by 1.4 and its own by 1: within A4^N (phi_N = .35)."""


Cases = Callable[[QuadraticEconomy, Floats], Sequence[tuple[PivotalMechanism, Floats]]]
"""Economy and profiles of types to mechanisms, each with the profiles to test it at."""


def falls_in_own_type(
    condition: Callable[[QuadraticEconomy], bool], cases: Cases
) -> tuple[int, int, int]:
    """Count cases in economies within A4^N in which a quantity falls in the own type.

    Returns
    -------
    with_condition, without_condition, all_cases : int
        Falls although the condition holds, other falls, and all cases, with or without falls.
    """
    fell = [
        (condition(economy), largest_fall(rule, profiles) > 0)
        for economy, types in _economies()
        for rule, profiles in cases(economy, types)
    ]
    return fell.count((True, True)), fell.count((False, True)), len(fell)


def _economies() -> Iterator[tuple[QuadraticEconomy, Floats]]:
    """Yield economies within A4^N, drawn and named ones, and profiles of types."""
    rng = np.random.default_rng(62)
    drawn = [random_economy(rng, int(rng.integers(3, 6))) for _ in range(DRAWN)]
    named = (private_values(5), fundamental_value(4, beta=1.5), heterogeneous(6), FEE_WITNESS)
    for economy in (*drawn, *named, TAX_WITNESS):
        yield economy, 2 * rng.standard_normal((PROFILES // 2, economy.n_traders))


def largest_fall(rule: PivotalMechanism, types: Floats) -> float:
    """Return the largest fall of a quantity as its owner's type rises, on a grid of types."""
    steps, falls = np.linspace(-6.0, 6.0, 161), [0.0]
    for trader in range(types.shape[1]):
        profiles = np.repeat(types, len(steps), axis=0)
        profiles[:, trader] = np.tile(steps, len(types))
        own = rule.allocate(profiles).quantity[:, trader].reshape(len(types), -1)
        falls.append(float((np.maximum.accumulate(own, axis=1) - own).max()))
    return max(falls) if max(falls) > QUANTITY_TOLERANCE else 0.0

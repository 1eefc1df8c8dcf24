"""Drawn economies with single crossing, and transfers in them by their definition."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from deviator.economies import LinearQuadratic, linear_quadratic
from deviator.mechanisms import PivotalMechanism
from deviator.validation import Floats

from ..statement import gap
from .pivotal_types import PriceOf, literal_transfer

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

"""Clearing of smooth bids with transfers, against scipy's `root` and `quad` market by market.

Bids are honest ones of a saturating economy, in two forms that lead to the same outcomes. As level
sets both sides find the inverse map numerically, as for any smooth economy; in closed form both are
handed it. The baseline solves the market and follows each residual curve, from a sample of the
markets; deviator also looks for a second solution and watches over every curve (Definition 3).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from deviator.economies import Saturating, saturating
from deviator.mechanisms import CallableSurface, Outcome, SigmaDCDA, SurfaceBids
from deviator.validation import Floats

from .harness import Row, at_least, busiest, side_by_side, threads
from .plain_smooth_clearing import (
    PlainOutcome,
    Surfaces,
    clear,
    level_set_surfaces,
    saturating_surfaces,
)

WORK = "smooth clearing with transfers"
TRADERS, SIGMA = 5, 0.4
MARKETS, SAMPLE = 1000, 4
TOLERANCE = 1e-8


def rows() -> list[Row]:
    """Measure on one thread, and check that both sides agree to 1e-8."""
    economy, auction = saturating(TRADERS), SigmaDCDA(SIGMA)
    types = np.random.default_rng(0).standard_normal((MARKETS, TRADERS))
    honest, explicit = auction.honest_bids(economy, types), closed_form_bids(economy, types)
    searched = functools.partial(plain, level_set_surfaces, economy, types[:SAMPLE])
    given = functools.partial(plain, saturating_surfaces, economy, types[:SAMPLE])
    with threads(1):
        return [
            _row(honest, searched, "level sets", 50),
            _row(explicit, given, "closed form", 50),
            _row(honest, given, "level sets beside a baseline in closed form", None),
        ]


def _row(bids: Any, baseline: Callable[[], list[PlainOutcome]], form: str, bar: Any) -> Row:
    auction = SigmaDCDA(SIGMA)
    clear = functools.partial(auction.clear, bids)
    difference = largest_difference(clear(), baseline())
    if difference > TOLERANCE:
        raise AssertionError(f"outcomes must agree to {TOLERANCE}, differ by {difference:.3g}")
    timing = side_by_side(clear, baseline, 5, baseline_scale=MARKETS / SAMPLE)
    note = f"largest difference {difference:.1e}; {busiest(clear)} of the time"
    return Row.times_faster(
        WORK,
        f"{MARKETS} markets x {TRADERS}",
        timing,
        at_least(bar) if bar else None,
        figure=f"times scipy root and quad, {form}",
        note=note,
    )


def plain(
    surfaces: Callable[[Saturating, float, Floats], Surfaces], economy: Saturating, types: Floats
) -> list[PlainOutcome]:
    """Clear honest bids market by market."""
    return [clear(surfaces(economy, SIGMA, own), TRADERS, SIGMA) for own in types]


def closed_form_bids(economy: Saturating, types: Floats) -> SurfaceBids:
    """Return honest bids as a user writes them who knows F, with its derivatives."""
    inverse = np.linalg.inv(economy.weights)
    bend = economy.steep - economy.flat

    def surface_of(trader: int) -> CallableSurface:
        row = inverse[trader]

        def surface(price: Floats, quantity: Floats, market: Any) -> tuple[Floats, Floats, Floats]:
            share = np.tanh(quantity / economy.quantity_scale)
            fall = economy.flat * quantity + bend * economy.quantity_scale * share
            inside = price[:, None] + SIGMA * quantity + fall - economy.intercept
            slopes = row * (SIGMA + economy.flat + bend * (1 - share**2))
            value = inside @ row - types[market, trader]
            return value, np.full_like(price, row.sum()), slopes

        return CallableSurface(TRADERS, surface, MARKETS)

    return SurfaceBids([surface_of(trader) for trader in range(TRADERS)])


def largest_difference(outcome: Outcome, expected: list[PlainOutcome]) -> float:
    """Return the largest difference of prices, quantities and transfers of the first markets."""
    pairs = [
        (outcome.price, np.array([market.price for market in expected])),
        (outcome.quantity, np.array([market.quantity for market in expected])),
        (outcome.transfer, np.array([market.transfer for market in expected])),
    ]
    return float(max(np.abs(got[: len(want)] - want).max() for got, want in pairs))

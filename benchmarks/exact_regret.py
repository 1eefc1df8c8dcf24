"""Exact regret of 10 traders at 10^5 profiles, against a search trader by trader.

The baseline is what one writes with SciPy: for every profile and trader the residual line from the
others' bids, then `minimize_scalar` over the quantity of the payment less the value. It knows
the auction (uniform price, conditional bids), calls no code of deviator while it is timed, and runs
on a sample of the profiles.
"""

from __future__ import annotations

import functools
import statistics

import numpy as np
from scipy.optimize import minimize_scalar

from deviator.economies import LinearQuadratic, fundamental_value
from deviator.evidence import worst_profile
from deviator.mechanisms import Mechanism, NaiveWalrasian, SigmaDCDA, UniformConditional
from deviator.policies import exact_gain
from deviator.validation import Floats

from .harness import Row, at_least, at_most, busiest, seconds_of, side_by_side, threads

PROFILES, TRADERS, SAMPLE = 100_000, 10, 40
WORK, SIZE = "exact regret", "10^5 profiles x 10 traders"


def rows() -> list[Row]:
    """Measure on one thread, and check the gains against the baseline's to 1e-9."""
    economy = fundamental_value(TRADERS)
    types = economy.types().sample(np.random.default_rng(0), PROFILES)
    sample, mechanism = types[:SAMPLE], UniformConditional()
    gains = exact_gain(mechanism, economy, sample)
    difference = float(np.abs(gains - searched_gains(economy, sample)).max())
    if difference > 1e-9:
        raise AssertionError(f"gains must agree to 1e-9, differ by {difference:.3g}")
    with threads(1):
        every_gain = functools.partial(exact_gain, mechanism, economy, types)
        timing = side_by_side(
            every_gain,
            functools.partial(searched_gains, economy, sample),
            baseline_scale=PROFILES / SAMPLE,
        )
        seconds = timing.deviator
        measured = [
            Row(WORK, SIZE, "seconds, uniform-conditional", seconds, at_most(1.0)),
            Row.times_faster(
                WORK,
                SIZE,
                timing,
                at_least(100),
                figure="times scipy minimize_scalar",
                note=f"all gains; baseline on {SAMPLE} profiles; largest difference of gains "
                f"{difference:.1e}; {busiest(every_gain)} of the time; Python bounds the baseline",
            ),
        ]
        return measured + [_seconds(rule, economy, types) for rule in _others(economy)]


def _others(economy: LinearQuadratic) -> tuple[Mechanism, ...]:
    return SigmaDCDA(0.2), NaiveWalrasian(economy)


def _seconds(mechanism: Mechanism, economy: LinearQuadratic, types: Floats) -> Row:
    def worst() -> object:
        return worst_profile(mechanism, economy, types)

    seconds = statistics.median(seconds_of(worst))
    note = "the worst profile, gains streamed"
    return Row(WORK, SIZE, f"seconds, {mechanism.name}", seconds, at_most(1.0), note=note)


def searched_gains(economy: LinearQuadratic, types: Floats) -> Floats:
    """Return every trader's best gain over honesty, searched one by one; shape (B, N)."""
    n = economy.n_traders
    inverse = np.linalg.inv(economy.weights)
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n] = inverse * economy.slope
    matrix[:n, n] = inverse.sum(axis=1)
    matrix[n, :n] = 1.0
    response = np.linalg.inv(matrix)
    gains = np.empty(types.shape)
    for market, profile in enumerate(types):
        solution = response[:, :n] @ (profile + inverse @ economy.intercept)
        worth = economy.weights @ profile + economy.intercept
        for i in range(n):
            slope = response[n, i] / response[i, i]
            intercept = solution[n] - slope * solution[i]
            terms = (float(worth[i]), float(economy.slope[i]), float(intercept), float(slope))
            honest = -_loss(float(solution[i]), *terms)
            best = minimize_scalar(_loss, args=terms)
            gains[market, i] = -best.fun - honest
    return gains


def _loss(quantity: float, worth: float, bend: float, intercept: float, slope: float) -> float:
    """Return what a quantity costs on the residual line, less its worth."""
    price = intercept + slope * quantity
    return price * quantity - (worth - 0.5 * bend * quantity) * quantity

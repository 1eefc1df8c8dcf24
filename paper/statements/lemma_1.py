"""Lemma 1: the cost of inefficiency (Section 2.3)."""

import numpy as np

from deviator.economies import assumption_bounds
from deviator.validation import Floats

from ..bounds.continuous import utility_loss, welfare_loss
from ..checks.drawn import random_economy
from ..statement import Finding, Formula, statement, worst

ECONOMIES = 400
PROFILES = 6


def _allocations(rng: np.random.Generator, efficient: Floats) -> tuple[float, Floats]:
    """Return epsilon, and market-clearing allocations within it; the first attains it."""
    batch, n = efficient.shape
    epsilon = float(rng.uniform(0.01, 1.0))
    distance = rng.uniform(-1.0, 1.0, (batch, n))
    distance -= distance.mean(axis=1, keepdims=True)
    distance /= np.abs(distance).max(axis=1, keepdims=True)
    distance[0] = 0.0
    distance[0, :2] = 1.0, -1.0
    return epsilon, efficient + epsilon * distance


@statement(
    "Lemma 1: one trader's utility",
    "Section 2.3, first line",
    "Where |mu_i(0, s)| <= m, a mechanism that is epsilon-efficient and satisfies MC has "
    "|u_i(q_i) - u_i(q_i^0)| <= epsilon m.",
    corrected="|u_i(q_i) - u_i(q_i^0)| <= epsilon m + m_bar epsilon^2/2: the marginal utility is "
    "at most m at the efficient quantity, and moves away from there.",
)
def _check_one_trader(loss: Formula = utility_loss) -> Finding:
    rng = np.random.default_rng(11)
    excess, printed, share = [], [], []
    for _ in range(ECONOMIES):
        economy = random_economy(rng, int(rng.integers(3, 9)))
        types = rng.standard_normal((PROFILES, economy.n_traders))
        # At equal values no trade is efficient, and the price equals the values.
        types[0] = np.linalg.lstsq(economy.weights, 1 - economy.intercept, rcond=None)[0]
        efficient = economy.efficient_allocation(types)
        epsilon, quantity = _allocations(rng, efficient)
        lost = np.abs(economy.utility(quantity, types) - economy.utility(efficient, types))
        bounds = assumption_bounds(economy)
        for market, marginal in zip(lost.max(axis=1), economy.value(types), strict=True):
            largest = float(np.abs(marginal).max())
            allowed = loss(bounds, largest, epsilon)
            excess.append(market / allowed - 1)
            printed.append(market / (epsilon * largest) - 1)
            share.append(market / allowed)
    return Finding(
        max(0.0, worst(excess)),
        f"in {len(excess)} markets the loss is at most {max(share):.4g} of m epsilon + m_bar "
        f"epsilon^2/2, and up to {worst(printed) + 1:.3g} of m epsilon",
        printed=max(0.0, worst(printed)),
    )


@statement(
    "Lemma 1: welfare",
    "Section 2.3, second line",
    "epsilon^2 N m_low/2 <= |sum_i u_i(q_i) - sum_i u_i(q_i^0)| <= epsilon^2 N m_bar/2.",
    corrected="m_low/2 sum_i (q_i - q_i^0)^2 <= |sum_i u_i(q_i) - sum_i u_i(q_i^0)| <= m_bar/2 "
    "sum_i (q_i - q_i^0)^2: the printed upper bound stands, the lower one only where every trader "
    "is exactly epsilon away.",
)
def _check_welfare(loss: Formula = welfare_loss) -> Finding:
    rng = np.random.default_rng(12)
    excess, printed = [], []
    for _ in range(ECONOMIES):
        economy = random_economy(rng, int(rng.integers(3, 9)))
        n = economy.n_traders
        types = rng.standard_normal((PROFILES, n))
        efficient = economy.efficient_allocation(types)
        epsilon, quantity = _allocations(rng, efficient)
        lost = (economy.utility(efficient, types) - economy.utility(quantity, types)).sum(axis=1)
        least, most = loss(assumption_bounds(economy), quantity - efficient)
        ceiling = epsilon**2 * n * economy.slope.max() / 2
        over = max(float((lost - most).max()), float((most - ceiling).max()))
        excess += [over / ceiling, float((least - lost).max()) / ceiling]
        floor = epsilon**2 * n * economy.slope.min() / 2
        printed.append(float((floor - lost).max()) / ceiling)
    return Finding(
        max(0.0, worst(excess)),
        f"in {ECONOMIES * PROFILES} markets the loss is between m_low/2 and m_bar/2 times the sum "
        f"of squared distances; the printed lower bound exceeds it by up to {worst(printed):.3g} "
        "of the upper one",
        printed=max(0.0, worst(printed)),
    )

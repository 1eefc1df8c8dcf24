"""Section 2.2: small interdependence of utilities (A4) and of beliefs (A4^B)."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from deviator.economies import (
    NormalInformation,
    fundamental_value_information,
    two_groups_information,
)

from ..checks.value_beliefs import (
    VALUES,
    Beliefs,
    Shape,
    believed,
    even_shift,
    shift,
    spread,
)
from ..statement import Finding, Formula, gap, statement, worst

DRAWN = 80
"""Beliefs drawn of each kind."""

SIZES = (5, 15, 45)
"""Numbers of traders in growing markets."""


def most_interdependence(impact: float, steepest: float) -> float:
    """Return the largest phi_N of A4, given phi_N^B and the largest d mv_i / d theta_i.

    E[mv_i | s] = mv_i(1) - integral of (d mv_i / d theta_i) delta_i over [-1, 1], so that a type
    moves it at most by the length of [-1, 1] times both bounds.
    """
    return 2 * steepest * impact


def most_impact(interdependence: float, flattest: float, lipschitz: float) -> float:
    """Return the largest phi_N^B of A4^B where types move beliefs in one direction.

    Given phi_N, the least d mv_i / d theta_i, and by how much d delta_i / d s_j changes per unit of
    the value, L. A move of height h that changes by L has an area of h^2 / L at least, so that
    phi_N >= flattest h^2 / L; averages of h are at most the root of the average h^2.
    """
    return float(np.sqrt(lipschitz * interdependence / flattest))


def normal_impact(effect: float, deviation: float) -> float:
    """Return the largest |d delta_i / d s_j| of a Normal value of a standard deviation."""
    return effect / (deviation * float(np.sqrt(2 * np.pi)))


def _drawn(seed: int, *, one_direction: bool) -> Iterator[Beliefs]:
    """Draw beliefs that types shift upwards; or that they may also spread out."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWN):
        n = int(rng.integers(3, 7))
        moves = np.empty((n, n, len(VALUES)))
        for i, j in np.ndindex(n, n):
            kinds = (even_shift, shift(float(rng.uniform(-0.3, 0.3)), float(rng.uniform(0.1, 0.7))))
            shape = kinds[rng.integers(2)]
            moves[i, j] = rng.uniform(0.05, 1.0) * shape(VALUES)
            if not one_direction:
                moves[i, j] += rng.normal() * spread(VALUES)
        yield believed(moves, rng.choice([0.0, 1.0]) * rng.uniform(0.0, 2.0, n))


def _alike(n_traders: int, shape: Shape) -> Beliefs:
    """Return beliefs that all types move alike, where values are marginal utilities."""
    return believed(np.tile(shape(VALUES), (n_traders, n_traders, 1)), np.zeros(n_traders))


def _spread_by_one(n_traders: int) -> Beliefs:
    """Return beliefs in which trader 0's type spreads the others' values, and own types shift."""
    moves = np.zeros((n_traders, n_traders, len(VALUES)))
    moves[1:, 0] = spread(VALUES) / 2
    moves[np.arange(n_traders), np.arange(n_traders)] = shift(0.0, 0.9)(VALUES)
    return believed(moves, np.zeros(n_traders))


def _normal_gap(information: NormalInformation, impact: Formula) -> float:
    """Return the gap between a formula and differences of Normal distribution functions."""
    weights = information.weights()
    explained = weights @ information.value_signal_covariance.T
    assert information.value_covariance is not None
    deviation = float(np.sqrt((information.value_covariance - explained)[0, 0]))
    n, step = len(weights), 1e-4
    others = weights[1:, 0]
    moved = norm.cdf(others * step / deviation) - norm.cdf(-others * step / deviation)
    average = float(others.sum()) / (n - 1)
    return gap(impact(average, deviation), float(moved.sum()) / (n - 1) / (2 * step))


@statement(
    "Section 2.2: A4 and beliefs",
    "Section 2.2, A4^B",
    "If sets of values and d mu_i / d theta_i are bounded, utilities satisfy A4 precisely when a "
    "type's average effect on beliefs, the largest |d delta_i(theta_i | s) / d s_j|, vanishes "
    "(A4^B).",
    tolerance=1e-6,
    corrected="A4^B implies A4. A4 implies A4^B where types move beliefs in one direction, values "
    "matter (d mu_i / d theta_i is bounded away from 0) and d delta_i / d s_j changes with the "
    "value at a bounded rate; not where a type spreads beliefs and leaves expectations.",
)
def _check_beliefs(
    interdependence: Formula = most_interdependence,
    impact: Formula = most_impact,
    normal: Formula = normal_impact,
) -> Finding:
    forward, back = [], []
    shifted = [*_drawn(31, one_direction=True), _alike(4, even_shift), _alike(4, shift(0.0, 0.25))]
    for beliefs in (*shifted, *_drawn(32, one_direction=False)):
        most = interdependence(beliefs.impact, beliefs.steepest_value)
        forward.append(beliefs.interdependence / most)
    for beliefs in shifted:
        most = impact(beliefs.interdependence, beliefs.flattest_value, beliefs.lipschitz)
        back.append(beliefs.impact / most)
    gaps = [
        _normal_gap(law(n, rho, 0.7), normal)
        for law in (fundamental_value_information, two_groups_information)
        for n in (10, 100)
        for rho in (0.2, 0.8)
    ]
    spreads = [_spread_by_one(n) for n in SIZES]
    flat = worst(one.interdependence for one in spreads)
    moved = min(one.impact for one in spreads)
    return Finding(
        max(worst(forward) - 1, worst(back) - 1, worst(gaps), flat, 0.0),
        f"phi_N is at most {max(forward):.3f} of its bound in {len(forward)} beliefs, and phi_N^B "
        f"of its own {max(back):.3f} in {len(back)}, most where all types move beliefs alike; with "
        "Normal values (Examples 4 and 5) phi_N^B is phi_N / (sqrt(2 pi) times the standard "
        f"deviation), to {worst(gaps):.1g}; where trader 0's type spreads the others' values phi_N "
        f"is {flat:.1g} and phi_N^B {moved:.3g}, for N = {SIZES[0]} to {SIZES[-1]}",
        printed=moved,
    )

"""Section 7: when truth is the only equilibrium, and best reports in naive Walrasian auctions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from deviator.economies import (
    LinearQuadratic,
    fundamental_value,
    interdependence_radius,
    linear_quadratic,
)
from deviator.mechanisms import NaiveWalrasian, Reports, SigmaVCG
from deviator.validation import Floats

from ..checks.drawn import random_economy
from ..statement import Finding, Formula, gap, statement, worst

ROUNDS = 200
"""Rounds of best responses."""


def _best_reports(economy: LinearQuadratic, types: Floats, reports: Floats) -> Floats:
    """Return every trader's best report against the others' reports, shape (N,).

    Utility is a parabola in the own report; three outcomes of the mechanism determine it.
    """
    n, mechanism = economy.n_traders, SigmaVCG(economy, 0.5)
    nearby_reports = np.repeat(np.tile(reports, (n, 1)), 3, axis=0)
    own = np.arange(n)
    steps = np.array([-1.0, 0.0, 1.0])
    nearby_reports[np.arange(3 * n), np.repeat(own, 3)] = (types[:, None] + steps).ravel()
    outcome = mechanism.clear(Reports(nearby_reports))
    utility = economy.utility(outcome.quantity, np.tile(types, (3 * n, 1))) - outcome.transfer
    left, middle, right = utility.reshape(n, 3, n)[own, :, own].T
    return np.asarray(types + (right - left) / (2 * (2 * middle - left - right)))


def _growth(economy: LinearQuadratic, types: Floats) -> float:
    """Return the factor by which errors of reports grow in a round of best responses.

    The others' errors have the signs that make the error of the best response largest. Best
    responses are linear in errors, so errors are normalized in each round. Absolute values are
    iterated, so that the sequence does not alternate.
    """
    errors, factor = np.ones(economy.n_traders), 1.0
    for _ in range(ROUNDS):
        response = np.abs(_best_reports(economy, types, types + errors) - types)
        # Averaging with the errors themselves removes cycles: (1 + M)/2 is aperiodic.
        mixed = (errors + response) / 2
        factor = float(np.abs(mixed).max())
        errors = mixed / factor
    return 2 * factor - 1


def printed_radius(economy: LinearQuadratic) -> float:
    """Return the largest eigenvalue of Section 7's matrix, whose first column repeats its row."""
    above = np.triu(np.abs(economy.weights / economy.own_type_effects), 1)
    return float(np.abs(np.linalg.eigvalsh(above + above.T)).max())


@statement(
    "Section 7: equilibrium uniqueness",
    "Section 7; Bergemann and Morris (2009)",
    "With mu_ii normalized to 1, truth is the only equilibrium in every information structure "
    "precisely when the matrix with 0 on the diagonal, first row 0, |w_12|, ..., |w_1N| and first "
    "column 0, |w_12|, ..., |w_1N| has its largest eigenvalue below 1.",
    tolerance=1e-6,
    corrected="The first column is 0, |w_21|, ..., |w_N1|: |w_ij| is in row i and column j, over "
    "w_ii where that is not 1. The eigenvalue is the factor by which errors of reports survive a "
    "round of best responses.",
)
def _check_radius(radius: Formula = interdependence_radius) -> Finding:
    rng = np.random.default_rng(71)
    gaps, printed, values = [], [], []
    for _ in range(30):
        drawn = random_economy(rng, int(rng.integers(3, 7)))
        # Stronger interdependence than A4^N allows, but quantities must rise in the own type.
        weights = drawn.weights * np.where(np.eye(drawn.n_traders) > 0, 1.0, rng.uniform(0.5, 2.0))
        weights = weights + 0.01 * (1 - np.eye(drawn.n_traders))
        economy = linear_quadratic(weights, 1.0)
        if (weights.mean(axis=0) >= 0.95 * np.diagonal(weights)).any():
            continue
        growth = _growth(economy, rng.standard_normal(economy.n_traders))
        gaps.append(gap(radius(economy), growth))
        printed.append(gap(printed_radius(economy), growth))
        values.append(growth)
    return Finding(
        worst(gaps),
        f"in {len(gaps)} economies the errors of reports change by factors from {min(values):.3g} "
        f"to {max(values):.3g} in a round of best responses, as the largest eigenvalue says; that "
        f"of the symmetric matrix is off by up to {worst(printed):.2g} of it",
        printed=worst(printed),
    )


@statement(
    "Section 7: uniqueness in Example 1",
    "Section 7, Example 1",
    "In the fundamental value model uniqueness fails if and only if (N - 2) beta >= N alpha.",
)
def _check_example_1(
    unique: Formula = lambda n, alpha, beta: (n - 2) * beta < n * alpha,
) -> Finding:
    rng = np.random.default_rng(72)
    wrong, cases = 0, 0
    for n in (3, 4, 6, 9):
        alpha = float(rng.uniform(0.5, 2.0))
        for share in (0.2, 0.9, 0.99, 1.01, 1.1, 3.0):
            beta = share * n * alpha / (n - 2)
            types = rng.standard_normal(n)
            dies_out = _growth(fundamental_value(n, alpha, beta), types) < 1
            wrong += dies_out != unique(n, alpha, beta)
            cases += 1
    return Finding(
        wrong / cases,
        f"errors of reports die out in {cases - wrong} of {cases} economies exactly where (N - 2) "
        "beta < N alpha, from 1% below to 1% above",
    )


def best_report(own: Any, others_mean: Any, n: int) -> Any:
    """Return the best report against truthful others in a naive Walrasian auction, footnote 28.

    Utilities are u_i = s_i q_i - q_i^2, and the others' mean type is m.
    """
    return (n * own + others_mean) / (n + 1)


def honest_utility(own: Any, others_mean: Any, n: int) -> Any:
    """Return the utility of a truthful report, (s_i - m)^2 (N - 1)^2 / (4 N^2)."""
    return (own - others_mean) ** 2 * (n - 1) ** 2 / (4 * n**2)


def best_gain(own: Any, others_mean: Any, n: int) -> Any:
    """Return the gain of the best report over a truthful one, 1 / (N^2 - 1) of its utility."""
    scale = 4 * n**2 * (n + 1)
    return (own - others_mean) ** 2 * (n - 1) / scale


def _printed_report(own: float, mean: float, n: int) -> float:
    """Return footnote 28 with bar s_-i the average report of the other traders."""
    return n**2 / (n**2 - 1) * ((n - 1) / n * own + mean / n)


@statement(
    "Footnote 28",
    "Section 7",
    "In the naive Walrasian auction with u_i = s_i q_i - q_i^2 the best report against truthful "
    "others is N^2/(N^2 - 1) [(N - 1)/N s_i + bar s_-i/N], bar s_-i the average report of the "
    "others.",
    tolerance=1e-7,
    corrected="It is (N s_i + m)/(N + 1) with m the others' average report, which is the printed "
    "one if bar s_-i = sum_{j != i} s_j / N; it gains 1/(N^2 - 1) of the honest utility.",
)
def _check_footnote_28(
    report: Formula = best_report, honest: Formula = honest_utility, gain: Formula = best_gain
) -> Finding:
    rng = np.random.default_rng(28)
    gaps, printed, relative = [], [], []
    for _ in range(60):
        n = int(rng.integers(3, 12))
        economy = linear_quadratic(np.eye(n), 2.0)
        types = rng.standard_normal(n)
        own, mean = float(types[0]), float(types[1:].mean())
        utility = _utility_of_report(economy, types)
        search = minimize_scalar(lambda x, u=utility: -u(x), bracket=(own - 1, own), tol=1e-12)
        truth = utility(own)
        size = abs(own - mean)
        gaps += [
            abs(search.x - report(own, mean, n)) / size,
            abs(truth - honest(own, mean, n)) / size**2,
            abs(-search.fun - truth - gain(own, mean, n)) / size**2,
        ]
        printed.append(abs(search.x - _printed_report(own, mean, n)) / size)
        relative.append((-search.fun - truth) / truth * (n**2 - 1))
    return Finding(
        worst(gaps),
        f"reports found by search differ by {worst(gaps):.2g} of |s_i - m| from the formula, and "
        f"by up to {worst(printed):.3g} from the printed one; the relative gain times N^2 - 1 is "
        f"from {min(relative):.6f} to {max(relative):.6f}",
        printed=worst(printed),
    )


def _utility_of_report(economy: LinearQuadratic, types: Floats) -> Callable[[float], float]:
    mechanism = NaiveWalrasian(economy)

    def utility(report: float) -> float:
        reports = types[None].copy()
        reports[0, 0] = report
        outcome = mechanism.clear(Reports(reports))
        value = economy.utility(outcome.quantity, types[None]) - outcome.transfer
        return float(value[0, 0])

    return utility

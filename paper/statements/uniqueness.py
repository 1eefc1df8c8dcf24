"""Section 7: when truth is the only equilibrium, in every information structure."""

import numpy as np

from deviator.economies import (
    LinearQuadratic,
    fundamental_value,
    interdependence_radius,
    linear_quadratic,
)
from deviator.mechanisms import Reports, SigmaVCG
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

"""The paper's assumptions, checked on a linear-quadratic economy, each with its witness."""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.errors import RefusedError
from deviator.validation import Floats

from .bounds import pairwise_interdependence, sigma_n
from .linear_quadratic import LinearQuadratic
from .walrasian import walrasian_response


@final
@dataclass(frozen=True)
class AssumptionResult:
    """Whether an assumption holds, and the numbers that decide it."""

    holds: bool
    witness: str


def check_assumptions(economy: LinearQuadratic) -> dict[str, AssumptionResult]:
    """Check the assumptions of the paper's results.

    Parameters
    ----------
    economy : LinearQuadratic

    Returns
    -------
    dict of str to AssumptionResult
        By the paper's names: ``A2``, ``A3``, ``A4N``, ``INJ``, ``FUN``, ``Lemma 4 (i)``,
        ``Lemma 4 (ii)``, ``monotone`` (dq_i/ds_i > 0 at sigma = 0), ``sigma_N``, and ``unique``
        (Section 7's condition for a unique equilibrium).

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> checks = check_assumptions(fundamental_value(5, 1.0, 0.5, 1.0))
    >>> all(result.holds for name, result in checks.items() if name != "Lemma 4 (i)")
    True
    """
    own = np.diagonal(economy.weights)
    monotone = walrasian_response(economy, 0.0).own_effect
    return {
        "A2": _least("slope", economy.slope),
        "A3": _least("own type effect", own),
        "A4N": _small_interdependence(economy),
        **_inverse_checks(economy),
        "Lemma 4 (i)": _dominant_own_effect(economy),
        "Lemma 4 (ii)": _equal_row_sums(economy),
        "monotone": _least("dq_i/ds_i", monotone),
        "sigma_N": _sigma_n_exists(economy),
        "unique": _contraction(economy),
    }


def _least(name: str, values: Floats) -> AssumptionResult:
    trader = int(values.argmin())
    least = float(values[trader])
    return AssumptionResult(least > 0, f"least {name} is {least:.6g}, of trader {trader}")


def _small_interdependence(economy: LinearQuadratic) -> AssumptionResult:
    n = economy.n_traders
    own = float(np.diagonal(economy.weights).min())
    flattest, steepest = float(economy.slope.min()), float(economy.slope.max())
    bound = min(flattest / steepest, (n - 2) / (2 * (n - 1))) * own
    phi = pairwise_interdependence(economy)
    holds = phi < bound and bool((economy.weights >= 0).all())
    return AssumptionResult(holds, f"phi_N is {phi:.6g}, the bound is {bound:.6g}")


def _inverse_checks(economy: LinearQuadratic) -> dict[str, AssumptionResult]:
    determinant = float(np.linalg.det(economy.weights))
    witness = f"det W is {determinant:.6g}"
    try:
        sums = economy.inverse_weights().sum(axis=1)
    except RefusedError:
        failed = AssumptionResult(False, witness)
        return {"INJ": failed, "FUN": failed}
    trader = int(np.abs(sums).argmin())
    holds = bool(np.abs(sums[trader]) > 1e-12 * np.abs(sums).max())
    row = f"least row sum of the inverse of W is {sums[trader]:.6g}, of trader {trader}"
    return {"INJ": AssumptionResult(determinant > 0, witness), "FUN": AssumptionResult(holds, row)}


def _dominant_own_effect(economy: LinearQuadratic) -> AssumptionResult:
    others = economy.weights - np.diag(np.diagonal(economy.weights))
    slack = np.diagonal(economy.weights) - 2 * economy.n_traders * others.max(axis=0)
    trader = int(slack.argmin())
    return AssumptionResult(
        bool(slack[trader] >= 0),
        f"own effect less 2N times the largest effect on another is {slack[trader]:.6g}, "
        f"of trader {trader}",
    )


def _equal_row_sums(economy: LinearQuadratic) -> AssumptionResult:
    sums = economy.weights.sum(axis=1)
    spread = float(np.ptp(sums))
    return AssumptionResult(
        spread <= 1e-12 * float(np.abs(sums).max()), f"row sums of W differ by {spread:.6g}"
    )


def _sigma_n_exists(economy: LinearQuadratic) -> AssumptionResult:
    try:
        return AssumptionResult(True, f"sigma_N is {sigma_n(economy):.6g}")
    except RefusedError as error:
        return AssumptionResult(False, str(error))


def _contraction(economy: LinearQuadratic) -> AssumptionResult:
    own = np.abs(np.diagonal(economy.weights))
    if (own == 0).any():
        return AssumptionResult(False, "an own type effect is 0")
    ratios = np.abs(economy.weights) / own[:, None]
    np.fill_diagonal(ratios, 0.0)
    radius = float(np.abs(np.linalg.eigvals(ratios)).max())
    return AssumptionResult(radius < 1, f"spectral radius is {radius:.6g}, the bound is 1")

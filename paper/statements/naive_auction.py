"""Section 7, near-incentive compatibility: the naive Walrasian auction."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from deviator.economies import (
    LinearQuadratic,
    QuadraticEconomy,
    assumption_bounds,
    factored,
    fundamental_value,
    linear_quadratic,
    private_values,
    walrasian_response,
)
from deviator.mechanisms import NaiveWalrasian, Reports
from deviator.validation import Floats

from ..bounds.continuous import price_sensitivity
from ..checks.drawn import random_economy
from ..checks.exact_reports import best_reports
from ..statement import Finding, Formula, statement, worst

GENERAL = 40
"""Economies drawn for the claim that there is no equilibrium."""

SIZES = (10, 100, 1000, 10_000)
"""Numbers of traders in growing markets."""


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


def left_over_in_example_1(n_traders: int, alpha: Any, beta: Any) -> Any:
    """Return by how much a best report in Example 1 still moves with another trader's type.

    Best reports are (alpha (N + 1) + 2 beta) r_i = (alpha N + beta) s_i + beta sum_{j != i} s_j
    + (alpha - (N - 2) beta) m, m the others' mean report. An ex post equilibrium would have
    r_j rise with s_j by (alpha N + beta) / (alpha (N + 1) + 2 beta), and r_i not move at all; what
    is left over is N (alpha + beta)^2 / [(N - 1) (alpha (N + 1) + 2 beta)^2].
    """
    scale = (n_traders - 1) * (alpha * (n_traders + 1) + 2 * beta) ** 2
    return n_traders * (alpha + beta) ** 2 / scale


def _exact_examples() -> Iterator[tuple[int, Fraction, Fraction]]:
    """Yield N, alpha and beta of Example 1 whose weights are exact in floats."""
    for n in (3, 4, 5, 7):
        for alpha, share in ((8, 0), (8, 1), (3, 2), (1, 24)):
            yield n, Fraction(alpha, 8), Fraction(n * share, 8)


def _exact_economies(seed: int) -> Iterator[LinearQuadratic]:
    """Draw economies with weights that are exact in floats, and quantities that rise."""
    rng = np.random.default_rng(seed)
    for _ in range(GENERAL):
        n = int(rng.integers(3, 6))
        weights = rng.integers(0, 8, (n, n)) / 16.0
        np.fill_diagonal(weights, rng.integers(16, 33, n) / 16.0)
        yield linear_quadratic(weights, rng.integers(8, 33, n) / 16.0)


@statement(
    "Section 7: no ex post equilibrium",
    "Section 7, near-incentive compatibility",
    "The naive Walrasian auction does not have any ex post equilibrium, even in economies with "
    "private values, u_i = s_i q_i - q_i^2: the best report depends on the others' reports.",
    tolerance=0.0,
)
def _check_no_equilibrium(
    auction: Formula = NaiveWalrasian, left_over: Formula = left_over_in_example_1
) -> Finding:
    """Refute all strategies r_i(s_i), whatever their form, from two types of each trader.

    Best reports are linear in all types and in the others' reports, and unique. So when s_j rises
    by 1, r_j must rise by a known number, and no r_i may move: N (N - 1) equations in no unknowns.
    With w_ij >= 0 and quantities that rise they have no solution: they ask that w_ij > dp/ds_j for
    all i != j, and w_jj > dp/ds_j as well, but dp/ds_j is an average of the w_ij over all i.
    """
    wrong, solved, smallest = 0, 0, []
    for n, alpha, beta in _exact_examples():
        economy = fundamental_value(n, float(alpha), float(beta), slope=2.0)
        moved = best_reports(auction(economy), economy).left_over
        apart = moved[~np.eye(n, dtype=bool)]
        wrong += int((apart != left_over(n, alpha, beta)).any())
    for economy in _exact_economies(29):
        moved = best_reports(auction(economy), economy).left_over
        solved += not moved.any()
        smallest.append(float(np.abs(moved).max()))
    of_three = private_values(3, slope=2.0)
    three = best_reports(auction(of_three), of_three).left_over[0, 1]
    return Finding(
        float(wrong + solved + (three == 0)),
        "exactly, for strategies of any form: with u_i = s_i q_i - q_i^2 and N = 3, a trader's "
        f"best report moves by {three} with each type of another, where an equilibrium needs 0; in "
        "Example 1 by N (alpha + beta)^2 / [(N - 1) (alpha (N + 1) + 2 beta)^2]; of "
        f"{GENERAL} drawn economies {solved} have an equilibrium, the largest equation of each is "
        f"off by {min(smallest):.2g} or more",
    )


def relative_gain(fall: float) -> float:
    """Return the gain of the best report as a share of the honest utility.

    A trader whose units move the price by k each, a share k / slope of what they move the own
    marginal utility, gains (k q)^2 / (2 (slope + 2 k)) over slope q^2 / 2.

    Examples
    --------
    With private values and equal slopes the share is 1 / (N - 1): footnote 28.

    >>> round(1 / relative_gain(1 / (10 - 1)))
    99
    """
    return fall**2 / (1 + 2 * fall)


def _growing_market(n_traders: int) -> QuadraticEconomy:
    """Return Example 1 with alpha = 1, beta = 1/2 and slopes of 1.5, in factored form."""
    ones = np.ones(n_traders)
    return factored(ones, ones[:, None] * 0.5 / n_traders, ones[None], slope=1.5)


def _best_misreport(economy: QuadraticEconomy, types: Floats, trader: int) -> tuple[float, float]:
    """Return the relative gain of a trader's best report, and what it gains on the price."""
    reports = np.repeat(types[None], 3, axis=0)
    reports[:, trader] += [-1.0, 0.0, 1.0]
    outcome = NaiveWalrasian(economy).clear(Reports(reports))
    value = economy.utility(outcome.quantity, np.repeat(types[None], 3, axis=0))
    left, middle, right = (value - outcome.transfer)[:, trader]
    slope, bend = (right - left) / 2, 2 * middle - left - right
    moved = float(outcome.price[2] - outcome.price[1]) * slope / bend
    better = -moved * np.sign(outcome.quantity[1, trader])
    return float(slope**2 / (2 * bend) / middle), float(better)


@statement(
    "Section 7: near-optimal truth",
    "Section 7, near-incentive compatibility",
    "Truth is near optimal in the naive Walrasian auction: misreporting can have at most a "
    "beneficial effect on the per-unit price of order dp^0/dq_i times qbar.",
    tolerance=1e-7,
)
def _check_near_optimal(
    gain: Formula = relative_gain, sensitivity: Formula = price_sensitivity
) -> Finding:
    rng = np.random.default_rng(73)
    gaps, excess, share, scaled = [], [], [], []
    drawn: list[QuadraticEconomy] = [
        random_economy(rng, int(rng.integers(3, 9)), kind="maximum") for _ in range(200)
    ]
    for economy in (*drawn, *(_growing_market(n) for n in SIZES)):
        types = rng.standard_normal(economy.n_traders)
        quantity = economy.efficient_allocation(types[None])[0]
        trader = int(np.abs(quantity).argmax())
        found, better = _best_misreport(economy, types, trader)
        fall = walrasian_response(economy, 0.0).residual_slope[trader] / economy.slope[trader]
        gaps.append(abs(found / gain(float(fall)) - 1))
        bound = sensitivity(assumption_bounds(economy, kind="maximum"))
        share.append(better / (bound * abs(quantity[trader])))
        excess.append(share[-1] - 1)
        scaled.append(found * economy.n_traders**2)
    growth = ", ".join(
        f"{one:.4f} (N = {n})" for n, one in zip(SIZES, scaled[-len(SIZES) :], strict=True)
    )
    return Finding(
        max(*gaps, *excess, abs(scaled[-1] / 1.5**2 - 1) - 1 / SIZES[1], 0.0),
        f"the best report gains k^2 / (m (m + 2 k)) of the honest utility, k = dp/dq_i and m the "
        f"slope, to {worst(gaps):.2g} in {len(gaps)} economies; it moves the price by at most "
        f"{max(share):.2f} of p_q^max qbar; in Example 1 with beta = alpha / 2 the gain times N^2 "
        f"tends to ((alpha + beta)/alpha)^2 = 2.25: {growth}",
    )

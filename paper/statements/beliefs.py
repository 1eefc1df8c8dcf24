"""Examples 4 and 5 and Lemma 5: weights that Normal beliefs justify, and the double auction.

The weights are compared with regressions of values on signals that are built shock by shock, the
double auction's equilibria with the fixed point for N traders and with how the auction clears.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from deviator.economies import (
    NormalTypes,
    fundamental_value_information,
    two_groups_information,
)
from deviator.mechanisms import Reports, SigmaVCG
from deviator.validation import Floats

from ..checks.drawn import general_markets
from ..checks.normal_models import (
    BELIEFS,
    LARGE,
    Shocks,
    auction_equilibrium,
    auction_expected_utility,
    common_weights,
    direct_expected_utility,
    extrapolated,
    regression,
)
from ..closed_forms import fundamental_value, two_groups
from ..justifying_information import justifying_information
from ..statement import Finding, Formula, against_printed, compared, gap, statement, worst

SLOPE = 1.3
"""mu."""


def _group_weights(n: int, alpha: float, beta: float) -> Floats:
    return alpha * np.eye(n) + beta / (n / 2) * np.kron(np.eye(2), np.ones((n // 2, n // 2)))


def _drawn_correlations(seed: int) -> Iterator[tuple[int, float, float]]:
    """Draw N (even), rho and zeta."""
    rng = np.random.default_rng(seed)
    for _ in range(BELIEFS):
        yield 2 * int(rng.integers(2, 6)), float(rng.uniform(0, 0.95)), float(rng.uniform(0.05, 3))


@statement(
    "Example 4: beliefs",
    "Section 4, equation (4.17)",
    "E[theta_i | s] = alpha s_i + beta mean(s), alpha = (1 - rho) / (1 - rho + zeta), beta = N "
    "rho zeta / ((1 - rho + zeta) (1 + (N - 1) rho)).",
    corrected="The same with beta = N rho zeta / ((1 - rho + zeta) (1 + (N - 1) rho + zeta)), as "
    "in the last line of Appendix C's derivation.",
)
def _check_example_4_beliefs(weights: Formula = fundamental_value.justified_weights) -> Finding:
    gaps, printed = [], []
    for n, rho, zeta in _drawn_correlations(1):
        shocks = Shocks(n, 1 + 2 * n)
        values = shocks.several(rho, 1) + shocks.several(1 - rho, n)
        wanted = regression(values, values + shocks.several(zeta, n))
        alpha, beta = weights(n, rho=rho, noise=zeta)
        gaps.append(gap(common_weights(n, alpha, beta), wanted))
        old = n * rho * zeta / ((1 - rho + zeta) * (1 + (n - 1) * rho))
        printed.append(gap(common_weights(n, alpha, old), wanted))
    return against_printed(gaps, printed, f"regressions under {BELIEFS} beliefs agree")


@statement(
    "Example 4: double auction",
    "Section 4 and Appendix C",
    "The linear Bayesian equilibrium of the double auction has the allocation and transfers of "
    "sigma_N-VCG, and demands (alpha + beta) (s_i + mu (N - 1) / (alpha (N - 2) - beta) sum_{j != "
    "i} q_j).",
)
def _check_example_4_auction(
    quantity: Formula = fundamental_value.quantity,
    inverse_demand: Formula = fundamental_value.equilibrium_inverse_demand,
) -> Finding:
    gaps, shared = [], 0
    for n, rho, zeta in _drawn_correlations(3):
        alpha, beta = fundamental_value.justified_weights(n, rho=rho, noise=zeta)
        if (n - 2) * alpha <= beta:
            continue
        shared += 1
        settings = {"alpha": alpha, "beta": beta, "slope": SLOPE}
        information = fundamental_value_information(n, rho, zeta)
        auction = auction_equilibrium(information, SLOPE, n)
        tax = fundamental_value.sigma_n(n, **settings)
        honest = SigmaVCG(information.economy(SLOPE), tax).clear(Reports(auction.types))
        stated = quantity(auction.types, alpha=alpha, slope=SLOPE, sigma=tax)
        own, to_clear = auction.types[:, 0], -stated[:, 0]
        level = auction.strategy.intercept[0] * own
        gaps += [
            gap(stated, auction.outcome.quantity),
            gap(honest.quantity, auction.outcome.quantity),
            gap(honest.transfer, auction.outcome.transfer),
            gap(
                inverse_demand(own, to_clear, **settings, n=n),
                (level + to_clear) / auction.strategy.slope[0],
            ),
        ]
    return Finding(worst(gaps), f"outcomes and submitted demands agree under {shared} beliefs")


@statement(
    "Example 5: beliefs",
    "Section 4, equation (4.18)",
    "E[theta_i | s] = alpha s_i + beta mean(s^G), alpha = (1 - rho) / (1 - rho + zeta), beta = (N "
    "/ 2) rho zeta / ((1 - rho + zeta) (1 + (N / 2 - 1) rho)).",
    corrected="The same with beta = (N / 2) rho zeta / ((1 - rho + zeta) (1 + (N / 2 - 1) rho + "
    "zeta)).",
)
def _check_example_5_beliefs(weights: Formula = two_groups.justified_weights) -> Finding:
    gaps, printed = [], []
    for n, rho, zeta in _drawn_correlations(2):
        shocks = Shocks(n, 2 + 2 * n)
        group = np.repeat(shocks.several(rho, 2), n // 2, axis=1)
        values = group + shocks.several(1 - rho, n)
        wanted = regression(values, values + shocks.several(zeta, n))
        alpha, beta = weights(n, rho=rho, noise=zeta)
        gaps.append(gap(_group_weights(n, alpha, beta), wanted))
        old = n / 2 * rho * zeta / ((1 - rho + zeta) * (1 + (n / 2 - 1) * rho))
        printed.append(gap(_group_weights(n, alpha, old), wanted))
    return against_printed(gaps, printed, f"regressions under {BELIEFS} beliefs agree")


@statement(
    "Example 5: double auction",
    "Section 4, equation (4.19), and Appendix C",
    "The equilibrium price is c_s / (1 - c_p) mean(s), quantities are c_s / mu ((N - 2) / (N - 1) "
    "- c_p) / (1 - c_p) (s_i - mean(s)).",
)
def _check_example_5_auction(
    price: Formula = two_groups.equilibrium_price,
    quantity: Formula = two_groups.equilibrium_quantity,
) -> Finding:
    gaps = []
    for n, rho, zeta in _drawn_correlations(4):
        auction = auction_equilibrium(two_groups_information(n, rho, zeta), SLOPE, n)
        stated = quantity(auction.types, rho=rho, noise=zeta, slope=SLOPE)
        gaps += [
            gap(price(auction.types, rho=rho, noise=zeta), auction.outcome.price),
            gap(stated, auction.outcome.quantity),
        ]
    return Finding(worst(gaps), f"(4.19) is what the auction clears to under {BELIEFS} beliefs")


def limits_of_constants(rho: float, noise: float) -> tuple[float, float]:
    """Return the limits of c_s and c_p: (2 - rho) and 2 zeta, over their sum."""
    total = 2 - rho + 2 * noise
    return (2 - rho) / total, 2 * noise / total


@statement(
    "Example 5: constants",
    "Section 4",
    "As N grows c_s tends to (2 - rho) / (2 - rho + 2 zeta), c_p to 2 zeta / (2 - rho + 2 zeta).",
    tolerance=1e-8,
)
def _check_example_5_constants(
    constants: Formula = two_groups.equilibrium_constants, limits: Formula = limits_of_constants
) -> Finding:

    def limit_gap(rho: float, zeta: float) -> float:
        limit = extrapolated(lambda n: np.array(constants(n, rho=rho, noise=zeta)))
        return gap(limit, limits(rho, zeta))

    gaps = [limit_gap(max(rho, 0.1), zeta) for _, rho, zeta in _drawn_correlations(5)]
    return Finding(worst(gaps), f"c_s and c_p extrapolated from N = {LARGE}, {BELIEFS} beliefs")


@statement(
    "Example 5: expected utilities",
    "Section 4",
    "Expected utilities, before transfers, of both mechanisms at any N.",
)
def _check_example_5_utilities(
    expected: Formula = two_groups.expected_utility,
    in_auction: Formula = two_groups.equilibrium_expected_utility,
) -> Finding:
    gaps = []
    for n, rho, zeta in _drawn_correlations(6):
        information = two_groups_information(n, rho, zeta)
        tax = _group_sigma_n(n, rho, zeta)
        beliefs = {"rho": rho, "noise": zeta, "slope": SLOPE}
        direct = direct_expected_utility(information, SLOPE, tax)
        auction = auction_expected_utility(information, SLOPE)
        gaps.append(gap(np.full(n, expected(n, **beliefs, sigma=tax)), direct))
        gaps.append(gap(np.full(n, in_auction(n, **beliefs)), auction))
    return Finding(worst(gaps), f"expected utilities agree under {len(gaps) // 2} beliefs")


def _group_sigma_n(n: int, rho: float, zeta: float) -> float:
    alpha, beta = two_groups.justified_weights(n, rho=rho, noise=zeta)
    return two_groups.sigma_n(n, alpha=alpha, beta=beta, slope=SLOPE)


@statement(
    "Example 5: limits",
    "Section 4, equation (4.20)",
    "As N grows sigma_N-VCG's expected utility tends to the efficient (rho / 4 + (1 - rho)^2 / (2 "
    "(1 - rho + zeta))) / mu, the double auction's to (2 - rho)^2 / (4 (2 - rho + 2 zeta)) / mu, "
    "which is less.",
    tolerance=1e-8,
)
def _check_example_5_limits(
    limit: Formula = two_groups.limit_expected_utility,
    auction_limit: Formula = two_groups.limit_equilibrium_utility,
) -> Finding:
    gaps, ratios = [], []
    for _, drawn, zeta in _drawn_correlations(7):
        rho = max(drawn, 0.1)
        beliefs = {"rho": rho, "noise": zeta, "slope": SLOPE}
        stated, in_auction = limit(**beliefs), auction_limit(**beliefs)
        for taxed in (True, False):
            reached = extrapolated(partial(_direct_utility, rho=rho, zeta=zeta, taxed=taxed))
            gaps.append(gap([stated], [reached]))
        reached_in_auction = extrapolated(partial(_auction_utility, rho=rho, zeta=zeta))
        gaps.append(gap([in_auction], [reached_in_auction]))
        ratios.append(in_auction / stated)
    gaps.append(float(max(ratios) >= 1))
    text = f"the double auction's limit is {min(ratios):.3f} to {max(ratios):.3f} of the efficient"
    return Finding(worst(gaps), f"{text} one, that of sigma_N-VCG; {BELIEFS} beliefs")


def _direct_utility(n: int, rho: float, zeta: float, taxed: bool) -> float:
    tax = _group_sigma_n(n, rho, zeta) if taxed else 0.0
    return two_groups.expected_utility(n, rho=rho, noise=zeta, slope=SLOPE, sigma=tax)


def _auction_utility(n: int, rho: float, zeta: float) -> float:
    return two_groups.equilibrium_expected_utility(n, rho=rho, noise=zeta, slope=SLOPE)


@statement(
    "Lemma 5",
    "Section 7, Lemma 5",
    "For any Normal law of the signals a joint Normal law of values and signals exists under "
    "which the expected utilities are the given u_i.",
)
def _check_lemma_5(justify: Formula = justifying_information) -> Finding:
    gaps, least = [], np.inf
    for seed, m in enumerate(general_markets(8)):
        n, rng = m.n_traders, np.random.default_rng(seed)
        root = rng.standard_normal((n, n))
        law = NormalTypes(rng.standard_normal(n), root @ root.T + np.eye(n) / 4)
        beliefs = justify(m.economy, law, residual_variance=0.3)
        gaps.append(gap(beliefs.signal_covariance, law.covariance))
        cross, values = beliefs.value_signal_covariance, beliefs.value_covariance
        joint = np.block([[values, cross], [cross.T, law.covariance]])
        least = min(least, float(np.linalg.eigvalsh(joint)[0]))
        drawn = Shocks(seed, 2 * n).several(1.0, 2 * n) @ np.linalg.cholesky(joint).T
        weights = regression(drawn[:, :n], drawn[:, n:])
        expected = beliefs.value_mean + (m.types - law.mean) @ weights.T
        quantity = rng.standard_normal(m.types.shape)
        utility = expected * quantity - m.economy.slope / 2 * quantity**2
        gaps.append(gap(utility, m.economy.utility(quantity, m.types)))
    text = f"joint laws, least eigenvalue {least:.2g}, with the law of signals and the utilities"
    return compared([*gaps, max(-least, 0.0)], text)

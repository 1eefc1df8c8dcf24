"""Examples 4 and 5 and Lemma 5: weights that Normal beliefs justify, and the double auction.

The weights are compared with regressions of values on signals that are built shock by shock, the
double auction's equilibria with the fixed point for N traders and with how the auction clears.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from deviator.economies import (
    NormalInformation,
    NormalTypes,
    fundamental_value_information,
    two_groups_information,
)
from deviator.mechanisms import Reports, SigmaVCG

from ..checks.drawn import general_markets
from ..checks.normal_models import (
    BELIEFS,
    LARGE,
    Shocks,
    auction_equilibrium,
    auction_expected_utility,
    direct_expected_utility,
    extrapolated,
    regression,
)
from ..closed_forms.fundamental_value import FundamentalValue
from ..closed_forms.normal_beliefs import NormalBeliefs
from ..justifying_information import justifying_information
from ..statement import Finding, Formula, against_printed, compared, gap, statement, worst

SLOPE = 1.3
"""mu."""


def _drawn_beliefs(seed: int) -> Iterator[NormalBeliefs]:
    rng = np.random.default_rng(seed)
    for _ in range(BELIEFS):
        n, rho = 2 * int(rng.integers(2, 6)), float(rng.uniform(0, 0.95))
        yield NormalBeliefs(n, rho, float(rng.uniform(0.05, 3)), SLOPE)


def _weights_finding(seed: int, groups: int, weights: Formula) -> Finding:
    """Compare weights with regressions of values, correlated within groups, on signals."""
    gaps, printed = list[float](), list[float]()
    for beliefs in _drawn_beliefs(seed):
        n, rho, zeta = beliefs.n_traders, beliefs.rho, beliefs.noise
        size = n // groups
        shocks = Shocks(n, groups + 2 * n)
        shared = np.repeat(shocks.several(rho, groups), size, axis=1)
        values = shared + shocks.several(1 - rho, n)
        wanted = regression(values, values + shocks.several(zeta, n))
        alpha, beta = weights(beliefs)
        old = size * rho * zeta / ((1 - rho + zeta) * (1 + (size - 1) * rho))
        averages = np.kron(np.eye(groups), np.ones((size, size)))
        for common, gaps_of in ((beta, gaps), (old, printed)):
            gaps_of.append(gap(alpha * np.eye(n) + common / size * averages, wanted))
    return against_printed(gaps, printed, f"regressions under {BELIEFS} beliefs agree")


@statement(
    "Example 4: beliefs",
    "Section 4, equation (4.17)",
    "E[theta_i | s] = alpha s_i + beta mean(s), alpha = (1 - rho) / (1 - rho + zeta), beta = N "
    "rho zeta / ((1 - rho + zeta) (1 + (N - 1) rho)).",
    corrected="The same with beta = N rho zeta / ((1 - rho + zeta) (1 + (N - 1) rho + zeta)), as "
    "in the last line of Appendix C's derivation.",
)
def _check_example_4_beliefs(weights: Formula = NormalBeliefs.fundamental_value_weights) -> Finding:
    return _weights_finding(1, 1, weights)


@statement(
    "Example 4: double auction",
    "Section 4 and Appendix C",
    "The linear Bayesian equilibrium of the double auction has the allocation and transfers of "
    "sigma_N-VCG, and demands (alpha + beta) (s_i + mu (N - 1) / (alpha (N - 2) - beta) sum_{j != "
    "i} q_j).",
)
def _check_example_4_auction(
    quantity: Formula = FundamentalValue.quantity,
    inverse_demand: Formula = FundamentalValue.equilibrium_inverse_demand,
) -> Finding:
    gaps, shared = [], 0
    for beliefs in _drawn_beliefs(3):
        n, (alpha, beta) = beliefs.n_traders, beliefs.fundamental_value_weights()
        if (n - 2) * alpha <= beta:
            continue
        shared += 1
        solved = FundamentalValue(alpha, beta, SLOPE)
        information = fundamental_value_information(n, beliefs.rho, beliefs.noise)
        auction = auction_equilibrium(information, SLOPE, n)
        tax = solved.sigma_n(n)
        honest = SigmaVCG(information.economy(SLOPE), tax).clear(Reports(auction.types))
        stated = quantity(solved, auction.types, tax)
        own, to_clear = auction.types[:, 0], -stated[:, 0]
        submitted = auction.strategy.intercept[0] * own + to_clear
        demand = inverse_demand(solved, own, to_clear, n)
        gaps += [
            gap(stated, auction.outcome.quantity),
            gap(honest.quantity, auction.outcome.quantity),
            gap(honest.transfer, auction.outcome.transfer),
            gap(demand, submitted / auction.strategy.slope[0]),
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
def _check_example_5_beliefs(weights: Formula = NormalBeliefs.two_groups_weights) -> Finding:
    return _weights_finding(2, 2, weights)


@statement(
    "Example 5: double auction",
    "Section 4, equation (4.19), and Appendix C",
    "The equilibrium price is c_s / (1 - c_p) mean(s), quantities are c_s / mu ((N - 2) / (N - 1) "
    "- c_p) / (1 - c_p) (s_i - mean(s)).",
)
def _check_example_5_auction(
    price: Formula = NormalBeliefs.equilibrium_price,
    quantity: Formula = NormalBeliefs.equilibrium_quantity,
) -> Finding:
    gaps = []
    for beliefs in _drawn_beliefs(4):
        auction = auction_equilibrium(_information(beliefs), SLOPE, beliefs.n_traders)
        gaps += [
            gap(price(beliefs, auction.types), auction.outcome.price),
            gap(quantity(beliefs, auction.types), auction.outcome.quantity),
        ]
    return Finding(worst(gaps), f"(4.19) is what the auction clears to under {BELIEFS} beliefs")


def _information(beliefs: NormalBeliefs) -> NormalInformation:
    return two_groups_information(beliefs.n_traders, beliefs.rho, beliefs.noise)


def limits_of_constants(beliefs: NormalBeliefs) -> tuple[float, float]:
    """Return the limits of c_s and c_p: (2 - rho) and 2 zeta, over their sum."""
    signal, noise = 2 - beliefs.rho, 2 * beliefs.noise
    return signal / (signal + noise), noise / (signal + noise)


@statement(
    "Example 5: constants",
    "Section 4",
    "As N grows c_s tends to (2 - rho) / (2 - rho + 2 zeta), c_p to 2 zeta / (2 - rho + 2 zeta).",
    tolerance=1e-8,
)
def _check_example_5_constants(
    constants: Formula = NormalBeliefs.equilibrium_constants, limits: Formula = limits_of_constants
) -> Finding:
    gaps = [
        gap(_limit(lambda of_size: np.array(constants(of_size)), beliefs), limits(beliefs))
        for beliefs in _correlated_beliefs(5)
    ]
    return Finding(worst(gaps), f"c_s and c_p extrapolated from N = {LARGE}, {BELIEFS} beliefs")


def _correlated_beliefs(seed: int) -> Iterator[NormalBeliefs]:
    return (replace(drawn, rho=max(drawn.rho, 0.1)) for drawn in _drawn_beliefs(seed))


def _limit(formula: Formula, beliefs: NormalBeliefs) -> Any:
    return extrapolated(lambda n: formula(replace(beliefs, n_traders=n)))


@statement(
    "Example 5: expected utilities",
    "Section 4",
    "Expected utilities, before transfers, of both mechanisms at any N.",
)
def _check_example_5_utilities(
    expected: Formula = NormalBeliefs.expected_utility,
    in_auction: Formula = NormalBeliefs.equilibrium_expected_utility,
) -> Finding:
    gaps = []
    for beliefs in _drawn_beliefs(6):
        n, information, tax = beliefs.n_traders, _information(beliefs), _sigma_n(beliefs)
        direct = direct_expected_utility(information, SLOPE, tax)
        auction = auction_expected_utility(information, SLOPE)
        gaps.append(gap(np.full(n, expected(beliefs, tax)), direct))
        gaps.append(gap(np.full(n, in_auction(beliefs)), auction))
    return Finding(worst(gaps), f"expected utilities agree under {len(gaps) // 2} beliefs")


def _sigma_n(beliefs: NormalBeliefs) -> float:
    return beliefs.two_groups().sigma_n(beliefs.n_traders)


@statement(
    "Example 5: limits",
    "Section 4, equation (4.20)",
    "As N grows sigma_N-VCG's expected utility tends to the efficient (rho / 4 + (1 - rho)^2 / (2 "
    "(1 - rho + zeta))) / mu, the double auction's to (2 - rho)^2 / (4 (2 - rho + 2 zeta)) / mu, "
    "which is less.",
    tolerance=1e-8,
)
def _check_example_5_limits(
    limit: Formula = NormalBeliefs.limit_expected_utility,
    auction_limit: Formula = NormalBeliefs.limit_equilibrium_utility,
) -> Finding:
    gaps, ratios = [], []
    for beliefs in _correlated_beliefs(7):
        stated, in_auction = limit(beliefs), auction_limit(beliefs)
        taxed = _limit(lambda of_size: of_size.expected_utility(_sigma_n(of_size)), beliefs)
        efficient = _limit(lambda of_size: of_size.expected_utility(0.0), beliefs)
        reached = _limit(NormalBeliefs.equilibrium_expected_utility, beliefs)
        pairs = ((stated, taxed), (stated, efficient), (in_auction, reached))
        gaps += [gap([one], [other]) for one, other in pairs]
        ratios.append(in_auction / stated)
    gaps.append(float(max(ratios) >= 1))
    text = f"the double auction's limit is {min(ratios):.3f} to {max(ratios):.3f} of the efficient"
    return Finding(worst(gaps), f"{text} one, that of sigma_N-VCG; {BELIEFS} beliefs")


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

"""Examples 1 to 6: allocations, prices, sigma_N and transfers.

The closed forms are compared with the equations of the definitions, solved as stated, and with
how the mechanisms clear.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from deviator import economies
from deviator.economies import LinearQuadratic, check_assumptions
from deviator.validation import Floats

from ..checks.definitions import cleared_outcomes, pivotal_transfers, taxed_equilibrium
from ..checks.drawn import (
    DrawnMarket,
    fundamental_value_markets,
    heterogeneous_markets,
    two_groups_markets,
)
from ..closed_forms.fundamental_value import FundamentalValue
from ..closed_forms.heterogeneous import Heterogeneous
from ..closed_forms.two_groups import TwoGroups, group_means
from ..statement import Finding, Formula, against_printed, compared, gap, statement, worst
from .budget_claim import smallest_slope


def _allocation_gaps(
    markets: Iterable[DrawnMarket], price: Formula, quantity: Formula
) -> Iterator[float]:
    """Return the gaps of price and quantities to (3.8) and to the mechanisms' outcomes."""
    for m in markets:
        stated = price(m.solved, m.types, m.sigma), quantity(m.solved, m.types, m.sigma)
        outcomes = cleared_outcomes(m.economy, m.sigma, m.types)
        wanted = [taxed_equilibrium(m.economy, m.sigma, m.types)]
        wanted += [(outcome.price, outcome.quantity) for outcome in outcomes]
        yield worst(
            gap(one, other) for pair in wanted for one, other in zip(stated, pair, strict=True)
        )


def _transfer_gap(market: DrawnMarket, transfer: Floats) -> float:
    """Return the gap of transfers to the integral (3.10) and to the mechanisms' transfers."""
    gaps = [gap(transfer, pivotal_transfers(market.economy, market.sigma, market.types))]
    for outcome in cleared_outcomes(market.economy, market.sigma, market.types):
        gaps.append(gap(transfer, outcome.transfer))
    return worst(gaps)


def _efficient_gap(market: DrawnMarket, quantity: Floats) -> float:
    return gap(quantity, taxed_equilibrium(market.economy, 0.0, market.types)[1])


@statement(
    "Example 1",
    "Section 2.2, equation (2.2)",
    "In the fundamental value model q_i^0 = alpha (s_i - mean(s)) / mu.",
)
def _check_example_1(quantity: Formula = FundamentalValue.quantity) -> Finding:
    gaps = (_efficient_gap(m, quantity(m.solved, m.types)) for m in fundamental_value_markets(1))
    return compared(gaps, "(2.2) solves (2.1)")


@statement(
    "Example 1: assumption A4^N",
    "Section 2.2",
    "In the fundamental value model A4^N holds where alpha > beta / (N - 2).",
)
def _check_example_1_interdependence(
    bound: Formula = lambda n_traders, beta: beta / (n_traders - 2),
) -> Finding:
    rng = np.random.default_rng(2)
    wrong, cases = 0, 0
    for _ in range(200):
        n, beta = int(rng.integers(3, 12)), float(rng.uniform(0.1, 2.0))
        alpha = float(beta / (n - 2) * rng.choice([0.5, 0.999, 1.001, 2.0]))
        holds = check_assumptions(economies.fundamental_value(n, alpha, beta, 1.0))["A4N"].holds
        wrong += holds != (alpha > bound(n, beta))
        cases += 1
    return Finding(wrong / cases, f"A4^N and alpha > beta / (N - 2) disagree in {wrong} of {cases}")


@statement(
    "Example 2",
    "Section 2.2, equation (2.3)",
    "In the group model q_i^0 = (alpha_G s_i + beta_G mean(s^G) - (alpha_G + beta_G) mean(s)) / "
    "mu.",
    corrected="q_i^0 = (alpha_G s_i + beta_G mean(s^G) - p^0) / mu with p^0 = sum_G (alpha_G + "
    "beta_G) mean(s^G) / 2; the two agree only where alpha_1 + beta_1 = alpha_2 + beta_2.",
)
def _check_example_2(quantity: Formula = TwoGroups.quantity) -> Finding:
    rng = np.random.default_rng(3)
    gaps, printed, excess = [], [], []
    for _ in range(40):
        n, slope = 2 * int(rng.integers(2, 6)), float(rng.uniform(0.5, 3.0))
        solved = TwoGroups(rng.uniform(0.3, 2.0, 2), rng.uniform(0.0, 2.0, 2), slope)
        types = rng.standard_normal((8, n))
        wanted = taxed_equilibrium(economies.two_groups(n, **vars(solved)), 0.0, types)[1]
        gaps.append(gap(quantity(solved, types), wanted))
        as_printed = _printed_two_groups(solved, types)
        printed.append(gap(as_printed, wanted))
        excess.append(float(np.abs(as_printed.sum(axis=1)).max()))
    text = f"quantities solve (2.1) and sum to 0, the printed ones to as much as {max(excess):.3g}"
    return against_printed(gaps, printed, text)


def _printed_two_groups(model: TwoGroups, types: Floats) -> Floats:
    own, group = (np.repeat(weight, types.shape[1] // 2) for weight in (model.alpha, model.beta))
    value = own * types + group * group_means(types)
    return np.asarray((value - (own + group) * types.mean(axis=1, keepdims=True)) / model.slope)


@statement(
    "Example 3",
    "Section 2.2, equation (2.4)",
    "With small and big traders q_i^0 = (alpha s_i + beta mean(s) - p^sigma(s)) / mu_G.",
    corrected="q_i^0 = (alpha s_i + beta mean(s) - p^0(s)) / mu_G, with the price without tax.",
)
def _check_example_3(quantity: Formula = Heterogeneous.quantity) -> Finding:
    gaps, printed = [], []
    for market in list(heterogeneous_markets(4))[1:]:
        solved, types = market.solved, market.types
        gaps.append(_efficient_gap(market, quantity(solved, types)))
        difference = solved.price(types) - solved.price(types, market.sigma)
        as_printed = quantity(solved, types) + difference[:, None] / market.economy.slope
        printed.append(_efficient_gap(market, as_printed))
    return against_printed(gaps, printed, "at the price without tax, (2.4) solves (2.1)")


@statement(
    "Example 4: allocation",
    "Section 4, equation (4.14)",
    "p^sigma = (alpha + beta) mean(s) and q_i^sigma = alpha (s_i - mean(s)) / (mu + sigma).",
)
def _check_example_4(
    price: Formula = FundamentalValue.price, quantity: Formula = FundamentalValue.quantity
) -> Finding:
    gaps = _allocation_gaps(fundamental_value_markets(5), price, quantity)
    return compared(gaps, "(4.14) solves (3.8) and is what sigma-VCG and sigma-DCDA clear to")


@statement(
    "Example 5: allocation",
    "Section 4",
    "p^sigma = (alpha + beta) mean(s) and q_i^sigma = (alpha s_i + beta mean(s^G) - p^sigma) / "
    "(mu + sigma).",
)
def _check_example_5(
    price: Formula = TwoGroups.price, quantity: Formula = TwoGroups.quantity
) -> Finding:
    gaps = _allocation_gaps(two_groups_markets(6), price, quantity)
    return compared(gaps, "price and allocation solve (3.8), and both mechanisms clear to them")


@statement(
    "Example 6: allocation",
    "Section 4",
    "p^sigma = alpha (gamma_S mean(s^S) + gamma_B mean(s^B)) + beta mean(s), gamma_G = (sigma + "
    "mu_-G) / (2 sigma + mu_B + mu_S), and q_i^sigma = (alpha s_i + beta mean(s) - p^sigma) / "
    "(mu_G + sigma).",
)
def _check_example_6(
    price: Formula = Heterogeneous.price, quantity: Formula = Heterogeneous.quantity
) -> Finding:
    gaps = _allocation_gaps(heterogeneous_markets(7), price, quantity)
    return compared(gaps, "price and allocation solve (3.8), and both mechanisms clear to them")


def _sigma_n_of_definition(economy: LinearQuadratic) -> float:
    """Return (3.13) from the derivatives of the utilities."""
    n = economy.n_traders
    nothing = np.zeros((1, n))
    effects = economy.type_effects(nothing, nothing)[0]
    own = np.diagonal(effects).min()
    phi = (effects.sum(axis=0) - np.diagonal(effects)).max() / (n - 1)
    reach = own / (n - 1) + phi
    slope = -economy.quantity_slopes(nothing, nothing).min()
    return float(slope / (own - phi) * reach / (1 - reach / (own - phi)))


def _sigma_n_gaps(
    markets: Iterable[DrawnMarket], sigma_n: Formula, *, balances: bool = True
) -> Iterator[float]:
    """Return the gaps of slopes to (3.13), and to the least ones without a deficit."""
    for m in markets:
        sigma = [sigma_n(m.solved, m.n_traders)]
        gaps = [gap(sigma, [_sigma_n_of_definition(m.economy)])]
        if balances:
            gaps.append(gap(sigma, [smallest_slope(m.economy, m.types[0])]))
        yield worst(gaps)


@statement(
    "Example 4: sigma_N",
    "Section 4, equation (4.15)",
    "sigma_N = mu (alpha + beta) / ((N - 2) alpha - beta).",
)
def _check_example_4_slope(sigma_n: Formula = FundamentalValue.sigma_n) -> Finding:
    gaps = _sigma_n_gaps(fundamental_value_markets(8), sigma_n)
    return compared(gaps, "(4.15) is (3.13) and the least slope without a deficit, by bisection")


@statement("Example 5: sigma_N", "Section 4", "sigma_N = mu (alpha + beta) / ((N - 2) alpha).")
def _check_example_5_slope(sigma_n: Formula = TwoGroups.sigma_n) -> Finding:
    gaps = _sigma_n_gaps(two_groups_markets(9), sigma_n)
    return compared(gaps, "it is (3.13) and the least slope without a deficit, by bisection")


@statement(
    "Example 6: sigma_N",
    "Section 4, equation (3.13)",
    "The slope sigma_N from Proposition 2, here mu_S (alpha + beta) / ((N - 2) alpha - beta).",
)
def _check_example_6_slope(sigma_n: Formula = Heterogeneous.sigma_n) -> Finding:
    gaps = _sigma_n_gaps(heterogeneous_markets(10), sigma_n, balances=False)
    return compared(gaps, "(4.15) with the steeper slope is (3.13)")


@statement(
    "Example 4: transfers",
    "Section 4, equation (4.16)",
    "At sigma_N transfers are t_i = p q_i and the budget balances.",
)
def _check_example_4_transfers(transfer: Formula = FundamentalValue.transfer) -> Finding:
    return _transfers_finding(fundamental_value_markets(11), transfer)


@statement(
    "Example 5: transfers",
    "Section 4",
    "At sigma_N transfers are t_i = p q_i and the budget balances.",
)
def _check_example_5_transfers(transfer: Formula = TwoGroups.transfer) -> Finding:
    return _transfers_finding(two_groups_markets(12), transfer)


def _transfers_finding(markets: Iterable[DrawnMarket], transfer: Formula) -> Finding:
    gaps = []
    for m in markets:
        gaps.append(_transfer_gap(m, transfer(m.solved, m.types, m.sigma)))
        balanced = m.solved.sigma_n(m.n_traders)
        gaps.append(_balance_gap(m, balanced, transfer(m.solved, m.types, balanced)))
    return compared(gaps, "transfers are the integral (3.10); at sigma_N they are p q, sum to 0")


def _balance_gap(market: DrawnMarket, sigma: float, transfer: Floats) -> float:
    """Return the gap of transfers at sigma_N to p q, and to a balanced budget."""
    price, quantity = taxed_equilibrium(market.economy, sigma, market.types)
    imbalance = np.abs(transfer.sum(axis=1)).max() / np.abs(transfer).max()
    return worst([gap(transfer, price[:, None] * quantity), float(imbalance)])


@statement(
    "Example 6: transfers",
    "Appendix C, Example 6, part 1",
    "t_i = p q_i + q_i^2/2 [sigma - (sigma + mu_G) (beta + 2 alpha gamma_G) / (alpha (N - 2 "
    "gamma_G))], in the explicit line with gamma_G = (sigma + mu_G) / (2 sigma + mu_B + mu_S).",
    corrected="The same with gamma_G = (sigma + mu_-G) / (2 sigma + mu_B + mu_S), as in Section 4.",
)
def _check_example_6_transfers(transfer: Formula = Heterogeneous.transfer) -> Finding:
    gaps, printed = [], []
    for market in heterogeneous_markets(13):
        stated = transfer(market.solved, market.types, market.sigma)
        gaps.append(_transfer_gap(market, stated))
        printed.append(_transfer_gap(market, _printed_transfer(market)))
    return against_printed(gaps, printed, "with mu_-G in gamma_G, transfers are (3.10)")


def _printed_transfer(market: DrawnMarket) -> Floats:
    """Return Example 6's transfers as printed in Appendix C: gamma with mu_G for mu_-G."""
    n, solved, sigma = market.n_traders, market.solved, market.sigma
    alpha, beta, bend = solved.alpha, solved.beta, market.economy.slope + sigma
    gamma = bend / (bend[0] + bend[-1])
    discount = bend * (beta + 2 * alpha * gamma) / (alpha * (n - 2 * gamma))
    quantity = solved.quantity(market.types, sigma)
    price = solved.price(market.types, sigma)[:, None]
    return np.asarray(price * quantity + (sigma - discount) * quantity**2 / 2)

"""Example 9: entry fees (Section 6)."""

from collections.abc import Iterator
from functools import partial
from itertools import combinations

import numpy as np

from deviator.economies import (
    QuadraticEconomy,
    affects_others_alike,
    fundamental_value,
    heterogeneous,
    private_values,
)
from deviator.mechanisms import Allocation, EntryFeeVCG, Reports
from deviator.validation import Bools, Floats

from ..checks.monotonicity import FEE_WITNESS, falls_in_own_type, largest_fall
from ..checks.pivotal_types import marginal_utility
from ..checks.taxed_markets import PROFILES, TaxedMarket, market_price, same_for_all, transfer_gap
from ..statement import Finding, Formula, gap, statement, worst

ENTRY_MARKETS = 1000


def entry_markets() -> Iterator[TaxedMarket]:
    """Yield markets of six traders with entry fees; types are standard Normal."""
    rng = np.random.default_rng(90)
    economies = (private_values(6, slope=1.0), private_values(6, slope=2.0), fundamental_value(6))
    for economy in (*economies, heterogeneous(6)):
        for fee in (0.02, 0.1, 0.3):
            yield TaxedMarket(economy, fee, rng.standard_normal((ENTRY_MARKETS, 6)))


def entry_fee_in(economy: QuadraticEconomy, fee: float, types: Floats) -> Allocation:
    """Return Example 9's allocation, the largest total utility less fees."""
    return EntryFeeVCG(economy, fee).allocate(types)


@statement(
    "Example 9: allocation",
    "(6.28), Section 6",
    "For any type profile the allocation is determined jointly with a price p such that markets "
    "clear, mu_i(q_i, s) = p where q_i != 0, and q_i != 0 iff int_0^q_i mu_i(x, s) dx - p q_i >= "
    "phi (6.28).",
    corrected="Such a price may not exist; the allocation is the one of the largest total of "
    "utilities less fees, which is that of (6.28) wherever there is a price.",
)
def _check_entry(allocation: Formula = entry_fee_in) -> Finding:
    gaps, shares = [], []
    for economy, fee, types in entry_markets():
        quantity = allocation(economy, fee, types).quantity
        total, exists, clearing = best_of_all_sets(economy, fee, types)
        reached = economy.utility(quantity, types).sum(axis=1) - fee * (quantity != 0).sum(axis=1)
        gaps += [gap(reached, total), gap(quantity[exists], clearing[exists])]
        shares.append(float(1 - exists.mean()))
    text = (
        "a price clears (6.28) in some profiles only: none exists in "
        f"{min(shares):.0%} to {max(shares):.0%} of {ENTRY_MARKETS} Normal profiles with N = 6, "
        "by slope and fee; the largest total of utilities less fees, over all sets of traders, "
        f"always exists and is (6.28)'s allocation wherever there is one, to {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text, max(shares))


def best_of_all_sets(
    economy: QuadraticEconomy, fee: float, types: Floats
) -> tuple[Floats, Bools, Floats]:
    """Return the largest total less fees (B,), and whether (6.28) clears (B,), with quantities.

    By going through every set of traders.
    """
    value = economy.value(types)
    batch, n = value.shape
    total, exists = np.zeros(batch), np.zeros(batch, dtype=bool)
    reach = np.sqrt(2 * fee * economy.slope)
    exists |= (value - reach).max(axis=1) < (value + reach).min(axis=1)
    clearing = np.zeros((batch, n))
    for size in range(2, n + 1):
        for traders in combinations(range(n), size):
            members = list(traders)
            steepness = 1 / economy.slope[members]
            price = value[:, members] @ steepness / steepness.sum()
            quantity = np.zeros((batch, n))
            quantity[:, members] = steepness * (value[:, members] - price[:, None])
            worth = economy.utility(quantity, types).sum(axis=1) - fee * size
            total = np.maximum(total, worth)
            rent = (value - price[:, None]) ** 2 / (2 * economy.slope)
            wants = (rent >= fee) == np.isin(np.arange(n), members)
            clears = wants.all(axis=1)
            clearing[clears] = quantity[clears]
            exists |= clears
    return total, exists, clearing


@statement(
    "Example 9: transfers",
    "Section 6, (3.11)",
    "Transfers that guarantee incentive compatibility are t_i = T_i + phi + int_0^q_i p(s_i(x), "
    "s_-i) dx where q_i != 0, with T_i <= 0.",
    tolerance=2e-5,
    corrected="t_i = T_i + int_0^q_i mu_i(x, s_i(x), s_-i) dx, which differs for units that no "
    "report leads to, since whoever enters or leaves moves the price.",
)
def _check_entry_transfers(unit_price: Formula = marginal_utility) -> Finding:
    rng = np.random.default_rng(91)
    gaps, printed = [], []
    for economy, fee in ((private_values(4), 0.2), (fundamental_value(5), 0.1)):
        types = rng.standard_normal((3, economy.n_traders))
        rule = EntryFeeVCG(economy, fee)
        outcome = rule.clear(Reports(types))
        pivotal = partial(unit_price, economy)
        gaps.append(transfer_gap(rule, types, outcome.transfer, pivotal))
        # As printed: a fee, and market prices at pivotal types, also for units no report leads to.
        without_fee = outcome.transfer - fee * (outcome.quantity != 0)
        printed.append(transfer_gap(rule, types, without_fee, same_for_all(market_price(rule))))
    text = (
        "marginal utilities at pivotal types add up to incentive compatible transfers, to "
        f"{worst(gaps):.2g}; the fee and market prices at pivotal types miss them by "
        f"{worst(printed):.2g} of the largest, where entry moves the price"
    )
    return Finding(worst(gaps), text, worst(printed))


@statement(
    "Example 9: incentives",
    "Section 6",
    'With an entry fee there are transfers t(s) "that guarantee incentive compatibility".',
    corrected="There are where each type affects all others alike, as in Examples 1 and 3 and "
    "under private values; elsewhere within A4^N quantities may fall in the own type, and then "
    "there are none. (An entry fee is not convex, and so is no tax of Section 6's definition.)",
)
def _check_entry_incentives(condition: Formula = affects_others_alike) -> Finding:
    broken, excluded, cases = falls_in_own_type(
        condition, lambda economy, types: [(EntryFeeVCG(economy, 0.3), types)]
    )
    types = 2 * np.random.default_rng(63).standard_normal((PROFILES, 4))
    by = largest_fall(EntryFeeVCG(FEE_WITNESS, 0.3), types)
    text = (
        f"where types affect others alike quantities fell in the own type in {broken} of {cases} "
        f"economies; elsewhere within A4^N in {excluded}, in two groups of two (alpha = 1, weight "
        f".775 within, fee .3) by {by:.3g}"
    )
    return Finding(broken / cases, text, excluded / cases)

"""The taxes of Section 6: tau-VCG by its definition, spreads (Example 8), fees (Example 9)."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations
from types import MappingProxyType

import numpy as np

from deviator.economies import (
    QuadraticEconomy,
    affects_others_alike,
    check_assumptions,
    fundamental_value,
    heterogeneous,
    private_values,
    single_crossing_violation,
)
from deviator.mechanisms import Allocation, EntryFeeVCG, Reports, SigmaVCG, SpreadVCG, TaxVCG
from deviator.validation import Bools, Floats

from ..checks.taxed_markets import (
    FEE_WITNESS,
    PROFILES,
    TAX_WITNESS,
    PriceOf,
    TaxedMarket,
    crossing_markets,
    falls_in_own_type,
    largest_fall,
    marginal_utility,
    market_price,
    same_for_all,
    transfer_gap,
)
from ..statement import Finding, Formula, gap, statement, worst


@statement(
    "Section 6: quadratic tax",
    "Section 6, Definitions 1 and 2",
    "The VCG mechanism with the tax sigma q^2 / 2 is sigma-VCG.",
    tolerance=1e-10,
)
def _check_quadratic(tax: Formula = lambda sigma: [[sigma, 2]]) -> Finding:
    gaps = []
    for economy, sigma, types in crossing_markets(seed=60, count=12):
        by_tax = TaxVCG(economy, tax(sigma)).clear(Reports(types[:10]))
        wanted = SigmaVCG(economy, sigma).clear(Reports(types[:10]))
        gaps += [
            gap(getattr(by_tax, name), getattr(wanted, name))
            for name in ("price", "quantity", "transfer")
        ]
    text = (
        "prices, quantities and transfers, by numerical clearing and quadrature, are those of "
        f"sigma-VCG in closed form, to {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


@statement(
    "Section 6: definition of tau-VCG",
    "Section 6",
    "Transfers are those of an incentive compatible mechanism for u_i - tau, plus the tax.",
    tolerance=2e-5,
)
def _check_definition(collected: Formula = lambda tax, units: tax.amount(units)) -> Finding:
    gaps = []
    for economy, size, types in crossing_markets(seed=61, count=2):
        rule = TaxVCG(economy, [[0.2 * size, 1], [0.1, 2], [0.3, 3]])
        outcome = rule.clear(Reports(types[:1]))
        of_utilities = outcome.transfer - collected(rule.tax, np.abs(outcome.quantity))
        price = same_for_all(market_price(rule))
        gaps.append(transfer_gap(rule, types[:1], of_utilities, price))
    text = (
        "transfers less the tax are the pivotal ones for utilities less the tax, integrals of "
        f"prices at pivotal types found by bisection, to {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


TAX_WITNESS_TYPES: Mapping[str, Floats] = MappingProxyType(
    {
        "the spread .3": np.array([[1.0, 0.0, 0.0, 0.0, -2.4]]),
        "the tax 5 q^3 / 3": np.array([[6.0, 6.0, -6.0, -6.0, -8.4]]),
    }
)
"""Only traders 0 and 4 trade under the spread here; all but trader 4 do under the cubic tax."""

CUBIC = [[5.0, 3]]


@statement(
    "Section 6: convex taxes",
    "Section 6",
    '"A VCG mechanism with taxes tau satisfies IR, IC, and MC for every choice of tax function '
    'tau", twice continuously differentiable, increasing and convex.',
    corrected="It does by its definition, from a mechanism for u_i - tau that satisfies them, but "
    "there may be none: under single crossing (w_ji < w_ii) there is for every such tau; within "
    "A4^N alone the efficient quantities for u_i - tau may fall in the own type, and then no "
    "transfers are incentive compatible.",
)
def _check_convex_taxes(
    condition: Formula = lambda economy: single_crossing_violation(economy) is None,
) -> Finding:
    broken, excluded, cases = falls_in_own_type(
        condition,
        lambda economy, types: [
            (SpreadVCG(economy, 0.3), types),
            (TaxVCG(economy, CUBIC), 3 * types[:3]),
        ],
    )
    inside = check_assumptions(TAX_WITNESS)["A4N"].holds
    rules = SpreadVCG(TAX_WITNESS, 0.3), TaxVCG(TAX_WITNESS, CUBIC)
    falls_with = {
        name: largest_fall(rule, types)
        for rule, (name, types) in zip(rules, TAX_WITNESS_TYPES.items(), strict=True)
    }
    fall_texts = " and ".join(f"by {fall:.3g} with {name}" for name, fall in falls_with.items())
    text = (
        f"under single crossing quantities fell in the own type in {broken} of {cases} cases of a "
        f"spread or a cubic tax; without it, within A4^N, in {excluded}; with N = 5, slopes and "
        f"own effects of 1 and one other effect, w_51 = 1.4, trader 1's falls {fall_texts}, and no "
        "transfers are incentive compatible"
    )
    return Finding(broken / cases + float(not inside), text, min(falls_with.values()))


ECONOMIES = 60

LITERAL_MARKETS = 4

EXCHANGES = (1e-4, 1e-2, 0.3)
"""Quantities by which exchanges between two traders are tested."""


@statement(
    "Example 8: allocation",
    "(6.27), Section 6",
    "With a spread, marginal utilities are the ask price for buyers, the bid price for sellers, "
    "and the market clears (mu_i(q_i, s) there is the marginal utility).",
)
def _check_spread(
    allocation: Formula = lambda economy, tax, types: SpreadVCG(economy, tax).allocate(types),
) -> Finding:
    gaps = []
    for economy, tax, types in crossing_markets(seed=80, count=ECONOMIES):
        outcome = allocation(economy, tax, types)
        gaps += [
            gap(outcome.quantity.sum(axis=1), np.zeros(len(types))),
            _bid_ask_gap(economy, tax, types, outcome),
            _exchange_gain(economy, tax, types, outcome.quantity),
        ]
    text = (
        f"soft-threshold demands clear {ECONOMIES} drawn economies, buyers' marginal utilities "
        "are p + delta, sellers' p - delta, others' between, and no exchange between two traders "
        f"raises total utility less taxes; largest violation {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


def _bid_ask_gap(
    economy: QuadraticEconomy, half_spread: float, types: Floats, outcome: Allocation
) -> float:
    """Return the violation of (6.27), relative to the largest marginal utility of a first unit."""
    marginal = economy.marginal_utility(outcome.quantity, types) - outcome.price[:, None]
    side = np.sign(outcome.quantity)
    off = np.where(
        side == 0, np.maximum(np.abs(marginal) - half_spread, 0), marginal - side * half_spread
    )
    return float(np.abs(off).max() / np.abs(economy.value(types)).max())


def _exchange_gain(
    economy: QuadraticEconomy, half_spread: float, types: Floats, quantity: Floats
) -> float:
    """Return the largest gain from moving some of the good between two traders."""
    worth = _taxed_utility(economy, half_spread, types, quantity)
    gains = [0.0]
    for giver, receiver in combinations(range(economy.n_traders), 2):
        for size in (*EXCHANGES, *(-size for size in EXCHANGES)):
            moved = quantity.copy()
            moved[:, giver] -= size
            moved[:, receiver] += size
            gain = _taxed_utility(economy, half_spread, types, moved) - worth
            gains.append(float(gain.max() / np.abs(worth).max()))
    return max(gains)


def _taxed_utility(
    economy: QuadraticEconomy, half_spread: float, types: Floats, quantity: Floats
) -> Floats:
    utility = economy.utility(quantity, types) - half_spread * np.abs(quantity)
    return np.asarray(utility.sum(axis=1))


@statement(
    "Example 8: transfers",
    "Section 6, (3.11)",
    "Transfers integrate ask prices of units bought, bid prices of units sold, at pivotal types.",
    tolerance=2e-5,
)
def _check_spread_transfers(
    price: Formula = lambda middle, half_spread, side: middle + side * half_spread,
) -> Finding:
    gaps = []
    for economy, tax, types in crossing_markets(seed=81, count=LITERAL_MARKETS):
        rule = SpreadVCG(economy, tax)
        outcome = rule.clear(Reports(types[:2]))
        quoted = same_for_all(quoted_price(rule, price))
        gaps.append(transfer_gap(rule, types[:2], outcome.transfer, quoted))
    text = (
        "integrals of bid and ask prices at pivotal types found by bisection agree with the "
        f"mechanism's transfers to {worst(gaps):.2g}, in {LITERAL_MARKETS} drawn economies"
    )
    return Finding(worst(gaps), text)


def quoted_price(rule: SpreadVCG, price: Formula) -> PriceOf:
    """Return the pivotal price that is the bid or ask price."""

    def quoted(profiles: Floats, units: Floats) -> Floats:
        side = float(np.sign(units[0]))
        return np.asarray(price(rule.allocate(profiles).price, rule.half_spread, side))

    return quoted


ENTRY_MARKETS = 1000


def entry_markets() -> Iterator[TaxedMarket]:
    """Yield markets of six traders with entry fees; types are standard Normal."""
    rng = np.random.default_rng(90)
    economies = (private_values(6, slope=1.0), private_values(6, slope=2.0), fundamental_value(6))
    for economy in (*economies, heterogeneous(6)):
        for fee in (0.02, 0.1, 0.3):
            yield TaxedMarket(economy, fee, rng.standard_normal((ENTRY_MARKETS, 6)))


@statement(
    "Example 9: allocation",
    "(6.28), Section 6",
    "For any type profile the allocation is determined jointly with a price p such that markets "
    "clear, mu_i(q_i, s) = p where q_i != 0, and q_i != 0 iff int_0^q_i mu_i(x, s) dx - p q_i >= "
    "phi (6.28).",
    corrected="Such a price may not exist; the allocation is the one of the largest total of "
    "utilities less fees, which is that of (6.28) wherever there is a price.",
)
def _check_entry(
    allocation: Formula = lambda economy, fee, types: EntryFeeVCG(economy, fee).allocate(types),
) -> Finding:
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

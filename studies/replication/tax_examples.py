"""Examples 8 and 9 and the definition of tau-VCG (Section 6)."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from deviator.economies import (
    LinearQuadratic,
    QuadraticEconomy,
    affects_others_alike,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    random_economy,
    single_crossing_violation,
    two_groups,
)
from deviator.mechanisms import (
    Allocation,
    EntryFeeVCG,
    PivotalMechanism,
    Reports,
    SigmaVCG,
    SpreadVCG,
    Tax,
    TaxVCG,
)
from deviator.validation import Bools, Floats

from .agreement import gap, worst
from .pivotal_types import PriceOf, literal_transfer, marginal_utility
from .statement import Finding, Statement

ECONOMIES = 60
PROFILES = 40
LITERAL_MARKETS = 4
ENTRY_MARKETS = 1000
DRAWN = 50
"""Economies within A4^N in which quantities are watched as types rise."""

ROUNDING = 1e-9

EXCHANGES = (1e-4, 1e-2, 0.3)
"""Amounts that pairs of traders try to exchange, of the usual quantity."""

AllocationIn = Callable[[QuadraticEconomy, float, Floats], Allocation]
"""Economy, size of the tax and types (B, N) to price and quantities."""


class TaxedMarket(NamedTuple):
    """An economy with single crossing, the size of a tax, and profiles of types."""

    economy: LinearQuadratic
    tax: float
    types: Floats  # (PROFILES, N)


def crossing_markets(seed: int, count: int) -> Iterator[TaxedMarket]:
    """Draw economies with single crossing and any slopes; the first has no tax."""
    rng = np.random.default_rng(seed)
    for place in range(count):
        n = int(rng.integers(3, 8))
        own = rng.uniform(0.5, 1.5, n)
        weights = own * rng.uniform(0, 0.9, (n, n)) * rng.choice([0.0, 0.5, 1.0])
        np.fill_diagonal(weights, own)
        slope, intercept = rng.uniform(0.5, 2.0, n), rng.normal(0, 0.3, n)
        tax = 0.0 if place == 0 else float(rng.uniform(0, 0.8))
        economy = linear_quadratic(weights, slope, intercept)
        yield TaxedMarket(economy, tax, rng.standard_normal((PROFILES, n)))


def spread_in(economy: QuadraticEconomy, half_spread: float, types: Floats) -> Allocation:
    """Return Example 8's allocation."""
    return SpreadVCG(economy, half_spread).allocate(types)


def _check_spread(*, allocation: AllocationIn = spread_in) -> Finding:
    gaps = []
    for economy, tax, types in crossing_markets(seed=80, count=ECONOMIES):
        found = allocation(economy, tax, types)
        gaps += [
            gap(found.quantity.sum(axis=1), np.zeros(len(types))),
            _bid_ask_gap(economy, tax, types, found),
            _exchange_gain(economy, tax, types, found.quantity),
        ]
    text = (
        f"soft-threshold demands clear {ECONOMIES} drawn economies, buyers' marginal utilities "
        "are p + delta, sellers' p - delta, others' between, and no exchange between two traders "
        f"raises total utility less taxes; largest violation {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


def _bid_ask_gap(
    economy: QuadraticEconomy, half_spread: float, types: Floats, found: Allocation
) -> float:
    """Return by how much (6.27) is violated, over the usual size of marginal utilities."""
    marginal = economy.marginal_utility(found.quantity, types) - found.price[:, None]
    side = np.sign(found.quantity)
    off = np.where(
        side == 0, np.maximum(np.abs(marginal) - half_spread, 0), marginal - side * half_spread
    )
    return float(np.abs(off).max() / np.abs(economy.value(types)).max())


def _exchange_gain(
    economy: QuadraticEconomy, half_spread: float, types: Floats, quantity: Floats
) -> float:
    """Return the most that moving a bit of the good between two traders gains."""
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


def bid_or_ask(middle: Floats, half_spread: float, side: float) -> Floats:
    """Return what a buyer (side 1) pays per unit, or a seller (side -1) receives."""
    return middle + side * half_spread


def _check_spread_transfers(
    *, price: Callable[[Floats, float, float], Floats] = bid_or_ask
) -> Finding:
    gaps = []
    for economy, tax, types in crossing_markets(seed=81, count=LITERAL_MARKETS):
        rule = SpreadVCG(economy, tax)
        outcome = rule.clear(Reports(types[:2]))
        quoted = to_everybody(quoted_price(rule, price))
        gaps.append(_transfer_gap(rule, types[:2], outcome.transfer, quoted))
    text = (
        "integrals of bid and ask prices at pivotal types found by bisection agree with the "
        f"mechanism's transfers to {worst(gaps):.2g}, in {LITERAL_MARKETS} drawn economies"
    )
    return Finding(worst(gaps), text)


def quoted_price(rule: SpreadVCG, price: Callable[[Floats, float, float], Floats]) -> PriceOf:
    """Return the bid or ask price at the types at which units are pivotal."""

    def quoted(profiles: Floats, units: Floats) -> Floats:
        return price(rule.allocate(profiles).price, rule.half_spread, float(np.sign(units[0])))

    return quoted


def market_price(rule: PivotalMechanism) -> PriceOf:
    """Return the market's price at the types at which units are pivotal."""

    def price(profiles: Floats, units: Floats) -> Floats:
        del units
        return rule.allocate(profiles).price

    return price


def to_everybody(price: PriceOf) -> Callable[[int], PriceOf]:
    """Return the price of units to each trader where it is the same rule for all."""

    def price_to(trader: int) -> PriceOf:
        del trader
        return price

    return price_to


def _transfer_gap(
    rule: PivotalMechanism, types: Floats, transfer: Floats, price_to: Callable[[int], PriceOf]
) -> float:
    """Return how far the mechanism's transfers are from literal integrals, of the largest."""

    def quantities(profiles: Floats) -> Floats:
        return rule.allocate(profiles).quantity

    literal = [
        [
            literal_transfer(quantities, profile, trader, price_to(trader))
            for trader in range(len(profile))
        ]
        for profile in types
    ]
    return gap(transfer, literal)


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


def _check_entry(*, allocation: AllocationIn = entry_fee_in) -> Finding:
    gaps, shares = [], []
    for economy, fee, types in entry_markets():
        found = allocation(economy, fee, types).quantity
        total, exists, clearing = best_of_all_sets(economy, fee, types)
        reached = economy.utility(found, types).sum(axis=1) - fee * (found != 0).sum(axis=1)
        gaps += [gap(reached, total), gap(found[exists], clearing[exists])]
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
    """Return the largest total less fees (B,), and where (6.28) clears (B,), with quantities.

    By trying every set of traders.
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


def _check_entry_transfers(
    *, unit_price: Callable[[QuadraticEconomy, int], PriceOf] = marginal_utility
) -> Finding:
    rng = np.random.default_rng(91)
    gaps, printed = [], []
    for economy, fee in ((private_values(4), 0.2), (fundamental_value(5), 0.1)):
        types = rng.standard_normal((3, economy.n_traders))
        rule = EntryFeeVCG(economy, fee)
        outcome = rule.clear(Reports(types))
        pivotal = partial(unit_price, economy)
        gaps.append(_transfer_gap(rule, types, outcome.transfer, pivotal))
        # As printed: a fee, and market prices at pivotal types also for units that none leads to.
        without_fee = outcome.transfer - fee * (outcome.quantity != 0)
        printed.append(_transfer_gap(rule, types, without_fee, to_everybody(market_price(rule))))
    text = (
        "marginal utilities at pivotal types add up to incentive compatible transfers, to "
        f"{worst(gaps):.2g}; the fee and market prices at pivotal types miss them by "
        f"{worst(printed):.2g} of the largest, where entry moves the price"
    )
    return Finding(worst(gaps), text, worst(printed))


def _check_quadratic(*, tax: Callable[[float], Any] = lambda sigma: [[sigma, 2]]) -> Finding:
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


def tax_collected(tax: Tax, quantity: Floats) -> Floats:
    """Return tau(x) for quantities x >= 0."""
    return tax.amount(quantity)


def _check_definition(*, collected: Callable[[Tax, Floats], Floats] = tax_collected) -> Finding:
    gaps = []
    for economy, size, types in crossing_markets(seed=61, count=2):
        rule = TaxVCG(economy, [[0.2 * size, 1], [0.1, 2], [0.3, 3]])
        outcome = rule.clear(Reports(types[:1]))
        of_utilities = outcome.transfer - collected(rule.tax, np.abs(outcome.quantity))
        price = to_everybody(market_price(rule))
        gaps.append(_transfer_gap(rule, types[:1], of_utilities, price))
    text = (
        "transfers less the tax are the pivotal ones for utilities less the tax, integrals of "
        f"prices at pivotal types found by bisection, to {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


WITNESS = two_groups(4, alpha=1.0, beta=1.55, slope=1.0)
"""Two groups of two with weight .775 within: where an entry fee of .3 is not monotone."""


def increases_with_spread(economy: QuadraticEconomy) -> bool:
    """Return whether single crossing holds, so that any convex tax leaves quantities monotone."""
    return single_crossing_violation(economy) is None


def _check_monotonicity(
    *,
    spread_condition: Callable[[QuadraticEconomy], bool] = increases_with_spread,
    fee_condition: Callable[[QuadraticEconomy], bool] = affects_others_alike,
) -> Finding:
    rng = np.random.default_rng(62)
    drawn = [random_economy(rng, int(rng.integers(3, 6))) for _ in range(DRAWN)]
    named = [private_values(5), fundamental_value(4, beta=1.5), heterogeneous(6), WITNESS]
    broken, excluded, cases = 0, 0, 0
    for economy in [*drawn, *named]:
        types = 2 * rng.standard_normal((PROFILES // 2, economy.n_traders))
        for rule, condition in (
            (SpreadVCG(economy, 0.3), spread_condition),
            (EntryFeeVCG(economy, 0.3), fee_condition),
        ):
            falls, promised = largest_fall(rule, types) > 0, condition(economy)
            cases += 1
            broken += falls and promised
            excluded += falls and not promised
    by = largest_fall(EntryFeeVCG(WITNESS, 0.3), 2 * rng.standard_normal((PROFILES, 4)))
    text = (
        "with a spread under single crossing, and with a fee where types affect others alike, "
        f"quantities fell in the own type in {broken} of {cases} cases; elsewhere within A4^N in "
        f"{excluded}, in two groups of two (alpha = 1, weight .775 within, fee .3) by {by:.3g}"
    )
    return Finding(broken / cases, text, excluded / cases)


def largest_fall(rule: PivotalMechanism, types: Floats) -> float:
    """Return by how much a quantity falls at most as its owner's type rises, on a grid of types."""
    steps, falls = np.linspace(-6.0, 6.0, 161), [0.0]
    for trader in range(types.shape[1]):
        profiles = np.repeat(types, len(steps), axis=0)
        profiles[:, trader] = np.tile(steps, len(types))
        own = rule.allocate(profiles).quantity[:, trader].reshape(len(types), -1)
        falls.append(float(-np.diff(own, axis=1).min()))
    return max(falls) if max(falls) > ROUNDING else 0.0


STATEMENTS = (
    Statement(
        "Example 8: allocation",
        "(6.27), Section 6",
        "With a spread, marginal utilities are the ask price for buyers, the bid price for "
        "sellers, and the market clears (mu_i(q_i, s) there is the marginal utility).",
        _check_spread,
    ),
    Statement(
        "Example 8: transfers",
        "Section 6, (3.11)",
        "Transfers integrate ask prices of units bought, bid prices of units sold, at pivotal "
        "types.",
        _check_spread_transfers,
        tolerance=2e-5,
    ),
    Statement(
        "Example 9: allocation",
        "(6.28), Section 6",
        "With an entry fee, the allocation is determined jointly with a price at which each "
        "trader decides whether to pay the fee.",
        _check_entry,
        correction="printed: for any type profile a price clears (6.28); corrected: it may not "
        "exist; the allocation is the largest total of utilities less fees, which is that of "
        "(6.28) where a price exists",
    ),
    Statement(
        "Example 9: transfers",
        "Section 6, (3.11)",
        "Transfers that make an entry fee incentive compatible add up prices of units at their "
        "pivotal types.",
        _check_entry_transfers,
        tolerance=2e-5,
        correction="printed: t_i = phi + integral of p(s_i(x), s_-i); corrected: t_i = integral of "
        "mu_i(x, s_i(x), s_-i), which differs for units that no report leads to, since whoever "
        "enters or leaves moves the price",
    ),
    Statement(
        "Section 6: quadratic tax",
        "Section 6, Definitions 1 and 2",
        "The VCG mechanism with the tax sigma q^2 / 2 is sigma-VCG.",
        _check_quadratic,
        tolerance=1e-10,
    ),
    Statement(
        "Section 6: definition of tau-VCG",
        "Section 6",
        "Transfers are those of an incentive compatible mechanism for u_i - tau, plus the tax.",
        _check_definition,
        tolerance=2e-5,
    ),
    Statement(
        "Section 6: incentive compatibility",
        "Section 6",
        "A VCG mechanism with taxes satisfies IC for every choice of the tax.",
        _check_monotonicity,
        correction="printed: IC for every tax, within A4^N; corrected: quantities increase in the "
        "own type with every convex tax under single crossing (w_ji < w_ii), and with an entry fee "
        "where each type affects all others alike; elsewhere they may fall, and no transfers are "
        "incentive compatible",
    ),
)

"""Example 8: bid and ask prices (Section 6)."""

from itertools import combinations

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.mechanisms import Allocation, Reports, SpreadVCG
from deviator.validation import Floats

from ..checks.pivotal_types import PriceOf
from ..checks.taxed_markets import crossing_markets, same_for_all, transfer_gap
from ..statement import Finding, Formula, gap, statement, worst

ECONOMIES = 60

LITERAL_MARKETS = 4

EXCHANGES = (1e-4, 1e-2, 0.3)
"""Quantities by which exchanges between two traders are tested."""


def spread_in(economy: QuadraticEconomy, half_spread: float, types: Floats) -> Allocation:
    """Return Example 8's allocation."""
    return SpreadVCG(economy, half_spread).allocate(types)


@statement(
    "Example 8: allocation",
    "(6.27), Section 6",
    "With a spread, marginal utilities are the ask price for buyers, the bid price for sellers, "
    "and the market clears (mu_i(q_i, s) there is the marginal utility).",
)
def _check_spread(allocation: Formula = spread_in) -> Finding:
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


def bid_or_ask(middle: Floats, half_spread: float, side: float) -> Floats:
    """Return the price that a buyer (side 1) pays, or a seller (side -1) receives."""
    return middle + side * half_spread


@statement(
    "Example 8: transfers",
    "Section 6, (3.11)",
    "Transfers integrate ask prices of units bought, bid prices of units sold, at pivotal types.",
    tolerance=2e-5,
)
def _check_spread_transfers(price: Formula = bid_or_ask) -> Finding:
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

"""Example 7: conditional inverse demands.

The closed forms are compared with honest bids in the sigma-DCDA, at allocations that need not
clear, and with the price of Definition 1 at the allocation that clears.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from deviator.mechanisms import SigmaDCDA
from deviator.validation import Floats

from ..checks.definitions import taxed_equilibrium
from ..checks.drawn import (
    DrawnMarket,
    fundamental_value_markets,
    general_markets,
    heterogeneous_markets,
    two_groups_markets,
)
from ..closed_forms import fundamental_value, heterogeneous, linear_quadratic, two_groups
from ..statement import Finding, Formula, against_printed, compared, gap, statement, worst


def _at_random_allocations(market: DrawnMarket, seed: int) -> tuple[Floats, Floats]:
    """Return allocations that sum to 0, and the prices (B, N) at which each trader clears there.

    The price is that of the honest bid in the sigma-DCDA, the hyperplane A_i . q + b_i p = r_i.
    """
    quantity = np.random.default_rng(seed).standard_normal(market.types.shape)
    quantity -= quantity.mean(axis=1, keepdims=True)
    bids = SigmaDCDA(market.sigma).honest_bids(market.economy, market.types)
    array = bids.as_array()
    reading = np.einsum("bij,bj->bi", array[..., :-2], quantity)
    return quantity, (array[..., -1] - reading) / array[..., -2]


def _at_cleared_allocation(market: DrawnMarket) -> tuple[Floats, Floats]:
    """Return the allocation of (3.8), and its price for each trader, (B, N)."""
    price, quantity = taxed_equilibrium(market.economy, market.sigma, market.types)
    return quantity, np.repeat(price[:, None], quantity.shape[1], axis=1)


DemandOf = Callable[[DrawnMarket, Floats, int], Floats]
"""A market, an allocation (B, N) and a trader to the prices (B,) at which the trader clears."""


def _demand_gap(market: DrawnMarket, demand: DemandOf, seed: int) -> float:
    """Return the gap of a demand to bids at random allocations and to the price of (3.8)."""
    traders = range(market.n_traders)
    return worst(
        gap(np.stack([demand(market, quantity, i) for i in traders], axis=1), price)
        for quantity, price in (
            _at_random_allocations(market, seed),
            _at_cleared_allocation(market),
        )
    )


@statement(
    "Example 7",
    "Section 5, equation (5.24)",
    "p sum_j w~_ij = s_i - sum_{j != i} (w~_ij (mu_j + sigma) - w~_ii (mu_i + sigma)) q_j with "
    "[w~_ij] the inverse of [w_ij].",
)
def _check_example_7(conditional_price: Formula = linear_quadratic.conditional_price) -> Finding:

    def demand(m: DrawnMarket, quantity: Floats, i: int) -> Floats:
        return np.asarray(conditional_price(m.economy, i, m.types[:, i], quantity, sigma=m.sigma))

    gaps = (_demand_gap(m, demand, 14) for m in general_markets(14))
    return compared(gaps, "(5.24) is the honest bid, and holds at what clears")


@statement("Example 7: weights", "Section 5", "The weights are w_ij = mu_{i,j}(0, 0).")
def _check_example_7_matrix(weights: Formula = lambda economy: economy.weights) -> Finding:
    gaps = []
    for market in (*general_markets(18), *heterogeneous_markets(18)):
        economy, types = market.economy, market.types
        nothing = np.zeros_like(types)
        level = economy.marginal_utility(nothing, types)
        for j in range(market.n_traders):
            moved = types.copy()
            moved[:, j] += 1.0
            difference = economy.marginal_utility(nothing, moved) - level
            column = np.broadcast_to(weights(economy)[:, j], difference.shape)
            gaps.append(gap(column, difference))
    return Finding(
        worst(gaps), f"w_ij is the difference of marginal utilities, {len(gaps)} columns"
    )


@statement(
    "Example 7: fundamental value",
    "Section 5",
    "d_i(s_i)(q_-i) = (alpha + beta) (s_i + (mu + sigma) / alpha sum_{j != i} q_j).",
)
def _check_example_7_fundamental_value(
    inverse_demand: Formula = fundamental_value.inverse_demand,
) -> Finding:

    def demand(m: DrawnMarket, quantity: Floats, i: int) -> Floats:
        settings = m.weights | m.slopes | {"sigma": m.sigma}
        return np.asarray(inverse_demand(m.types[:, i], -quantity[:, i], **settings))

    gaps = (_demand_gap(m, demand, 15) for m in fundamental_value_markets(15))
    return compared(gaps, "the inverse demand reads the total quantity only, as honest bids do")


@statement(
    "Example 7: two groups",
    "Section 5",
    "d_i(s_i)(q_-i) = (alpha + beta) s_i + (mu + sigma) / alpha ((alpha + beta (N - 2) / N) "
    "sum_{j != i} q_j + beta q^own), q^own the average trade by the agents in the own group.",
    corrected="The same with q^own the sum of the trades of the group's other members, divided by "
    "N / 2.",
)
def _check_example_7_two_groups(inverse_demand: Formula = two_groups.inverse_demand) -> Finding:

    def demand(m: DrawnMarket, quantity: Floats, i: int, reading: Reading) -> Floats:
        sums = two_groups.group_means(quantity) * (m.n_traders // 2)
        settings = m.weights | m.slopes | {"sigma": m.sigma, "n_traders": m.n_traders}
        own = quantity[:, i]
        in_group = reading(own, sums[:, i], m.n_traders // 2)
        return np.asarray(inverse_demand(m.types[:, i], -own, in_group, **settings))

    gaps, printed = [], []
    for market in two_groups_markets(16):
        gaps.append(_demand_gap(market, partial(demand, reading=_sum_of_others), 16))
        # "The average trade by the agents in his group" may exclude the trader or include it.
        printed.append(
            min(
                _demand_gap(market, partial(demand, reading=reading), 16)
                for reading in (_average_of_others, _average_of_group)
            )
        )
    text = "with q^own the sum over the group's others divided by N / 2, it is the honest bid"
    return against_printed(gaps, printed, text)


Reading = Callable[[Floats, Floats, int], Floats]
"""Own quantity, the group's sum and its size N / 2 to N / 2 times q^own."""


def _sum_of_others(own: Floats, total: Floats, half: int) -> Floats:
    del half
    return total - own


def _average_of_others(own: Floats, total: Floats, half: int) -> Floats:
    return (total - own) * half / (half - 1)


def _average_of_group(own: Floats, total: Floats, half: int) -> Floats:
    del own, half
    return total


@statement(
    "Example 7: heterogeneous traders",
    "Section 5",
    "d_i(s_i)(q_-i) = (alpha + beta) (s_i + (mu_G + sigma) / alpha sum_{j != i} q_j) + beta "
    "(mu_-G - mu_G) / (2 alpha) mean(q^-G).",
)
def _check_example_7_heterogeneous(
    inverse_demand: Formula = heterogeneous.inverse_demand,
) -> Finding:

    def demand(m: DrawnMarket, quantity: Floats, i: int) -> Floats:
        other_group = two_groups.group_means(quantity)[:, -1 - i]
        slopes = m.economy.slope
        settings = m.weights | {
            "own_slope": float(slopes[i]),
            "other_slope": float(slopes[-1 - i]),
            "sigma": m.sigma,
        }
        return np.asarray(inverse_demand(m.types[:, i], -quantity[:, i], other_group, **settings))

    gaps = (_demand_gap(m, demand, 17) for m in heterogeneous_markets(17))
    return compared(gaps, "big and small traders' inverse demands are their honest bids")

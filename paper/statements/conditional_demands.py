"""Example 7: conditional inverse demands.

The closed forms are compared with the bids that the sigma-DCDA takes, at allocations that need not
clear, and with the price of Definition 1 at the one that does.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from deviator.mechanisms import SigmaDCDA
from deviator.validation import Floats

from ..agreement import against_printed, compared, gap, worst
from ..checks.definitions import taxed_equilibrium
from ..checks.drawn import (
    DrawnMarket,
    fundamental_value_markets,
    general_markets,
    heterogeneous_markets,
    two_groups_markets,
)
from ..closed_forms import fundamental_value, heterogeneous, linear_quadratic, two_groups
from ..statement import Finding, Statement

Formula = Callable[..., Any]


def _at_random_allocations(market: DrawnMarket, seed: int) -> tuple[Floats, Floats]:
    """Return allocations that sum to 0, and the prices (B, N) at which each trader clears there.

    The price is read off the honest bid that the sigma-DCDA takes: the hyperplane
    A_i . q + b_i p = r_i.
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


def _demand_gap(market: DrawnMarket, demand: Callable[[Floats], Floats], seed: int) -> float:
    """Return how far a demand (B, N) is from bids at random, and from the price at (3.8)."""
    points = (_at_random_allocations(market, seed), _at_cleared_allocation(market))
    return worst(gap(demand(quantity), price) for quantity, price in points)


def check_example_7(conditional_price: Formula = linear_quadratic.conditional_price) -> Finding:
    """Compare (5.24) with the bids of the auction and with the price it clears to."""

    def demand(market: DrawnMarket) -> Callable[[Floats], Floats]:
        def of_all(quantity: Floats) -> Floats:
            columns = [
                conditional_price(
                    market.economy, i, market.types[:, i], quantity, sigma=market.sigma
                )
                for i in range(market.n_traders)
            ]
            return np.stack(columns, axis=1)

        return of_all

    gaps = (_demand_gap(m, demand(m), 14) for m in general_markets(14))
    return compared(gaps, "(5.24) is the honest bid, and holds at what clears")


def check_example_7_fundamental_value(
    inverse_demand: Formula = fundamental_value.inverse_demand,
) -> Finding:
    """Compare the fundamental value's inverse demand with bids and prices."""

    def demand(market: DrawnMarket) -> Callable[[Floats], Floats]:
        settings = market.weights | market.slopes | {"sigma": market.sigma}
        return lambda quantity: _for_all(
            lambda i: inverse_demand(market.types[:, i], -quantity[:, i], **settings),
            market.n_traders,
        )

    gaps = (_demand_gap(m, demand(m), 15) for m in fundamental_value_markets(15))
    return compared(gaps, "the inverse demand reads the total quantity only, as honest bids do")


def check_example_7_two_groups(inverse_demand: Formula = two_groups.inverse_demand) -> Finding:
    """Compare the group model's inverse demand with bids and prices; and what q^own may mean."""
    gaps, printed = [], []
    for market in two_groups_markets(16):
        gaps.append(_demand_gap(market, _group_demand(market, inverse_demand), 16))
        # Two readings of "the average trade by the agents in his group": without him, with him.
        without = partial(_average_of_others, n_traders=market.n_traders)
        printed.append(
            min(
                _demand_gap(market, _group_demand(market, inverse_demand, reading), 16)
                for reading in (without, _average_of_group)
            )
        )
    text = "with q^own the sum over the group's others divided by N / 2, it is the honest bid"
    return against_printed(gaps, printed, text)


def _sum_of_others(own: Floats, total: Floats) -> Floats:
    return total - own


def _average_of_others(own: Floats, total: Floats, n_traders: int) -> Floats:
    half = n_traders // 2
    return (total - own) * half / (half - 1)


def _average_of_group(own: Floats, total: Floats) -> Floats:
    del own
    return total


def _group_demand(
    market: DrawnMarket,
    inverse_demand: Formula,
    reading: Callable[[Floats, Floats], Floats] = _sum_of_others,
) -> Callable[[Floats], Floats]:
    """Return the group model's demand; `reading` makes N / 2 times q^own of q_i and group sums."""
    settings = market.weights | market.slopes | {"sigma": market.sigma}
    n = market.n_traders

    def of_all(quantity: Floats) -> Floats:
        sums = two_groups.group_means(quantity) * (n // 2)
        return _for_all(
            lambda i: inverse_demand(
                market.types[:, i],
                -quantity[:, i],
                reading(quantity[:, i], sums[:, i]),
                n_traders=n,
                **settings,
            ),
            n,
        )

    return of_all


def check_example_7_heterogeneous(
    inverse_demand: Formula = heterogeneous.inverse_demand,
) -> Finding:
    """Compare the heterogeneous traders' inverse demands with bids and prices."""

    def demand(market: DrawnMarket) -> Callable[[Floats], Floats]:
        n, slope = market.n_traders, market.economy.slope
        settings = market.weights | {"sigma": market.sigma}

        def of_all(quantity: Floats) -> Floats:
            means = two_groups.group_means(quantity)[:, ::-1]
            return _for_all(
                lambda i: inverse_demand(
                    market.types[:, i],
                    -quantity[:, i],
                    means[:, i],
                    own_slope=float(slope[i]),
                    other_slope=float(slope[n - 1 - i]),
                    **settings,
                ),
                n,
            )

        return of_all

    gaps = (_demand_gap(m, demand(m), 17) for m in heterogeneous_markets(17))
    return compared(gaps, "big and small traders' inverse demands are their honest bids")


def _for_all(of_trader: Callable[[int], Floats], n_traders: int) -> Floats:
    return np.stack([of_trader(i) for i in range(n_traders)], axis=1)


def check_example_7_matrix(weights: Formula = lambda economy: economy.weights) -> Finding:
    """Compare the example's utilities, with weights w_ij = d mu_i / ds_j, with differences."""
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


STATEMENTS = (
    Statement(
        "Example 7",
        "Section 5, equation (5.24)",
        "p sum_j w~_ij = s_i - sum_{j != i} (w~_ij (mu_j + sigma) - w~_ii (mu_i + sigma)) q_j with "
        "[w~_ij] the inverse of [w_ij].",
        check_example_7,
    ),
    Statement(
        "Example 7: weights",
        "Section 5",
        "The weights are w_ij = mu_{i,j}(0, 0).",
        check_example_7_matrix,
    ),
    Statement(
        "Example 7: fundamental value",
        "Section 5",
        "d_i(s_i)(q_-i) = (alpha + beta) (s_i + (mu + sigma) / alpha sum_{j != i} q_j).",
        check_example_7_fundamental_value,
    ),
    Statement(
        "Example 7: two groups",
        "Section 5",
        "d_i(s_i)(q_-i) = (alpha + beta) s_i + (mu + sigma) / alpha ((alpha + beta (N - 2) / N) "
        "sum_{j != i} q_j + beta q^own), q^own the average trade by the agents in his group.",
        check_example_7_two_groups,
        corrected="The same with q^own the sum of the trades of his group's other members, "
        "divided by N / 2.",
    ),
    Statement(
        "Example 7: heterogeneous traders",
        "Section 5",
        "d_i(s_i)(q_-i) = (alpha + beta) (s_i + (mu_G + sigma) / alpha sum_{j != i} q_j) + beta "
        "(mu_-G - mu_G) / (2 alpha) mean(q^-G).",
        check_example_7_heterogeneous,
    ),
)

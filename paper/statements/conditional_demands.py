"""Example 7: conditional inverse demands.

The closed forms are compared with honest bids in the sigma-DCDA, at allocations that need not
clear, and with the price of Definition 1 at the allocation that clears.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.linear_quadratic import LinearQuadratic
from deviator.mechanisms import SigmaDCDA
from deviator.validation import Floats, finite_array, non_negative, trader_index

from ..checks.definitions import taxed_equilibrium
from ..checks.drawn import (
    DrawnMarket,
    fundamental_value_markets,
    general_markets,
    heterogeneous_markets,
    two_groups_markets,
)
from ..closed_forms.fundamental_value import FundamentalValue
from ..closed_forms.heterogeneous import Heterogeneous
from ..closed_forms.two_groups import TwoGroups, group_means
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


def conditional_price(
    economy: LinearQuadratic,
    trader: int,
    own_type: ArrayLike,
    quantity: ArrayLike,
    *,
    sigma: float = 0.0,
) -> Floats:
    """Return the price at which a trader is willing to clear the market, equation (5.24).

    p sum_j w~_ij = s_i + (W^-1 c)_i - sum_j w~_ij (mu_j + sigma) q_j with W^-1 = [w~_ij]; the
    paper has c = 0. Refused if W is singular to working precision (INJ fails); infinite or NaN
    where the inverse demand is a correspondence (FUN fails).

    Parameters
    ----------
    own_type : array-like of float, shape (B,)
        s_i of trader i.
    quantity : array-like of float, shape (B, N)
        The allocation that the price is conditional on. The trader's own entry is not read: it is
        what clears the market.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> conditional_price(private_values(3, slope=2.0), 0, [1.0], [[9.0, -0.5, 0.0]])
    array([0.])
    """
    i = trader_index(trader, economy.n_traders)
    inverse = economy.inverse_weights()[i]
    weights = inverse * (economy.slope + non_negative("sigma", sigma))
    signal = finite_array("own_type", own_type, (None,))
    allocation = finite_array("quantity", quantity, (len(signal), economy.n_traders))
    # The trader's own quantity is minus that of all others, second line of (5.24).
    reading = allocation @ (weights - weights[i])
    level = signal + float(inverse @ economy.intercept)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((level - reading) / inverse.sum())


@statement(
    "Example 7",
    "Section 5, equation (5.24)",
    "p sum_j w~_ij = s_i - sum_{j != i} (w~_ij (mu_j + sigma) - w~_ii (mu_i + sigma)) q_j with "
    "[w~_ij] the inverse of [w_ij].",
)
def _check_example_7(conditional_price: Formula = conditional_price) -> Finding:
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
    inverse_demand: Formula = FundamentalValue.inverse_demand,
) -> Finding:
    def demand(m: DrawnMarket, quantity: Floats, i: int) -> Floats:
        return np.asarray(inverse_demand(m.solved, m.types[:, i], -quantity[:, i], m.sigma))

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
def _check_example_7_two_groups(inverse_demand: Formula = TwoGroups.inverse_demand) -> Finding:
    def demand(m: DrawnMarket, quantity: Floats, i: int, reading: Reading) -> Floats:
        own, half = quantity[:, i], m.n_traders // 2
        in_group = reading(own, group_means(quantity)[:, i] * half, half)
        types = m.types[:, i]
        return np.asarray(inverse_demand(m.solved, types, -own, in_group, m.n_traders, m.sigma))

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
    inverse_demand: Formula = Heterogeneous.inverse_demand,
) -> Finding:
    def demand(m: DrawnMarket, quantity: Floats, i: int) -> Floats:
        group, other_group = 2 * i // m.n_traders, group_means(quantity)[:, -1 - i]
        own = m.types[:, i], -quantity[:, i]
        return np.asarray(inverse_demand(m.solved, group, *own, other_group, m.sigma))

    gaps = (_demand_gap(m, demand, 17) for m in heterogeneous_markets(17))
    return compared(gaps, "big and small traders' inverse demands are their honest bids")

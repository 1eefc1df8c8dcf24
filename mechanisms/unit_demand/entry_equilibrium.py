"""Who enters a Vickrey double auction that charges everybody who enters: equilibrium cutoffs.

Values are independent and uniform on [low, high]; in the formulas, on [0, 1]. Buyers enter where
their value is at least beta, sellers where theirs is at most gamma. A buyer of value beta ranks
last among entering buyers: with K other buyers in the market it trades if K + 1 sellers of values
below beta are, at the price s_(K+1). So the expected profit is

    integral from 0 to beta of P(K < Y(x)) dx,

with K ~ Bin(n_buyers - 1, 1 - beta) and Y(x) ~ Bin(n_sellers, min(x, gamma)), independent. A
seller's problem is the mirror image. In equilibrium both equal the fee; since the profit increases
with the own value and with entry on the other side, everybody else's choice is best too. Several
equilibria may exist, nobody's entry among them; these functions find the one of the most entry.

The Vickrey double auction pays its traders m (upper - lower) more than it takes. Prices x from
lower to upper are those at which demand and supply are equal, so the expected deficit is

    integral of sum over j of j P(D(x) = j) P(Y(x) = j) dx,  D(x) ~ Bin(n_buyers, 1 - max(x, beta)).

All integrands are polynomials between the cutoffs, which Gauss-Legendre quadrature integrates
exactly.

References
----------
Yoon (2001), The modified Vickrey double auction, Journal of Economic Theory 101, 572-584.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtrc, comb

from deviator.economies import UnitDemands
from deviator.errors import NotConvergedError, RefusedError
from deviator.validation import Floats, non_negative

STEPS = 10_000
PRECISION = 1e-13


class EntryCutoffs(NamedTuple):
    """Buyers enter at values of at least `buyer`, sellers at values of at most `seller`."""

    buyer: float
    seller: float


def equilibrium_cutoffs(fee: float, economy: UnitDemands) -> EntryCutoffs:
    """Return the cutoffs of the equilibrium with the most entry.

    Parameters
    ----------
    fee : float
        Paid by each trader who enters, in units of money, non-negative.
    economy : UnitDemands
        Values are uniform from `low` to `high`.

    Raises
    ------
    RefusedError
        If the fee leaves no equilibrium in which anybody enters.

    Examples
    --------
    >>> from deviator.economies import unit_demands
    >>> cutoffs = equilibrium_cutoffs(0.05, unit_demands(3, 3))
    >>> round(cutoffs.buyer, 6), round(cutoffs.seller, 6)
    (0.386794, 0.613206)
    """
    width = economy.high - economy.low
    standard = _standard_cutoffs(
        non_negative("fee", fee) / (width * economy.unit), *_sizes(economy)
    )
    return EntryCutoffs(*(economy.low + width * cutoff for cutoff in standard))


def marginal_profits(cutoffs: EntryCutoffs, economy: UnitDemands) -> tuple[float, float]:
    """Return the expected Vickrey profit of a buyer and of a seller at the cutoffs, in money.

    Before fees.
    """
    width = economy.high - economy.low
    buyer, seller = ((cutoff - economy.low) / width for cutoff in cutoffs)
    n_buyers, n_sellers = _sizes(economy)
    return (
        width * economy.unit * _profit(buyer, seller, n_buyers, n_sellers),
        width * economy.unit * _profit(1 - seller, 1 - buyer, n_sellers, n_buyers),
    )


def expected_budget(fee: float, cutoffs: EntryCutoffs, economy: UnitDemands) -> float:
    """Return the mean sum of transfers at given cutoffs: fees less the deficit, in money."""
    width = economy.high - economy.low
    buyer, seller = ((cutoff - economy.low) / width for cutoff in cutoffs)
    n_buyers, n_sellers = _sizes(economy)
    entrants = n_buyers * (1 - buyer) + n_sellers * seller
    deficit = width * economy.unit * _deficit(buyer, seller, n_buyers, n_sellers)
    return fee * entrants - deficit


def balancing_fee(economy: UnitDemands) -> float:
    """Return the least fee at which the expected budget is balanced in equilibrium, in money.

    Raises
    ------
    RefusedError
        If traders stop entering before fees cover the deficit.

    Examples
    --------
    >>> from deviator.economies import unit_demands
    >>> round(balancing_fee(unit_demands(3, 3)), 6)
    0.075864
    """

    def budget(fee: float) -> float:
        return expected_budget(fee, equilibrium_cutoffs(fee, economy), economy)

    least = 0.0
    for fee in (economy.high - economy.low) * economy.unit * 2.0 ** np.arange(-12, 0, 0.5):
        if budget(fee) >= 0:
            return float(brentq(budget, least, fee, xtol=PRECISION * fee))
        least = float(fee)
    raise RefusedError(
        f"a fee must cover the deficit while traders enter, and none does in {economy}"
    )


@lru_cache(maxsize=256)
def _standard_cutoffs(fee: float, n_buyers: int, n_sellers: int) -> EntryCutoffs:
    """Return cutoffs for values on [0, 1], by best responses from entry of all.

    Each response raises the buyers' cutoff and lowers the sellers', so that the first point at
    which both rest is the equilibrium with the most entry.
    """
    buyer, seller = 0.0, 1.0
    for _ in range(STEPS):
        before = buyer, seller
        buyer = _response(fee, seller, n_buyers, n_sellers)
        seller = 1 - _response(fee, 1 - buyer, n_sellers, n_buyers)
        if max(abs(buyer - before[0]), abs(seller - before[1])) <= PRECISION:
            return EntryCutoffs(buyer, seller)
    raise NotConvergedError(
        f"entry cutoffs did not converge in {STEPS} steps at a fee of {fee:.6g} of the range "
        "of values; change the fee a little"
    )


def _response(fee: float, seller: float, n_buyers: int, n_sellers: int) -> float:
    """Return the buyers' cutoff at which the last of them just covers the fee."""
    if fee == 0:
        return 0.0
    if _profit(1.0, seller, n_buyers, n_sellers) <= fee:
        raise RefusedError(
            f"a fee must leave an equilibrium with entry, and {fee:.6g} of the range of values "
            f"leaves none for {n_buyers} buyers and {n_sellers} sellers; lower it"
        )
    excess = lambda value: _profit(value, seller, n_buyers, n_sellers) - fee  # noqa: E731
    return float(brentq(excess, 0.0, 1.0, xtol=0.1 * PRECISION))


def _profit(value: float, seller: float, n_buyers: int, n_sellers: int) -> float:
    """Return the expected profit of the lowest entering buyer, for values on [0, 1]."""
    edge = min(value, seller)
    points, weights = _nodes(0.0, edge, n_sellers)
    others = np.arange(min(n_buyers, n_sellers), dtype=np.float64)[:, None]
    entering = _binomial(others, n_buyers - 1, 1 - value)
    served = (entering * bdtrc(others, n_sellers, np.append(points, edge))).sum(axis=0)
    return float(weights @ served[:-1] + (value - edge) * served[-1])


def _deficit(buyer: float, seller: float, n_buyers: int, n_sellers: int) -> float:
    """Return the expected deficit of the Vickrey double auction, for values on [0, 1]."""
    pairs = np.arange(1.0, min(n_buyers, n_sellers) + 1)[:, None]
    edges = sorted({0.0, buyer, seller, 1.0})
    total = 0.0
    for left, right in pairwise(edges):
        points, weights = _nodes(left, right, n_buyers + n_sellers)
        demand = _binomial(pairs, n_buyers, 1 - np.maximum(points, buyer))
        supply = _binomial(pairs, n_sellers, np.minimum(points, seller))
        total += float((pairs * demand * supply).sum(axis=0) @ weights)
    return total


def _nodes(left: float, right: float, degree: int) -> tuple[Floats, Floats]:
    """Return points and weights that integrate polynomials of a degree exactly."""
    points, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    half = 0.5 * (right - left)
    return left + half * (points + 1), half * weights


def _binomial(successes: Floats, trials: int, chance: Floats | float) -> Floats:
    """Return the probabilities of so many successes; 0 beyond the number of trials."""
    missed = np.maximum(trials - successes, 0)
    return np.asarray(
        comb(trials, successes) * np.power(chance, successes) * np.power(1 - chance, missed)
    )


def _sizes(economy: UnitDemands) -> tuple[int, int]:
    n_buyers = int(economy.buyers.sum())
    return n_buyers, economy.n_traders - n_buyers

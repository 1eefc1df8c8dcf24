"""Lemmas 2 to 4: what honest conditional bids depend on, and when they are functions."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import (
    Factored,
    LinearQuadratic,
    check_assumptions,
    linear_quadratic,
    public_statistics,
)
from deviator.mechanisms import SigmaDCDA
from deviator.numerics.rational import rational, rational_inverse
from deviator.validation import Floats

from ..checks.definitions import pivotal_transfers, taxed_equilibrium
from ..checks.drawn import general_markets
from ..statement import Finding, Formula, compared, gap, statement, worst
from .conditional_demands import conditional_price

SIGMA = 0.3

RESIDUAL_TOLERANCE = 1e-9
"""Residuals below this share count as 0."""


def _factored_economies(seed: int) -> Iterator[tuple[Factored, LinearQuadratic, Floats]]:
    """Draw economies in which two statistics of the types matter, and profiles; also as dense."""
    rng = np.random.default_rng(seed)
    for _ in range(24):
        n = int(rng.integers(6, 10))
        own, slope = rng.uniform(0.8, 1.5, n), rng.uniform(1.0, 1.6, n)
        loadings = rng.uniform(0.0, 0.3, (n, 2))
        economy = Factored(own, loadings, rng.uniform(0, 1, (2, n)) / n, slope, np.zeros(n))
        yield economy, linear_quadratic(economy.weights, slope), rng.standard_normal((6, n))


@statement(
    "Lemma 2: quantities",
    "Section 5, Lemma 2",
    "Where utilities depend on n statistics of the others' types, bids depend on the total "
    "quantity and n statistics of the others' quantities.",
)
def _check_lemma_2(
    price: Formula = conditional_price, statistics: Formula = public_statistics
) -> Finding:
    rng = np.random.default_rng(2)
    gaps, least = [], np.inf
    for economy, dense, types in _factored_economies(2):
        quantity = taxed_equilibrium(dense, SIGMA, types)[1]
        for trader in range(economy.n_traders):
            read = np.vstack([np.ones(economy.n_traders), statistics(economy, SIGMA)])
            off, along = _directions(read, trader)
            own = types[:, trader]
            before = price(dense, trader, own, quantity, sigma=SIGMA)
            moves = rng.standard_normal((len(types), len(off))) @ off
            gaps.append(gap(price(dense, trader, own, quantity + moves, sigma=SIGMA), before))
            for move in along:
                after = price(dense, trader, own, quantity + move, sigma=SIGMA)
                least = min(least, gap(after, before))
    text = f"off the statistics bids move by rounding, along any of them by {least:.2g} or more"
    return Finding(worst([*gaps, max(1e-6 - least, 0.0)]), f"{text}, {len(gaps)} traders")


def _directions(read: Floats, trader: int) -> tuple[Floats, Floats]:
    """Return the others' moves that leave all rows of `read`, and those that move one row each."""
    others = np.delete(read, trader, axis=1)
    directions = np.linalg.svd(others)[2]
    off = np.insert(directions[len(others) :], trader, 0.0, axis=1)
    # The first row is the total that has to clear; statistics are moved without it.
    along = np.insert(np.linalg.pinv(others).T[1:], trader, 0.0, axis=1)
    return off, along


@statement(
    "Lemma 2: bid",
    "Section 5, Lemma 2, equation (5.26)",
    "d_i(s_i)(q_-i) = mu~_i(-sum_{j != i} q_j, s_i, w~_i(q_-i)) + sigma sum_{j != i} q_j.",
)
def _check_lemma_2_types(utility: Formula | None = None) -> Finding:
    # w~_i = w_i of the types that solve (3.8) given s_i and q_-i, also if these move without moving
    # the statistic: neither the utility nor the bid changes.
    gaps = []
    for economy, dense, types in _factored_economies(3):
        auction = SigmaDCDA(SIGMA)
        quantity, level = taxed_equilibrium(dense, SIGMA, types)[1], economy.value
        worth = level if utility is None else utility(economy)
        for trader in range(economy.n_traders):
            behind = _types_behind(dense, trader, types, quantity)
            statistic = np.delete(economy.statistics, trader, axis=1)
            kernel = np.insert(np.linalg.svd(statistic)[2][2:], trader, 0.0, axis=1)
            moved = behind + kernel.sum(axis=0)
            bend = economy.slope[trader] + SIGMA
            stated = worth(moved)[:, trader] - bend * quantity[:, trader]
            bids = auction.honest_bids(dense, types).of_trader(trader)
            reading = np.einsum("bj,bj->b", bids[:, :-2], quantity)
            gaps.append(gap(stated, (bids[:, -1] - reading) / bids[:, -2]))
    return compared(gaps, "bids are marginal utilities at the statistic of q_-i, as in (5.26)")


def _types_behind(economy: LinearQuadratic, trader: int, types: Floats, quantity: Floats) -> Floats:
    """Return the profiles with the trader's own type whose sigma-VCG allocation is `quantity`.

    N equations (3.8), in the others' types and the price.
    """
    n = economy.n_traders
    unknown = economy.weights.copy()
    unknown[:, trader] = -1.0
    known = (economy.slope + SIGMA) * quantity - np.outer(
        types[:, trader], economy.weights[:, trader]
    )
    solution = np.linalg.solve(unknown, known.T).T
    solution[:, trader] = types[:, trader]
    return np.asarray(solution.reshape(-1, n), dtype=np.float64)


def _correspondence_economies(seed: int) -> Iterator[tuple[LinearQuadratic, int]]:
    """Draw economies within A4^N in which FUN fails for one trader k: z >= 0, z_k = 0, W z = 1.

    Shocks z to the others' types raise all values by one and leave the allocation unchanged.
    """
    rng = np.random.default_rng(seed)
    for _ in range(24):
        n = int(rng.integers(6, 10))
        k = int(rng.integers(n))
        matrix = rng.uniform(0.0, 0.1, (n, n)) / n
        np.fill_diagonal(matrix, rng.uniform(0.9, 1.1, n))
        z = rng.uniform(0.9, 1.1, n) * (np.arange(n) != k)
        matrix[k] = rng.uniform(0.9, 1.1, n)
        matrix[k, k] = 0.0
        matrix /= (matrix @ z)[:, None]
        matrix[k, k] = 1.0
        slope = rng.uniform(1.0, 1.2, n)
        yield linear_quadratic(matrix, slope, rng.uniform(-1, 1, n)), k


def _has_two_prices(economy: LinearQuadratic, trader: int) -> bool:
    """Return whether a trader of one type can face two prices at one allocation.

    By (3.8): whether there is a ds with ds_i = 0 that moves the price by 1 and no quantity.
    """
    others = np.delete(np.eye(economy.n_traders), trader, axis=0)
    moves = [taxed_equilibrium(economy, SIGMA, types[None]) for types in (*others, 0 * others[0])]
    price, quantity = (np.array([move[part][0] for move in moves]) for part in (0, 1))
    effects = np.column_stack([price[:-1] - price[-1], quantity[:-1] - quantity[-1]]).T
    wanted = np.append(1.0, np.zeros(economy.n_traders))
    solution = np.linalg.lstsq(effects, wanted, rcond=None)[0]
    return bool(np.abs(effects @ solution - wanted).max() < RESIDUAL_TOLERANCE)


def _fun_of_traders(economy: LinearQuadratic) -> list[bool]:
    """Return whether each row of W^-1 has a non-zero sum (FUN), up to rounding."""
    sums = np.linalg.inv(economy.weights).sum(axis=1)
    return list(np.abs(sums) > RESIDUAL_TOLERANCE * np.abs(sums).max())


@statement(
    "Lemma 3: functions",
    "Section 5, Lemma 3",
    "FUN is sufficient for sigma-VCG inverse demands to be functions, and for linear utilities "
    "necessary.",
)
def _check_lemma_3(fun: Formula = _fun_of_traders) -> Finding:
    wrong = []
    economies = [economy for economy, _ in _correspondence_economies(4)]
    for economy in [*economies, *(m.economy for m in general_markets(4))]:
        two_prices = [_has_two_prices(economy, i) for i in range(economy.n_traders)]
        wrong += [one != (not two) for one, two in zip(fun(economy), two_prices, strict=True)]
    text = f"FUN and one price at each allocation disagree for {sum(wrong)} of {len(wrong)} bids"
    return Finding(float(np.mean(wrong)), text)


@statement(
    "Lemma 3: clearing",
    "Section 5, Lemma 3 and Proposition 3",
    "Where FUN fails the bid is a correspondence, and the auction still clears to sigma-VCG.",
)
def _check_lemma_3_clearing(auction: Formula = SigmaDCDA) -> Finding:
    gaps, weights = [], []
    rng = np.random.default_rng(5)
    for economy, k in _correspondence_economies(5):
        types = rng.standard_normal((8, economy.n_traders))
        rule = auction(SIGMA)
        bids = rule.honest_bids(economy, types)
        weights.append(abs(bids.price_weights[0, k]) / np.abs(bids.price_weights).max())
        outcome = rule.clear(bids)
        price, quantity = taxed_equilibrium(economy, SIGMA, types)
        gaps += [gap(outcome.price, price), gap(outcome.quantity, quantity)]
        gaps.append(gap(outcome.transfer, pivotal_transfers(economy, SIGMA, types)))
        gaps.append(float(not check_assumptions(economy)["A4N"].holds))
    text = (
        f"with price weights of {max(weights):.1g} of the others' the auction clears to sigma-VCG"
    )
    return Finding(worst([*gaps, *weights]), f"{text}, in {len(weights)} economies inside A4^N")


def _exact_row_sums(weights: Any) -> Any:
    """Return the row sums of W^-1 in rational arithmetic, each times its own effect w_ii."""
    exact = rational(weights)
    inverse = rational_inverse(exact)
    assert inverse is not None, "the economies drawn satisfy INJ"
    return inverse.sum(axis=1) * np.diagonal(exact)


def dominant(weights: Any, factor: float = 2) -> bool:
    """Return whether w_ii >= factor N w_ji for all j != i: Lemma 4 (i) with factor 2."""
    n = len(weights)
    pairs = ((i, j) for i in range(n) for j in range(n) if i != j)
    return all(weights[i][i] >= factor * n * weights[j][i] for i, j in pairs)


@statement(
    "Lemma 4: (i)",
    "Section 5, Lemma 4 (i)",
    "mu_{i,i} >= 2N mu_{j,i} for all i and j != i is sufficient for FUN.",
    tolerance=0.0,
)
def _check_lemma_4_i(condition: Formula = dominant) -> Finding:
    broken, sums = 0, []
    for weights in (*_dominated(6), *_spread_dominance(0)):
        if condition(weights):
            row_sums = _exact_row_sums(weights)
            sums.append(float(row_sums.min()))
            broken += int((row_sums <= 0).any())
    broken += sum(_exact_row_sums(weights)[0] != 0 for weights in _spread_dominance(0))
    beyond = Fraction(1, 100)
    broken += sum(_exact_row_sums(weights).min() <= 0 for weights in _spread_dominance(beyond))
    text = (
        f"in {len(sums)} economies with (i) w_ii times the least row sum is {min(sums):.3g} or "
        "more; outside, FUN fails, exactly, at w_ii = (N - 1) w_ji and not just above it"
    )
    return Finding(float(broken), text)


def _dominated(seed: int) -> Iterator[Any]:
    """Draw weights in which own effects are 2N times the largest others, more, or less."""
    rng = np.random.default_rng(seed)
    for draw in range(60):
        n = int(rng.integers(3, 7))
        matrix = rng.integers(1, 16, (n, n)).tolist()
        most = [max(matrix[j][i] for j in range(n) if j != i) for i in range(n)]
        factor = (2 * n, 3 * n, 2 * n - 1)[draw % 3]
        for i in range(n):
            matrix[i][i] = factor * most[i]
        yield matrix


def _spread_dominance(beyond: Fraction | int) -> Iterator[Any]:
    """Return economies in which the others' types move one trader's value only, w_kj = 1.

    Own effects are N - 1 + beyond. With beyond = 0, W z = 1 for z = 1 / (N - 1) off k, so that FUN
    fails for k. Above 0 it never fails, whatever the effects w_ji <= 1: with M = [w_ij / w_jj] and
    a zero diagonal, (1 + M)^-1 1 = (1 - M^2)^-1 (1 - M 1) > 0, since M has row sums below 1.
    """
    for n in range(3, 9):
        own = n - 1 + beyond
        matrix = [[own if i == j else 0 for j in range(n)] for i in range(n)]
        matrix[0] = [own] + [1] * (n - 1)
        yield matrix


def equicommon(weights: Any) -> bool:
    """Return whether all row sums of W are equal: Lemma 4 (ii)."""
    return len({sum(row) for row in weights}) == 1


@statement(
    "Lemma 4: (ii)",
    "Section 5, Lemma 4 (ii)",
    "Equicommonality, sum_k mu_{i,k} = sum_k mu_{j,k}, is sufficient for FUN.",
    tolerance=0.0,
)
def _check_lemma_4_ii(condition: Formula = equicommon) -> Finding:
    broken, held, excess = 0, 0, []
    for weights in _equicommon(7):
        if condition(weights):
            held += 1
            totals = [sum(row) for row in weights]
            scaled = _exact_row_sums(weights) * totals / np.diagonal(rational(weights))
            broken += int((scaled != 1).any())
    for weights in _almost_equicommon():
        rows = [sum(row) for row in weights]
        excess.append(float(max(rows) / min(rows)) - 1)
        broken += int(bool(condition(weights)) or _exact_row_sums(weights)[0] != 0)
    text = (
        f"in {held} economies with equal row sums those of W^-1 are their inverse; FUN fails in "
        f"economies whose row sums differ by {min(excess):.2g} to {max(excess):.2g}"
    )
    return Finding(float(broken), text)


def _equicommon(seed: int) -> Iterator[Any]:
    """Draw weights with equal row sums, of strong or weak interdependence, and some without."""
    rng = np.random.default_rng(seed)
    for draw in range(60):
        n = int(rng.integers(3, 7))
        matrix = [[Fraction(int(w)) for w in row] for row in rng.integers(1, 9, (n, n))]
        total = max(sum(row) for row in matrix) + 1
        for i in range(n):
            matrix[i][i] += total - sum(matrix[i])
        if rational_inverse(rational(matrix)) is None:
            continue
        if draw % 4 == 3:
            matrix[0][0] += 1
        yield matrix


def _almost_equicommon() -> Iterator[Any]:
    """Return W = alpha I + 1 1' / N with alpha added to one effect: W^-1 1 is 0 for that trader."""
    for n in range(3, 7):
        for digits in range(1, 5):
            alpha = Fraction(1, 10**digits)
            matrix = [[Fraction(1, n) + alpha * (i == j) for j in range(n)] for i in range(n)]
            matrix[0][1] += alpha
            yield matrix

"""Hypotheses of the theorems in linear-quadratic economies, decided and not merely computed.

A number that is computed in floating point decides a sign only where it is farther from 0 than its
rounding errors can be. A sum of k products in any order, fused or not, is off by at most
g_k = k u / (1 - k u) of the sum of their sizes, u = 2^-53 (Higham 2002, section 3.1), besides
underflow. Where that leaves the sign open the number is computed again as a fraction. A determinant
that is not 0 modulo a prime is not 0.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import nmod_mat
from numpy.typing import NDArray

from deviator.economies import Factored, QuadraticEconomy
from deviator.validation import Floats

UNIT_ROUNDING = 2.0**-53
SMALLEST = 5e-324

SLACK = 1.01
"""Covers the rounding of an error bound itself, which is below a hundredth of it."""

MOST_FRACTIONS = 2_000_000
"""So many fractions are added at most where rounding leaves signs open."""

PRIMES = (2147483647, 2147483629, 2147483587)
"""Below 2^31, so that products of two remainders are whole numbers of 64 bits."""

Whole = NDArray[np.int64]


def falling_quantity(economy: QuadraticEconomy, sigma: float) -> tuple[int | None, str]:
    """Return a trader whose quantity may not rise with the own type, None if all rise.

    With y_j = 1 / (mu_j + sigma), dq_i/ds_i has the sign of sum_j y_j (w_ii - w_ji).

    Parameters
    ----------
    economy : QuadraticEconomy
    sigma : float
        Slope of the tax, non-negative.

    Returns
    -------
    tuple of int or None, and str
        The trader, and the numbers that decide.

    Examples
    --------
    >>> from deviator.economies import linear_quadratic, private_values
    >>> falling_quantity(private_values(3), 0.5)[0] is None
    True
    >>> falling_quantity(linear_quadratic([[1, 0, 0], [1, 1, 0], [1, 0, 1]], 1.0), 0.0)[0]
    0
    """
    margin, error, total = _margins(economy, sigma)
    shown = margin / total
    open_signs = np.flatnonzero(~(margin > error))
    below = np.flatnonzero(margin < -error)
    if len(below):
        trader = int(below[0])
        return trader, f"w_ii less the price's response is {shown[trader]:.6g} for trader {trader}"
    exact = _exact_margins(economy, sigma, len(open_signs))
    for trader in (int(place) for place in open_signs):
        if exact is None:
            return trader, f"rounding leaves open whether that of trader {trader} does"
        if exact(trader) <= 0:
            return trader, f"w_ii is not above the price's response for trader {trader}"
    least = int(shown.argmin())
    return None, f"w_ii exceeds the price's response by {shown[least]:.6g} at least, trader {least}"


def not_positive(values: Floats) -> int | None:
    """Return the first trader whose number is not positive, None if all are."""
    places = np.flatnonzero(~(values > 0))
    return int(places[0]) if len(places) else None


def _margins(economy: QuadraticEconomy, sigma: float) -> tuple[Floats, Floats, float]:
    """Return sum_j y_j (w_ii - w_ji), bounds on its rounding errors, each (N,), and sum_j y_j."""
    y = 1 / (economy.slope + sigma)
    total, n = float(y.sum()), economy.n_traders
    if isinstance(economy, Factored):
        own, loadings, statistics = economy.own, economy.loadings, economy.statistics
        on_own = np.einsum("ig,gi->i", loadings, statistics)
        margin = total * (own + on_own) - (y * own + (y @ loadings) @ statistics)
        size_own = np.einsum("ig,gi->i", np.abs(loadings), np.abs(statistics))
        reached = y * np.abs(own) + (y @ np.abs(loadings)) @ np.abs(statistics)
        size = total * (np.abs(own) + size_own) + reached
        steps = n + len(statistics) + 8
    else:
        own = np.diagonal(economy.weights)
        margin = total * own - y @ economy.weights
        size = total * np.abs(own) + y @ np.abs(economy.weights)
        steps = n + 8
    relative = steps * UNIT_ROUNDING / (1 - steps * UNIT_ROUNDING)
    underflow = 4 * steps * SMALLEST * (1 + total)
    return margin, SLACK * relative * size + underflow, total


def _exact_margins(
    economy: QuadraticEconomy, sigma: float, many: int
) -> Callable[[int], Fraction] | None:
    """Return what computes sum_j y_j (w_ii - w_ji) as a fraction; None where that takes too long.

    Traders of equal slopes share y_j.
    """
    slopes, group = np.unique(economy.slope, return_inverse=True)
    work = economy.n_traders * (1 if isinstance(economy, Factored) else max(many, 1))
    # Sums of fractions with so many denominators have as many digits.
    if not many or work + len(slopes) ** 2 > MOST_FRACTIONS:
        return None
    y = [1 / (Fraction(float(slope)) + Fraction(float(sigma))) for slope in slopes]
    count = np.bincount(group)
    total = sum((each * int(size) for each, size in zip(y, count, strict=True)), Fraction(0))
    if isinstance(economy, Factored):
        return _factored_margin(economy, y, group, total)
    weights = economy.weights

    def margin(trader: int) -> Fraction:
        column = _group_sums(weights[:, trader], group, len(y))
        moved = sum((a * b for a, b in zip(y, column, strict=True)), Fraction(0))
        return Fraction(float(weights[trader, trader])) * total - moved

    return margin


def _factored_margin(
    economy: Factored, y: list[Fraction], group: Whole, total: Fraction
) -> Callable[[int], Fraction]:
    loadings = [_group_sums(column, group, len(y)) for column in economy.loadings.T]
    reach = [sum((a * b for a, b in zip(y, sums, strict=True)), Fraction(0)) for sums in loadings]

    def margin(trader: int) -> Fraction:
        own = Fraction(float(economy.own[trader])) * (total - y[int(group[trader])])
        for loading, statistic, reached in zip(
            economy.loadings[trader], economy.statistics[:, trader], reach, strict=True
        ):
            own += Fraction(float(statistic)) * (Fraction(float(loading)) * total - reached)
        return own

    return margin


def _group_sums(values: Floats, group: Whole, groups: int) -> list[Fraction]:
    """Return the exact sum of the numbers of each group."""
    sums = [Fraction(0)] * groups
    for place, value in zip(group, values, strict=True):
        sums[int(place)] += Fraction(float(value))
    return sums


def has_inverse(economy: QuadraticEconomy) -> bool | None:
    """Return whether W has an inverse: True where that is proved, None where it is not.

    The numbers of W are whole numbers times powers of 2. A determinant that is not 0 modulo an odd
    prime is not 0; one that is 0 modulo several is 0 in all likelihood.

    Examples
    --------
    >>> from deviator.economies import fundamental_value, tight
    >>> has_inverse(fundamental_value(4)), has_inverse(tight(4, 1.0, 1.0))
    (True, None)
    """
    return any(_determinant_of_weights(economy, prime) for prime in PRIMES) or None


def _determinant_of_weights(economy: QuadraticEconomy, prime: int) -> int:
    if isinstance(economy, Factored):
        return _factored_determinant(economy, prime)
    return _determinant(remainders(economy.weights, prime), prime)


def _factored_determinant(economy: Factored, prime: int) -> int:
    """Return det(D + L V) = det D det(I + V D^-1 L) modulo a prime, 0 where that of D is."""
    own = remainders(economy.own, prime)
    if not own.all():
        return 0
    inverse = np.array([pow(int(each), -1, prime) for each in own], dtype=np.int64)
    loadings = remainders(economy.loadings, prime) * inverse[:, None] % prime
    statistics = remainders(economy.statistics, prime)
    core = np.array(
        [
            [(statistic * loading % prime).sum() % prime for loading in loadings.T]
            for statistic in statistics
        ],
        dtype=np.int64,
    ).reshape(len(statistics), len(statistics))
    return _determinant(core + np.eye(len(core), dtype=np.int64), prime)


def _determinant(matrix: Whole, prime: int) -> int:
    rows, columns = matrix.shape
    if not rows:
        return 1
    return int(nmod_mat(rows, columns, (matrix % prime).ravel().tolist(), prime).det())


def remainders(numbers: Floats, prime: int) -> Whole:
    """Return floats, which are whole numbers times powers of 2, modulo an odd prime.

    Examples
    --------
    >>> remainders(np.array([3.0, 0.5, -1.0]), 7)
    array([3, 4, 6])
    """
    mantissa, exponent = np.frexp(numbers)
    whole = (mantissa * 2.0**53).astype(np.int64) % prime
    powers, place = np.unique(exponent - 53, return_inverse=True)
    factors = np.array([pow(2, int(power), prime) for power in powers], dtype=np.int64)
    return np.asarray(whole * factors[place].reshape(numbers.shape) % prime)

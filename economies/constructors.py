"""The paper's economies by name (Examples 1 to 3, Appendix A.1), all linear-quadratic."""

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, finite_number, per_trader, trader_count

from .distributions import identity
from .factored import Factored
from .linear_quadratic import LinearQuadratic


def linear_quadratic(
    weights: ArrayLike,
    slope: ArrayLike,
    intercept: ArrayLike = 0.0,
    name: str = "general",
    *,
    type_low: ArrayLike | None = None,
    type_high: ArrayLike | None = None,
) -> LinearQuadratic:
    """Return the economy u_i = (c_i + sum_j w_ij s_j) q_i - (slope_i / 2) q_i^2.

    Parameters
    ----------
    weights : array-like of float, shape (N, N)
        W, row i the trader affected.
    slope, intercept : float or array-like of float, shape (N,)
        One number for all traders, or one each.
    name : str
        Name shown in reports.
    type_low, type_high : float or array-like of float, shape (N,), optional
        Ends of the sets of types; by default types are unbounded.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit, N < 3, a slope is not positive or a number is not finite.

    Examples
    --------
    >>> economy = linear_quadratic([[1, 0, 0], [0, 1, 0], [0, 0, 1]], slope=2.0)
    >>> economy.utility(np.array([[1.0, -1.0, 0.0]]), np.array([[3.0, 1.0, 0.0]]))
    array([[ 2., -2.,  0.]])
    """
    matrix = finite_array("weights", weights, (None, None))
    n = trader_count(matrix.shape[0])
    return LinearQuadratic(
        finite_array("weights", matrix, (n, n)),
        per_trader("slope", slope, n),
        per_trader("intercept", intercept, n),
        name=name,
        type_low=_end(type_low),
        type_high=_end(type_high),
    )


def private_values(n_traders: int, alpha: float = 1.0, slope: float = 1.0) -> LinearQuadratic:
    """Return the private-value economy W = diag(alpha).

    Examples
    --------
    >>> private_values(3, alpha=2.0, slope=1.0).weights.diagonal()
    array([2., 2., 2.])
    """
    weights = finite_number("alpha", alpha) * identity(trader_count(n_traders))
    return linear_quadratic(weights, slope, name="private values")


def fundamental_value(
    n_traders: int, alpha: float = 1.0, beta: float = 0.5, slope: float = 1.0
) -> LinearQuadratic:
    """Return Example 1: every value is alpha s_i + beta mean(s).

    Examples
    --------
    >>> float(fundamental_value(5, alpha=1.0, beta=0.5, slope=1.2).weights[0, 1])
    0.1
    """
    weights = common_value_weights(n_traders, alpha, beta)
    return linear_quadratic(weights, slope, name="fundamental value")


def two_groups(
    n_traders: int, alpha: ArrayLike = 1.0, beta: ArrayLike = 0.7, slope: float = 1.0
) -> LinearQuadratic:
    """Return Example 2: two groups of equal size, each with a common value of its own.

    Parameters
    ----------
    n_traders : int
        An even number; the first half is group 1.
    alpha, beta : float or pair of float
        Weights on the own type and on the group's average type, one number or one per group.
    slope : float
        Slope of every marginal utility.

    Raises
    ------
    InvalidInputError
        If the number of traders is odd or below 4, or an input is malformed.

    Examples
    --------
    >>> two_groups(4, alpha=1.0, beta=0.6, slope=1.0).weights
    array([[1.3, 0.3, 0. , 0. ],
           [0.3, 1.3, 0. , 0. ],
           [0. , 0. , 1.3, 0.3],
           [0. , 0. , 0.3, 1.3]])
    """
    n = even_count(n_traders)
    own, group = _per_group("alpha", alpha), _per_group("beta", beta)
    weights = identity(n)
    for g, members in enumerate((slice(0, n // 2), slice(n // 2, n))):
        weights[members, members] *= own[g]
        weights[members, members] += 2 * group[g] / n
    return linear_quadratic(weights, slope, name="two groups")


def heterogeneous(
    n_traders: int,
    alpha: float = 1.0,
    beta: float = 0.5,
    slope_small: float = 2.0,
    slope_big: float = 0.6,
) -> LinearQuadratic:
    """Return Example 3: the fundamental value with small traders (steep) and big ones (flat).

    The first half of the traders is small. `n_traders` is even.

    Examples
    --------
    >>> heterogeneous(4, 1.0, 0.4, slope_small=2.0, slope_big=0.6).slope
    array([2. , 2. , 0.6, 0.6])
    """
    n = even_count(n_traders)
    slope = np.repeat(
        [finite_number("slope_small", slope_small), finite_number("slope_big", slope_big)], n // 2
    )
    roles = ("small",) * (n // 2) + ("big",) * (n // 2)
    weights = common_value_weights(n, alpha, beta)
    return LinearQuadratic(weights, slope, np.zeros(n), name="heterogeneous", roles=roles)


def tight(
    n_traders: int, own_effect: float = 1.0, cross_effect: float = 0.1, slope: float = 1.0
) -> LinearQuadratic:
    """Return the worst case of Propositions 1 and 5 (A.1): one effect on, one off the diagonal.

    Examples
    --------
    >>> tight(3, own_effect=1.0, cross_effect=0.2, slope=1.0).weights[0]
    array([1. , 0.2, 0.2])
    """
    n = trader_count(n_traders)
    own = finite_number("own_effect", own_effect)
    cross = finite_number("cross_effect", cross_effect)
    return linear_quadratic((own - cross) * identity(n) + cross, slope, name="tight")


def factored(
    own: ArrayLike,
    loadings: ArrayLike,
    statistics: ArrayLike,
    slope: ArrayLike,
    intercept: ArrayLike = 0.0,
    *,
    type_low: ArrayLike | None = None,
    type_high: ArrayLike | None = None,
) -> Factored:
    """Return the economy W = diag(own) + loadings statistics, which never writes out W.

    Parameters
    ----------
    own : array-like of float, shape (N,)
        Effect of the own type beyond the statistics.
    loadings : array-like of float, shape (N, G)
        How each trader's value moves with each statistic of the types.
    statistics : array-like of float, shape (G, N)
        The statistics' weights on the types.
    slope, intercept, type_low, type_high : float or array-like of float, shape (N,)
        As in `linear_quadratic`.

    Examples
    --------
    >>> factored([1.0, 1.0, 1.0], [[0.3]] * 3, [[1.0, 1.0, 1.0]], slope=1.0).effects_on(0)
    array([1.3, 0.3, 0.3])
    """
    diagonal = finite_array("own", own, (None,))
    n = trader_count(len(diagonal))
    return Factored(
        diagonal,
        finite_array("loadings", loadings, (n, None)),
        finite_array("statistics", statistics, (None, n)),
        per_trader("slope", slope, n),
        per_trader("intercept", intercept, n),
        type_low=_end(type_low),
        type_high=_end(type_high),
    )


def common_value_weights(n_traders: int, alpha: float, beta: float) -> Floats:
    """Return alpha I + (beta / N) 11', shape (N, N)."""
    n = trader_count(n_traders)
    return finite_number("alpha", alpha) * identity(n) + finite_number("beta", beta) / n


def even_count(n_traders: object) -> int:
    """Return a number of traders that splits into two groups of equal size."""
    n = trader_count(n_traders)
    if n % 2:
        raise InvalidInputError(f"n_traders must be even for two groups of equal size, got {n}")
    return n


def _end(value: ArrayLike | None) -> Floats | None:
    return None if value is None else np.asarray(value, dtype=np.float64)


def _per_group(name: str, value: ArrayLike) -> Floats:
    if np.ndim(value) == 0:
        return np.full(2, finite_number(name, value))
    return finite_array(name, value, (2,))

"""Factored economies: W = diag(own) + L V, few statistics of the types behind all values.

With D = diag(own), W^-1 = D^-1 - D^-1 L (I + V D^-1 L)^-1 V D^-1 (Woodbury), so that honest bids
in markets of any size cost O(N G^2) without writing out W (Lemma 2, low-dimensional
conditioning).
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.arrays import beside, product
from deviator.errors import InvalidInputError, RefusedError
from deviator.memory import require_memory
from deviator.units import EACH_TRADER, PRICES, SLOPES
from deviator.validation import Floats, finite_array, freeze, non_negative, trader_count

from .quadratic import SINGULAR_WEIGHTS, QuadraticEconomy


@final
@dataclass(frozen=True, eq=False)
class Factored(QuadraticEconomy):
    """An economy whose values are own types and loadings on G statistics of all types.

    Parameters
    ----------
    own : ndarray of float, shape (N,)
        Effect of the own type beyond the statistics.
    loadings : ndarray of float, shape (N, G)
        L; how each trader's value moves with each statistic.
    statistics : ndarray of float, shape (G, N)
        V; weights of the statistics on the types.
    slope, intercept : ndarray of float, shape (N,)
        As in `LinearQuadratic`.
    name : str
        Family name shown in reports.
    roles : tuple of str
        A role for each trader, or empty where all play the same.
    type_low, type_high : ndarray of float, shape (N,), optional
        Ends of the sets of types; by default types are unbounded.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit, N < 3, a slope is not positive or a number is not finite.
    """

    own: Floats = field(metadata=EACH_TRADER)
    loadings: Floats = field(metadata=EACH_TRADER)
    statistics: Floats = field(metadata={"trader_axes": (1,)})
    slope: Floats = field(metadata=SLOPES)
    intercept: Floats = field(metadata=PRICES)
    name: str = "factored"
    roles: tuple[str, ...] = field(default=(), metadata=EACH_TRADER)
    type_low: Floats | None = field(default=None, metadata=PRICES)
    type_high: Floats | None = field(default=None, metadata=PRICES)
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        n = trader_count(len(np.atleast_1d(np.asarray(self.own))))
        own = finite_array("own", self.own, (n,))
        loadings = finite_array("loadings", self.loadings, (n, None))
        statistics = finite_array("statistics", self.statistics, (loadings.shape[1], n))
        freeze(self, own=own, loadings=loadings, statistics=statistics)
        self._freeze_common_fields(n)

    @property
    @override
    def weights(self) -> Floats:  # type: ignore[override]
        """W written out, shape (N, N): for small economies and documentation.

        Raises
        ------
        RefusedError
            If it needs more memory than there is.
        """
        require_memory(
            24.0 * self.n_traders**2,
            f"the weights of {self.n_traders} traders on each other's types",
            "read own, loadings and statistics, which they are made of",
        )
        return np.asarray(np.diag(self.own) + self.loadings @ self.statistics)

    @property
    @override
    def own_type_effects(self) -> Floats:
        return np.asarray(self.own + np.einsum("ig,gi->i", self.loadings, self.statistics))

    @override
    def effects_on_several(self, traders: slice) -> Floats:
        rows = self.loadings[traders] @ self.statistics
        places = np.arange(self.n_traders)[traders]
        rows[np.arange(len(places)), places] += self.own[traders]
        return np.asarray(rows)

    @override
    def weighted_types(self, types: Floats) -> Floats:
        own, loadings, statistics = (
            beside(types, self, name) for name in ("own", "loadings", "statistics")
        )
        weighted: Floats = own * types + product(product(types, statistics.T), loadings.T)
        return weighted

    @override
    def weighted_traders(self, trader_weights: Floats) -> Floats:
        return trader_weights * self.own + (trader_weights @ self.loadings) @ self.statistics

    @override
    def types_behind(self, values: Floats) -> Floats:
        direct = values / self._invertible_own()
        return direct - (direct @ self.statistics.T) @ self.reading_loadings().T

    def reading_loadings(self) -> Floats:
        """Return R = D^-1 L (I + V D^-1 L)^-1, shape (N, G): W^-1 = D^-1 - R V D^-1.

        Raises
        ------
        RefusedError
            If an own effect is 0 or W is singular to working precision (assumption INJ fails).
        """
        scaled = self.loadings / self._invertible_own()[:, None]
        core = np.eye(len(self.statistics)) + self.statistics @ scaled
        try:
            loadings: Floats = np.asarray(np.linalg.solve(core.T, scaled.T).T, dtype=np.float64)
        except np.linalg.LinAlgError:
            raise RefusedError(SINGULAR_WEIGHTS) from None
        if self._reciprocal_condition(loadings) < self.n_traders * np.finfo(float).eps:
            raise RefusedError(SINGULAR_WEIGHTS)
        return loadings

    def log_determinant(self) -> tuple[float, float]:
        """Return the sign of det W, 0 where it vanishes, and the logarithm of its size.

        det W is the determinant of [[D, -L], [V, I]]; all but the zeros of D are eliminated.
        """
        zero = self.own == 0
        direct = self.own[~zero]
        core = (
            np.eye(len(self.statistics))
            + (self.statistics[:, ~zero] / direct) @ (self.loadings[~zero])
        )
        missing = int(zero.sum())
        if missing > len(core):
            return 0.0, -np.inf
        bordered = np.block(
            [[np.zeros((missing, missing)), -self.loadings[zero]], [self.statistics[:, zero], core]]
        )
        sign, logarithm = np.linalg.slogdet(bordered)
        return (
            float(sign * np.prod(np.sign(direct))),
            float(logarithm + np.log(np.abs(direct)).sum()),
        )

    def _invertible_own(self) -> Floats:
        if (self.own == 0).any():
            trader = int(np.flatnonzero(self.own == 0)[0])
            raise RefusedError(
                "own must be non-zero for conditional bids in a factored economy, got 0 for trader "
                f"{trader}; build a small economy with linear_quadratic instead"
            )
        return self.own

    def _reciprocal_condition(self, reading: Floats) -> float:
        """Return 1 / (|W| |W^-1|) in the Frobenius norm, rows and columns at length one."""
        rows = np.sqrt(_row_squares(self.own, self.loadings, self.statistics))
        scale = np.where(rows > 0, rows, 1.0)
        own, loadings = self.own / scale, self.loadings / scale[:, None]
        columns = np.sqrt(_row_squares(own, self.statistics.T, loadings.T))
        column_scale = np.where(columns > 0, columns, 1.0)
        balanced = _row_squares(own, self.statistics.T, loadings.T) / column_scale**2
        inverse = _row_squares(
            column_scale * scale / self.own,
            -column_scale[:, None] * reading,
            self.statistics * (scale / self.own),
        )
        return float(1 / np.sqrt(balanced.sum() * inverse.sum()))


def public_statistics(economy: Factored, tax_slope: float = 0.0, *, exact: bool = False) -> Any:
    """Return the statistics of the allocation that honest bids condition on.

    The honest bid of trader i is row i of W^-1 diag(mu + sigma) q + W^-1 1 p = s + W^-1 c, which
    reads q_i and the statistics V D^-1 diag(mu + sigma) q only.

    Parameters
    ----------
    economy : Factored
    tax_slope : float
        sigma of the auction.
    exact : bool
        Whether to return fractions instead of floats. Only then do honest bids in this language
        exist to the last digit, so that a certificate's cap can be exactly 0; for small markets.

    Returns
    -------
    ndarray of float or of Fraction, shape (G, N)
        For `SigmaDCDA(sigma, statistics=...)`.

    Raises
    ------
    InvalidInputError
        If the economy is of another kind.
    RefusedError
        If an own effect is 0.

    Examples
    --------
    >>> economy = Factored([1.0] * 3, [[0.3]] * 3, [[1.0] * 3], [1.0, 2.0, 2.0], [0.0] * 3)
    >>> public_statistics(economy, tax_slope=0.5)
    array([[1.5, 2.5, 2.5]])
    """
    sigma = non_negative("tax_slope", tax_slope)
    if not isinstance(economy, Factored):
        raise InvalidInputError(
            f"public statistics are those of a Factored economy, got {type(economy).__name__}; "
            "build it with factored"
        )
    own = economy._invertible_own()
    if not exact:
        return economy.statistics * ((economy.slope + sigma) / own)
    fractions = np.frompyfunc(Fraction, 1, 1)
    tilted = (fractions(economy.slope) + Fraction(sigma)) / fractions(own)
    return fractions(economy.statistics) * tilted


def _row_squares(diagonal: Floats, left: Floats, right: Floats) -> Floats:
    """Return the squared lengths of the rows of diag(diagonal) + left right, never negative."""
    crossed = np.einsum("ig,gi->i", left, right)
    spread = np.einsum("ig,gh,ih->i", left, right @ right.T, left)
    return np.asarray((diagonal + crossed) ** 2 + np.maximum(spread - crossed**2, 0.0))

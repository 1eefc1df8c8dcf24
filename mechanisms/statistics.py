"""Public statistics of the allocation, on which factored bids condition (Lemma 2).

Quantities sum to 0, so a statistic matters only up to multiples of their sum: S is used
less its row means, and written in an orthonormal basis Q of the result, which frees clearing from
the statistics' units and from statistics that repeat each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from deviator.errors import InvalidInputError, RefusedError
from deviator.numerics.rational import Rationals, rational, rational_inverse
from deviator.validation import Bools, Floats, finite_array, freeze, trader_count

SPANNED = 1e-9
"""A row that statistics miss by less than this share of its length is spanned, up to rounding."""

NEGLIGIBLE = 1e-12
"""Shares of a row below this are rounding."""


@final
@dataclass(frozen=True, eq=False)
class PublicStatistics:
    """G statistics S q of an allocation q.

    Parameters
    ----------
    given : array-like of number, shape (G, N)
        S. Fractions are kept as they are for exact arithmetic.

    Attributes
    ----------
    weights : ndarray of float, shape (G, N)
        S.
    basis : ndarray of float, shape (H, N)
        Orthonormal rows that span the centered statistics.
    coordinates : ndarray of float, shape (G, H)
        Centered S = coordinates basis.
    largest : ndarray of float, shape (G,)
        Largest absolute weight of each statistic.
    own_residual : ndarray of float, shape (N,)
        Squared distance of each own quantity from the span of the statistics and of sum q; 0 where
        they span it.
    chosen : ndarray of int, shape (H,)
        The first statistics that are independent of those before them; bids that are computed
        condition on these only.

    Examples
    --------
    The sums over two halves carry the same information, since they sum to 0:

    >>> PublicStatistics([[1, 1, 0, 0], [0, 0, 1, 1]]).chosen
    array([0])
    """

    given: Any
    weights: Floats = field(init=False)
    basis: Floats = field(init=False)
    coordinates: Floats = field(init=False)
    largest: Floats = field(init=False)
    own_residual: Floats = field(init=False)
    chosen: NDArray[np.int_] = field(init=False)

    def __post_init__(self) -> None:
        weights = finite_array("statistics", self.given, (None, None))
        trader_count(weights.shape[1])
        kept = np.array(self.given, dtype=object) if _has_fractions(self.given) else weights
        kept.setflags(write=False)
        centered = weights - weights.mean(axis=1, keepdims=True)
        basis, chosen = _orthonormal(centered, weights)
        object.__setattr__(self, "given", kept)
        object.__setattr__(self, "chosen", chosen)
        freeze(self, weights=weights, basis=basis, coordinates=centered @ basis.T)
        freeze(self, largest=np.abs(weights).max(axis=1))
        freeze(self, own_residual=own_residuals(basis, weights.shape[1]))

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return int(self.weights.shape[1])

    @property
    def ties(self) -> Floats:
        """The basis, and the sum of quantities as a last row of ones, shape (H + 1, N)."""
        return np.vstack([self.basis, np.ones(self.n_traders)])

    @cached_property
    def least_residual(self) -> float:
        """The smallest of the own residuals, which takes a pass over all traders."""
        return float(self.own_residual.min())

    def __len__(self) -> int:
        return len(self.weights)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicStatistics) and np.array_equal(self.given, other.given)

    @override
    def __hash__(self) -> int:
        return hash(self.weights.tobytes())

    def relabelled(self, order: Sequence[int]) -> "PublicStatistics":
        """Return the statistics of renumbered traders: new trader i is old order[i]."""
        return PublicStatistics(self.given[:, list(order)])

    def residual(self, rows: Floats) -> Floats:
        """Return the part of rows (..., N) outside the span of the statistics and of sum q."""
        centered = rows - rows.mean(axis=-1, keepdims=True)
        residual: Floats = centered - (centered @ self.basis.T) @ self.basis
        return residual

    def coefficients(self, rows: Floats) -> Floats:
        """Return coefficients T, shape (..., G), with T S nearest to rows (..., N)."""
        coordinates = (rows - rows.mean(axis=-1, keepdims=True)) @ self.basis.T
        coefficients = np.zeros((*rows.shape[:-1], len(self)))
        coefficients[..., self.chosen] = coordinates @ np.linalg.inv(self.coordinates[self.chosen])
        return np.where(self._is_noise(coefficients, rows), 0.0, coefficients)

    def _is_noise(self, coefficients: Floats, rows: Floats) -> Bools:
        """Return which coefficients (..., G) on statistics are rounding beside their row."""
        sizes = np.sqrt((self.coordinates**2).sum(axis=1))
        lengths = np.sqrt((rows**2).sum(axis=-1, keepdims=True))
        noise: Bools = np.abs(coefficients) * sizes <= NEGLIGIBLE * lengths
        return noise

    def read(self, rows: Floats, traders: NDArray[np.int_]) -> tuple[Floats, Floats]:
        """Write rows as a q_i + C S q: weights on the own quantity and on the statistics.

        Parameters
        ----------
        rows : ndarray of float, shape (R, N)
            Weights on all quantities.
        traders : ndarray of int, shape (R,)
            Whose own quantity is read in each row.

        Returns
        -------
        tuple of ndarray of float, of shapes (R,) and (R, G)
            The weight a is 0 where the statistics span the own quantity.

        Raises
        ------
        RefusedError
            If a row is outside the span of both.
        """
        places = np.arange(len(rows))
        left = self.own_residual[traders]
        separate = left > 0
        own = np.where(
            separate, self.residual(rows)[places, traders] / np.where(separate, left, 1.0), 0.0
        )
        rest = rows.copy()
        rest[places, traders] -= own
        check_spanned(rows, self.residual(rest))
        return own, self.coefficients(rest)

    def read_exactly(
        self, rows: Rationals, own: Rationals | None = None
    ) -> tuple[Rationals, Rationals]:
        """Do what `read` does for the rows (N, N) of all traders, in exact numbers.

        The weights on own quantities may be given.
        """
        residual = self._exact_residual(rows)
        if own is None:
            left = np.diagonal(self._exact_residual(rational(np.eye(self.n_traders, dtype=int))))
            separate = left != 0
            own = np.diagonal(residual) * separate / np.where(separate, left, 1)
        rest = rows - np.diag(own)
        check_spanned(rows.astype(np.float64), self._exact_residual(rest).astype(np.float64))
        statistic = self._exact_coefficients(rest)
        noise = self._is_noise(statistic.astype(np.float64), rest.astype(np.float64))
        statistic[noise] = Fraction(0)
        return own, statistic

    def _exact_coefficients(self, rows: Rationals) -> Rationals:
        coefficients = np.full((len(rows), len(self)), Fraction(0), dtype=object)
        if len(self.chosen):
            chosen = _centered(rational(self.given[self.chosen]))
            inverse = rational_inverse(chosen @ chosen.T)
            assert inverse is not None, "rows that floats tell apart are independent"
            coefficients[:, self.chosen] = (_centered(rows) @ chosen.T) @ inverse
        return coefficients

    def _exact_residual(self, rows: Rationals) -> Rationals:
        residual: Rationals = _centered(rows)
        if len(self):
            residual = residual - self._exact_coefficients(rows) @ _centered(rational(self.given))
        return residual


def own_residuals(basis: Floats, n_traders: int) -> Floats:
    """Return squared distances of own quantities (n,) from the span of basis (H, n) and sum q."""
    residual = 1 - 1 / n_traders - np.einsum("hn,hn->n", basis, basis)
    return np.where(residual > NEGLIGIBLE, residual, 0.0)


def check_spanned(rows: Floats, residual: Floats) -> None:
    """Refuse rows (R, N) whose part outside the span of the statistics is more than rounding."""
    size = np.sqrt(np.einsum("rj,rj->r", rows, rows))
    gap = np.sqrt(np.einsum("rj,rj->r", residual, residual))
    if (gap > SPANNED * size).any():
        worst = int(np.argmax(gap - SPANNED * size))
        raise RefusedError(
            "conditional bids need statistics that span all they condition on, and the mechanism's "
            f"miss {gap[worst] / size[worst]:.3g} of row {worst} of it; publish "
            "deviator.economies.public_statistics(economy, sigma), or no statistics at all"
        )


def check_traders(statistics: PublicStatistics, n_traders: int) -> None:
    """Raise InvalidInputError unless statistics are of as many traders as the market."""
    if statistics.n_traders != n_traders:
        raise InvalidInputError(
            f"statistics must be of the market's {n_traders} traders, got {statistics.n_traders}"
        )


def _has_fractions(given: Any) -> bool:
    return np.asarray(given).dtype == object


def _orthonormal(centered: Floats, weights: Floats) -> tuple[Floats, NDArray[np.int_]]:
    """Return orthonormal rows and which rows they come from (Gram-Schmidt, each step twice)."""
    n = centered.shape[1]
    basis, chosen = np.zeros((0, n)), list[int]()
    rounding = 64 * np.finfo(float).eps * np.sqrt(n)
    for place, row in enumerate(centered):
        size = np.sqrt(weights[place] @ weights[place])
        left = row - (basis @ row) @ basis
        left = left - (basis @ left) @ basis
        length = np.sqrt(left @ left)
        if length > rounding * size:
            basis, chosen = np.vstack([basis, left / length]), [*chosen, place]
    return basis, np.array(chosen, dtype=int)


def _centered(rows: Rationals) -> Rationals:
    centered: Rationals = rows - rows.sum(axis=1)[:, None] / Fraction(rows.shape[1])
    return centered

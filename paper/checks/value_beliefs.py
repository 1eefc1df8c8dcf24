"""Beliefs about the traders' values, and how far one type moves them (Section 2.2, A4 and A4^B).

Values are in [-1, 1]. Given types s in [-1, 1]^N, trader i's value has the distribution function
delta_i(x | s) = (1 + x) / 2 + sum_j s_j g_ij(x), and u_i is the expectation of v_i.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from deviator.validation import Floats

VALUES = np.linspace(-1.0, 1.0, 2001)
"""Grid of values."""

Shape = Callable[[Floats], Floats]
"""Values (T,) to how a type moves their distribution function, 0 at both ends, (T,)."""


class Beliefs(NamedTuple):
    """Beliefs on the grid of values, and what the values mean.

    Attributes
    ----------
    moves : ndarray of float, shape (N, N, T)
        g_ij, row i the trader whose value it is.
    marginal : ndarray of float, shape (N, T)
        Marginal utilities d v_i / d q_i at no trade, rising in the value.
    """

    moves: Floats
    marginal: Floats

    def distribution(self, types: Floats) -> Floats:
        """Return delta_i(x | s) on the grid, shape (N, T), for types (N,)."""
        return np.asarray((1 + VALUES) / 2 + np.einsum("j,ijx->ix", types, self.moves))

    def expected_marginal_utility(self, types: Floats) -> Floats:
        """Return mu_i(0, s), the expectation of the marginal utilities, shape (N,)."""
        middle = (self.marginal[:, 1:] + self.marginal[:, :-1]) / 2
        return np.asarray((middle * np.diff(self.distribution(types), axis=1)).sum(axis=1))

    @property
    def interdependence(self) -> float:
        """The largest average |mu_ij| over i != j: phi_N of A4."""
        return _largest_average(self._by_type(self.expected_marginal_utility)[:, :, 0])

    @property
    def impact(self) -> float:
        """The largest average over i != j of the largest |d delta_i / d s_j|: phi_N^B of A4^B."""
        return _largest_average(self._by_type(self.distribution).max(axis=2))

    @property
    def steepest_value(self) -> float:
        """The largest d mv_i / d theta_i."""
        return float((np.diff(self.marginal) / np.diff(VALUES)).max())

    @property
    def flattest_value(self) -> float:
        """The least d mv_i / d theta_i."""
        return float((np.diff(self.marginal) / np.diff(VALUES)).min())

    @property
    def lipschitz(self) -> float:
        """The largest change of a g_ij per unit of the value."""
        return float(np.abs(np.diff(self.moves) / np.diff(VALUES)).max())

    def _by_type(self, function: Callable[[Floats], Floats]) -> Floats:
        """Return by how much a function (N, ...) moves as each type rises by 1, (N, N, ...)."""
        n = len(self.moves)
        start = function(np.zeros(n)).reshape(n, -1)
        moved = [np.abs(function(one).reshape(n, -1) - start) for one in np.eye(n)]
        return np.stack(moved, axis=1)


def _largest_average(effects: Floats) -> float:
    n = len(effects)
    return float(((effects.sum(axis=0) - np.diagonal(effects)) / (n - 1)).max())


def shift(middle: float, width: float) -> Shape:
    """Return a tent: the type raises the values within a width of the middle."""
    return lambda values: -np.maximum(1 - np.abs(values - middle) / width, 0.0)


def even_shift(values: Floats) -> Floats:
    """Return a move that is almost the same for all values: the type raises all of them."""
    return np.asarray(values**60 - 1)


def spread(values: Floats) -> Floats:
    """Return a move that spreads values around 0 and leaves their mean where it was."""
    return np.asarray(values * (1 - values**2))


def believed(moves: Floats, bends: Floats) -> Beliefs:
    """Return beliefs whose moves are scaled so that distributions rise, mv_i = x + bend_i x^3 / 3.

    Parameters
    ----------
    moves : ndarray of float, shape (N, N, T)
    bends : ndarray of float, shape (N,)
        Non-negative.

    Examples
    --------
    >>> beliefs = believed(np.tile(spread(VALUES), (3, 3, 1)), np.zeros(3))
    >>> round(beliefs.interdependence, 9), round(beliefs.impact, 3)
    (0.0, 0.032)
    """
    slopes = np.abs(np.diff(moves) / np.diff(VALUES)).max(axis=2).sum(axis=1)
    marginal = VALUES + bends[:, None] * VALUES**3 / 3
    return Beliefs(moves * (0.5 / slopes)[:, None, None], marginal)

"""Gauss-Legendre quadrature: of one panel, with slopes beside values, and to many points."""

from functools import cache
from typing import NamedTuple, final

import numpy as np
from numpy.polynomial.legendre import legder, leggauss, legval, legvander

from deviator.validation import Floats, read_only


@final
class PanelRule(NamedTuple):
    """Nodes and weights on [0, 1]; slopes are per unit of it."""

    node: Floats
    """The K Gauss-Legendre nodes."""
    weight: Floats
    """Their weights, shape (K,)."""
    value_weight: Floats
    """Weights of the values at 0 and at the nodes in the second rule, shape (K + 1,)."""
    slope_weight: Floats
    """Weights of the slopes there, shape (K + 1,)."""


@cache
def panel_rule(nodes: int) -> PanelRule:
    """Return two rules at so many nodes: Gauss-Legendre's, and one with the slopes there (Hermite).

    The second integral is that of the polynomial of degree 2 K + 1 through values and slopes at
    0 and at the nodes.

    Examples
    --------
    >>> rule = panel_rule(3)
    >>> t = np.append(0.0, rule.node)
    >>> integral = rule.value_weight @ t**7 + rule.slope_weight @ (7 * t**6)
    >>> round(float(integral), 14) == 1 / 8
    True
    """
    place, weight = leggauss(nodes)
    at = np.append(-1.0, place)
    basis = np.eye(2 * len(at))
    # Slopes per unit of [0, 1], of which [-1, 1] has two.
    rows = [legval(at, one) for one in basis], [2 * legval(at, legder(one)) for one in basis]
    conditions = np.concatenate([np.array(part) for part in rows], axis=1)
    weights = np.linalg.solve(conditions, np.eye(2 * len(at))[0])
    values, slopes = np.split(weights, 2)
    node = (place + 1) / 2
    return PanelRule(*(read_only(part) for part in (node, weight / 2, values, slopes)))


@cache
def gauss_legendre(nodes: int) -> tuple[Floats, Floats]:
    """Return the nodes, and the matrix that takes values there to Legendre coefficients."""
    place, weight = leggauss(nodes)
    projection = weight[:, None] * legvander(place, nodes - 1) * (np.arange(nodes) + 0.5)
    return read_only(place), read_only(projection)


def legendre_integrals(values: Floats, ends: Floats) -> Floats:
    """Return integrals from -1 of the polynomial through values at Gauss-Legendre nodes.

    Of its Legendre coefficients, c_k = (k + 1/2) sum_j w_j P_k(x_j) values_j, the integrals are
    those of P_k, (P_{k+1} - P_{k-1}) / (2k + 1).

    Parameters
    ----------
    values : ndarray of float, shape (C, K)
        At the K nodes.
    ends : ndarray of float, shape (C, M)
        From -1 to 1.

    Examples
    --------
    >>> legendre_integrals(np.ones((1, 4)), np.array([[-1.0, 0.0, 1.0]])).round(12)
    array([[0., 1., 2.]])
    """
    nodes = values.shape[1]
    degree, projection = np.arange(nodes), gauss_legendre(nodes)[1]
    at_ends = legvander(ends, nodes)
    integrals = np.empty((*ends.shape, nodes))
    integrals[..., 0] = ends + 1.0
    integrals[..., 1:] = (at_ends[..., 2:] - at_ends[..., :-2]) / (2 * degree[1:] + 1)
    return np.asarray(np.einsum("cmk,ck->cm", integrals, values @ projection))

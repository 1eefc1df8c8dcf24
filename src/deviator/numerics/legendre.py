"""Gauss-Legendre quadrature from one end to many points at once."""

from functools import cache

import numpy as np
from numpy.polynomial.legendre import leggauss, legvander

from deviator.validation import Floats, read_only


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


@cache
def gauss_legendre(nodes: int) -> tuple[Floats, Floats]:
    """Return the nodes, and the matrix that takes values there to Legendre coefficients."""
    place, weight = leggauss(nodes)
    projection = weight[:, None] * legvander(place, nodes - 1) * (np.arange(nodes) + 0.5)
    return read_only(place), read_only(projection)

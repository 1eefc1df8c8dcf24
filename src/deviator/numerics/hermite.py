"""Quadrature of one panel, twice: by Gauss-Legendre, and with the slopes at the same nodes."""

from functools import cache
from typing import NamedTuple, final

import numpy as np
from numpy.polynomial.legendre import legder, leggauss, legval

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
    """Return the rule of so many nodes.

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

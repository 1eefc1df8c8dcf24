"""Residual demand curves of surfaces: continuation from q_i to 0, integrated on the way.

Trader i's curve is where all F_j but F_i, and sum q, are 0 (Definition 3). It is followed in
panels: at the Gauss-Legendre nodes of a panel the curve is predicted from where it came, and
corrected by Newton's method. A panel whose two integrals do not agree, or on which the curve is
lost, is halved; a curve that cannot be followed however short the panels has an end or a fold.
"""

from typing import Any, NamedTuple

import numpy as np

from deviator.numerics.quadrature import panel_rule
from deviator.validation import Bools, Floats

from ...languages import SurfaceBids
from .newton import Hints, Located, length, located, price_units, solved_or_nan, tangent_matrix

NODES = 10
"""Nodes of a panel."""

AGREES = 1e-12
"""How closely a panel's integrals have to agree, of the price change over the curve."""

PRICE_ROUNDING = 1e-13
"""How closely they can agree, of the price itself: the nodes' prices are differences from it, and
corrections end a few hundred roundings from the curve."""

SMALL = 1e-11
"""A correction this short, of the curve's length, is the last."""

NOTHING = 1e-13
"""Quantities below this share of a point's length are 0, up to rounding."""

CORRECTIONS = 6

LOST = 0.5
"""Corrections longer than this share of a step mean that the curve was lost."""

SHORTEST = 2.0**-24
"""Panels that would be shorter than this share of the curve end the search."""

NOT_ZERO = 1e-9
"""F_i of the wrong sign is no rounding from this share of what its slope leads to expect."""


class ResidualCurves(NamedTuple):
    """C residual curves, followed to 0."""

    area: Floats  # (C,), integral of the residual price from 0 to q_i
    end: Floats  # (C, N + 1), where the curve is at 0, close to rounding
    unique: Bools  # (C,), whether it reaches 0, and F_i is 0 nowhere on the way


class _Nodes(NamedTuple):
    """C curves at one quantity each."""

    units: Floats  # (C,)
    point: Floats  # (C, N + 1)
    direction: Floats  # (C, N + 1)
    own_value: Floats  # (C,), F_i
    hints: Hints


class _Curves(NamedTuple):
    """What stays while curves are followed."""

    trader: Any  # (C,) of int
    market: Any  # (C,) of int
    quantity: Floats  # (C,), q_i
    price: Floats  # (C,)
    unit: Floats  # (C,), as in `price_units`
    small: Floats  # (C,), corrections this short are the last
    fall: Floats  # (C,), how much a straight curve would change the price
    expected: Floats  # (C,), dF_i along the curve at q_i

    def of(self, rows: Any) -> "_Curves":
        return _Curves(*(part[rows] for part in self))


def residual_directions(cleared: Located) -> Floats:
    """Return how quantities and price move with each q_i on its curve, shape (B N, N + 1)."""
    batch, n = cleared.tangents.value.shape
    each = cleared.of(np.repeat(np.arange(batch), n))
    return _directions(each, np.tile(np.arange(n), batch))[0]


def residual_curves(bids: SurfaceBids, cleared: Located) -> ResidualCurves:
    """Follow the residual curves of all traders in cleared markets, C = B N of them in a row."""
    batch, n = cleared.tangents.value.shape
    start = cleared.of(np.repeat(np.arange(batch), n))
    trader = np.tile(np.arange(n), batch)
    direction = _directions(start, trader)[0]
    own = np.take_along_axis(start.point, trader[:, None], axis=1)[:, 0]
    unit = price_units(start.tangents)
    # Quantities that are rounding errors of 0 have no curve to follow.
    own = np.where(np.abs(own) > NOTHING * length(start.point, unit), own, 0.0)
    reach = length(direction, unit) * np.abs(own)
    small = np.maximum(SMALL * reach, 1e-14 * length(start.point, unit))
    rows = np.arange(len(trader))
    slopes = start.tangents.by_quantity[rows, trader], start.tangents.by_price[rows, trader]
    expected = (slopes[0] * direction[:, :-1]).sum(axis=1) + slopes[1] * direction[:, -1]
    fall, price = np.abs(direction[:, -1] * own), start.point[:, -1]
    curves = _Curves(trader, start.market, own, price, unit, small, fall, expected)
    nodes = _Nodes(own, start.point, direction, np.zeros_like(own), start.hints)
    return _follow(bids, curves, nodes)


def _follow(bids: SurfaceBids, curves: _Curves, start: _Nodes) -> ResidualCurves:
    """March to 0 in panels."""
    area, end = curves.price * curves.quantity, start.point.copy()
    unique: Bools = np.asarray(np.isfinite(start.direction).all(axis=1))
    n = start.point.shape[1] - 1
    rows = np.flatnonzero(unique & (curves.quantity != 0))
    at, share = _some(start, rows), np.ones(len(rows))
    while len(rows):
        some = curves.of(rows)
        panel = -np.sign(at.units) * np.minimum(share * np.abs(some.quantity), np.abs(at.units))
        part, kept, second, lasts = _panel(bids, some, at, panel)
        area[rows[kept]] -= part[kept]
        unique[rows[second]] = False
        last = np.abs(panel) == np.abs(at.units)
        end[rows] = _predicted(*lasts, np.zeros(len(rows)))[1]
        onward = kept & ~last & ~second
        at, moved = _ends(bids, some, at, lasts, at.units + panel, onward)
        lost = onward & ~moved
        share = np.where(kept & ~lost, np.minimum(2 * share, 1.0), share / 2)
        given_up = share < SHORTEST
        unique[rows[given_up]] = False
        area[rows[lost]] += part[lost]
        # A market that is in autarky by one curve needs no other.
        fine: Bools = np.asarray(unique.reshape(-1, n).all(axis=1))
        going = fine[rows // n] & ~(kept & last)
        rows, at, share = rows[going], _some(at, going), share[going]
    return ResidualCurves(area, end, unique)


def _panel(
    bids: SurfaceBids, curves: _Curves, at: _Nodes, panel: Floats
) -> tuple[Floats, Bools, Bools, tuple[_Nodes, _Nodes]]:
    """Integrate p - p(x) over panels.

    Returns the part of the area from the panel's far end to its near one; whether its two answers
    agree; whether the trader's own surface meets the curve on it; the last two nodes.
    """
    rule = panel_rule(NODES)
    good, second = np.ones(len(panel), dtype=bool), np.zeros(len(panel), dtype=bool)
    fall, slope = (np.zeros((NODES + 1, len(panel))) for _ in range(2))
    before = last = at
    for k, node in enumerate((0.0, *rule.node)):
        if k:
            guess = _predicted(before, last, at.units + node * panel)
            before, (last, near) = last, _corrected(bids, curves, last, guess)
            good &= near
        fall[k], slope[k] = curves.price - last.point[:, -1], -last.direction[:, -1]
        ahead = curves.expected * (last.units - curves.quantity)
        second |= good & (np.sign(ahead) * last.own_value < -NOT_ZERO * np.abs(ahead))
    first = rule.weight @ fall[1:]
    other = rule.value_weight @ fall + panel * (rule.slope_weight @ slope)
    largest = np.maximum(np.abs(fall).max(axis=0), curves.fall)
    size = AGREES * largest + PRICE_ROUNDING * np.abs(curves.price)
    share = np.abs(panel / curves.quantity)
    agree = np.abs(first - other) * share <= size
    # The area from the panel's far end to its near one, hence the sign.
    return -panel * other, good & agree, second & good, (before, last)


def _ends(
    bids: SurfaceBids,
    curves: _Curves,
    at: _Nodes,
    lasts: tuple[_Nodes, _Nodes],
    units: Floats,
    rows: Bools,
) -> tuple[_Nodes, Bools]:
    """Move curves from the last nodes of their panels to the ends; return all, and which moved."""
    moved, these = np.zeros(len(units), dtype=bool), np.flatnonzero(rows)
    if not len(these):
        return at, moved
    before, last = (_some(nodes, these) for nodes in lasts)
    ends, fine = _corrected(bids, curves.of(these), last, _predicted(before, last, units[these]))
    moved[these[fine]] = True
    return _merged_nodes(at, these[fine], _some(ends, fine)), moved


def _merged_nodes(nodes: _Nodes, rows: Any, new: _Nodes) -> _Nodes:
    return _Nodes(
        _merged(nodes.units, rows, new.units),
        _merged(nodes.point, rows, new.point),
        _merged(nodes.direction, rows, new.direction),
        _merged(nodes.own_value, rows, new.own_value),
        {key: _merged(left, rows, new.hints[key]) for key, left in nodes.hints.items()},
    )


def _merged(old: Floats, rows: Any, new: Floats) -> Floats:
    whole = old.copy()
    whole[rows] = new
    return whole


def _predicted(before: _Nodes, last: _Nodes, units: Floats) -> tuple[Floats, Floats]:
    """Return quantities, and the points that the curve's course leads to expect there."""
    if before is last:
        return units, last.point + (units - last.units)[:, None] * last.direction
    gap = (last.units - before.units)[:, None]
    u = (units - before.units)[:, None] / gap
    rise = last.point - before.point
    # Cubic Hermite polynomial through both nodes.
    bend = gap * before.direction - rise, rise - gap * last.direction
    line = before.point + u * rise
    return units, line + u * (1 - u) * ((1 - u) * bend[0] + u * bend[1])


def _corrected(
    bids: SurfaceBids, curves: _Curves, last: _Nodes, guess: tuple[Floats, Floats]
) -> tuple[_Nodes, Bools]:
    """Bring predicted points to the curve; return them, and which ended close by."""
    units, predicted = guess
    point, settled = predicted.copy(), np.zeros(len(units), dtype=bool)
    _pin(point, curves.trader, units)
    reached = _Nodes(units, point, last.direction.copy(), last.own_value.copy(), dict(last.hints))
    rows = np.arange(len(units))
    for _ in range(CORRECTIONS):
        some = curves.of(rows)
        hints = {key: left[rows] for key, left in reached.hints.items()}
        here = located(bids, point[rows], some.market, hints)
        direction, step = _directions(here, some.trader)
        _keep(reached, rows, here, direction, some.trader)
        fine = np.isfinite(step).all(axis=1) & np.isfinite(direction).all(axis=1)
        moved = rows[fine]
        point[moved] += step[fine]
        small = length(step, some.unit) <= some.small
        settled[rows[fine & small]] = True
        rows = rows[fine & ~small]
        if not len(rows):
            break
    course = np.abs(units - last.units) * length(last.direction, curves.unit)
    off = length(point - predicted, curves.unit)
    return reached, settled & (off <= LOST * course + curves.small)


def _keep(reached: _Nodes, rows: Any, here: Located, direction: Floats, trader: Any) -> None:
    reached.direction[rows] = direction
    reached.own_value[rows] = here.tangents.value[np.arange(len(trader)), trader]
    for key, left in here.hints.items():
        if len(rows) == len(reached.units):
            reached.hints[key] = left
        else:
            reached.hints[key] = _merged(reached.hints[key], rows, left)


def _pin(point: Floats, trader: Any, units: Floats) -> None:
    """Give the trader exactly the units, and the difference to the others, so that sum q is 0."""
    rows = np.arange(len(units))
    point[rows, trader] = units
    excess = point[:, :-1].sum(axis=1) / (point.shape[1] - 2)
    point[:, :-1] -= excess[:, None]
    point[rows, trader] = units


def _directions(here: Located, trader: Any) -> tuple[Floats, Floats]:
    """Solve the others' tangent hyperplanes; return d(q, p)/dq_i and the Newton step at q_i."""
    rows, n = here.tangents.value.shape
    each = np.arange(rows)
    matrix, right = tangent_matrix(here.tangents), np.zeros((rows, n + 1, 2))
    right[:, :n, 1] = -here.tangents.value
    matrix[each, trader] = 0.0
    matrix[each, trader, trader] = 1.0
    right[each, trader, 0], right[each, trader, 1] = 1.0, 0.0
    solution = solved_or_nan(matrix, right)
    return solution[..., 0], solution[..., 1]


def _some(nodes: _Nodes, rows: Any) -> _Nodes:
    return _Nodes(
        nodes.units[rows],
        nodes.point[rows],
        nodes.direction[rows],
        nodes.own_value[rows],
        {key: left[rows] for key, left in nodes.hints.items()},
    )

"""Whether surfaces meet once: a second clearing pair, a second residual price, or no pair at all.

All clearing pairs lie on the residual curve of each trader, and whoever breaks uniqueness by a bid
does so along their own. So Newton's method starts on tangents of these curves, on both sides of the
known pair, nearby and far away. A residual curve is a function only where the others' bids and the
quantity leave one price: at the curve's end, no trade, Newton's method starts from other prices.

Surfaces need not meet at all, and then trade is shut down. A point where the distances to the
surfaces cannot be made smaller, and are not 0, shows it as well as a local search can.
"""

from typing import Any, NamedTuple, final

import numpy as np

from deviator.validation import Bools, Floats

from ...languages import SurfaceBids
from .newton import Located, length, located, price_units, solved_or_nan, tangent_matrix

AWAY = (-8.0, -2.0, 2.0, 8.0)
"""How far from q_i starts are, of the largest quantity in the market."""

NEAR = 1e-3
"""Who is led this close to the known pair is led to it."""

ARRIVED = 1e-6
"""Steps this short have led to a pair."""

PRICES = (-4.0, 4.0)
"""How far from the residual price at no trade starts are, of what that quantity weighs in it."""

FAR = 32.0
"""Nobody is followed farther away than this."""

STEPS = 12


def second_pairs(bids: SurfaceBids, cleared: Located, direction: Floats) -> Bools:
    """Return in which of B markets the search meets another pair than the known one, shape (B,).

    It starts in the `direction`, (B N, N + 1), of quantities and price along each residual curve.
    """
    batch, n = cleared.tangents.value.shape
    home = cleared.of(np.repeat(np.arange(batch), n * len(AWAY)))
    rows = np.repeat(_reach(cleared), n * len(AWAY))
    second = _search(bids, home, starts_of_second_pairs(cleared, direction), rows)
    return np.asarray(second.reshape(batch, -1).any(axis=1))


def starts_of_second_pairs(cleared: Located, direction: Floats) -> Floats:
    """Return where the search starts in B markets, of each (B S, N + 1), as in `second_pairs`."""
    batch, n = cleared.tangents.value.shape
    away = _reach(cleared)[:, None, None] * np.array(AWAY)  # (B, 1, starts)
    moves = away[..., None] * direction.reshape(batch, n, 1, n + 1)
    points: Floats = (cleared.point[:, None, None] + moves).reshape(-1, n + 1)
    return points


def second_prices(bids: SurfaceBids, cleared: Located, end: Floats) -> Bools:
    """Return in which markets a trader who buys nothing meets another residual price, (B,).

    Each residual curve is at 0 at its `end`, (B N, N + 1).
    """
    batch, n = cleared.tangents.value.shape
    rows = np.repeat(np.arange(batch), n * len(PRICES))
    trader = np.tile(np.repeat(np.arange(n), len(PRICES)), batch)
    home = cleared.of(rows)._replace(point=np.repeat(end, len(PRICES), axis=0))
    reach = _reach(cleared)[rows]
    start = home.point.copy()
    start[:, -1] += np.tile(PRICES, batch * n) * reach * price_units(home.tangents)
    second = _search(bids, home, start, reach, trader)
    return np.asarray(second.reshape(batch, -1).any(axis=1))


def _reach(cleared: Located) -> Floats:
    """Return the largest quantity in each market; where nobody trades, what the price weighs.

    A market without units, at p = 0 and q = 0, is searched on the scale of 1.
    """
    unit = price_units(cleared.tangents)
    largest, size = np.abs(cleared.point[:, :-1]).max(axis=1), length(cleared.point, unit)
    reach = np.where(largest > ARRIVED * size, largest, size)
    return np.where(reach > 0, reach, 1.0)


def _search(
    bids: SurfaceBids, home: Located, start: Floats, reach: Floats, pinned: Any = None
) -> Bools:
    """Return which rows are led to a point that is not the one known, `home`.

    A `pinned` trader's quantity stays, and their bid does not count.
    """
    unit, elsewhere = price_units(home.tangents), np.zeros(len(start), dtype=bool)
    point, hints, rows = start, home.hints, np.arange(len(start))
    for _ in range(STEPS):
        here = located(bids, point, home.market[rows], hints)
        matrix, right = (
            tangent_matrix(here.tangents),
            np.pad(-here.tangents.value, ((0, 0), (0, 1))),
        )
        if pinned is not None:
            _pin(matrix, right, pinned[rows])
        change = solved_or_nan(matrix, right[..., None])[..., 0]
        step, target = length(change, unit[rows]), point + change
        apart = length(target - home.point[rows], unit[rows]) / reach[rows]
        arrived = (step <= ARRIVED * reach[rows]) & (apart > NEAR)
        elsewhere[rows[arrived]] = True
        going = np.flatnonzero((apart > NEAR) & ~arrived & np.isfinite(apart))
        if not len(going):
            break
        kept = np.minimum(FAR / apart[going], 1.0)[:, None]
        rows = rows[going]
        point = home.point[rows] + kept * (target[going] - home.point[rows])
        hints = {key: left[going] for key, left in here.hints.items()}
    return elsewhere


def _pin(matrix: Floats, right: Floats, trader: Any) -> None:
    """Replace trader i's bid by dq_i = 0."""
    rows = np.arange(len(matrix))
    matrix[rows, trader], right[rows, trader] = 0.0, 0.0
    matrix[rows, trader, trader] = 1.0


STATIONARY = 1e-6
"""Slope of the distance, of its size, below which a point is stationary."""

MEETS = 1e-9
"""Distances below this share of the point's length are 0."""

EVALUATIONS = 500


@final
class NearestApproach(NamedTuple):
    """The end of a local search for the least distance."""

    point: Floats  # (N + 1,)
    stationary: bool  # whether the distance is not 0 and cannot be made smaller nearby
    meets: bool  # whether the distance is 0, up to rounding


def nearest_approach(bids: SurfaceBids, market: int, start: Floats) -> NearestApproach:
    """Search one market for the point at which surfaces and sum q = 0 are nearest to meeting.

    Levenberg-Marquardt steps with distances in units of the good, from (0, 0) and from `start`;
    the better end is returned.
    """
    ends = [_searched(bids, market, point) for point in (np.zeros_like(start), start)]
    return min(ends, key=lambda end: end[0])[1]


def _searched(bids: SurfaceBids, market: int, start: Floats) -> tuple[float, NearestApproach]:
    from scipy.optimize import least_squares

    markets = np.array([market])
    here = located(bids, start[None], markets)
    units = np.append(np.ones(len(start) - 1), price_units(here.tangents)[0])
    weights = _row_weights(here.tangents.by_quantity[0], here.tangents.by_price[0], units[-1])

    def distances(scaled: Floats) -> Floats:
        point = scaled * units
        value = located(bids, point[None], markets).tangents.value[0]
        return np.asarray(np.append(value * weights, point[:-1].sum()))

    def slopes(scaled: Floats) -> Floats:
        tangents = located(bids, (scaled * units)[None], markets).tangents
        rows = np.column_stack([tangents.by_quantity[0], tangents.by_price[0]])
        bottom = np.append(np.ones(len(start) - 1), 0.0)
        return np.asarray(np.vstack([rows * weights[:, None], bottom]) * units)

    end = least_squares(
        distances, start / units, slopes, max_nfev=EVALUATIONS, ftol=1e-15, xtol=1e-15, gtol=1e-15
    )
    off = float(np.linalg.norm(end.fun))
    stationary = bool(np.abs(end.grad).max() <= STATIONARY * np.abs(end.jac).max() * off)
    meets = off <= MEETS * max(float(np.linalg.norm(end.x)), float(np.linalg.norm(start / units)))
    return off, NearestApproach(end.x * units, stationary and not meets, meets)


def _row_weights(by_quantity: Floats, by_price: Floats, unit: float) -> Floats:
    slope = np.sqrt((by_quantity**2).sum(axis=1) + (unit * by_price) ** 2)
    return np.asarray(1 / np.where(slope > 0, slope, 1.0))

"""The search for a second clearing pair, from starts along every trader's residual curve.

All clearing pairs lie on the residual curve of each trader, and whoever breaks uniqueness by his
bid does so along his own. So Newton's method starts on its tangents, on both sides of the pair that
is known, nearby and far away.
"""

import numpy as np

from deviator.validation import Bools, Floats

from ..surface_bids import SurfaceBids
from .surface_newton import Located, length, located, price_units, solved, tangent_matrix

AWAY = (-8.0, -2.0, 2.0, 8.0)
"""How far from q_i starts are, of the largest quantity in the market."""

NEAR = 1e-3
"""Who is led this close to the known pair is led to it."""

ARRIVED = 1e-6
"""Steps this short have led to a pair."""

FAR = 32.0
"""Nobody is followed farther away than this."""

STEPS = 12


def second_pairs(bids: SurfaceBids, cleared: Located, direction: Floats) -> Bools:
    """Return in which markets another clearing pair is found, shape (B,).

    Parameters
    ----------
    bids : SurfaceBids
    cleared : Located
        The known pairs of B markets.
    direction : ndarray of float, shape (B N, N + 1)
        How quantities and price move with each q_i along his residual curve.
    """
    batch, n = cleared.tangents.value.shape
    reach = _reach(cleared)
    away = reach[:, None, None] * np.array(AWAY)  # (B, 1, starts)
    moves = away[..., None] * direction.reshape(batch, n, 1, n + 1)
    home = cleared.of(np.repeat(np.arange(batch), n * len(AWAY)))
    rows = np.repeat(reach, n * len(AWAY))
    second = _search(bids, home, home.point + moves.reshape(-1, n + 1), rows)
    return np.asarray(second.reshape(batch, -1).any(axis=1))


def _reach(cleared: Located) -> Floats:
    """Return the largest quantity in each market; where nobody trades, what the price weighs.

    A market that says nothing about units, at p = 0 and q = 0, is searched on the scale of 1.
    """
    unit = price_units(cleared.tangents)
    largest, size = np.abs(cleared.point[:, :-1]).max(axis=1), length(cleared.point, unit)
    reach = np.where(largest > ARRIVED * size, largest, size)
    return np.where(reach > 0, reach, 1.0)


def _search(bids: SurfaceBids, home: Located, start: Floats, reach: Floats) -> Bools:
    """Return which rows are led to a pair that is not the one known."""
    unit, found = price_units(home.tangents), np.zeros(len(start), dtype=bool)
    point, hints, rows = start, home.hints, np.arange(len(start))
    for _ in range(STEPS):
        here = located(bids, point, home.market[rows], hints)
        right = np.pad(-here.tangents.value, ((0, 0), (0, 1)))[..., None]
        change = solved(tangent_matrix(here.tangents), right)[..., 0]
        step, target = length(change, unit[rows]), point + change
        apart = length(target - home.point[rows], unit[rows]) / reach[rows]
        arrived = (step <= ARRIVED * reach[rows]) & (apart > NEAR)
        found[rows[arrived]] = True
        going = np.flatnonzero((apart > NEAR) & ~arrived & np.isfinite(apart))
        if not len(going):
            break
        kept = np.minimum(FAR / apart[going], 1.0)[:, None]
        rows = rows[going]
        point = home.point[rows] + kept * (target[going] - home.point[rows])
        hints = {key: left[going] for key, left in here.hints.items()}
    return found

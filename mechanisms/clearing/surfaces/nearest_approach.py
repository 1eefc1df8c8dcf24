"""Where surfaces come nearest to meeting: what is left to ask of a market that Newton cannot solve.

Surfaces need not meet at all, and then trade is shut down. A point where the distances to the
surfaces cannot be made smaller, and are not 0, shows it as well as a local search can.
"""

from typing import NamedTuple, final

import numpy as np

from deviator.validation import Floats

from ...languages import SurfaceBids
from .newton import located, price_units

STATIONARY = 1e-6
"""Slope of the distance, of its size, below which a point is stationary."""

MEETS = 1e-9
"""Distances below this share of the point's length are 0."""

EVALUATIONS = 500


@final
class NearestApproach(NamedTuple):
    """The end of a local search for the least distance.

    Attributes
    ----------
    point : ndarray of float, shape (N + 1,)
    stationary : bool
        Whether the distance is not 0 and cannot be made smaller nearby.
    meets : bool
        Whether the distance is 0, up to rounding.
    """

    point: Floats
    stationary: bool
    meets: bool


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

"""Whether the derivatives that a user wrote are those of his function.

Clearing, residual curves and the search for second pairs rest on derivatives; with wrong ones they
may end in autarky, slowly, or not at all. So they are compared with differences of F where the
search begins, at the clearing pairs, and in markets that do not trade also where second pairs were
searched from.
"""

from typing import Any

import numpy as np

from deviator.economies.assumption_result import shown
from deviator.errors import InvalidInputError
from deviator.validation import Bools, Floats

from ..surface_bids import SurfaceBids
from ..surfaces import Points
from .surface_newton import Located, located, newton_step, price_units
from .surface_uniqueness import starts_of_second_pairs

DERIVATIVES = 1e-6
"""How closely derivatives have to agree with differences of F."""

LEAST = 0.01
"""Quantities move by no less than this share of what weighs as much as the price's move."""

STEP = 1e-5
"""Half the distance of the points of a difference, of what moves a market to its outcome."""

ROUNDING = 16 * np.finfo(np.float64).eps
"""Rounding errors of F, of the largest of its terms."""


def check_derivatives_at_start(bids: SurfaceBids) -> Floats:
    """Compare a user's derivatives with differences of F at a point of the first market.

    Returns
    -------
    ndarray of float, shape (N + 1,)
        A way to go from a point to its neighbors.

    Raises
    ------
    InvalidInputError
        If they disagree.
    """
    n = bids.shape[1]
    start = located(bids, np.zeros((1, n + 1)), np.zeros(1, dtype=int))
    change = newton_step(start)[0][0]
    change = np.where(np.isfinite(change), change, 1.0)
    unit = float(price_units(start.tangents)[0])
    # Where only rounding moves the price, or every quantity, its derivatives are tried as well.
    units = max(np.abs(change[:-1]).max(), LEAST * abs(change[-1]) / unit) or 1.0
    sizes = np.append(np.full(n, units), max(abs(change[-1]), unit * units))
    # A way that is no symmetry of the surfaces, off sum q = 0 too.
    way = sizes * np.sin(1.0 + np.arange(n + 1))
    middle = (0.3 * change + 0.1 * way)[None]
    _check(bids, middle, np.zeros(1, dtype=int), STEP * way)
    return np.asarray(way)


def check_derivatives_at_end(
    bids: SurfaceBids, way: Floats, here: Located, regular: Bools, direction: Floats
) -> None:
    """Compare derivatives where the search for B clearing pairs has ended, as at the start.

    Parameters
    ----------
    bids : SurfaceBids
    way : ndarray of float, shape (N + 1,)
        As `check_derivatives_at_start` returns it.
    here : Located
    regular : ndarray of bool, shape (B,)
        Which markets trade; the others are looked at more widely.
    direction : ndarray of float, shape (B N, N + 1)
        How quantities and price move along residual curves.

    Raises
    ------
    InvalidInputError
        If they disagree.
    """
    point, market = here.point, np.asarray(here.market)
    rows = np.flatnonzero(~regular)
    if len(rows):
        n = point.shape[1] - 1
        along = direction.reshape(-1, n, n + 1)[rows].reshape(-1, n + 1)
        wide = starts_of_second_pairs(here.of(rows), along)
        point = np.concatenate([point, wide])
        market = np.concatenate([market, np.repeat(market[rows], len(wide) // len(rows))])
    fine = np.isfinite(point).all(axis=1)
    _check(bids, point[fine], market[fine], STEP * way)


def _check(bids: SurfaceBids, point: Floats, market: Any, change: Floats) -> None:
    for trader, surface in enumerate(bids.surfaces):
        if surface.derivatives_are_claimed:
            _check_trader(bids, trader, point, market, change)


def _check_trader(
    bids: SurfaceBids, trader: int, point: Floats, market: Any, change: Floats
) -> None:
    before, tangent, after = (
        bids.surfaces[trader].at(Points(place[:, -1], place[:, :-1], market))
        for place in (point - change, point, point + change)
    )
    parts = np.append(tangent.by_quantity * change[:-1], tangent.by_price[:, None] * change[-1], 1)
    terms = np.append(tangent.by_quantity, tangent.by_price[:, None], axis=1) * point
    claimed = parts.sum(axis=1)
    differences = np.array([tangent.value - before.value, after.value - tangent.value])
    # At a kink the two differences are two slopes, and the claim may be any between.
    low, high = differences.min(axis=0), differences.max(axis=0)
    room = DERIVATIVES * (np.abs(parts).max(axis=1) + np.abs(differences).max(axis=0))
    room += ROUNDING * (np.abs(terms).max(axis=1) + np.abs(tangent.value))
    # Comparisons with what is not finite, far away, are false.
    wrong = np.flatnonzero((claimed < low - room) | (claimed > high + room))
    if len(wrong):
        row = int(wrong[0])
        raise InvalidInputError(
            f"derivatives of a surface must be its own, those of trader {trader} say that F "
            f"changes by {claimed[row]:.6g} around p = {point[row, -1]:.6g}, q = "
            f"{shown(point[row, :-1])} of market {int(market[row])}, and it changes by "
            f"{differences[:, row].mean():.6g}; correct them, or take TorchSurface"
        )

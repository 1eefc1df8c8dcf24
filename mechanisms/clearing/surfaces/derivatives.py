"""Whether the derivatives that a user wrote are those of the function.

Clearing, residual curves and the search for second pairs rest on derivatives; with wrong ones they
may end in autarky, slowly, or not at all. So they are compared with differences of F where the
search begins, at the clearing pairs, and in markets that do not trade also where second pairs were
searched from.
"""

from typing import Any, NamedTuple

import numpy as np

from deviator.economies.profiles import profile_text
from deviator.errors import InvalidInputError
from deviator.validation import Bools, Floats

from ...languages import SurfaceBids
from ...surfaces import Points
from .newton import Located, located, newton_step, price_units
from .uniqueness import starts_of_second_pairs

AGREEMENT = 1e-6
"""How closely derivatives have to agree with differences of F, which are good to the power 2/3 of
the machine precision at best, and to STEP^2 where F bends."""

LEAST = 0.01
"""Quantities move by no less than this share of what weighs as much as the price's move."""

STEP = 1e-5
"""Half the distance of the points of a difference, of what moves a market to its outcome."""

VALUE_ROUNDING = 16 * np.finfo(np.float64).eps
"""Rounding errors of F, of the largest of its terms: of a sum of a dozen terms or so."""


class Probe(NamedTuple):
    """How derivatives are compared with differences."""

    change: Floats  # (N + 1,), half the way between the points of a difference
    usual: Floats  # (N,), how much F_i changes along it where the search begins


def check_derivatives_at_start(bids: SurfaceBids) -> Probe:
    """Compare a user's derivatives with differences of F at a point of the first market.

    InvalidInputError if they disagree; the probe is to compare them elsewhere with.
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
    market, change = np.zeros(1, dtype=int), STEP * way
    _check(bids, middle, market, Probe(change, np.zeros(n)))
    tangents = located(bids, middle, market).tangents
    by_quantity, by_price = tangents.by_quantity[0] * change[:-1], tangents.by_price[0] * change[-1]
    return Probe(change, np.maximum(np.abs(by_quantity).max(axis=1), np.abs(by_price)))


def check_derivatives_at_end(
    bids: SurfaceBids, probe: Probe, here: Located, regular: Bools, direction: Floats
) -> None:
    """Compare derivatives where the search for B clearing pairs has ended, as at the start.

    Markets that do not trade are looked at more widely, along the `direction`, (B N, N + 1), in
    which quantities and price move with each residual curve.
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
    _check(bids, point[fine], market[fine], probe)


def _check(bids: SurfaceBids, point: Floats, market: Any, probe: Probe) -> None:
    for trader, surface in enumerate(bids.surfaces):
        if surface.derivatives_are_claimed:
            _check_trader(bids, trader, point, market, probe)


def _check_trader(bids: SurfaceBids, trader: int, point: Floats, market: Any, probe: Probe) -> None:
    change = probe.change
    before, tangent, after = (
        bids.surfaces[trader].at(Points(at[:, -1], at[:, :-1], market))
        for at in (point - change, point, point + change)
    )
    parts = np.append(tangent.by_quantity * change[:-1], tangent.by_price[:, None] * change[-1], 1)
    terms = np.append(tangent.by_quantity, tangent.by_price[:, None], axis=1) * point
    claimed = parts.sum(axis=1)
    differences = np.array([tangent.value - before.value, after.value - tangent.value])
    # At a kink the two differences are two slopes, and the claim may be any between.
    low, high = differences.min(axis=0), differences.max(axis=0)
    # Where F is flat, as at a triple root, only higher orders are left of a difference.
    size = np.abs(parts).max(axis=1) + np.abs(differences).max(axis=0) + probe.usual[trader]
    room = AGREEMENT * size
    room += VALUE_ROUNDING * (np.abs(terms).max(axis=1) + np.abs(tangent.value))
    # Comparisons with what is not finite, far away, are false.
    wrong = np.flatnonzero((claimed < low - room) | (claimed > high + room))
    if len(wrong):
        row = int(wrong[0])
        raise InvalidInputError(
            f"derivatives of a surface must be its own, those of trader {trader} say that F "
            f"changes by {claimed[row]:.6g} around p = {point[row, -1]:.6g}, q = "
            f"{profile_text(point[row, :-1])} of market {int(market[row])}, and it changes by "
            f"{differences[:, row].mean():.6g}; correct them, or take TorchSurface"
        )

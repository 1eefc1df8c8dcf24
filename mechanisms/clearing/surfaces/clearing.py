"""Clearing of general bids (Definition 3): the clearing pair, all residual curves, or autarky.

A market trades where Newton's method from (0, 0) finds a pair at which all F_i and sum q are 0,
the tangent hyperplanes there clear regularly, all residual curves can be followed to 0, and no
search meets a second pair: neither where a trader's own surface meets the residual curve on the
way, nor from starts on both sides of the pair along every trader's residual curve. Nor may a search
meet a second residual price at 0.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from deviator.economies.profiles import profile_text
from deviator.errors import NotConvergedError
from deviator.validation import Bools, Floats

from ...chunking import in_chunks
from ...languages import SurfaceBids
from ..dense.clearing import ConditionalClearing
from .curves import residual_curves, residual_directions
from .derivatives import Probe, check_derivatives_at_end, check_derivatives_at_start
from .newton import Located, clearing_pairs, located, newton_step, tangent_bids
from .uniqueness import nearest_approach, second_pairs, second_prices

TANGENT_NUMBERS = 2**17
"""Numbers in the tangents of all residual curves of a chunk of markets."""


class SurfaceSolution(NamedTuple):
    """Cleared markets before payments; irregular ones have numbers that mean nothing.

    Where the search ended neither at a clearing pair nor with the result that there is none, price
    and quantity are where it ended.
    """

    price: Floats  # (B,)
    quantity: Floats  # (B, N)
    residual_slope: Floats  # (B, N), at the clearing pair
    area: Floats  # (B, N), integral of each residual curve from 0 to q_i
    regular: Bools  # (B,), whether the market clears uniquely with a residual curve for all
    converged: Bools  # (B,), whether the search had a result


def solve_surfaces(bids: SurfaceBids) -> SurfaceSolution:
    """Clear every market of a batch; a batch gives what its markets give alone.

    InvalidInputError if a surface returns what is not finite or of another shape, or derivatives
    that are not its own.
    """
    claimed = any(surface.derivatives_are_claimed for surface in bids.surfaces)
    probe = check_derivatives_at_start(bids) if claimed else None
    batch, n, _ = bids.shape
    chunk = max(1, TANGENT_NUMBERS // (n * (n + 1) ** 2))
    markets: Any = np.arange(batch)
    parts = in_chunks(lambda some: _solve(bids, some, probe), markets, chunk=chunk)
    return SurfaceSolution(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def check_converged(name: str, sigma: float, solution: SurfaceSolution) -> None:
    """Raise NotConvergedError where a market was not solved, with the point its search ended at."""
    if solution.converged.all():
        return
    market = int(np.flatnonzero(~solution.converged)[0])
    raise NotConvergedError(
        f"{name} must find the clearing pair of bids or that there is none, and did neither in "
        f"market {market} at sigma = {sigma:.6g}, where the search ended at p = "
        f"{solution.price[market]:.6g}, q = {profile_text(solution.quantity[market])}; smooth the "
        "surfaces, or clear with unsolved='report' and leave that market out"
    )


def _solve(bids: SurfaceBids, markets: Any, probe: Probe | None) -> SurfaceSolution:
    here, converged, apart = _pairs(bids, markets)
    n = bids.shape[1]
    linear = ConditionalClearing().solve(tangent_bids(here))
    regular = converged & linear.regular
    # Hyperplanes that clear regularly do so once.
    if not bids.is_flat:
        _drop(regular, here, lambda some: ~second_pairs(bids, some, residual_directions(some)))
    area = np.zeros((len(markets), n))
    rows = np.flatnonzero(regular)
    if len(rows):
        cleared = here.of(rows)
        curves = residual_curves(bids, cleared)
        area[rows] = curves.area.reshape(-1, n)
        regular[rows] = curves.unique.reshape(-1, n).all(axis=1)
        end = curves.end.reshape(-1, n, n + 1)[regular[rows]].reshape(-1, n + 1)
        if not bids.is_flat:
            _drop(regular, here, lambda some: ~second_prices(bids, some, end))
    if probe is not None:
        check_derivatives_at_end(bids, probe, here, regular, residual_directions(here))
    return SurfaceSolution(
        here.point[:, -1],
        here.point[:, :-1],
        linear.residual_slope,
        area,
        regular,
        converged | apart,
    )


def _drop(regular: Bools, here: Located, keeps: Callable[[Located], Bools]) -> None:
    """Leave those regular markets regular that a test keeps."""
    rows = np.flatnonzero(regular)
    if len(rows):
        regular[rows] = keeps(here.of(rows))


def _pairs(bids: SurfaceBids, markets: Any) -> tuple[Located, Bools, Bools]:
    """Return clearing pairs, which markets have one, and which show that they have none."""
    nothing = np.zeros((len(markets), bids.shape[1] + 1))
    here, converged = clearing_pairs(bids, located(bids, nothing, markets))
    apart = np.zeros(len(markets), dtype=bool)
    if bids.is_flat:
        # Hyperplanes that Newton's method does not clear have no unique clearing pair.
        return here, converged, ~converged
    for row in np.flatnonzero(~converged):
        nearest = nearest_approach(bids, int(markets[row]), here.point[row])
        start = located(bids, nearest.point[None], markets[row, None])
        some, solved = clearing_pairs(bids, start)
        here.put(np.array([row]), some)
        # Surfaces that meet without crossing meet along a curve, or touch: no unique pair.
        touching = nearest.meets and not newton_step(start)[1][0]
        converged[row], apart[row] = solved[0], nearest.stationary or touching
    return here, converged, apart

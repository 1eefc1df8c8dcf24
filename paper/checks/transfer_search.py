"""The mechanism that collects most from one trader, by search over monotone allocations.

The other types are fixed, and the allocation must stay within a band around the efficient one. An
allocation that is constant between neighboring types of a grid and rises with the type has exactly
the utilities U' = m_o q of incentive compatibility, so each of them belongs to a mechanism. The
best one solves a linear program; as the grid is refined it approaches the best mechanism of all.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, diags_array, eye_array, hstack, vstack

from deviator.economies import LinearQuadratic
from deviator.errors import NotConvergedError
from deviator.validation import Floats

CELLS = 240
"""Number of intervals of types between which the allocation may jump."""

TANGENTS = 41
"""Number of tangents that bound the utility at the trader's own type from above."""

Band = Callable[[Floats], tuple[Floats, Floats]]
"""Efficient quantities to the least and largest allowed ones, all increasing."""


class BestTransfer(NamedTuple):
    """The best transfer, and how far its mechanism violates the constraints.

    Attributes
    ----------
    transfer : float
        At the profile itself, in units of money.
    violation : float
        Largest gain of a report over the truth, or loss against not taking part, of any type of
        the grid, in units of money; rounding if the program is solved.
    """

    transfer: float
    violation: float


class _Grid(NamedTuple):
    types: Floats  # (M + 1,), from the first type served to the trader's own
    least: Floats  # (M + 1,), least quantities, the last one at the own type
    most: Floats
    first_utility: float


def best_transfer(
    economy: LinearQuadratic, types: Floats, units: Floats, band: Band
) -> BestTransfer:
    """Return the most that trader 0 pays at a profile (N,) at which it buys.

    The economy has unbounded types. The units, (M + 1,), are efficient quantities at the grid's
    types, increasing from at least 0 to the trader's own; the band says which quantities are
    allowed around them. Types below the first receive the least quantity allowed, or nothing if
    that is negative. NotConvergedError if the linear program is not solved.
    """
    grid = _grid(economy, types, units, band)
    allocation = _best_allocation(economy, types, grid)
    own = float(economy.own_type_effects[0])
    rents = own * np.diff(grid.types) * allocation[:-1]
    utility = grid.first_utility + np.concatenate([[0.0], np.cumsum(rents)])
    profiles = _profiles(types, grid.types)
    quantity = np.zeros(profiles.shape)
    quantity[:, 0] = allocation
    transfer = economy.utility(quantity, profiles)[:, 0] - utility
    utility_of_reports = _utility_of_reports(economy, profiles, allocation, transfer)
    violation = max(float((utility_of_reports - utility[:, None]).max()), -float(utility.min()))
    return BestTransfer(float(transfer[-1]), violation)


def _grid(economy: LinearQuadratic, types: Floats, units: Floats, band: Band) -> _Grid:
    moved = _profiles(types, types[0] + np.array([0.0, 1.0]))
    quantity = economy.efficient_allocation(moved)[:, 0]
    grid = types[0] + (units - quantity[0]) / (quantity[1] - quantity[0])
    least, most = band(units)
    below = np.linspace(0.0, units[0], 33)
    served = np.maximum(band(below)[0], 0.0)
    # Rents of the types below the grid: the integral of m_o q over them.
    first = float(np.trapezoid(served, below)) / (quantity[1] - quantity[0])
    # Within a cell the band must hold for every type: the least at its end, the most at its start.
    return _Grid(
        grid,
        np.append(least[1:], least[-1]),
        np.append(most[:-1], most[-1]),
        float(economy.own_type_effects[0]) * first,
    )


def _profiles(types: Floats, own: Floats) -> Floats:
    profiles = np.tile(types, (len(own), 1))
    profiles[:, 0] = own
    return profiles


def _best_allocation(economy: LinearQuadratic, types: Floats, grid: _Grid) -> Floats:
    """Return quantities (M + 1,): maximize h - U_M over (q, U_1..U_M, h), h <= u(q_M)."""
    cells = len(grid.types) - 1
    rents = float(economy.own_type_effects[0]) * np.diff(grid.types)
    value, slope = float(economy.value(types[None])[0, 0]), float(economy.slope[0])
    points = np.linspace(grid.least[-1], grid.most[-1], TANGENTS)
    marginal = value - slope * points
    height = value * points - slope * points**2 / 2 - marginal * points
    solution = linprog(
        np.concatenate([np.zeros(2 * cells), [1.0, -1.0]]),
        A_ub=_rising_and_below_tangents(cells, marginal),
        b_ub=np.concatenate([np.zeros(cells), height]),
        A_eq=_utilities(cells, rents),
        b_eq=np.append(grid.first_utility, np.zeros(cells - 1)),
        bounds=[*zip(grid.least, grid.most, strict=True), *[(0.0, None)] * cells, (None, None)],
        method="highs",
    )
    if solution.status != 0:
        raise NotConvergedError(
            f"the search over allocations needs its linear program to be solved, got "
            f"{solution.message!r}; widen the band or refine the grid"
        )
    return np.maximum.accumulate(np.asarray(solution.x[: cells + 1], dtype=np.float64))


def _rising_and_below_tangents(cells: int, marginal: Floats) -> csr_array:
    """Return rows q_k - q_(k+1) <= 0, and h - u'(a_j) q_M <= u(a_j) - u'(a_j) a_j."""
    rising = diags_array([1.0, -1.0], offsets=[0, 1], shape=(cells, cells + 1))
    lines = len(marginal)
    last = coo_array(
        (-marginal, (np.arange(lines), np.full(lines, cells))), shape=(lines, cells + 1)
    )
    empty = coo_array((cells, cells + 1)), coo_array((lines, cells))
    above = hstack([last, empty[1], np.ones((lines, 1))])
    return csr_array(vstack([hstack([rising, empty[0]]), above]))


def _utilities(cells: int, rents: Floats) -> csr_array:
    """Return rows U_(k+1) - U_k - m_o dz_k q_k, with U_0 on the right."""
    served = hstack([diags_array(-rents), coo_array((cells, 1))])
    steps = eye_array(cells) - eye_array(cells, k=-1)
    return csr_array(hstack([served, steps, coo_array((cells, 1))]))


def _utility_of_reports(
    economy: LinearQuadratic, profiles: Floats, allocation: Floats, transfer: Floats
) -> Floats:
    """Return the utility of each type (rows) under each report (columns)."""
    value = economy.value(profiles)[:, [0]]
    return np.asarray(value * allocation - float(economy.slope[0]) * allocation**2 / 2 - transfer)

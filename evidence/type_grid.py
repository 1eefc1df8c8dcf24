"""Every misreport of every trader at every profile of a finite grid of types.

Where traders follow a strategy, a trader of type s_i who bids as type r would, leads the market to
its outcome at (r, s_-i). That profile is on the grid as well, so each profile is cleared once and
every deviation is looked up among the outcomes; only utilities are computed at the true types.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deviator.economies import Economy
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.mechanisms import Mechanism, Outcome
from deviator.mechanisms.lottery import require_no_lots
from deviator.memory import require_memory
from deviator.policies.base import Policy, check_market
from deviator.policies.mixing import unmixed_bids
from deviator.policies.revelation import Revelation
from deviator.validation import Floats, finite_array, non_negative, read_only, whole_number

PIECE = 4096
"""Profiles that are looked at together, so that their arrays fit the cache."""

Places = NDArray[np.intp]


@final
@dataclass(frozen=True, eq=False)
class TypeGridRegret:
    """What misreports on a grid of types gain at most.

    Attributes
    ----------
    gain : float
        The largest gain of any misreport over honesty, in units of money; negative where every
        misreport loses.
    trader : int
        Who gains it.
    types : ndarray of float, shape (N,)
        The profile of true types at which they do.
    misreport : float
        The type that they bid as.
    largest : ndarray of float, shape (N,)
        Each trader's largest gain; -inf for a trader of one type.
    tolerance : ndarray of float, shape (N,)
        What still counts as no gain of each trader, in units of money.
    profiles, misreports : int
        How many profiles were cleared, and how many misreports compared with honesty.
    """

    gain: float
    trader: int
    types: Floats
    misreport: float
    largest: Floats
    tolerance: Floats
    profiles: int
    misreports: int

    @property
    def epsilon(self) -> float:
        """The least epsilon for which honesty is an epsilon-equilibrium at every profile."""
        return max(self.gain, 0.0)

    @property
    def holds(self) -> bool:
        """Whether no misreport gains its trader more than the tolerance."""
        return bool((self.largest <= self.tolerance).all())


def type_grid_regret(
    mechanism: Mechanism,
    economy: Economy,
    grid: ArrayLike | Sequence[ArrayLike],
    *,
    strategy: Policy | None = None,
    tolerance: float | None = None,
    piece: int = PIECE,
) -> TypeGridRegret:
    """Return the largest gain of any trader from any misreport at any profile of a grid.

    The others bid honestly at their true types: this is ex post incentive compatibility on the
    grid, and in private values dominant-strategy compatibility.

    Parameters
    ----------
    mechanism : Mechanism
        In any bid language: a misreport is the bid of another type.
    economy : Economy
    grid : array-like of float, shape (T,), or sequence of N of them
        The types that every trader, or each trader, may have.
    strategy : Policy, optional
        How types bid, each trader by their own type only; honesty by default.
    tolerance : float, optional
        What still counts as no gain, in units of money; by default, for each trader, 1e-9 of their
        own largest payment, or utility before it, that honest bids lead to on the grid, and no
        less than 1e-14 of anybody's.
    piece : int
        Profiles at a time; the answer does not depend on it.

    Raises
    ------
    InvalidInputError
        If the grid is malformed, names a type twice or leaves nobody a misreport, or outcomes or
        utilities are not finite.
    RefusedError
        If the grid has so many profiles that their outcomes do not fit the memory, payoffs are not
        quasi-linear, or the mechanism draws lots.
    NotConvergedError
        If a market could not be solved.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import NaiveWalrasian, SigmaVCG
    >>> economy = private_values(3, alpha=1.0, slope=2.0)
    >>> regret = type_grid_regret(NaiveWalrasian(economy), economy, [0.0, 0.25, 1.0])
    >>> regret.holds, regret.trader, regret.types, regret.misreport
    (False, 0, array([0., 1., 1.]), 0.25)
    >>> type_grid_regret(SigmaVCG(economy, 0.1), economy, [0.0, 0.25, 1.0]).holds
    True
    """
    check_market(mechanism, economy)
    require_no_lots("a grid of types", mechanism)
    if not economy.quasilinear:
        raise RefusedError(
            "a grid of types compares utilities less transfers, and the economy "
            f"{economy.name} states a payoff of its own; search: deviator.policies.NumericSearch"
        )
    types = _grid(grid, economy.n_traders, whole_number("piece", piece, 1))
    limit = None if tolerance is None else non_negative("tolerance", tolerance)
    _check_memory(types)
    outcomes = _outcomes(mechanism, economy, strategy or Revelation(mechanism, economy), types)
    worst = _WorstMisreport(-np.inf, 0, 0, 0, np.full(economy.n_traders, -np.inf))
    for rows in types.pieces():
        worst = _piece(economy, types, outcomes, rows, worst)
    digits = types.digits(slice(worst.place, worst.place + 1))
    reported = types.moved(digits, worst.step)
    return TypeGridRegret(
        worst.gain,
        worst.trader,
        read_only(types.at(digits)[0]),
        float(types.at(reported)[0, worst.trader]),
        read_only(worst.largest),
        read_only(outcomes.rounding() if limit is None else np.full(economy.n_traders, limit)),
        types.profiles,
        types.profiles * sum(size - 1 for size in types.sizes),
    )


class _TypeGrid(NamedTuple):
    """The profiles of a grid, numbered with the last trader's type running fastest."""

    sizes: tuple[int, ...]
    values: Floats  # (N, largest size), padded with NaN
    piece: int

    @property
    def profiles(self) -> int:
        return prod(self.sizes)

    @property
    def strides(self) -> Places:
        """How far apart profiles are that differ by one step in one trader's type, (N,)."""
        return np.array([prod(self.sizes[place + 1 :]) for place in range(len(self.sizes))])

    def pieces(self) -> Iterator[slice]:
        for start in range(0, self.profiles, self.piece):
            yield slice(start, min(start + self.piece, self.profiles))

    def digits(self, rows: slice) -> Places:
        """Return which type of the grid each trader has, shape (C, N)."""
        return np.stack(np.unravel_index(np.arange(rows.start, rows.stop), self.sizes), axis=1)

    def moved(self, digits: Places, step: int) -> Places:
        """Return each trader's type some steps on, starting over after the last."""
        moved, sizes = digits + step, np.array(self.sizes)
        return np.where(moved >= sizes, moved - sizes, moved)

    def at(self, digits: Places) -> Floats:
        """Return profiles of types, shape (C, N)."""
        return self.values[np.arange(len(self.sizes)), digits]


class _Outcomes(NamedTuple):
    """What honest bids lead to at every profile."""

    quantity: Floats  # (P, N)
    transfer: Floats  # (P, N)
    size: Floats  # (N,), each trader's largest payment or gross utility

    def rounding(self) -> Floats:
        """Return what is no gain of each trader but for rounding, (N,)."""
        return np.asarray(np.maximum(1e-9 * self.size, 1e-14 * self.size.max()))


class _WorstMisreport(NamedTuple):
    """The largest gain so far, where it is, and each trader's own largest."""

    gain: float
    place: int
    trader: int
    step: int
    largest: Floats  # (N,)


def _grid(grid: Any, n_traders: int, piece: int) -> _TypeGrid:
    """Return the grid of types, one axis per trader."""
    listed = isinstance(grid, Sequence) and len(grid) > 0
    common = np.ndim(grid[0]) == 0 if listed else np.ndim(grid) < 2
    given = [grid] * n_traders if common else list(grid)
    if len(given) != n_traders:
        raise InvalidInputError(f"grid must have types for {n_traders} traders, got {len(given)}")
    axes = [finite_array("grid", axis, (None,)) for axis in given]
    for trader, axis in enumerate(axes):
        if len(axis) == 0:
            raise InvalidInputError(
                f"grid must hold a type of every trader, and lacks those of trader {trader}; list "
                "types, as in [0.0, 1.0]"
            )
        if len(np.unique(axis)) < len(axis):
            raise InvalidInputError(
                f"grid must name each type of a trader once, got {axis.tolist()} for {trader}"
            )
    sizes = tuple(len(axis) for axis in axes)
    if max(sizes) < 2:
        raise InvalidInputError("grid must have a second type for some trader, got one for all")
    values = np.full((n_traders, max(sizes)), np.nan)
    for trader, axis in enumerate(axes):
        values[trader, : len(axis)] = axis
    return _TypeGrid(sizes, values, piece)


def _check_memory(types: _TypeGrid) -> None:
    n = len(types.sizes)
    require_memory(
        8 * n * (2 * types.profiles + 16 * types.piece),
        f"the outcomes of a grid of {types.profiles} profiles of {n} traders",
        "take fewer types per trader",
    )


def _outcomes(
    mechanism: Mechanism, economy: Economy, policy: Policy, types: _TypeGrid
) -> _Outcomes:
    """Clear every profile of the grid once."""
    shape = (types.profiles, len(types.sizes))
    quantity, transfer, size = np.empty(shape), np.empty(shape), np.zeros(shape[1])
    for rows in types.pieces():
        profiles = types.at(types.digits(rows))
        outcome = _cleared(mechanism, policy, profiles)
        quantity[rows], transfer[rows] = outcome.quantity, outcome.transfer
        worth = economy.utility(quantity[rows], profiles)
        for values in (quantity[rows], transfer[rows], worth):
            _check_finite(mechanism, values, profiles)
        for values in (transfer[rows], worth):
            size = np.maximum(size, np.abs(values).max(axis=0))
    return _Outcomes(quantity, transfer, size)


def _cleared(mechanism: Mechanism, policy: Policy, profiles: Floats) -> Outcome:
    outcome = mechanism.clear(unmixed_bids(policy, profiles))
    if outcome.quantity.shape != profiles.shape or outcome.transfer.shape != profiles.shape:
        raise InvalidInputError(
            f"mechanism {mechanism.name} must return quantities and transfers of shape "
            f"{profiles.shape}, got {outcome.quantity.shape} and {outcome.transfer.shape}"
        )
    if not outcome.converged.all():
        types = profiles[int(outcome.converged.argmin())].tolist()
        raise NotConvergedError(
            f"{mechanism.name} must solve every market, and did not converge at the types {types}; "
            "raise its precision or number of steps"
        )
    return outcome


def _check_finite(mechanism: Mechanism, values: Floats, profiles: Floats) -> None:
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise InvalidInputError(
            f"{mechanism.name} must have finite quantities, transfers and utilities, and does not "
            f"at the types {profiles[int(finite.argmin())].tolist()}"
        )


def _piece(
    economy: Economy, types: _TypeGrid, outcomes: _Outcomes, rows: slice, worst: _WorstMisreport
) -> _WorstMisreport:
    """Compare every misreport at some profiles with honesty there."""
    gains, steps = _largest_gains(economy, types, outcomes, rows)
    if np.isnan(gains).any():
        raise InvalidInputError(
            f"{economy.name} must have finite utilities, got NaN at a misreport"
        )
    largest = np.maximum(worst.largest, gains.max(axis=0))
    place, trader = divmod(int(gains.argmax()), len(types.sizes))
    if not gains[place, trader] > worst.gain:
        return worst._replace(largest=largest)
    gain, step = float(gains[place, trader]), int(steps[place, trader])
    return _WorstMisreport(gain, rows.start + place, trader, step, largest)


def _largest_gains(
    economy: Economy, types: _TypeGrid, outcomes: _Outcomes, rows: slice
) -> tuple[Floats, Places]:
    """Return each trader's largest gain at some profiles, and how far from the true type it lies.

    A misreport is so many steps on from the type, starting over after the last: all traders take
    the same step at once, each alone.
    """
    digits = types.digits(rows)
    profiles = types.at(digits)
    honest = economy.utility(outcomes.quantity[rows], profiles) - outcomes.transfer[rows]
    n, sizes = len(types.sizes), np.array(types.sizes)
    here = np.arange(rows.start * n, rows.stop * n).reshape(-1, n)
    left, stride = sizes - digits, types.strides * n
    largest, steps = np.full(honest.shape, -np.inf), np.zeros(honest.shape, dtype=np.intp)
    for step in range(1, int(sizes.max())):
        back = np.where(sizes > step, step - sizes, 0)
        there = here + np.where(left > step, step, back) * stride
        gains = economy.utility(outcomes.quantity.take(there), profiles)
        gains -= outcomes.transfer.take(there)
        gains -= honest
        if step >= sizes.min():
            gains[:, sizes <= step] = -np.inf
        np.copyto(steps, step, where=gains > largest)
        np.maximum(largest, gains, out=largest)
    return largest, steps

"""Climbing from several places at once: coordinates, the slope they show, and random directions.

Each round moves every place by its own step along each coordinate, both ways; the differences give
the slope where the objective has one, and points along it, along the last move and along random
directions are tried too. The best point is kept. A step that finds nothing better shrinks. Steps
start at the whole width of the box, so that a type can change from one end to the other.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from deviator.validation import Floats

WIDTH, SMALLEST, SHRINKS = 2.0, 1e-8, 0.35
"""The first step, the last, and what is left of one that finds nothing better."""

AHEAD = np.array([0.1, 0.3, 1.0, 3.0, 10.0])
"""How far points lie along the slope, in steps."""

RANDOM = 6
"""Random directions of each round."""

COORDINATES = 64
"""At most so many coordinates are moved in a round, drawn anew each time."""


def round_cost(n_traders: int) -> int:
    """Return how many places one round tries for each place that is climbed from."""
    return 2 * min(n_traders, COORDINATES) + RANDOM + 2 * len(AHEAD)


class Counting(Protocol):
    """An objective on places that knows how much of its budget is left."""

    left: int

    def __call__(self, places: Floats) -> Floats:
        """Return the objective at places (..., N)."""
        ...


def climb(
    objective: Counting, places: Floats, values: Floats, rng: np.random.Generator, kept: int = 0
) -> Floats:
    """Return the places that climbing leads to, the best first, shape (k, N).

    Stops where steps are tiny, or no more of the budget is left than is to be kept.
    """
    places, values = places.copy(), values.copy()
    cost = round_cost(places.shape[1])
    steps, moved = np.full(len(places), WIDTH), np.zeros_like(places)
    while True:
        active = np.flatnonzero(steps > SMALLEST)
        axes = _axes(places.shape[1], rng)
        # The best places go first where the budget is short.
        active = active[np.argsort(-values[active], kind="stable")][
            : max(0, objective.left - kept) // cost
        ]
        if len(active) == 0:
            return places[np.argsort(-values, kind="stable")]
        start, reach = places[active], steps[active, None, None]
        found = _round(objective, start, reach, moved[active], axes, rng)
        better = found[1] > values[active]
        moved[active] = np.where(better[:, None], found[0] - start, moved[active])
        places[active] = np.where(better[:, None], found[0], start)
        values[active] = np.where(better, found[1], values[active])
        far = np.abs(moved[active]).max(axis=1)
        grown = np.clip(far, steps[active], WIDTH)
        steps[active] = np.where(better, grown, SHRINKS * steps[active])


def _axes(n_traders: int, rng: np.random.Generator) -> Floats:
    """Return the directions of the coordinates that are moved, (M, N)."""
    if n_traders <= COORDINATES:
        return np.eye(n_traders)
    axes = np.zeros((COORDINATES, n_traders))
    axes[np.arange(COORDINATES), rng.choice(n_traders, COORDINATES, replace=False)] = 1.0
    return axes


def _round(
    objective: Callable[[Floats], Floats],
    start: Floats,
    reach: Floats,
    moved: Floats,
    axes: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return the best places of a round, (k, N), and their values, (k,)."""
    random = rng.standard_normal((RANDOM, start.shape[1]))
    random /= np.abs(random).max(axis=1, keepdims=True)
    directions = np.concatenate([axes, -axes, random])
    tried = np.clip(start[:, None] + reach * directions, -1.0, 1.0)
    found = objective(tried)
    slope = _slope(found, tried, axes)
    along = np.concatenate([_ahead(slope, reach), _ahead(moved, reach)], axis=1)
    ahead = np.clip(start[:, None] + along, -1.0, 1.0)
    every = np.concatenate([tried, ahead], axis=1)
    value = np.concatenate([found, objective(ahead)], axis=1)
    best, rows = value.argmax(axis=1), np.arange(len(start))
    return every[rows, best], value[rows, best]


def _slope(found: Floats, tried: Floats, axes: Floats) -> Floats:
    """Return the slope at each place from the moves along coordinates, (k, N); 0 if unknown."""
    count = len(axes)
    up, down = found[:, :count], found[:, count : 2 * count]
    apart = np.einsum("kmn,mn->km", tried[:, :count] - tried[:, count : 2 * count], axes)
    known = np.isfinite(up) & np.isfinite(down) & (apart > 0)
    rise = np.where(known, up, 0.0) - np.where(known, down, 0.0)
    return np.asarray((rise / np.where(known, apart, 1.0)) @ axes)


def _ahead(direction: Floats, reach: Floats) -> Floats:
    """Return moves along directions (k, N), as long as the steps in the largest entry."""
    largest = np.abs(direction).max(axis=1, keepdims=True)
    unit = direction / np.where(largest > 0, largest, 1.0)
    return np.asarray(unit[:, None] * reach * AHEAD[:, None])

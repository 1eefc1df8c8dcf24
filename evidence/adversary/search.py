"""The profile at which an objective is largest, searched inside a box.

Starts are spread over the box, the best of them are climbed from, and what is left of the budget
goes to evolution (CMA-ES) where the objective may jump or has ridges. A profile that is evaluated
counts, whatever for.
"""

from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, whole_number

from .climb import climb
from .evolve import evolve
from .region import Region
from .starts import even_places, starting_places

Objective = Callable[[Floats], Floats]
"""Profiles (B, N) to how bad they are, (B,); NaN where that is unknown."""

PIECE = 2048
"""Profiles that are evaluated together."""

STARTS_SHARE = 0.25
"""Share of the budget that goes to the starts."""

EVOLUTION_SHARE = 0.5
"""Share of what the starts leave that is kept for evolution, where the objective may jump."""

CLIMBERS = 12
"""At most so many starts are climbed from."""


class Worst(NamedTuple):
    """The worst profile that a search found.

    Attributes
    ----------
    types : ndarray of float, shape (N,)
    value : float
        The objective there.
    evaluations : int
        How many profiles were evaluated.
    """

    types: Floats
    value: float
    evaluations: int


@final
class Tally:
    """An objective on places from -1 to 1 that counts what it is asked, and keeps the worst.

    Not frozen: starts and climbs share one budget, which every call takes from.

    Parameters
    ----------
    objective : callable
    region : Region
    budget : int
        How many profiles may be evaluated.
    """

    def __init__(self, objective: Objective, region: Region, budget: int) -> None:
        self._objective, self._region = objective, region
        self.left, self.evaluations = budget, 0
        self.place, self.value = np.zeros(region.n_traders), -np.inf

    @property
    def types(self) -> Floats:
        """The worst profile so far, (N,)."""
        return self._region.profiles(self.place)

    def __call__(self, places: Floats) -> Floats:
        """Return the objective at places (..., N); minus infinity where it is unknown."""
        flat = places.reshape(-1, places.shape[-1])
        pieces = range(0, len(flat), PIECE)
        found = [self._evaluated(flat[start : start + PIECE]) for start in pieces]
        return np.concatenate([np.empty(0), *found]).reshape(places.shape[:-1])

    def note(self, places: Floats, values: Floats) -> None:
        """Keep the worst of places whose values are known already."""
        best = int(values.argmax())
        if values[best] > self.value:
            self.place, self.value = places[best].copy(), float(values[best])

    def _evaluated(self, places: Floats) -> Floats:
        values = np.asarray(self._objective(self._region.profiles(places)), dtype=np.float64)
        if values.shape != places.shape[:1]:
            raise InvalidInputError(
                f"objective must return {len(places)} numbers, one a profile, got shape "
                f"{values.shape}"
            )
        known = np.where(np.isnan(values), -np.inf, values)
        self.left -= len(places)
        self.evaluations += len(places)
        self.note(places, known)
        return known


def search_profiles(
    objective: Objective,
    region: Region,
    *,
    budget: int,
    seed: int,
    starts: Floats | None = None,
    jumps: bool = True,
) -> Worst:
    """Return the profile of a region at which an objective is largest, as far as a search finds it.

    Parameters
    ----------
    objective : callable
        Takes profiles (B, N), returns numbers (B,), NaN where they are unknown.
    region : Region
    budget : int
        How many profiles are evaluated at most.
    seed : int
    starts : ndarray of float, shape (M, N), optional
        Profiles to try beside those that are spread over the region, at most half of all starts.
    jumps : bool
        Whether the objective may jump, or have ridges: half of the budget then goes to CMA-ES.

    Raises
    ------
    InvalidInputError
        If an argument is malformed, or the objective returns another number of values.

    Examples
    --------
    >>> region = Region([-1.0, -1.0, -1.0], [1.0, 1.0, 1.0])
    >>> worst = search_profiles(lambda s: -((s - 0.3) ** 2).sum(axis=1), region, budget=900, seed=0)
    >>> worst.types.round(3), worst.evaluations <= 900
    (array([0.3, 0.3, 0.3]), True)
    """
    total = whole_number("budget", budget, at_least=1)
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    tally = Tally(objective, region, total)
    places = first_places(region, max(1, int(STARTS_SHARE * total)), rng, starts)
    values = tally(places)
    if is_flat(values):
        # Nothing shows the way: what is left goes to more places, spread as evenly.
        tally(even_places(region.n_traders, tally.left, rng))
    else:
        improve(tally, places, values, rng, jumps=jumps)
    return Worst(tally.types, tally.value, tally.evaluations)


def first_places(
    region: Region, count: int, rng: np.random.Generator, starts: Floats | None = None
) -> Floats:
    """Return so many places to start at, up to half of them of profiles that are given."""
    n = region.n_traders
    given = np.empty((0, n)) if starts is None else finite_array("starts", starts, (None, n))
    given = region.places(given[: count // 2])
    return np.concatenate([given, starting_places(n, count - len(given), rng)])


def improve(
    tally: Tally, places: Floats, values: Floats, rng: np.random.Generator, *, jumps: bool
) -> None:
    """Spend what is left of a budget on climbing from known places, and on evolution."""
    tally.note(places, values)
    if is_flat(values):
        return
    several = max(1, min(CLIMBERS, tally.left // (40 * places.shape[1] + 200)))
    chosen = _apart(places, values, several)
    kept = int(EVOLUTION_SHARE * tally.left) if jumps else 0
    climbed = climb(tally, places[chosen], values[chosen], rng, kept)
    if jumps:
        evolve(tally, climbed, rng)


def is_flat(values: Floats) -> bool:
    """Return whether known values are all the same, so that there is nothing to climb."""
    known = values[np.isfinite(values)]
    return len(known) == 0 or bool(known.min() == known.max())


def _apart(places: Floats, values: Floats, several: int) -> list[int]:
    """Return the places of the largest values, but none near another that is chosen."""
    order = np.argsort(-values, kind="stable")
    chosen: list[int] = []
    for near in (0.5, 0.0):
        for index in order[np.isfinite(values[order])]:
            gaps = np.abs(places[chosen] - places[index]).max(axis=1, initial=0.0)
            if len(chosen) < several and index not in chosen and (gaps >= near).all():
                chosen.append(int(index))
    return chosen

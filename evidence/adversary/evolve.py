"""CMA-ES (Hansen) on what climbing leaves: no slope is needed, ridges and jumps do not stop it."""

import warnings
from typing import Any

import numpy as np

from deviator.validation import Floats

from .climb import Counting

POPULATION = 24
"""Points of a generation at least: they are evaluated together."""

FIRST_STEP = 0.3
"""Standard deviation of the first generation, of half the width of the box."""


def evolve(objective: Counting, starts: Floats, rng: np.random.Generator) -> None:
    """Spend a budget on CMA-ES, started anew from each place in turn, the population doubled.

    The objective keeps the best point itself. NumPy's global random state is neither read nor
    changed: all randomness is the generator's.
    """
    size = max(POPULATION, 4 + int(3 * np.log(starts.shape[1])))
    turn = 0
    while objective.left >= 2 * size:
        _one_run(objective, starts[turn % len(starts)], size, rng)
        size, turn = 2 * size, turn + 1


def _one_run(objective: Counting, start: Floats, size: int, rng: np.random.Generator) -> None:
    strategy = _strategy(start, size, rng)
    while objective.left >= size and not strategy.stop():
        places = np.clip(np.array(strategy.ask()), -1.0, 1.0)
        values = objective(places)
        strategy.tell(list(places), list(np.where(np.isfinite(values), -values, np.inf)))


def _strategy(start: Floats, size: int, rng: np.random.Generator) -> Any:
    with warnings.catch_warnings():
        # It warns at its import that it cannot draw.
        warnings.simplefilter("ignore")
        import cma
    options = {
        "bounds": [-1.0, 1.0],
        "popsize": size,
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": np.nan,  # none is set: the generator above is all the randomness there is
        "verbose": -9,
        "tolfun": 1e-12,
    }
    return cma.CMAEvolutionStrategy(0.98 * start, FIRST_STEP, options)

"""Random economies within the assumptions, for claims that speak of all of them."""

import numpy as np

from deviator.economies.assumption_bounds import Interdependence
from deviator.economies.linear_quadratic import LinearQuadratic
from deviator.errors import InvalidInputError
from deviator.validation import Floats, trader_count

FILL = 0.999
"""The largest share of the bound of A4^N that is drawn; the bound itself is excluded."""


def random_economy(
    rng: np.random.Generator,
    n_traders: int,
    *,
    kind: Interdependence = "average",
    equal_slopes: bool = False,
    bounded_types: bool = False,
) -> LinearQuadratic:
    """Draw a linear-quadratic economy within A2, A3 and A4^N.

    Slopes are of two values or spread; each type's effects on the others fill a random share of the
    bound, and range from one trader affected to all affected alike, so that draws come near every
    face of the assumptions.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_traders : int
        N > 2.
    kind : {"average", "maximum"}
        Whether A4^N bounds the average effect of a type on the others, or the largest one and
        without regard to slopes (Section 7, "Weaker assumptions" (iii)).
    equal_slopes : bool
        Whether all marginal utilities have one slope (assumption A2').
    bounded_types : bool
        Whether types are bounded, so that A1 holds; by default they are unbounded (INF).

    Examples
    --------
    >>> from deviator.economies import check_assumptions
    >>> economy = random_economy(np.random.default_rng(0), 5, bounded_types=True)
    >>> checks = check_assumptions(economy)
    >>> [checks[name].holds for name in ("A1", "A2", "A3", "A4N")]
    [True, True, True, True]
    """
    n = trader_count(n_traders)
    if kind not in ("average", "maximum"):
        raise InvalidInputError(f"kind must be 'average' or 'maximum', got {kind!r}")
    slope = np.full(n, rng.uniform(0.5, 2.0)) if equal_slopes else _mixed_slopes(rng, n)
    own = 1 + rng.choice([0.0, 0.5]) * rng.exponential(size=n)
    limit = (n - 2) / (2 * (n - 1))
    if kind == "average":
        limit = min(limit, slope.min() / slope.max())
    weights = FILL * limit * own.min() * _effects_on_others(rng, n, kind)
    np.fill_diagonal(weights, own)
    low, high = -rng.uniform(0.5, 2.0, n), rng.uniform(0.5, 2.0, n)
    return LinearQuadratic(
        weights,
        slope,
        rng.normal(scale=0.3, size=n),
        name="random",
        type_low=low if bounded_types else None,
        type_high=high if bounded_types else None,
    )


def _mixed_slopes(rng: np.random.Generator, n: int) -> Floats:
    """Return slopes of two values or spread, their largest ratio up to 8, shape (N,)."""
    ratio = np.exp(rng.uniform(0.0, np.log(8.0)))
    place = rng.random(n) if rng.random() < 0.5 else 1.0 * (rng.random(n) < rng.random())
    place[0], place[-1] = 0.0, 1.0
    return np.asarray(rng.uniform(0.5, 2.0) * ratio**place)


def _effects_on_others(rng: np.random.Generator, n: int, kind: Interdependence) -> Floats:
    """Return effects off the diagonal whose columns average at most 1, or are at most 1, (N, N)."""
    effects = rng.gamma(np.exp(rng.uniform(np.log(0.05), np.log(5.0))), size=(n, n)) + 1e-300
    np.fill_diagonal(effects, 0.0)
    size = effects.sum(axis=0) / (n - 1) if kind == "average" else effects.max(axis=0)
    return np.asarray(rng.beta(2.0, 0.5, n) * effects / size)

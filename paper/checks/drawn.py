"""Drawn economies: of the paper's examples, and general ones within the assumptions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.economies import (
    LinearQuadratic,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    two_groups,
)
from deviator.economies.assumption_bounds import Interdependence
from deviator.errors import InvalidInputError
from deviator.validation import Floats, trader_count

from ..closed_forms.fundamental_value import FundamentalValue
from ..closed_forms.heterogeneous import Heterogeneous
from ..closed_forms.solved_economy import SolvedEconomy
from ..closed_forms.two_groups import TwoGroups

ECONOMIES = 40
"""Economies drawn for a statement."""

PROFILES = 8
"""Profiles of types drawn for an economy."""

FILL = 0.999
"""Largest share of the bound of A4^N that is drawn; the bound itself is excluded."""


@final
@dataclass(frozen=True, eq=False)
class DrawnMarket:
    """An economy, a tax and profiles.

    Attributes
    ----------
    economy : LinearQuadratic
    solved : SolvedEconomy or None
        Its closed forms, if it is of one of the examples.
    sigma : float
        Slope of the tax, 0 in the first market.
    types : ndarray of float, shape (PROFILES, N)
    """

    economy: LinearQuadratic
    solved: Any
    sigma: float
    types: Floats

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return self.economy.n_traders


def fundamental_value_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw economies of Example 1 inside A4^N: beta < (N - 2) alpha."""
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES):
        n, alpha = int(rng.integers(3, 11)), float(rng.uniform(0.3, 2.0))
        beta = float(rng.uniform(0, 0.9)) * (n - 2) * alpha
        solved = FundamentalValue(alpha, beta, float(rng.uniform(0.5, 3.0)))
        yield _market(rng, draw, fundamental_value(n, **vars(solved)), solved)


def two_groups_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw symmetric economies of Example 2."""
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES):
        n = 2 * int(rng.integers(2, 6))
        alpha, beta = float(rng.uniform(0.3, 2)), float(rng.uniform(0, 2))
        solved = TwoGroups(alpha, beta, float(rng.uniform(0.5, 3.0)))
        yield _market(rng, draw, two_groups(n, **vars(solved)), solved)


def heterogeneous_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw economies of Example 3 inside A4^N."""
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES):
        n, alpha = 2 * int(rng.integers(2, 6)), float(rng.uniform(0.3, 2.0))
        small, big = float(rng.uniform(1.5, 3.0)), float(rng.uniform(0.7, 1.4))
        share = float(rng.uniform(0, 0.9)) * big / small
        solved = Heterogeneous(alpha, share * (n - 2) * alpha, small, big)
        yield _market(rng, draw, heterogeneous(n, **vars(solved)), solved)


def general_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw economies with any weights and slopes inside A2, A3 and A4^N, and with intercepts."""
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES):
        n = int(rng.integers(3, 8))
        own, slope = rng.uniform(0.8, 1.5, n), rng.uniform(0.7, 1.8, n)
        bound = min(slope.min() / slope.max(), (n - 2) / (2 * (n - 1))) * own.min()
        matrix = rng.uniform(0.0, 0.95, (n, n)) * bound
        np.fill_diagonal(matrix, own)
        yield _market(rng, draw, linear_quadratic(matrix, slope, rng.uniform(-1, 1, n)))


def _market(
    rng: np.random.Generator,
    draw: int,
    economy: LinearQuadratic,
    solved: SolvedEconomy | None = None,
) -> DrawnMarket:
    sigma = 0.0 if draw == 0 else float(rng.uniform(0.0, 1.0))
    types = rng.standard_normal((PROFILES, economy.n_traders))
    return DrawnMarket(economy, solved, sigma, types)


def random_economy(
    rng: np.random.Generator,
    n_traders: int,
    *,
    kind: Interdependence = "average",
    equal_slopes: bool = False,
    bounded_types: bool = False,
) -> LinearQuadratic:
    """Draw a linear-quadratic economy within A2, A3 and A4^N.

    Slopes take two values or are spread out; each type's effects on the others fill a random share
    of the bound, and fall on one trader, on all alike, or anything between, so that draws come near
    every face of the assumptions.

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
    """Return slopes of two values or spread out, of a largest ratio up to 8, shape (N,)."""
    ratio = np.exp(rng.uniform(0.0, np.log(8.0)))
    exponent = rng.random(n) if rng.random() < 0.5 else 1.0 * (rng.random(n) < rng.random())
    exponent[0], exponent[-1] = 0.0, 1.0
    return np.asarray(rng.uniform(0.5, 2.0) * ratio**exponent)


def _effects_on_others(rng: np.random.Generator, n: int, kind: Interdependence) -> Floats:
    """Return effects off the diagonal whose columns average at most 1, or are at most 1, (N, N)."""
    effects = rng.gamma(np.exp(rng.uniform(np.log(0.05), np.log(5.0))), size=(n, n)) + 1e-300
    np.fill_diagonal(effects, 0.0)
    size = effects.sum(axis=0) / (n - 1) if kind == "average" else effects.max(axis=0)
    return np.asarray(rng.beta(2.0, 0.5, n) * effects / size)

"""Markets for the checks of mechanisms: economies, profiles, honest and other bids."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np

from deviator.economies import (
    Economy,
    fundamental_value,
    linear_quadratic,
    private_values,
    two_groups,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, Mechanism
from deviator.validation import Floats

MARKETS = 7
"""Markets per trial."""

FAR = 4.0
"""Distance of the outlying type in a corner profile from the mean, in standard deviations."""

NOISE = 0.15
"""Distance of bids that are not honest from honest ones, relative to their usual size."""


@final
@dataclass(frozen=True, eq=False)
class Trial:
    """A mechanism in an economy, with bids of one sort, honest or other."""

    mechanism: Mechanism
    economy: Economy
    sort: str
    types: Floats
    bids: Bids

    @property
    def where(self) -> str:
        """The trial in words."""
        return f"with {self.sort} bids in {self.economy.name}"


def standard_economies() -> tuple[Economy, ...]:
    """Return economies that differ in everything that may matter to a rule."""
    general = [[1.1, 0.2, 0.0, 0.1, 0.0], [0.1, 0.9, 0.1, 0.0, 0.1], [0.0, 0.1, 1.0, 0.1, 0.2],
               [0.2, 0.0, 0.1, 1.2, 0.0], [0.0, 0.1, 0.0, 0.1, 1.0]]  # fmt: skip
    slope, intercept = [1.0, 1.3, 0.8, 1.1, 0.9], [0.3, -0.2, 0.0, 0.5, 0.1]
    return (
        linear_quadratic(general, slope, intercept),
        private_values(5, alpha=1.2, slope=0.9),
        two_groups(4, alpha=1.0, beta=0.5, slope=1.3),
        fundamental_value(3, alpha=1.0, beta=0.3, slope=1.0),
    )


def economies_for(mechanism: Mechanism) -> list[Economy]:
    """Return the economies to test a mechanism in: its own, or the standard ones that it accepts.

    It must have honest bids in one of them.
    """
    own = tuple(mechanism.example_economies())
    accepted, reason = [], ""
    for economy in own or standard_economies():
        try:
            mechanism.honest_bids(economy, profiles(economy, 1))
        except RefusedError as error:
            reason = str(error)
        else:
            accepted.append(economy)
    assert accepted, (
        "honest_bids must exist in an example economy, override example_economies to name one; "
        f"the last refusal was: {reason}"
    )
    return accepted


def tried_in(mechanism: Mechanism, economy: Economy) -> Mechanism:
    """Return a rule that the kit tries in a given economy, in the place of its own.

    Raises
    ------
    InvalidInputError
        If it is no mechanism.
    RefusedError
        If it has no honest bids there.
    """
    if not isinstance(mechanism, Mechanism):
        raise InvalidInputError(
            f"only mechanisms are tried in an economy, got {type(mechanism).__name__}; leave "
            "economy out"
        )
    mechanism.honest_bids(economy, profiles(economy, 1))
    same = copy.copy(mechanism)
    object.__setattr__(same, "example_economies", partial(tuple, (economy,)))
    return same


def trials(mechanism: Mechanism, *, corners: bool = True) -> Iterator[Trial]:
    """Return the mechanism with honest and with other bids, in each of its economies.

    With `corners`, profiles without trade and with ties are among the honest ones.
    """
    for economy in economies_for(mechanism):
        types = profiles(economy, MARKETS)
        honest = mechanism.honest_bids(economy, types)
        yield Trial(mechanism, economy, "other", types, other_bids(mechanism, honest))
        if corners:
            types = np.concatenate([types, corner_profiles(economy)])
        yield Trial(mechanism, economy, "honest", types, mechanism.honest_bids(economy, types))


def profiles(economy: Economy, batch: int, seed: int = 0) -> Floats:
    """Draw profiles of types from the economy's own law, shape (batch, N)."""
    return economy.types().sample(np.random.default_rng(seed), batch)


def corner_profiles(economy: Economy) -> Floats:
    """Return two profiles: all types at the mean, and one of them far from it, shape (2, N)."""
    law = economy.types()
    level, far = law.mean, law.mean.copy()
    far[-1] += FAR * law.deviation[-1]
    lowest, highest = law.support
    return np.clip(np.stack([level, far]), lowest, highest)


def other_bids(mechanism: Mechanism, honest: Bids, seed: int = 1) -> Bids:
    """Return allowed bids near the honest ones, with every number changed."""
    array = honest.as_array()
    size = bid_size(array)
    noise = np.random.default_rng(seed).standard_normal(array.shape)
    moved = array + NOISE * size * noise
    for trader in range(array.shape[1]):
        own = array[:, trader]
        moved[:, trader] = mechanism.allowed_bids(trader, moved[:, trader, None], own)[:, 0]
    return honest.from_array(moved)


def bid_size(array: Floats) -> Any:
    """Return the usual size of each number of each trader's bid, shape (N, K)."""
    usual = np.abs(array).mean(axis=0)
    return np.where(usual > 0, usual, 1.0)


def candidate_bids(mechanism: Mechanism, bids: Bids, trader: int) -> Floats:
    """Return one trader's present bid and, where allowed, the others' bids, shape (B, N, K)."""
    array = bids.as_array()
    own, others = array[:, trader], np.delete(array, trader, axis=1)
    return np.concatenate([own[:, None], mechanism.allowed_bids(trader, others, own)], axis=1)

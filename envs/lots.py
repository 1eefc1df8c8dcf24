"""Lots of a rule that draws them: further columns beside the types of each market.

Environments draw them with the types, so that the seed decides both, and the same lots serve the
bid that is tried and the strategy's own. Of types alone payoffs are means over all scenarios.
"""

from typing import NamedTuple

import numpy as np

from deviator.arrays import Array
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism, drawn, standard_lots
from deviator.validation import Floats

SCENARIOS = 16
"""How many lots stand for all where markets of several rounds are played with types alone."""


class Chance(NamedTuple):
    """What chance decided in B markets."""

    types: Array  # (B, N)
    lots: Array  # (B, D); D is 0 without lots


def with_lots(rule: Mechanism, types: Floats, rng: np.random.Generator, rounds: int = 1) -> Floats:
    """Return types (B, N), and beside them lots for each round if the rule draws any."""
    draws = rounds * rule.draws
    return np.hstack([types, rng.random((len(types), draws))]) if draws else types


def with_standard_lots(rule: Mechanism, types: Floats, rounds: int) -> Floats:
    """Return types (B, N) beside each of the lots that stand for all, shape (S B, N + D)."""
    draws = rounds * rule.draws
    if not draws:
        return types
    lots = np.repeat(standard_lots(draws, SCENARIOS), len(types), axis=0)
    return np.hstack([np.tile(types, (SCENARIOS, 1)), lots])


def parted(decided: Array, n_traders: int) -> Chance:
    """Return types and lots of what chance decided, (B, N) or (B, N + D)."""
    if decided.shape[1] == n_traders:
        return Chance(decided, decided[:, :0])
    return Chance(decided[:, :n_traders], decided[:, n_traders:])


def rule_with(rule: Mechanism, lots: Array, turn: int = 0) -> Mechanism:
    """Return a rule for the lots of a round; the rule itself where there are none.

    Raises
    ------
    InvalidInputError
        If the rule draws lots, and none were drawn for this round.
    """
    if not rule.draws:
        return rule
    here = lots[:, turn * rule.draws : (turn + 1) * rule.draws]
    if here.shape[1] != rule.draws:
        raise InvalidInputError(
            f"types must come with {rule.draws} lots for each round of {rule.name}, got "
            f"{lots.shape[1]} in all; draw both with core.draw(rng, batch)"
        )
    return drawn(rule, np.asarray(here))

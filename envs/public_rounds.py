"""How many rounds a market has, and what each of them shows everybody."""

import numpy as np

from deviator.errors import InvalidInputError
from deviator.mechanisms import Bids, Mechanism, RoundsMechanism
from deviator.mechanisms.over_rounds.rounds_mechanism import (
    checked_public,
    checked_rounds,
    play,
)
from deviator.validation import Floats


def rounds_of(mechanism: Mechanism) -> int:
    """Return how many rounds a rule has; one-shot rules have one."""
    return checked_rounds(mechanism) if isinstance(mechanism, RoundsMechanism) else 1


def check_rounds_of(rule: RoundsMechanism, rounds: int) -> None:
    """Check that a rule over rounds is played over as many as it has.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    own = checked_rounds(rule)
    if rounds != own:
        raise InvalidInputError(
            f"rounds must be {own}, as many as {rule.name} has, got {rounds}; leave rounds out"
        )


def public_sizes(rule: RoundsMechanism, bids: Bids) -> Floats:
    """Return the root mean squares of what all rounds of the same bids show, shape (P,)."""
    history = play(rule, [bids] * checked_rounds(rule))
    turns = range(1, len(history) + 1)
    return sizes_of(np.concatenate([checked_public(rule, history[:turn]) for turn in turns]))


def sizes_of(shown: Floats) -> Floats:
    """Return the root mean square of each number (M, P), 1 where that is 0."""
    size = np.sqrt((shown**2).mean(axis=0))
    return np.where(size > 0, size, 1.0)

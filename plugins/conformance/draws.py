"""How rules that draw lots are checked: in a few draws, and on average over many."""

from collections.abc import Callable
from functools import wraps

import numpy as np

from deviator.mechanisms import Bids, Mechanism, Outcome
from deviator.mechanisms.lottery import drawn
from deviator.validation import Floats

from .check import CheckFunction
from .comparing import bids_of_markets, renumbered

DRAWS = 2
"""In how many draws each check of a rule without lots is run."""

AVERAGED = 1024
"""Draws over which outcomes are averaged."""

STANDARD_ERRORS = 7.0
"""How far averages of the same may be apart by luck."""

EXACT = 1e-9
"""And by rounding, relative to the largest outcome."""


def in_each_draw(run: CheckFunction) -> CheckFunction:
    """Return a check of rules without lots as one of rules with lots, run in a few draws."""

    @wraps(run)
    def check(mechanism: Mechanism) -> None:
        for lots in np.random.default_rng(0).random((DRAWS, mechanism.draws)):
            run(drawn(mechanism, lots))

    return check


def assert_renumbered_on_average(
    rule: str, mechanism: Mechanism, other: Mechanism, bids: Bids, order: list[int]
) -> None:
    """Assert that renumbered traders get on average what they got before, whoever drew which lot.

    Parameters
    ----------
    rule : str
        Begins the sentence.
    mechanism, other : Mechanism
        The lottery, and the same for renumbered traders.
    bids : Bids
    order : list of int
        New trader i is old order[i].
    """
    before = _means(mechanism, bids, 0, lambda outcome: renumbered(outcome, order))
    after = _means(other, bids.relabelled(order), 1, lambda outcome: outcome)
    for place, field in enumerate(("quantity", "transfer")):
        (old, error), (new, other_error) = before[place], after[place]
        luck = STANDARD_ERRORS * np.hypot(error, other_error) + EXACT * np.abs(old).max()
        distance = np.abs(new - old) - luck
        market, trader = np.unravel_index(int(distance.argmax()), distance.shape)
        assert distance[market, trader] <= 0, (
            f"{rule} in {field}, got {new[market, trader]:.6g} for {old[market, trader]:.6g} at "
            f"market {int(market)}, trader {int(trader)}, over {AVERAGED} draws"
        )


def _means(
    mechanism: Mechanism, bids: Bids, seed: int, seen: Callable[[Outcome], Outcome]
) -> list[tuple[Floats, Floats]]:
    """Return mean quantities and transfers over draws and their standard errors, each (B, N)."""
    batch = bids.shape[0]
    many = bids_of_markets(bids, np.repeat(np.arange(batch), AVERAGED))
    lots = np.random.default_rng(seed).random((batch * AVERAGED, mechanism.draws))
    outcome = seen(drawn(mechanism, lots).clear(many))
    each = (values.reshape(batch, AVERAGED, -1) for values in (outcome.quantity, outcome.transfer))
    return [(one.mean(axis=1), one.std(axis=1) / np.sqrt(AVERAGED)) for one in each]

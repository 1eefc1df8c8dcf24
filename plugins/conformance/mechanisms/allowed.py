"""Checks that the bids a rule allows have room: a search among them must be able to find gains."""

import numpy as np

from deviator.economies import Economy
from deviator.mechanisms import Mechanism
from deviator.validation import Bools, Floats

from ..comparing import assert_close
from ..trials import MARKETS, bid_size, economies_for, profiles

MOVES = (-5.0, -0.5, 0.5, 5.0)
"""By how much a number of a bid is moved, in multiples of its usual size."""


def check_honest_bids_are_allowed(mechanism: Mechanism) -> None:
    """What a trader bids honestly at any type is allowed at every other."""
    for economy in economies_for(mechanism):
        honest = _honest_numbers(mechanism, economy)
        for trader in range(economy.n_traders):
            own = honest[:, trader]
            bids = np.repeat(own[None], MARKETS, axis=0)
            allowed = mechanism.allowed_bids(trader, bids.copy(), own)
            rule = (
                f"allowed_bids must leave trader {trader} what honest traders of other types bid "
                f"in {economy.name}"
            )
            assert_close(rule, allowed, bids)


def check_every_number_can_move(mechanism: Mechanism) -> None:
    """Every trader can move some number of a bid, and some trader each number, by itself."""
    for economy in economies_for(mechanism):
        moves = _movable(mechanism, _honest_numbers(mechanism, economy))
        for trader, own in enumerate(moves):
            assert own.any(), (
                f"allowed_bids must let traders bid other than they do, trader {trader} cannot in "
                f"{economy.name}"
            )
        for number, each in enumerate(moves.T):
            assert each.any(), (
                f"allowed_bids must let some trader move number {number} of a bid, and nobody can "
                f"in {economy.name}; leave out numbers that say nothing"
            )


def _movable(mechanism: Mechanism, honest: Floats) -> Bools:
    """Return which numbers of honest bids (B, N, K) can be moved in some market, (N, K)."""
    size, moves = bid_size(honest), np.array(MOVES)
    movable = np.zeros(honest.shape[1:], dtype=bool)
    for trader, number in np.ndindex(movable.shape):
        own = honest[:, trader]
        bids = np.repeat(own[:, None], len(moves), axis=1)
        bids[:, :, number] += size[trader, number] * moves
        # A language may write the numbers in another order: any number tells that the bid moved.
        movable[trader, number] = (mechanism.allowed_bids(trader, bids, own) != own[:, None]).any()
    return movable


def _honest_numbers(mechanism: Mechanism, economy: Economy) -> Floats:
    return mechanism.honest_bids(economy, profiles(economy, MARKETS)).as_array()

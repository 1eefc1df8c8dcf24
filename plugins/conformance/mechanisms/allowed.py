"""Checks that the bids a rule allows have room: a search among them must be able to find gains."""

import numpy as np

from deviator.economies import Economy
from deviator.mechanisms import Mechanism
from deviator.validation import Floats

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
    """Each number of a bid can be moved by itself, in some market."""
    for economy in economies_for(mechanism):
        honest = _honest_numbers(mechanism, economy)
        size = bid_size(honest)
        for trader in range(economy.n_traders):
            own = honest[:, trader]
            for number, unit in enumerate(size[trader]):
                bids = np.repeat(own[:, None], len(MOVES), axis=1)
                bids[:, :, number] += unit * np.array(MOVES)
                allowed = mechanism.allowed_bids(trader, bids, own)[:, :, number]
                assert (allowed != own[:, None, number]).any(), (
                    f"allowed_bids must let traders move number {number} of their bid, trader "
                    f"{trader} cannot in {economy.name}; leave out numbers that say nothing"
                )


def _honest_numbers(mechanism: Mechanism, economy: Economy) -> Floats:
    return mechanism.honest_bids(economy, profiles(economy, MARKETS)).as_array()

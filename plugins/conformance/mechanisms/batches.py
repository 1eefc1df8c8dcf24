"""Checks that a batch of markets gives what its markets give alone."""

import numpy as np

from deviator.mechanisms import Mechanism
from deviator.mechanisms.chunking import CHUNK

from ..comparing import (
    arrays_in,
    assert_close,
    assert_same_outcome,
    bids_of_markets,
    concatenated,
    largest_finite,
    outcome_of_markets,
    repeated,
)
from ..trials import candidate_bids, economies_for, profiles, trials


def check_batch_equals_loop(mechanism: Mechanism) -> None:
    """A batch of markets clears as each of them does alone."""
    for trial in trials(mechanism):
        whole = mechanism.clear(trial.bids)
        for market in range(len(trial.types)):
            alone = mechanism.clear(bids_of_markets(trial.bids, [market]))
            rule = f"market {market} must clear alone as in its batch {trial.where}"
            assert_same_outcome(rule, alone, outcome_of_markets(whole, [market]))


def check_honest_bids_of_a_batch(mechanism: Mechanism) -> None:
    """A batch of markets has the honest bids that each of them has alone."""
    for economy in economies_for(mechanism):
        types = profiles(economy, CHUNK + 1)
        whole = mechanism.honest_bids(economy, types).as_array()
        for market in (0, 1, CHUNK - 1, CHUNK):
            alone = mechanism.honest_bids(economy, types[[market]]).as_array()
            rule = f"market {market} must have alone the honest bids that it has in its batch"
            assert_close(rule, alone, whole[[market]])


def check_deviations_of_a_batch(mechanism: Mechanism) -> None:
    """A batch of markets has the deviations and the menu that each of them has alone."""
    for trial in trials(mechanism, corners=False):
        bids = repeated(trial.bids, CHUNK + 1)
        candidates = candidate_bids(mechanism, bids, 0)
        whole = mechanism.clear_deviations(bids, 0, candidates)
        menu = mechanism.menu(bids, 0)
        for market in (0, 1, CHUNK - 1, CHUNK):
            alone = bids_of_markets(bids, [market])
            outcome = mechanism.clear_deviations(alone, 0, candidates[[market]])
            for field in ("quantity", "transfer"):
                rule = f"market {market} must have alone the deviations that it has in its batch"
                got, want = getattr(outcome, field), getattr(whole, field)
                assert_close(rule, got[0], want[market], size=float(np.abs(want).max()))
            for name, values in arrays_in(menu) if menu is not None else ():
                single = dict(arrays_in(mechanism.menu(alone, 0)))[name]
                rule = f"market {market} must have alone the menu that it has in its batch"
                assert_close(rule, single[0], values[market], size=largest_finite(values))


def check_chunk_boundaries(mechanism: Mechanism) -> None:
    """Batches around the size of a chunk clear as their parts do."""
    for trial in trials(mechanism, corners=False):
        for batch in (CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3):
            bids = repeated(trial.bids, batch)
            cuts = [slice(0, 5), slice(5, 100), slice(100, batch)]
            parts = concatenated([mechanism.clear(bids_of_markets(bids, cut)) for cut in cuts])
            rule = f"a batch of {batch} must clear as its parts {trial.where}"
            assert_same_outcome(rule, mechanism.clear(bids), parts)

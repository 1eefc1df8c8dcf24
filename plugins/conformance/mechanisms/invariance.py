"""Checks that batches, names of traders, units and the types of others make no difference."""

from functools import partial

import numpy as np

from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.mechanisms import Mechanism
from deviator.mechanisms.chunking import CHUNK
from deviator.validation import Floats

from ..comparing import (
    RESTATES,
    arrays_in,
    assert_close,
    assert_own_types_decide,
    assert_same_outcome,
    bids_of_markets,
    largest_finite,
    outcome_of_markets,
    renumbered,
    repeated,
    restated,
)
from ..draws import assert_renumbered_on_average
from ..trials import MARKETS, Trial, candidate_bids, economies_for, profiles, trials

UNITS = ((7.3, 0.031), (1e-6, 1e5))
"""Factors of price and quantity under which a market must stay the same."""


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
        whole = _honest_numbers(mechanism, economy, types)
        for market in (0, 1, CHUNK - 1, CHUNK):
            alone = _honest_numbers(mechanism, economy, types[[market]])
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
    """Batches around the size of a chunk clear as few markets do."""
    for trial in trials(mechanism, corners=False):
        few = mechanism.clear(trial.bids)
        for batch in (CHUNK, CHUNK + 1, 2 * CHUNK + 3):
            rule = f"a batch of {batch} must clear as {MARKETS} markets do {trial.where}"
            wanted = outcome_of_markets(few, np.arange(batch) % MARKETS)
            assert_same_outcome(rule, mechanism.clear(repeated(trial.bids, batch)), wanted)


def check_relabelling(mechanism: Mechanism) -> None:
    """Renumbered traders get what they got before."""
    for trial in trials(mechanism, corners=False):
        n = trial.types.shape[1]
        for order in ([*range(1, n), 0], [1, 0, *range(2, n)]):
            rule = mechanism.relabelled(order)
            if mechanism.draws:
                same = f"traders renumbered {order} must get on average what they got before"
                where = f"{same} {trial.where}"
                assert_renumbered_on_average(where, mechanism, rule, trial.bids, order)
                continue
            assert_same_outcome(
                f"traders renumbered {order} must get what they got before {trial.where}",
                rule.clear(trial.bids.relabelled(order)),
                renumbered(mechanism.clear(trial.bids), order),
            )


def check_units(mechanism: Mechanism) -> None:
    """Other units of money and quantity describe the same market."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for price, quantity in UNITS:
            rule = mechanism.rescaled(price, quantity)
            assert_same_outcome(
                f"a market in units of {price:g} (price) and {quantity:g} (quantity) must be the "
                f"same, so {RESTATES}, {trial.where}",
                rule.clear(trial.bids.rescaled(price, quantity)),
                restated(outcome, price, quantity),
            )
            _assert_honest_in_units(mechanism, trial, price, quantity)


def _assert_honest_in_units(
    mechanism: Mechanism, trial: Trial, price: float, quantity: float
) -> None:
    """Assert that honest traders bid the same in other units; types are values, in money."""
    try:
        economy = trial.economy.rescaled(price, quantity)
    except RefusedError:
        return
    rule = mechanism.rescaled(price, quantity)
    # A bid can be written in several ways, so the outcomes of honest bids are compared.
    assert_same_outcome(
        f"honest traders must bid the same in units of {price:g} and {quantity:g}, so {RESTATES}, "
        f"{trial.where}",
        rule.clear(rule.honest_bids(economy, trial.types * price)),
        restated(
            mechanism.clear(mechanism.honest_bids(trial.economy, trial.types)), price, quantity
        ),
    )


def check_own_type_only(mechanism: Mechanism) -> None:
    """An honest bid uses the own type only."""
    rule = "trader {}'s honest bid must not depend on the others' types"
    for economy in economies_for(mechanism):
        bids = partial(_honest_numbers, mechanism, economy)
        types, others = profiles(economy, 5), profiles(economy, 5, seed=1)
        assert_own_types_decide(rule, bids, types, others, axis=1)


def _honest_numbers(mechanism: Mechanism, economy: Economy, types: Floats) -> Floats:
    return mechanism.honest_bids(economy, types).as_array()

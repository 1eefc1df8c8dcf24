"""Checks of lotteries: the outcome is a function of bids and lots, for every lot."""

import copy
from typing import Any

import numpy as np

from deviator.mechanisms import Mechanism, Outcome
from deviator.mechanisms.lottery import BELOW_ONE, drawn
from deviator.validation import Floats

from ..comparing import (
    FIELDS,
    assert_same_outcome,
    assert_unchanged,
    bids_of_markets,
    locked,
    outcome_of_markets,
)
from ..trials import Trial, trials
from .outcomes import assert_clears, assert_finite

AT_THE_ENDS = "keep away from lots where the inverse of a law is infinite"
"""What to do where an outcome is not finite."""


def check_lots_decide(mechanism: Mechanism) -> None:
    """The same bids and lots give the same outcome, bit for bit."""
    for trial in trials(mechanism):
        lots = _lots(trial)
        first = copy.deepcopy(_cleared(trial, lots))
        again = _cleared(trial, lots)
        rule = f"the same bids and lots must clear the same again {trial.where}"
        assert_same_outcome(rule, again, first, tolerance=0.0)


def check_lots_of_each_market(mechanism: Mechanism) -> None:
    """A market clears by its own lots: alone as in its batch, whatever the lots of others are."""
    for trial in trials(mechanism):
        lots = _lots(trial)
        whole = _cleared(trial, lots)
        for market in range(len(lots)):
            bids = bids_of_markets(trial.bids, [market])
            alone = drawn(mechanism, lots[[market]]).clear(bids)
            rule = f"market {market} must clear by its own lots alone as in its batch {trial.where}"
            assert_same_outcome(rule, alone, outcome_of_markets(whole, [market]))


def check_lots_are_used(mechanism: Mechanism) -> None:
    """Other lots lead to another outcome in some market."""
    for trial in trials(mechanism):
        first, second = (_cleared(trial, _lots(trial, seed)) for seed in (0, 1))
        for field in ("quantity", "transfer"):
            if not np.array_equal(getattr(first, field), getattr(second, field)):
                return
    raise AssertionError(
        f"lots must decide something in some market, and {mechanism.name} gives the same outcomes "
        "whatever they are; state draws = 0 and leave lots out"
    )


def check_every_lot_clears(mechanism: Mechanism) -> None:
    """Quantities sum to 0 and numbers are finite for all lots, 0 and the last below 1 included."""
    for trial in trials(mechanism):
        batch, draws = len(trial.types), mechanism.draws
        for value in (0.0, 0.5, BELOW_ONE):
            _assert_clears(trial, np.full((batch, draws), value), value)
            for place in range(draws):
                lots = _lots(trial)
                lots[:, place] = value
                _assert_clears(trial, lots, value)


def check_lots_unchanged(mechanism: Mechanism) -> None:
    """Lots are what they were after clearing, may be read-only, and are not in the outcome."""
    for trial in trials(mechanism):
        lots = _lots(trial)
        kept = lots.copy()
        outcome = _cleared(trial, lots)
        assert_unchanged("clear must leave lots alone", kept, lots)
        wanted = copy.deepcopy(_cleared(trial, locked(lots)))
        assert_same_outcome("read-only lots must clear as others do", outcome, wanted)
        for field in FIELDS:
            values = getattr(outcome, field)
            if values.flags.writeable:
                values[...] = 1
        assert_unchanged("outcomes must not share memory with lots", kept, lots)


def _cleared(trial: Trial, lots: Floats) -> Outcome:
    """Clear by the rule itself, which is given these lots and no copy."""
    rule: Any = trial.mechanism
    outcome: Outcome = rule.clear(trial.bids, lots)
    return outcome


def _lots(trial: Trial, seed: int = 0) -> Floats:
    """Return lots of each market of a trial, shape (B, D)."""
    rng = np.random.default_rng(seed)
    return rng.random((len(trial.types), trial.mechanism.draws))


def _assert_clears(trial: Trial, lots: Floats, value: float) -> None:
    outcome = _cleared(trial, lots)
    where = f"where a lot is {value!r} {trial.where}"
    for field in ("quantity", "transfer"):
        values = getattr(outcome, field)
        assert values.shape == trial.types.shape, (
            f"{field} must have shape {trial.types.shape}, got {values.shape} {where}"
        )
        assert_finite(field, values, f"{where}; {AT_THE_ENDS}")
    assert_clears(outcome, where)

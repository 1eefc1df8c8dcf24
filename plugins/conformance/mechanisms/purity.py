"""Checks that clearing depends on the bids alone, and changes nothing but its result."""

import copy
import sys
from typing import Any

import numpy as np

from deviator.mechanisms import Bids, Drawn, Mechanism
from deviator.validation import Floats

from ..comparing import FIELDS, assert_same_outcome, assert_unchanged, bids_of_markets, locked
from ..process_state import assert_same_state, process_state, shifted_clock
from ..trials import candidate_bids, trials


def check_inputs_unchanged(mechanism: Mechanism) -> None:
    """Types and bids are what they were after honest_bids, clear, clear_deviations and menu."""
    for trial in trials(mechanism):
        types, bids = trial.types.copy(), copy.deepcopy(trial.bids)
        mechanism.honest_bids(trial.economy, types)
        assert_unchanged("honest_bids must leave types alone", trial.types, types)
        candidates = candidate_bids(mechanism, bids, 0)
        kept = candidates.copy()
        for call, arguments in _calls(mechanism, bids, candidates):
            call(*arguments)
            assert_unchanged(f"{call.__name__} must leave bids alone", trial.bids, bids)
            assert_unchanged(f"{call.__name__} must leave candidates alone", kept, candidates)


def check_read_only_inputs(mechanism: Mechanism) -> None:
    """Bids and types that cannot be written to give what writable ones do."""
    for trial in trials(mechanism):
        mechanism.honest_bids(trial.economy, locked(trial.types))
        bids = locked(trial.bids)
        assert_same_outcome(
            "read-only bids must clear as others do",
            mechanism.clear(bids),
            mechanism.clear(trial.bids),
        )
        _use(mechanism, bids, locked(candidate_bids(mechanism, bids, 0)))


def _use(mechanism: Mechanism, bids: Bids, candidates: Floats) -> None:
    """Call everything that clears bids or states a menu."""
    for call, arguments in _calls(mechanism, bids, candidates):
        call(*arguments)


def _calls(mechanism: Mechanism, bids: Bids, candidates: Floats) -> list[tuple[Any, Any]]:
    return [
        (mechanism.clear, (bids,)),
        (mechanism.clear_deviations, (bids, 0, candidates)),
        (mechanism.menu, (bids, 0)),
    ]


def check_same_result_twice(mechanism: Mechanism) -> None:
    """The same bids give the same outcome, bit for bit, at any time and in any order."""
    for trial in trials(mechanism):
        first = copy.deepcopy(mechanism.clear(trial.bids))
        mechanism.clear(bids_of_markets(trial.bids, slice(None, None, -1)))
        again = mechanism.clear(trial.bids)
        with shifted_clock(mechanism):
            later = mechanism.clear(trial.bids)
        for rule, outcome in (
            ("the same bids must clear the same again", again),
            ("the same bids must clear the same at another time", later),
        ):
            assert_same_outcome(rule, outcome, first, tolerance=0.0)


def check_fresh_outcomes(mechanism: Mechanism) -> None:
    """Writing into an outcome changes neither the bids nor another outcome."""
    for trial in trials(mechanism):
        bids = copy.deepcopy(trial.bids)
        first = mechanism.clear(bids)
        wanted = copy.deepcopy(first)
        for field in FIELDS:
            values = getattr(first, field)
            if values.flags.writeable:
                values[...] = 1
        assert_unchanged("outcomes must not share memory with bids", trial.bids, bids)
        rule = "outcomes must not share memory with each other"
        assert_same_outcome(rule, mechanism.clear(bids), wanted, tolerance=0.0)


def check_keeps_no_state(mechanism: Mechanism) -> None:
    """Settings are after use what they were before."""
    before = _state(mechanism)
    for trial in trials(mechanism):
        _use(mechanism, trial.bids, candidate_bids(mechanism, trial.bids, 0))
    after = _state(mechanism)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    assert not changed, f"a mechanism must keep no state, and {', '.join(changed)} changed in use"


def _state(mechanism: Mechanism) -> dict[str, str]:
    """Return an object's attributes, and the plain ones of its class and module, as text."""
    if isinstance(mechanism, Drawn):
        return _state(mechanism.rule)
    own = {name: repr(value) for name, value in getattr(mechanism, "__dict__", {}).items()}
    plain = (int, float, str, list, dict, set, np.ndarray)
    module = sys.modules.get(type(mechanism).__module__)
    return own | {
        name: repr(value)
        for owner in (type(mechanism), module)
        for name, value in vars(owner).items()
        if isinstance(value, plain) and not name.startswith("__")
    }


def check_leaves_the_process_alone(mechanism: Mechanism) -> None:
    """Random states, error handling, warning filters and environment stay as they are."""
    for trial in trials(mechanism):
        before = process_state()
        _use(mechanism, trial.bids, candidate_bids(mechanism, trial.bids, 0))
        assert_same_state("a mechanism", before, process_state())

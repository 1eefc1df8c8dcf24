"""Checks of use in other processes, and of bids that are not numbers."""

import numpy as np

from deviator.errors import DeviatorError
from deviator.mechanisms import Bids, Mechanism, Outcome

from ..comparing import assert_same_outcome, in_another_process
from ..trials import trials


def check_pickling(mechanism: Mechanism) -> None:
    """Sent to another process, the mechanism clears as it does here."""
    trial = next(trials(mechanism))
    here = mechanism.clear(trial.bids)
    there = in_another_process("a mechanism", _clear, mechanism, trial.bids)
    assert_same_outcome("a mechanism must clear in another process as here", there, here)


def _clear(mechanism: Mechanism, bids: Bids) -> Outcome:
    return mechanism.clear(bids)


def check_refuses_bids_that_are_no_numbers(mechanism: Mechanism) -> None:
    """Bids that are NaN or infinite are errors, never an outcome."""
    for trial in trials(mechanism, corners=False):
        sound = trial.bids.as_array()
        for trader, number in np.ndindex(sound.shape[1:]):
            for value in (np.nan, np.inf):
                array = sound.copy()
                array[-1, trader, number] = value
                try:
                    mechanism.clear(trial.bids.from_array(array))
                except DeviatorError:
                    continue
                raise AssertionError(
                    f"bids must be finite, and {value} was accepted as number {number} of trader "
                    f"{trader}'s bid {trial.where}"
                )

"""Checks of rules over rounds: what a round does follows from its bids and those before it."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from deviator.errors import DeviatorError
from deviator.mechanisms import Bids, History, Round, RoundsMechanism
from deviator.mechanisms.outcome import check_cleared
from deviator.mechanisms.over_rounds.rounds_mechanism import checked_public, checked_rounds, total

from ..comparing import (
    assert_close,
    assert_same_outcome,
    assert_unchanged,
    bids_of_markets,
    locked,
    outcome_of_markets,
)
from ..trials import other_bids, trials


class Played(NamedTuple):
    """The rounds of a rule in which other bids are submitted every time."""

    bids: list[Bids]
    history: History
    where: str

    def before(self, turn: int) -> History:
        """Return a copy of the rounds before one."""
        return copy.deepcopy(self.history[:turn])


def check_rounds_are_stated(mechanism: RoundsMechanism) -> None:
    """Rounds are a whole number from 1, and each shows as many finite numbers as the others."""
    try:
        checked_rounds(mechanism)
        for played in _plays(mechanism):
            turns = range(1, len(played.history) + 1)
            shown = {checked_public(mechanism, played.before(turn)).shape[1] for turn in turns}
            assert len(shown) == 1, (
                f"public must show as many numbers after every round, got {sorted(shown)} "
                f"{played.where}"
            )
    except DeviatorError as error:
        raise AssertionError(str(error)) from None


def check_every_round_clears(mechanism: RoundsMechanism) -> None:
    """Quantities of every single round sum to 0, with what goes outside."""
    for played in _plays(mechanism):
        for turn, past in enumerate(played.history):
            name = f"{mechanism.name}, in round {turn + 1} {played.where},"
            try:
                check_cleared(name, past.outcome, past.bids.shape[:2])
            except DeviatorError as error:
                raise AssertionError(str(error)) from None


def check_rounds_follow_from_history(mechanism: RoundsMechanism) -> None:
    """The same bids after the same rounds clear the same, in whatever order they are asked for."""
    for played in _plays(mechanism):
        for turn in reversed(range(len(played.bids))):
            again = mechanism.clear_round(played.bids[turn], played.before(turn))
            assert_same_outcome(
                f"round {turn + 1} must follow from its bids and the history alone {played.where}",
                again,
                played.history[turn].outcome,
            )


def check_history_is_left_alone(mechanism: RoundsMechanism) -> None:
    """Past bids and outcomes are what they were, and need not be writable."""
    for played in _plays(mechanism):
        for turn in range(1, len(played.bids)):
            before = played.before(turn)
            mechanism.clear_round(played.bids[turn], before)
            mechanism.public(before)
            for past, kept in zip(before, played.history, strict=False):
                rule = f"round {turn + 1} must leave those before it alone"
                assert_unchanged(rule, kept.bids, past.bids)
                assert_unchanged(rule, kept.outcome, past.outcome)
            read_only = tuple(Round(locked(past.bids), locked(past.outcome)) for past in before)
            mechanism.clear_round(played.bids[turn], read_only)


def check_rounds_of_a_batch(mechanism: RoundsMechanism) -> None:
    """Every round of a batch of markets clears as it does in each of them alone."""
    for played in _plays(mechanism):
        for market in range(played.bids[0].shape[0]):
            alone: History = ()
            for turn, bids in enumerate(played.bids):
                own = bids_of_markets(bids, [market])
                outcome = mechanism.clear_round(own, alone)
                rule = f"round {turn + 1} of market {market} must clear alone as in its batch"
                wanted = outcome_of_markets(played.history[turn].outcome, [market])
                assert_same_outcome(f"{rule} {played.where}", outcome, wanted)
                alone = (*alone, Round(own, outcome))
                shown = mechanism.public(played.history[: turn + 1])[[market]]
                assert_close(f"what {rule}", mechanism.public(alone), shown)


def check_total_is_the_sum_of_rounds(mechanism: RoundsMechanism) -> None:
    """Bids that stay the same have the sum of the rounds as their outcome."""
    for trial in trials(mechanism):
        history = _history(mechanism, [trial.bids] * checked_rounds(mechanism))
        rule = f"clear must be the sum of the rounds of the same bids {trial.where}"
        assert_same_outcome(rule, mechanism.clear(trial.bids), total(history))


def check_first_rounds_know_no_later_bids(mechanism: RoundsMechanism) -> None:
    """What a round does is the same whatever is bid in later rounds."""
    for played in _plays(mechanism):
        same = _history(mechanism, played.bids[:1] * len(played.bids))
        again = _history(mechanism, played.bids)
        first = f"the first round must not depend on later bids {played.where}"
        for history in (same, again):
            assert_same_outcome(first, history[0].outcome, played.history[0].outcome)


def _plays(mechanism: RoundsMechanism) -> Iterator[Played]:
    """Return rounds in which honest and other traders change their bids from round to round."""
    for trial in trials(mechanism, corners=False):
        rounds = checked_rounds(mechanism)
        later = [other_bids(mechanism, trial.bids, seed=turn) for turn in range(2, rounds + 1)]
        bids = [trial.bids, *later]
        yield Played(bids, _history(mechanism, bids), trial.where)


def _history(mechanism: RoundsMechanism, bids: list[Bids]) -> History:
    """Return the rounds, each with outcomes of its own that later ones cannot write into."""
    history: History = ()
    for present in bids:
        handed: Any = copy.deepcopy(history)
        outcome = mechanism.clear_round(copy.deepcopy(present), handed)
        history = (*history, Round(copy.deepcopy(present), copy.deepcopy(outcome)))
    return history

"""A sound rule over rounds, and rules that each break one promise of such rules."""

from dataclasses import dataclass, replace

import numpy as np

from deviator.mechanisms import (
    Mechanism,
    RoundsMechanism,
    ScheduleLanguage,
    Schedules,
    UniformDoubleAuction,
)


@dataclass(frozen=True)
class SoundRounds(RoundsMechanism):
    """Half of what clears is traded in each round, and the last brings all that is left."""

    name = "sound-rounds"
    language = ScheduleLanguage()
    rounds = 3

    def clear_round(self, bids, history):
        owned = sum((past.outcome.quantity for past in history), np.zeros(bids.level.shape))
        whole = UniformDoubleAuction().clear(Schedules(bids.level - owned, bids.steepness))
        return scaled(whole, 1.0 if len(history) == 2 else 0.5)


def scaled(outcome, share):
    return replace(outcome, quantity=outcome.quantity * share, transfer=outcome.transfer * share)


class HalfARound(SoundRounds):
    rounds = 2.5


class ShowsMoreAndMore(SoundRounds):
    def public(self, history):
        return np.column_stack([past.outcome.quantity for past in history])


class DrawsLots(SoundRounds):
    draws = 1


class LendsUnits(SoundRounds):
    """The first trader has a unit more in the first round, and gives it back in the last."""

    def clear_round(self, bids, history):
        outcome = super().clear_round(bids, history)
        lent = np.eye(bids.shape[1])[0] * {0: 1.0, 2: -1.0}.get(len(history), 0.0)
        return replace(outcome, quantity=outcome.quantity + lent)


ROUNDS_OF_THE_MODULE = [0]


class CountsCalls(SoundRounds):
    """Every round asked for trades a little less than the one before."""

    def clear_round(self, bids, history):
        ROUNDS_OF_THE_MODULE[0] += 1
        return scaled(super().clear_round(bids, history), 0.999 ** ROUNDS_OF_THE_MODULE[0])


class CountsOnItself(SoundRounds):
    def clear_round(self, bids, history):
        turn = self.__dict__.get("turn", 0)
        object.__setattr__(self, "turn", turn + 1)
        return scaled(super().clear_round(bids, history), 1.0 + 1e-3 * turn)


class ForgivesDebts(SoundRounds):
    """What was paid before is struck out of the history."""

    def clear_round(self, bids, history):
        outcome = super().clear_round(bids, history)
        for past in history:
            past.outcome.transfer[...] = 0.0
        return outcome


class AveragesPastMarkets(SoundRounds):
    def clear_round(self, bids, history):
        outcome = super().clear_round(bids, history)
        past = history[-1].outcome.transfer[:, 0].mean() if history else 0.0
        return replace(outcome, transfer=outcome.transfer + past)


class ClearsAtOnce(SoundRounds):
    """Bids that stay the same are cleared by another rule than the rounds."""

    def clear(self, bids):
        return UniformDoubleAuction().clear(Schedules(0.9 * bids.level, bids.steepness))


LAST_BIDS = []


class RemembersLastBids(SoundRounds):
    """The first round charges for what was bid in the last round of the market before."""

    def clear_round(self, bids, history):
        outcome = super().clear_round(bids, history)
        if len(history) == 2:
            LAST_BIDS[:] = [float(np.asarray(bids.level).sum())]
        fee = LAST_BIDS[0] if LAST_BIDS and not history else 0.0
        return replace(outcome, transfer=outcome.transfer + fee)


class BoastsOfTruth(SoundRounds):
    claims = frozenset({"truthful"})


VILLAINS: list[tuple[str, Mechanism, str]] = [
    ("check_rounds_are_stated", HalfARound(), "rounds must be a whole number"),
    ("check_rounds_are_stated", ShowsMoreAndMore(), "as many numbers after every round"),
    ("check_every_round_clears", LendsUnits(), "in round 1 with other bids"),
    ("check_rounds_follow_from_history", CountsCalls(), "from its bids and the history alone"),
    ("check_rounds_follow_from_history", CountsOnItself(), "from its bids and the history alone"),
    ("check_history_is_left_alone", ForgivesDebts(), "must leave those before it alone"),
    ("check_rounds_of_a_batch", AveragesPastMarkets(), "must clear alone as in its batch"),
    ("check_total_is_the_sum_of_rounds", ClearsAtOnce(), "must be the sum of the rounds"),
    ("check_first_rounds_know_no_later_bids", RemembersLastBids(), "must not depend on later bids"),
    ("check_claim_truthful", BoastsOfTruth(), "honesty must be a best response"),
]

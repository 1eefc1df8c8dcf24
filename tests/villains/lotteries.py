"""A sound lottery, and lotteries that each break one rule."""

from dataclasses import dataclass, replace

import numpy as np
from helpers.lotteries import OneOfTwoRules, RandomDiscount

from deviator.mechanisms import Mechanism, ScheduleLanguage, UniformDoubleAuction


@dataclass(frozen=True)
class SoundLottery(Mechanism):
    """The uniform-price double auction; lots decide which share of all quantities is traded."""

    name = "sound-lottery"
    language = ScheduleLanguage()
    draws = 2

    def clear(self, bids, lots):
        return scaled(UniformDoubleAuction().clear(bids), 0.5 + 0.25 * lots.sum(axis=1))


def scaled(outcome, share):
    return replace(
        outcome,
        quantity=outcome.quantity * share[:, None],
        transfer=outcome.transfer * share[:, None],
    )


class HalfADraw(SoundLottery):
    draws = 0.5


class DrawsBesides(SoundLottery):
    def clear(self, bids, lots):
        outcome = super().clear(bids, lots)
        return scaled(outcome, np.random.default_rng().random(len(lots)))


class SharesLots(SoundLottery):
    """All markets of a batch are cleared by the lots of the first."""

    def clear(self, bids, lots):
        return super().clear(bids, np.repeat(lots[:1], len(lots), axis=0))


class IgnoresLots(SoundLottery):
    def clear(self, bids, lots):
        return UniformDoubleAuction().clear(bids)


class DividesByLots(SoundLottery):
    """Fails where a lot is 0, which no one draws by chance."""

    def clear(self, bids, lots):
        with np.errstate(divide="ignore", invalid="ignore"):
            return scaled(super().clear(bids, lots), 1.0 / lots[:, 0])


class GivesAwayAtTheEnd(SoundLottery):
    """The last lot below 1 rounds up to an order that nobody is in."""

    def clear(self, bids, lots):
        outcome = super().clear(bids, lots)
        last = (1.0 - lots[:, 0]) < 1e-15
        quantity = outcome.quantity.copy()
        quantity[last, 0] += 1.0
        return replace(outcome, quantity=quantity)


class CountsLots(SoundLottery):
    """Remembers how many markets it cleared, where a frozen dataclass does not look."""

    def clear(self, bids, lots):
        self.__dict__["cleared"] = self.__dict__.get("cleared", 0) + len(lots)
        return super().clear(bids, lots)


class SortsLots(SoundLottery):
    def clear(self, bids, lots):
        outcome = super().clear(bids, lots)
        lots.sort(axis=1)
        return outcome


class FavorsTheFirstInEveryDraw(SoundLottery):
    def clear(self, bids, lots):
        outcome = super().clear(bids, lots)
        transfer = outcome.transfer.copy()
        transfer[:, 0] -= 0.1 * np.abs(outcome.quantity[:, 0]) * outcome.price
        return replace(outcome, transfer=transfer)


class ClaimsTruthInEveryDraw(RandomDiscount):
    claims = frozenset({"truthful", "universally_truthful"})


class ClaimsTruthInExpectation(OneOfTwoRules):
    claims = frozenset({"truthful"})


class ClaimsToBeFair(FavorsTheFirstInEveryDraw):
    claims = frozenset({"anonymous"})


VILLAINS = [
    ("check_settings", HalfADraw(), "draws must be a whole number from 0"),
    ("check_lots_decide", DrawsBesides(), "the same bids and lots must clear the same again"),
    ("check_lots_of_each_market", SharesLots(), "must clear by its own lots alone"),
    ("check_lots_are_used", IgnoresLots(), "lots must decide something"),
    ("check_every_lot_clears", DividesByLots(), "where a lot is 0.0"),
    ("check_every_lot_clears", GivesAwayAtTheEnd(), "where a lot is 0.99"),
    ("check_keeps_no_state", CountsLots(), "cleared changed in use"),
    ("check_lots_unchanged", SortsLots(), "clear must leave lots alone"),
    ("check_relabelling", FavorsTheFirstInEveryDraw(), "must get on average what they got before"),
    ("check_claim_truthful", ClaimsTruthInExpectation(), "in expectation over the lots"),
    ("check_claim_universally_truthful", ClaimsTruthInEveryDraw(), "once the lots are known"),
    ("check_claim_anonymous", ClaimsToBeFair(), "must swap outcomes on average"),
]  # fmt: skip

"""Rules that break a constraint where few look, and searches that look in the wrong places."""

from dataclasses import dataclass, replace

import numpy as np

from deviator.errors import NotConvergedError
from deviator.evidence.adversary import Worst
from deviator.mechanisms import (
    Mechanism,
    Outcome,
    ScheduleLanguage,
    TraderOutcome,
    UniformDoubleAuction,
)


@dataclass(frozen=True)
class Auction(Mechanism):
    """The uniform-price double auction, for villains to change."""

    name = "auction"
    language = ScheduleLanguage()

    def clear(self, bids):
        outcome = UniformDoubleAuction().clear(bids)
        return Outcome(outcome.price, outcome.quantity, outcome.transfer)


class LeavesUnitsOver(Auction):
    """Gives a tenth of a unit away."""

    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, quantity=outcome.quantity + 0.1 / outcome.quantity.shape[1])


@dataclass(frozen=True)
class PaysOutRounding(Auction):
    """Pays everybody less than what clearing may lose to rounding, or more."""

    paid: float = 1e-14

    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, transfer=outcome.transfer - self.paid)


@dataclass(frozen=True)
class PaysInACorner(Auction):
    """Pays money out where all levels are nearly as high as they can be."""

    corner: float = 0.95
    paid: float = 0.01

    def clear(self, bids):
        outcome = super().clear(bids)
        corner = (bids.level > self.corner).all(axis=1)
        return replace(outcome, transfer=outcome.transfer - self.paid * corner[:, None])


@dataclass(frozen=True)
class RobsRarely(Auction):
    """Takes more than the trade is worth from whoever trades a lot."""

    much: float = 3.5

    def clear(self, bids):
        outcome = super().clear(bids)
        robbed = np.abs(outcome.quantity) > self.much
        return replace(outcome, transfer=outcome.transfer + 50.0 * robbed)


@dataclass(frozen=True)
class Rebates(Auction):
    """Pays a fortune back for quantities that nobody asks for."""

    much: float = 50.0
    paid: float = 1e6

    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(
            outcome, transfer=outcome.transfer - self.paid * (np.abs(outcome.quantity) > self.much)
        )


class PromisesWhatItDoesNotPay(Auction):
    """Its fast path for deviations is kinder than its clearing."""

    def clear_deviations(self, bids, trader, candidates):
        found = super().clear_deviations(bids, trader, candidates)
        present = bids.of_trader(trader)[:, None]
        moved = (np.abs(candidates - present) > 1e-12).any(axis=2)
        return TraderOutcome(
            found.price, found.quantity, found.transfer - 7.0 * moved, found.traded
        )


class NeverTrades(Auction):
    def clear(self, bids):
        nothing = np.zeros(bids.shape[:2])
        return Outcome(np.full(len(nothing), np.nan), nothing, nothing)


class NotANumber(Auction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return replace(outcome, transfer=np.full_like(outcome.transfer, np.nan))


def only_draws(objective, region, *, budget, seed):
    """A search that draws profiles, and looks at nothing else."""
    places = np.random.default_rng(seed).uniform(-1, 1, (budget, region.n_traders))
    types = region.profiles(places)
    values = objective(types)
    best = int(values.argmax())
    return Worst(types[best], float(values[best]), budget)


@dataclass(frozen=True)
class PaysInOneCornerOfMany(Auction):
    """Pays money out where every level has its own sign, and is nearly as large as it can be."""

    signs: tuple[int, ...] = (1, -1, -1, 1, 1, 1, -1, 1, -1, -1)

    def clear(self, bids):
        outcome = super().clear(bids)
        corner = (bids.level * np.array(self.signs) > 0.9).all(axis=1)
        return replace(outcome, transfer=outcome.transfer - 0.01 * corner[:, None])


@dataclass(frozen=True)
class FailsAtHighPrices(Auction):
    """Cannot solve a batch in which a price is high."""

    high: float = 0.5

    def clear(self, bids):
        outcome = super().clear(bids)
        if (outcome.price > self.high).any():
            raise NotConvergedError("the price is too high to be found")
        return outcome

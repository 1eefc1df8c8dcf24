"""A sound auction in schedules, and auctions that each break one rule."""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from deviator.economies import two_groups
from deviator.errors import RefusedError
from deviator.mechanisms import (
    Bids,
    LineMenu,
    Mechanism,
    Outcome,
    Reports,
    ScheduleLanguage,
    Schedules,
    SigmaDCDA,
    UniformDoubleAuction,
)


@dataclass(frozen=True)
class SoundAuction(Mechanism):
    """The uniform-price double auction with the least that a plugin must write."""

    name = "sound"
    language = ScheduleLanguage()

    def clear(self, bids):
        outcome = UniformDoubleAuction().clear(bids)
        return Outcome(outcome.price, outcome.quantity, outcome.transfer)


def changed(outcome, **fields):
    return replace(outcome, **fields)


class Nameless(SoundAuction):
    name = ""


class Boastful(SoundAuction):
    claims = frozenset({"fair"})


class SpeaksAnotherLanguage(SoundAuction):
    def honest_bids(self, economy, types):
        return Reports(types)


class HonestNowhere(SoundAuction):
    def honest_bids(self, economy, types):
        raise RefusedError("nobody is honest here")


class RoundedSchedules(Bids):
    """A record that loses digits on its way through arrays."""

    def __init__(self, level, steepness):
        self.level, self.steepness = level, steepness

    @property
    def shape(self):
        return (*self.level.shape, 2)

    def as_array(self):
        return np.stack([self.level, self.steepness], axis=-1)

    @classmethod
    def from_array(cls, array):
        return cls(array[..., 0].round(3), array[..., 1])

    def rescaled(self, price, quantity):
        return RoundedSchedules(self.level * quantity, self.steepness * quantity / price)

    def of_trader(self, trader):
        return self.as_array()[:, trader]


class LosesDigits(SoundAuction):
    def honest_bids(self, economy, types):
        bids = super().honest_bids(economy, types)
        return RoundedSchedules(bids.level, np.array(bids.steepness))

    def clear(self, bids):
        return super().clear(Schedules(bids.level, bids.steepness))


class TransferPerMarket(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer.sum(axis=1))


class NoNumber(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        transfer = outcome.transfer.copy()
        transfer[0, 0] = np.nan
        return changed(outcome, transfer=transfer)


class CreatesGoods(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, quantity=outcome.quantity * 1.01 + 0.01)


class TradesInAutarky(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, traded=np.zeros(len(outcome.price), dtype=bool))


class SortsBids(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        bids.level.sort(axis=1)
        return outcome


class BorrowsBids(SoundAuction):
    """Writes into the bids and puts back what was there."""

    def clear(self, bids):
        level = bids.level
        level *= 2.0
        level /= 2.0
        return super().clear(bids)


class LooksAtTheClock(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer + (time.time() // 86400) * 1e-9)


class Random(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        noise = np.random.default_rng().normal(0, 1e-9, outcome.transfer.shape)
        return changed(outcome, transfer=outcome.transfer + noise)


class ReturnsItsBids(SoundAuction):
    """Hands out the very array that it was given."""

    def clear(self, bids):
        outcome = super().clear(bids)
        level = bids.level
        level[...] = level
        np.copyto(outcome.quantity, outcome.quantity)
        return changed(outcome, price=level)


@dataclass(frozen=True)
class Counts(SoundAuction):
    calls: list = field(default_factory=list)

    def clear(self, bids):
        self.calls.append(len(bids.level))
        return super().clear(bids)


class SeedsEverybody(SoundAuction):
    def clear(self, bids):
        np.random.seed(0)  # noqa: NPY002
        return super().clear(bids)


class SilencesEverybody(SoundAuction):
    def clear(self, bids):
        np.seterr(all="ignore")
        return super().clear(bids)


class AveragesOverTheBatch(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer + 1e-6 * outcome.price.mean())


class ForgetsTheLastChunk(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        transfer = outcome.transfer.copy()
        transfer[256:] = 0.0
        return changed(outcome, transfer=transfer)


class FavorsTheFirst(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        transfer = outcome.transfer.copy()
        transfer[:, 0] *= 0.9
        return changed(outcome, transfer=transfer)


@dataclass(frozen=True)
class FlatFee(SoundAuction):
    """A fee in units of money that `rescaled` forgets."""

    fee: float = 0.01

    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer + self.fee)


class ReadsMinds(SoundAuction):
    def honest_bids(self, economy, types):
        bids = super().honest_bids(economy, types)
        return Schedules(bids.level + 0.1 * types.mean(axis=1, keepdims=True), bids.steepness)


class IgnoresDeviations(SoundAuction):
    def clear_deviations(self, bids, trader, candidates):
        present = np.repeat(bids.of_trader(trader)[:, None], candidates.shape[1], axis=1)
        return super().clear_deviations(bids, trader, present)


class FlattersItsMenu(SoundAuction):
    """Says that trade is cheaper than it is."""

    def menu(self, bids, trader):
        menu = UniformDoubleAuction().menu(bids, trader)
        return LineMenu(menu.intercept, menu.slope, menu.linear, 0.5 * menu.quadratic, menu.regular)


@dataclass(frozen=True)
class LosesItsSettings(SoundAuction):
    fee: float = 0.01

    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer + self.fee)

    def __reduce__(self):
        return LosesItsSettings, ()


@dataclass(frozen=True)
class CannotBeSent(SoundAuction):
    rule: Callable = field(default_factory=lambda: lambda x: x)


class Trusting(LosesDigits):
    """Takes bids that are no numbers, and makes zeros of them."""

    def clear(self, bids):
        level = np.nan_to_num(bids.level, posinf=0.0)
        return super().clear(
            RoundedSchedules(level, np.nan_to_num(bids.steepness, posinf=1.0) + 1e-9)
        )


class NeverTrades(SoundAuction):
    def clear(self, bids):
        nothing = np.zeros_like(bids.level)
        return Outcome(
            np.full(len(nothing), np.nan), nothing, nothing, np.zeros(len(nothing), bool)
        )


class BidsLikeTheBatch(SoundAuction):
    def honest_bids(self, economy, types):
        return super().honest_bids(economy, types - 1e-6 * types.mean(axis=0))


class ForgetsLateDeviations(SoundAuction):
    def clear_deviations(self, bids, trader, candidates):
        result = super().clear_deviations(bids, trader, candidates)
        transfer = result.transfer.copy()
        transfer[50:] *= 0.9
        return replace(result, transfer=transfer)


class MenuForFew(SoundAuction):
    def menu(self, bids, trader):
        menu = UniformDoubleAuction().menu(bids, trader)
        return replace(menu, linear=menu.linear * (1 if len(menu.linear) < 50 else 0.9))


class MenuForOne(SoundAuction):
    def menu(self, bids, trader):
        return UniformDoubleAuction().menu(bids, trader) if trader else None


class NarrowMenu(SoundAuction):
    """Says that nothing but the present quantity can be had."""

    def menu(self, bids, trader):
        menu = UniformDoubleAuction().menu(bids, trader)
        present = UniformDoubleAuction().clear(bids).quantity[:, trader]
        return replace(menu, low=present, high=present)


class LooksAtTheOtherCandidates(SoundAuction):
    """Charges each candidate for the average of what is asked beside it."""

    def clear_deviations(self, bids, trader, candidates):
        result = super().clear_deviations(bids, trader, candidates)
        mean = result.quantity.mean(axis=1, keepdims=True)
        return replace(result, transfer=result.transfer + 1e-6 * mean)


class RemembersTheOrder(SoundAuction):
    def clear_deviations(self, bids, trader, candidates):
        result = super().clear_deviations(bids, trader, candidates)
        later = 1e-9 * np.arange(candidates.shape[1])
        return replace(result, transfer=result.transfer + later)


class TaxesApart(SoundAuction):
    tax_slope = np.array([0.1, 0.2])


class Imprecise(SoundAuction):
    precision = 2.0


class WrongSlopes(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, residual_slope=outcome.transfer[:, :2])


class PaysInComplexMoney(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer + 0j)


class LooksAtTheCalendar(SoundAuction):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, transfer=outcome.transfer + 1e-9 * datetime.now().toordinal())


CLEARED = []


class KeepsAList(SoundAuction):
    def clear(self, bids):
        CLEARED.append(len(bids.level))
        return super().clear(bids)


class Dealer(SoundAuction):
    """Somebody outside fills a part of what every trader wants, and the market clears."""

    def clear(self, bids):
        outcome = super().clear(bids)
        share = 0.5 * outcome.quantity
        share[:, 0] += outcome.quantity[:, 0]
        outside = -share.sum(axis=1)
        return changed(outcome, quantity=share, outside=outside)

    waivers = {"check_relabelling": "the first trader gets three times as much"}


class DealerInUnitsOfTheirOwn(Dealer):
    def clear(self, bids):
        outcome = super().clear(bids)
        quantity = outcome.quantity.copy()
        quantity[:, 0] += 1e-10 - (quantity.sum(axis=1) + outcome.outside)
        return changed(outcome, quantity=quantity, outside=outcome.outside - 1e-10)


class HidesWhatTheyTake(Dealer):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, outside=np.zeros(len(outcome.outside)))


class OneNumberOutside(Dealer):
    def clear(self, bids):
        outcome = super().clear(bids)
        return changed(outcome, outside=outcome.outside[:, None])


class NoNumberOutside(Dealer):
    def clear(self, bids):
        return changed(super().clear(bids), outside=np.full(len(bids.level), np.nan))


class ClaimsEfficiencyBesideOutside(Dealer):
    claims = frozenset({"efficient"})


class ClaimsTruth(SoundAuction):
    claims = frozenset({"truthful"})


@dataclass(frozen=True)
class ClaimsVoluntaryTrade(FlatFee):
    claims = frozenset({"individually_rational"})


@dataclass(frozen=True)
class ClaimsSurplus(FlatFee):
    fee: float = -0.01
    claims = frozenset({"budget_surplus"})


@dataclass(frozen=True)
class TaxedAuction(Mechanism):
    """The sigma-DCDA of a positive sigma, which is not efficient, and says that it is."""

    name = "taxed"
    language = SigmaDCDA.language
    tax_slope = 0.4
    claims = frozenset({"efficient"})

    def clear(self, bids):
        return SigmaDCDA(0.4).clear(bids)


class ClaimsAnonymity(FavorsTheFirst):
    claims = frozenset({"anonymous"})


class WaivesNothing(SoundAuction):
    waivers = {"check_colors": "it has none"}


class GivesNoReason(SoundAuction):
    waivers = {"check_units": " "}


@dataclass(frozen=True)
class Sleeps(SoundAuction):
    def clear(self, bids):
        time.sleep(3600)


@dataclass(frozen=True)
class Exits(SoundAuction):
    def clear(self, bids):
        sys.exit(0)


@dataclass(frozen=True)
class Crashes(SoundAuction):
    def clear(self, bids):
        os._exit(3)


@dataclass(frozen=True)
class Raises(SoundAuction):
    def clear(self, bids):
        raise ZeroDivisionError("the auctioneer failed")


class Lies(SoundAuction):
    """Pretends to be equal to whatever it is compared with, in its own outcome."""

    def clear(self, bids):
        outcome = super().clear(bids)
        return LyingOutcome(outcome.price, outcome.quantity * 2 + 1, outcome.transfer)


class Flattering(np.ndarray):
    """An array whose sums are always 0."""

    def sum(self, *args, **kwargs):
        return np.zeros_like(np.asarray(super().sum(*args, **kwargs)))


def LyingOutcome(price, quantity, transfer):
    return Outcome(price, np.asarray(quantity).view(Flattering), transfer)


@dataclass(frozen=True)
class OwnEconomy(SoundAuction):
    """At home where the standard economies are not."""

    def example_economies(self):
        return (two_groups(4, alpha=1.0, beta=0.0, slope=1.0),)


class AllowsNothingElse(SoundAuction):
    """Lets nobody bid anything but what they bid at present."""

    def allowed_bids(self, trader, bids, own):
        return np.repeat(own[:, None], bids.shape[1], axis=1)


class AllowsLevelsOnly(SoundAuction):
    """Takes the steepness of everybody's demand as given."""

    def allowed_bids(self, trader, bids, own):
        allowed = bids.copy()
        allowed[..., 1] = own[:, None, 1]
        return allowed


class StartsAThread(SoundAuction):
    def clear(self, bids):
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
        return super().clear(bids)


VILLAINS = [
    ("check_honest_bids_are_allowed", AllowsNothingElse(), "honest traders of other types bid"),
    ("check_every_number_can_move", AllowsLevelsOnly(), "must let some trader move number 1"),
    ("check_leaves_the_process_alone", StartsAThread(), "must leave the threads that run alone"),
    ("check_settings", Nameless(), "name must be a text"),
    ("check_settings", Boastful(), "claims must be among"),
    ("check_honest_bids", SpeaksAnotherLanguage(), "honest_bids must return Schedules, got Reports"),
    ("check_honest_bids", HonestNowhere(), "override example_economies"),
    ("check_bids_survive_arrays", LosesDigits(), "from_array must undo as_array"),
    ("check_outcome_shapes", TransferPerMarket(), "transfer must have shape"),
    ("check_finite", NoNumber(), "transfer must be finite, got nan in market 0"),
    ("check_market_clears", CreatesGoods(), "quantities must sum to 0"),
    ("check_market_clears", Lies(), "quantities must sum to 0"),
    ("check_market_clears", HidesWhatTheyTake(), "with what somebody outside receives, got"),
    ("check_outcome_shapes", OneNumberOutside(), "outside must have shape"),
    ("check_finite", NoNumberOutside(), "outside must be finite"),
    ("check_units", DealerInUnitsOfTheirOwn(), "must be the same"),
    ("check_claim_efficient", ClaimsEfficiencyBesideOutside(), "drop the claim"),
    ("check_outcome_shapes", WrongSlopes(), "residual_slope must have shape"),
    ("check_outcome_shapes", PaysInComplexMoney(), "transfer must be of float"),
    ("check_honest_markets_trade", NeverTrades(), "must let honest traders trade"),
    ("check_honest_bids_of_a_batch", BidsLikeTheBatch(), "must have alone the honest bids"),
    ("check_deviations_of_a_batch", ForgetsLateDeviations(), "must have alone the deviations"),
    ("check_deviations_of_a_batch", MenuForFew(), "must have alone the menu"),
    ("check_menu_agrees_with_clearing", MenuForOne(), "leaves out that of trader 0"),
    ("check_menu_agrees_with_clearing", NarrowMenu(), "no bid may pay less than the menu"),
    ("check_same_result_twice", LooksAtTheCalendar(), "at another time"),
    ("check_keeps_no_state", KeepsAList(), "CLEARED changed in use"),
    ("check_autarky_is_empty", TradesInAutarky(), "must be 0 in a market that does not trade"),
    ("check_inputs_unchanged", SortsBids(), "clear must leave bids alone, and level was changed"),
    ("check_read_only_inputs", BorrowsBids(), "read-only"),
    ("check_same_result_twice", LooksAtTheClock(), "at another time"),
    ("check_same_result_twice", Random(), "must clear the same again"),
    ("check_fresh_outcomes", ReturnsItsBids(), "must not share memory with bids"),
    ("check_keeps_no_state", Counts(), "calls changed in use"),
    ("check_leaves_the_process_alone", SeedsEverybody(), "leave numpy's global random state alone"),
    ("check_leaves_the_process_alone", SilencesEverybody(), "numpy's error handling"),
    ("check_batch_equals_loop", AveragesOverTheBatch(), "must clear alone as in its batch"),
    ("check_chunk_boundaries", ForgetsTheLastChunk(), "a batch of 257 must clear as 7 markets do"),
    ("check_relabelling", FavorsTheFirst(), "must get what they got before"),
    ("check_units", FlatFee(), "must be the same"),
    ("check_own_type_only", ReadsMinds(), "must not depend on the others' types"),
    ("check_deviations_equal_clearing", IgnoresDeviations(), "must agree with clear in quantity"),
    ("check_candidates_alone", LooksAtTheOtherCandidates(), "alone the transfer"),
    ("check_candidates_alone", RemembersTheOrder(), "same transfer in any order"),
    ("check_settings", TaxesApart(), "tax_slope must be one non-negative number"),
    ("check_settings", Imprecise(), "precision must be a number above 0 and below 1, got 2"),
    ("check_menu_agrees_with_clearing", FlattersItsMenu(), "menu"),
    ("check_pickling", LosesItsSettings(fee=0.02), "must clear in another process as here"),
    ("check_pickling", CannotBeSent(), "must pickle"),
    ("check_refuses_bids_that_are_no_numbers", Trusting(), "nan was accepted"),
    ("check_claim_truthful", ClaimsTruth(), "gains"),
    ("check_claim_individually_rational", ClaimsVoluntaryTrade(), "nobody may lose by trading"),
    ("check_claim_budget_surplus", ClaimsSurplus(), "must not sum to less than 0"),
    ("check_claim_efficient", TaxedAuction(), "total utility must be the largest"),
    ("check_claim_anonymous", ClaimsAnonymity(), "must swap outcomes"),
    ("check_waivers", WaivesNothing(), "must name a check that applies, got 'check_colors'"),
    ("check_waivers", GivesNoReason(), "must give its reason"),
]  # fmt: skip

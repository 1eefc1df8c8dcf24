"""Regret estimators that are wrong in the ways in which published ones have been."""

from dataclasses import dataclass
from itertools import count

import numpy as np

from deviator.evidence import MenuRegret, RegretEstimator, SearchedRegret
from deviator.policies import Revelation
from deviator.policies.situation import utilities


def menu(mechanism, economy, types, trader):
    return MenuRegret().regret(mechanism, economy, types, trader)


@dataclass(frozen=True)
class Estimator(RegretEstimator):
    name = "villain"

    def regret(self, mechanism, economy, types, trader):
        return menu(mechanism, economy, types, trader)


class SumsTraders(Estimator):
    def regret(self, mechanism, economy, types, trader):
        return menu(mechanism, economy, types, trader).sum()


class CanBeNegative(Estimator):
    def regret(self, mechanism, economy, types, trader):
        result = menu(mechanism, economy, types, trader)
        return result - result.mean()


class TilesInAnotherOrder(Estimator):
    """Repeats each profile's bids candidate by candidate, and the values market by market."""

    def regret(self, mechanism, economy, types, trader):
        bids = Revelation(mechanism, economy).bids(types)
        own = bids.of_trader(trader)
        shifts = np.linspace(-1, 1, 41)
        level = mechanism.language.level
        candidates = np.repeat(own[:, None], len(shifts), axis=1)
        candidates[..., level] += shifts
        cleared = mechanism.clear(bids.with_candidates(trader, candidates))
        values = np.tile(types, (len(shifts), 1))
        worth = economy.utility(cleared.quantity, values)[:, trader] - cleared.transfer[:, trader]
        worth = worth.reshape(len(types), len(shifts))
        return np.maximum((worth - worth[:, [20]]).max(axis=1), 0.0)


class TilesInOneOrder(TilesInAnotherOrder):
    """The same search without the mistake: what the villain differs by."""

    def regret(self, mechanism, economy, types, trader):
        bids = Revelation(mechanism, economy).bids(types)
        candidates = np.repeat(bids.of_trader(trader)[:, None], 41, axis=1)
        candidates[..., mechanism.language.level] += np.linspace(-1, 1, 41)
        worth = utilities(mechanism, economy, bids, types, trader, candidates)
        return np.maximum((worth - worth[:, [20]]).max(axis=1), 0.0)


class KnowsTheFirstOnly(Estimator):
    def regret(self, mechanism, economy, types, trader):
        result = menu(mechanism, economy, types, trader)
        return result if trader == 0 or len(types) < 8 else result[::-1]


class TiresInLargeBatches(Estimator):
    def regret(self, mechanism, economy, types, trader):
        result = menu(mechanism, economy, types, trader)
        result[200:] = 0.0
        return result


class BestProfileFirst(Estimator):
    def regret(self, mechanism, economy, types, trader):
        return np.sort(menu(mechanism, economy, types, trader))[::-1]


@dataclass(frozen=True)
class Lazy(Estimator):
    """Hundreds of times too low, as regrets of learned auctions have been."""

    def regret(self, mechanism, economy, types, trader):
        return menu(mechanism, economy, types, trader) / 300


class NearlyExact(Estimator):
    exact = True

    def regret(self, mechanism, economy, types, trader):
        return menu(mechanism, economy, types, trader) * 0.999


class Exaggerates(Estimator):
    def regret(self, mechanism, economy, types, trader):
        return menu(mechanism, economy, types, trader) * 1.01


class SeesGhosts(Estimator):
    def regret(self, mechanism, economy, types, trader):
        return menu(mechanism, economy, types, trader) + 1e-6


class Relative(Estimator):
    """Regret over the size of types, which is no money."""

    def regret(self, mechanism, economy, types, trader):
        result = menu(mechanism, economy, types, trader)
        return result / np.abs(types).max(axis=1) ** 2


class SortsTypes(Estimator):
    def regret(self, mechanism, economy, types, trader):
        result = menu(mechanism, economy, types, trader)
        types.sort(axis=1)
        return result


EFFORTS = count(4)


class AnotherSearchEachTime(Estimator):
    def regret(self, mechanism, economy, types, trader):
        search = SearchedRegret(rounds=next(EFFORTS))
        return search.regret(mechanism, economy, types, trader)


VILLAINS = [
    ("check_shape_and_sign", SumsTraders(), "must have shape (5,)"),
    ("check_shape_and_sign", CanBeNegative(), "must not be negative"),
    ("check_batch_equals_loop", TilesInAnotherOrder(), "a batch of 2 must have the regrets"),
    ("check_batch_equals_loop", KnowsTheFirstOnly(), "must have the regrets"),
    ("check_batch_equals_loop", TiresInLargeBatches(), "regrets of its parts"),
    ("check_order_of_profiles", BestProfileFirst(), "must move with their profiles"),
    ("check_finds_what_there_is", Lazy(), "must find most of what there is"),
    ("check_finds_what_there_is", NearlyExact(), "an exact regret must be"),
    ("check_never_above_the_regret", Exaggerates(), "must not be above the regret"),
    ("check_nothing_where_honesty_is_best", SeesGhosts(), "must be 0 where honesty is best"),
    ("check_units", Relative(), "must be in units of money"),
    ("check_inputs_unchanged", SortsTypes(), "must leave types alone"),
    ("check_same_result_twice", AnotherSearchEachTime(), "must have the same regrets"),
]

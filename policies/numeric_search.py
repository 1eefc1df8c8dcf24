"""Best deviations searched numerically, where a mechanism does not state its menu.

A derivative-free search around the strategy's own bid: candidates spread over several sizes, the
best one kept, the spread halved. In auctions the outcome jumps where a bid passes another, so the
others' bids, and points a hair to each side of them, are candidates too. The result is a lower
bound on the best gain, and never below 0, since the strategy's own bid is among the candidates.

All markets share the candidates' random offsets, so that a batch gives what a loop over single
markets does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, TypeDistribution
from deviator.errors import InvalidInputError
from deviator.mechanisms import Bids, Mechanism, Unrolled
from deviator.validation import Floats, finite_array, trader_index, whole_number

from .actions import Observation
from .base import Deviation, Policy, View, check_market
from .every_round import in_one_round
from .information import (
    Information,
    check_information,
    knows_profile,
    rung_within,
    seen_by,
)
from .revelation import Revelation
from .rungs import OwnType
from .situation import Situation

REFERENCE_PROFILES = 2048
"""Profiles drawn, from a fixed seed, to learn how large bids are, and to fit bids."""

CHANCE_PROFILES = 256
"""The same, to fit own-type deviations, where each profile is cleared in many scenarios."""

SIZES = (1e-4, 1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0)
"""Spreads of the first candidates, over the usual size of each number of a bid."""

HAIR = 1e-9
"""Distance to each side of another trader's bid, over the usual size."""

Trial = Callable[[Floats], Floats]


class SearchResult(NamedTuple):
    """The best deviations that a search comes upon, at each profile."""

    bid: Floats  # (B, K)
    gain: Floats  # (B,), never negative


@final
@dataclass(frozen=True, eq=False)
class NumericSearch(Deviation):
    """The best deviation that a derivative-free search finds for one trader.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
    trader : int
        Who deviates.
    information : {"profile", "own", "statistics", "signal:DEVIATION"} or Rung
        On "profile" a bid is searched at each profile of types. On other rungs the bid is the
        strategy's own plus an affine function of what is seen, searched for the best mean gain.
    distribution : TypeDistribution, optional
        Law of the types, the economy's own by default: it tells how large bids usually are.
    others : Policy, optional
        The strategy deviated from; honesty by default.
    rounds, candidates : int
        Effort: rounds of halving, and candidates per round.

    Examples
    --------
    Half a per mille from the exact best gain of the naive Walrasian auction, 3/320:

    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, alpha=1.0, slope=2.0)
    >>> search = NumericSearch(NaiveWalrasian(economy), economy, 0)
    >>> gain = search.find(np.array([[1.0, 0.0, 0.0, 0.0]])).gain[0]
    >>> bool(0.9995 < gain / (3 / 320) <= 1)
    True
    """

    mechanism: Mechanism
    economy: Economy
    trader: int
    information: Information = "profile"
    distribution: TypeDistribution | None = None
    others: Policy | None = None
    rounds: int = 16
    candidates: int = 48

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        check_information(self.information)
        trader_index(self.trader, self.economy.n_traders)
        whole_number("rounds", self.rounds, at_least=1)
        whole_number("candidates", self.candidates, at_least=2)

    @property
    def policy(self) -> Policy:
        """The strategy deviated from."""
        return self.others or Revelation(self.mechanism, self.economy)

    def find(self, types: Floats) -> SearchResult:
        """Return the best bids tried at given profiles (B, N), all types known, and their gains."""
        checked = finite_array("types", types, (None, self.economy.n_traders))
        situation = self._situation(checked)
        own = situation.own
        size = self._bid_size()

        def gains(candidates: Floats) -> Floats:
            return situation.payoffs(candidates).payoff

        honest = situation.honest().of_first
        best = _Best(own.copy(), np.zeros(len(own)))
        allowed = self._allowed
        near = _near_others(situation.present, self.trader, size)
        best = best.improved(allowed(near, own), gains, honest)
        constant = self._of_one_round
        if constant is not None:
            plans = _every_round(self.mechanism, constant.find(checked).bid)[:, None]
            best = best.improved(allowed(plans, own), gains, honest)
        for offsets in self._offsets(own.shape[1]):
            candidates = allowed(best.bid[:, None] + offsets * size, own)
            best = best.improved(candidates, gains, honest)
        return SearchResult(best.bid, best.gain)

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        if trader != self.trader:
            raise InvalidInputError(
                f"trader must be {self.trader}, the trader of this search, got {trader}"
            )
        known = View.of(view)
        if knows_profile(self.information):
            return self.find(known.types).bid
        own = self._situation(known.types).own
        return self._moved(own, np.asarray(self._observation(known)), self._best_affine())

    @cached_property
    def _observation(self) -> Observation:
        rung = rung_within(self.information, self.mechanism, self.economy)
        return Observation.of(self._law(), rung, self.trader)

    def _best_affine(self) -> Floats:
        """Return [constant, one row per number seen] of the best affine change, (1 + O, K)."""
        chance = self.mechanism.draws or self.policy.mixes
        profiles = CHANCE_PROFILES if chance else REFERENCE_PROFILES
        types = self._law().sample(np.random.default_rng(1), profiles)
        situation, size = self._situation(types), self._bid_size()
        own, honest = situation.own, situation.honest().of_first
        seen = np.asarray(self._observation(types))

        def mean_gains(changes: Floats) -> Floats:
            candidates = np.stack([self._moved(own, seen, change) for change in changes], axis=1)
            gains: Floats = (situation.payoffs(candidates).payoff - honest[:, None]).mean(axis=0)
            return gains

        best = self._first_affine(types, own.shape[1])
        best_gain = float(mean_gains(best[None])[0]) if best.any() else 0.0
        if best_gain < 0:
            best, best_gain = np.zeros_like(best), 0.0
        for offsets in self._offsets(best.size):
            changes = best + offsets.reshape(-1, *best.shape) * size
            tried = mean_gains(changes)
            winner = int(tried.argmax())
            if tried[winner] > best_gain:
                best, best_gain = changes[winner], float(tried[winner])
        return best

    @property
    def _of_one_round(self) -> "NumericSearch | None":
        """The search of bids that stay the same in every round, where plans are searched."""
        plans = self.mechanism
        if not isinstance(plans, Unrolled):
            return None
        return replace(self, mechanism=plans.rule, others=in_one_round(self.policy, plans))

    def _first_affine(self, types: Floats, numbers: int) -> Floats:
        """Return the change to start from: one that stays the same, or of the own type alone."""
        constant = self._of_one_round
        if constant is not None:
            return _every_round(self.mechanism, constant._best_affine())
        observation, trader = self._observation, self.trader
        first = np.zeros((1 + observation.size, numbers))
        seen = np.asarray(seen_by(observation.rung, types, trader))
        places = np.flatnonzero((seen == types[:, [trader]]).all(axis=0))
        if observation.size == 1 or not len(places):
            return first
        of_own_type = replace(self, information=OwnType.name)
        base, slope = of_own_type._best_affine()
        usual, place = of_own_type._observation, places[0]
        scale = slope / usual.deviation[trader]
        mean, deviation = observation.scale
        first[0] = base + scale * (mean[place] - usual.mean[trader])
        first[1 + place] = scale * deviation[place]
        return first

    def _moved(self, own: Floats, seen: Floats, change: Floats) -> Floats:
        """Return the own bids, changed by a constant and by what is seen."""
        # Summed number by number, so that a batch gives what a loop over its markets does.
        changed = own + change[0] + (seen[:, :, None] * change[1:]).sum(axis=1)
        return self._allowed(changed[:, None], own)[:, 0]

    def _allowed(self, candidates: Floats, own: Floats) -> Floats:
        return self.mechanism.allowed_bids(self.trader, candidates, own)

    def _offsets(self, numbers: int) -> list[Floats]:
        """Return candidates' offsets for every round, each (M, numbers).

        The first half of the rounds spreads them over all sizes, then the spread is halved.
        """
        rng = np.random.default_rng(0)
        wide = (self.rounds + 1) // 2
        narrow = [0.1 * 2.0**-step for step in range(self.rounds - wide)]
        spreads = [rng.choice(SIZES, self.candidates) for _ in range(wide)]
        spreads += [np.full(self.candidates, spread) for spread in narrow]
        return [_steps(rng, self.candidates, numbers) * spread[:, None] for spread in spreads]

    def _bid_size(self) -> Floats:
        """Return the usual size of each number of a bid, shape (K,)."""
        types = self._law().sample(np.random.default_rng(0), REFERENCE_PROFILES)
        own = self._situation(types).own
        spread = own.std(axis=0)
        usual = np.abs(own).mean(axis=0)
        return np.where(spread > 1e-9 * usual, spread, np.where(usual > 0, usual, 1.0))

    def _law(self) -> TypeDistribution:
        return self.economy.types() if self.distribution is None else self.distribution

    def _situation(self, types: Floats) -> Situation:
        return Situation.of(self.mechanism, self.economy, self.policy, types, self.trader)


@final
@dataclass(frozen=True, eq=False)
class _Best:
    """The best bids so far."""

    bid: Floats  # (B, K)
    gain: Floats  # (B,)

    def improved(self, candidates: Floats, utilities_of: Trial, honest: Floats) -> "_Best":
        gains = utilities_of(candidates) - honest[:, None]
        winner = gains.argmax(axis=1)
        rows = np.arange(len(gains))
        better = gains[rows, winner] > self.gain
        return _Best(
            np.where(better[:, None], candidates[rows, winner], self.bid),
            np.where(better, gains[rows, winner], self.gain),
        )


def _every_round(plans: Any, numbers: Floats) -> Floats:
    """Return numbers of one round as those of a plan that stays the same."""
    repeated: Floats = plans.language.repeated(numbers)
    return repeated


def _steps(rng: np.random.Generator, candidates: int, numbers: int) -> Floats:
    """Return standard Normal steps of which every other moves one number only."""
    steps = rng.standard_normal((candidates, numbers))
    moved = np.arange(numbers) == rng.integers(numbers, size=candidates)[:, None]
    alone = np.arange(candidates) % 2 == 1
    return np.where(alone[:, None] & ~moved, 0.0, steps)


def _near_others(bids: Bids, trader: int, size: Floats) -> Floats:
    """Return the others' bids, and points a hair to each side, shape (B, 3 (N - 1), K)."""
    array = bids.as_array()
    others = np.delete(array, trader, axis=1)
    hair = HAIR * size
    return np.concatenate([others, others - hair, others + hair], axis=1)

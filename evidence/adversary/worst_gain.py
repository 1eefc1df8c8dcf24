"""The profile, and the trader, at which deviating from the strategy pays most.

Where menus are known the gains of all traders come from one clearing, and profiles are climbed to
by the thousand. Elsewhere a bid is searched for every trader at a few profiles, and only what pays
is climbed further. Bids far from the usual ones are tried too: a rule may pay for quantities that
no honest trader asks for.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from deviator.errors import NotConvergedError, RefusedError
from deviator.policies import BestResponse
from deviator.trust import is_ours
from deviator.validation import Floats, positive, read_only, trader_index, whole_number

from ..constraints.trader_gains import exact_trader_gains, searched_gain
from ..constraints.violations import HonestMarkets, honest_markets, solved_markets
from ..market import Market
from .budget import bid_search, profile_budget
from .climb import round_cost
from .far import far_from
from .region import Region, region_of
from .search import STARTS_SHARE, Tally, first_places, improve, is_flat

CLEARED_AGAIN = 3
"""So many of the largest gains of a batch are cleared again before none is believed."""

LARGEST = 1e300
"""Infinite shares count as this where they are compared."""

MONEY, SHARE = 0, 1
UNSOLVED = (NotConvergedError, RefusedError)

_BidsOf = Callable[[HonestMarkets, int], tuple[Floats, Floats | None]]


@final
@dataclass(frozen=True, eq=False)
class WorstGain:
    """The largest gain from deviating that a search of profiles found.

    Attributes
    ----------
    trader : int
        Who gains it.
    types : ndarray of float, shape (N,)
        The profile.
    gain : float
        In units of money; 0 where nothing is gained beyond rounding.
    share : float
        The largest gain, at any profile tried, relative to what its trader has at stake there:
        their |utility| while everybody follows the strategy, or where that is 0 the |utility| of
        what they trade. Infinite where nothing is at stake.
    bid : ndarray of float, shape (K,), or None
        A bid that gains it; None where bids are surfaces, or none is known.
    evaluations : int
        Profiles tried, for all traders together.
    kind : {"exact", "searched"}
        Whether gains are the largest at their profiles, or what a search for bids found.
    """

    trader: int
    types: Floats
    gain: float
    share: float
    bid: Floats | None
    evaluations: int
    kind: Literal["exact", "searched"]


def worst_gain(
    tested: Market, traders: Sequence[int], *, effort: float = 1.0, seed: int = 0
) -> WorstGain:
    """Return the largest gain of any of some traders that a search of profiles finds.

    Parameters
    ----------
    tested : Market
        Its trader does not matter.
    traders : sequence of int
    effort : float
        Multiple of the usual number of profiles.
    seed : int

    Raises
    ------
    InvalidInputError
        If an argument is malformed, an outcome is not finite, or the law lies outside the sets of
        types.

    Examples
    --------
    Footnote 28's auction: the gain is d^2 (N - 1) / (4 N^2 (N + 1)), where d is how far the own
    type lies from the others' mean, here 8; relative to the honest utility it is 1 / (N^2 - 1).

    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, alpha=1.0, slope=2.0)
    >>> worst = worst_gain(market(NaiveWalrasian(economy), economy), range(4))
    >>> round(worst.gain, 9) == 64 * 3 / 320, round(worst.share * 15, 6)
    (True, 1.0)
    """
    n = tested.economy.n_traders
    chosen = [trader_index(trader, n) for trader in traders]
    region, many = region_of(tested), positive("effort", effort)
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    found = [_from_menus(tested, chosen, region, many, rng)] if _has_menus(tested, chosen) else []
    if not found or not is_ours(type(tested.mechanism)):
        found.append(_from_bids(tested, chosen, region, many, rng))
    if not tested.bids_are_surfaces:
        found.append(_from_far_bids(tested, chosen, region, rng))
    best = max(found, key=lambda each: each.gain)
    tried = sum(each.evaluations for each in found)
    return replace(best, evaluations=tried, share=max(each.share for each in found))


def _has_menus(tested: Market, traders: Sequence[int]) -> bool:
    """Return whether gains can be read off menus."""
    if tested.bids_are_surfaces:
        return False
    with suppress(*UNSOLVED):
        exact_trader_gains(tested, traders, tested.distribution.sample(np.random.default_rng(0), 2))
        return True
    return False


def _from_menus(
    tested: Market, traders: list[int], region: Region, effort: float, rng: np.random.Generator
) -> WorstGain:
    """Climb to where menus say that deviating pays most, in money and for its stake."""
    menus, budget = _Menus(tested, traders), int(effort * profile_budget(tested))
    count = max(4, int(STARTS_SHARE * budget))
    places = first_places(region, count, rng, tested.distribution.sample(rng, count))
    values = menus.gains(region.profiles(places))
    for turn, column in enumerate((MONEY, SHARE)):
        if not is_flat(values[:, column]):
            room = (budget - menus.evaluations) // (2 - turn)
            tally = Tally(menus.objective(column), region, room)
            improve(tally, places, values[:, column], rng, jumps=False)
    return menus.result(region)


class _Menus:
    """Gains read off menus, and the largest of them.

    Parameters
    ----------
    tested : Market
    traders : list of int
        T traders.
    """

    def __init__(self, tested: Market, traders: list[int]) -> None:
        self._tested, self._traders = tested, traders
        self.evaluations = 0
        self._gain = self._share = 0.0
        self._best: tuple[int, Floats] | None = None

    def objective(self, column: int) -> Callable[[Floats], Floats]:
        """Return what a search makes as large as it can."""
        return lambda types: self.gains(types)[:, column]

    def gains(self, types: Floats) -> Floats:
        """Return the largest gain at each profile, in money and for its stake, (B, 2).

        NaN where there is no menu.
        """
        self.evaluations += len(types)
        return self._gains(types)

    def _gains(self, types: Floats) -> Floats:
        try:
            gain = exact_trader_gains(self._tested, self._traders, types).gain
            real, share = _real(honest_markets(self._tested, types), self._traders, gain)
        except UNSOLVED:
            if len(types) == 1:
                return np.full((1, 2), np.nan)
            return np.concatenate([self._gains(part) for part in np.array_split(types, 2)])
        market, place = divmod(int(real.argmax()), len(self._traders))
        if real[market, place] > self._gain:
            self._gain = float(real[market, place])
            self._best = self._traders[place], types[market].copy()
        self._share = max(self._share, float(share.max()))
        return np.stack([real.max(axis=1), np.minimum(share, LARGEST).max(axis=1)], axis=1)

    def result(self, region: Region) -> WorstGain:
        """Return the largest gain, with a bid that gains it where one is known.

        A bid that gains less than half of what the menu says shows that the menu is wrong.
        """
        if self._best is None:
            return _nothing(self._traders[0], region, self.evaluations, "exact")
        trader, types = self._best
        bid = self._best_bid(trader, types)
        if bid is not None and gain_alone(self._tested, trader, types, bid) < 0.5 * self._gain:
            return _nothing(trader, region, self.evaluations, "exact")
        gained = (self._gain, self._share, bid, self.evaluations)
        return WorstGain(trader, read_only(types), *gained, "exact")

    def _best_bid(self, trader: int, types: Floats) -> Floats | None:
        tested = self._tested
        with suppress(*UNSOLVED):
            best = BestResponse(
                tested.mechanism, tested.economy, "profile", tested.distribution, tested.strategy
            )
            return np.asarray(best.bid(types[None], trader)[0])
        return None


def _from_bids(
    tested: Market, traders: list[int], region: Region, effort: float, rng: np.random.Generator
) -> WorstGain:
    """Search bids for all traders at a few profiles, and climb where one gains."""
    bids, search = _Bids(tested), bid_search(tested)
    count = max(2, int(effort * search.profiles))
    places = first_places(region, count, rng, tested.distribution.sample(rng, count))
    values = bids.searched(region.profiles(places), traders)
    best = int(values.max(axis=0).argmax())
    if values[:, best].max() > 0:
        room = int(effort * search.rounds * round_cost(region.n_traders))
        tally = Tally(lambda types: bids.searched(types, [traders[best]])[:, 0], region, room)
        improve(tally, places, values[:, best], rng, jumps=False)
    return bids.worst or _nothing(traders[0], region, bids.evaluations, "searched")


def _from_far_bids(
    tested: Market, traders: list[int], region: Region, rng: np.random.Generator
) -> WorstGain:
    """Try bids of all levels for all traders at a few profiles."""
    bids, count = _Bids(tested), bid_search(tested).far
    drawn = tested.distribution.sample(rng, count)
    bids.far(region.profiles(first_places(region, count, rng, drawn)), traders)
    return bids.worst or _nothing(traders[0], region, bids.evaluations, "searched")


class _Bids:
    """Gains of bids that were found, and the largest that held up when cleared alone.

    Parameters
    ----------
    tested : Market
    """

    def __init__(self, tested: Market) -> None:
        self._tested = tested
        self.evaluations = 0
        self._worst: WorstGain | None = None

    @property
    def worst(self) -> WorstGain | None:
        """The largest gain; None where nothing is gained."""
        return self._worst and replace(self._worst, evaluations=self.evaluations)

    def searched(self, types: Floats, traders: list[int]) -> Floats:
        """Return what searched bids gain traders at profiles, (B, T); -inf where unsolved."""
        return self._tried(
            types, traders, lambda honest, trader: searched_gain(self._tested, trader, honest.types)
        )

    def far(self, types: Floats, traders: list[int]) -> None:
        """Try bids of all levels at profiles."""
        self._tried(types, traders, far_from)

    def _tried(self, types: Floats, traders: list[int], search: _BidsOf) -> Floats:
        self.evaluations += len(types)
        gains = np.full((len(types), len(traders)), -np.inf)
        honest, solved = solved_markets(self._tested, types)
        for place, trader in enumerate(traders):
            with suppress(*UNSOLVED):
                if honest is not None:
                    gain, bids = search(honest, trader)
                    gains[solved, place] = self._noted(honest, trader, gain, bids)
        return gains

    def _noted(
        self, honest: HonestMarkets, trader: int, gain: Floats, bids: Floats | None
    ) -> Floats:
        """Return gains (B,) beyond rounding; the largest is kept, if it holds up."""
        real, share = _real(honest, [trader], gain[:, None])
        kept = real[:, 0]
        for _ in range(CLEARED_AGAIN):
            market = int(kept.argmax())
            claimed, least = float(kept[market]), 0.0 if self._worst is None else self._worst.gain
            if claimed <= least:
                return kept
            types, bid = honest.types[market], None if bids is None else bids[market]
            alone = claimed if bid is None else gain_alone(self._tested, trader, types, bid)
            if alone >= 0.5 * claimed:
                gained = (alone, float(share[market, 0]) * alone / claimed, bid, 0)
                self._worst = WorstGain(trader, read_only(types.copy()), *gained, "searched")
                return kept
            kept[market] = 0.0
        return np.zeros_like(kept)


def gain_alone(tested: Market, trader: int, types: Floats, bid: Floats) -> float:
    """Return what one bid (K,) gains at one profile (N,), each market cleared by itself."""
    profile = types[None]
    honest = tested.strategy.bids(profile)
    utility = []
    for bids in (honest, honest.with_candidates(trader, bid[None, None])):
        outcome = tested.mechanism.clear(bids)
        worth = tested.economy.utility(outcome.quantity, profile)
        utility.append(float((worth - outcome.transfer)[0, trader]))
    return utility[1] - utility[0]


def _nothing(
    trader: int, region: Region, evaluations: int, kind: Literal["exact", "searched"]
) -> WorstGain:
    middle = region.profiles(np.zeros(region.n_traders))
    return WorstGain(trader, read_only(middle), 0.0, 0.0, None, evaluations, kind)


def _real(honest: HonestMarkets, traders: list[int], gain: Floats) -> tuple[Floats, Floats]:
    """Return gains (B, T) beyond rounding, and the same relative to what is at stake."""
    rounding, stake = honest.rounding[:, traders], honest.stake[:, traders]
    real = np.where(gain > rounding, gain, 0.0)
    some = stake > rounding
    ratio = real / np.where(some, stake, 1.0)
    return real, np.where(some, ratio, np.where(real > 0, np.inf, 0.0))

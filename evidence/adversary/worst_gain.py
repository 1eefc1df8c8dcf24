"""The profile, and the trader, at which deviating from the strategy pays most.

Where menus are known the gains of all traders come from one clearing, and profiles are climbed to
by the thousand. Elsewhere a bid is searched for every trader at a few profiles, and only what pays
is climbed further. Bids far from the usual ones are tried too: a rule may pay for quantities that
no honest trader asks for.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from deviator.errors import InvalidInputError
from deviator.validation import positive, trader_index, whole_number

from ..certificates.known import is_all_ours
from ..market import Market
from .bid_gains import BidGains
from .budget import bid_search, profile_budget
from .climb import round_cost
from .gain_record import WorstGain, nothing_gained
from .menu_gains import MONEY, SHARE, MenuGains, has_menus
from .region import Region, region_of
from .search import STARTS_SHARE, Tally, first_places, improve, is_flat


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
    if not chosen:
        raise InvalidInputError(
            "traders must name at least one trader, got none; range(economy.n_traders) are all"
        )
    region, many = region_of(tested), positive("effort", effort)
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    found = [_from_menus(tested, chosen, region, many, rng)] if has_menus(tested, chosen) else []
    if not found or not is_all_ours(tested.mechanism):
        found.append(_from_bids(tested, chosen, region, many, rng))
    if not tested.bids_are_surfaces:
        found.append(_from_far_bids(tested, chosen, region, rng))
    best = max(found, key=lambda each: each.gain)
    tried = sum(each.evaluations for each in found)
    return replace(best, evaluations=tried, share=max(each.share for each in found))


def _from_menus(
    tested: Market, traders: list[int], region: Region, effort: float, rng: np.random.Generator
) -> WorstGain:
    """Climb to where menus say that deviating pays most, in money and for its stake."""
    menus, budget = MenuGains(tested, traders), int(effort * profile_budget(tested))
    count = max(4, int(STARTS_SHARE * budget))
    places = first_places(region, count, rng, tested.distribution.sample(rng, count))
    values = menus.gains(region.profiles(places))
    for turn, column in enumerate((MONEY, SHARE)):
        if not is_flat(values[:, column]):
            room = (budget - menus.evaluations) // (2 - turn)
            tally = Tally(menus.objective(column), region, room)
            improve(tally, places, values[:, column], rng, jumps=False)
    return menus.result(region)


def _from_bids(
    tested: Market, traders: list[int], region: Region, effort: float, rng: np.random.Generator
) -> WorstGain:
    """Search bids for all traders at a few profiles, and climb where one gains."""
    bids, search = BidGains(tested), bid_search(tested)
    count = max(2, int(effort * search.profiles))
    places = first_places(region, count, rng, tested.distribution.sample(rng, count))
    values = bids.searched(region.profiles(places), traders)
    best = int(values.max(axis=0).argmax())
    if values[:, best].max() > 0:
        room = int(effort * search.rounds * round_cost(region.n_traders))
        tally = Tally(lambda types: bids.searched(types, [traders[best]])[:, 0], region, room)
        improve(tally, places, values[:, best], rng, jumps=False)
    return bids.worst or nothing_gained(traders[0], region, bids.evaluations, "searched")


def _from_far_bids(
    tested: Market, traders: list[int], region: Region, rng: np.random.Generator
) -> WorstGain:
    """Try bids of all levels for all traders at a few profiles."""
    bids, count = BidGains(tested), bid_search(tested).far
    drawn = tested.distribution.sample(rng, count)
    bids.far(region.profiles(first_places(region, count, rng, drawn)), traders)
    return bids.worst or nothing_gained(traders[0], region, bids.evaluations, "searched")

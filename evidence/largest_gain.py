"""The profile at which a deviation pays most, and a witness of it.

What deviating gains on average says nothing about profiles that the law of types hardly ever draws,
so profiles are searched too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.errors import DeviatorError
from deviator.policies import BestResponse, Deviation
from deviator.policies.base import View
from deviator.validation import Floats

from .adversary.gain_record import WorstGain, nothing_gained
from .adversary.region import region_of
from .adversary.search import first_places
from .adversary.worst_gain import worst_gain
from .constraints.violations import gains_from_trade
from .evidence import LargestGain
from .fresh_lots import has_chance
from .market import Market
from .surface_best_response import surface_best_response
from .witness import find_surface_witness, find_witness

AVERAGED = 16
"""Profiles that are searched where gains are means over chance."""

ROUNDS, CANDIDATES = 8, 32
"""Effort of that search."""


def largest_gain(
    tested: Market, *, effort: float = 1.0, seed: int = 0
) -> tuple[LargestGain, dict[str, Any] | None]:
    """Return what the market's trader gains at the worst profile that a search finds.

    Parameters
    ----------
    tested : Market
    effort, seed
        As in `worst_gain`.

    Returns
    -------
    LargestGain
        Its gain is 0 where nothing is gained.
    dict or None
        A witness; None where nothing is gained, or it does not hold up in short numbers.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, alpha=1.0, slope=2.0)
    >>> found, witness = largest_gain(market(NaiveWalrasian(economy), economy))
    >>> round(found.gain, 9) == 64 * 3 / 320, 0 < witness["gain"] <= 1.2
    (True, True)
    """
    worst = (
        _worst_on_average(tested, effort, seed)
        if has_chance(tested)
        else worst_gain(tested, [tested.trader], effort=effort, seed=seed)
    )
    types = worst.types[None]
    if worst.gain <= 0:
        return LargestGain(0.0, 0.0, tuple(worst.types.tolist()), worst.evaluations), None
    trade = float(gains_from_trade(tested.economy, types)[0])
    share = worst.gain / trade if trade > 0 and tested.economy.quasilinear else 0.0
    found = LargestGain(worst.gain, share, tuple(worst.types.tolist()), worst.evaluations)
    stake = float(np.abs(tested.honest_results(types).utility[0]))
    # What counts as zero is a share of what is at stake there.
    small = worst.gain <= tested.tolerated_share * stake
    witness = None if small else _witness(tested, worst)
    if witness is None and has_chance(tested):
        return replace(found, gain=0.0, share=0.0), None
    return found, witness


def _worst_on_average(tested: Market, effort: float, seed: int) -> WorstGain:
    """Return what a search gains on average at the worst of a few profiles, over all scenarios."""
    region, rng = region_of(tested), np.random.default_rng(seed)
    count = max(2, int(effort * AVERAGED))
    places = first_places(region, count, rng, tested.distribution.sample(rng, count))
    types = region.profiles(places)
    bids = tested.search(rounds=ROUNDS, candidates=CANDIDATES).find(types).bid
    compared = tested.compared(types, bids)
    gain = np.where(compared.gain > compared.rounding, compared.gain, 0.0)
    best = int(gain.argmax())
    if gain[best] <= 0:
        return nothing_gained(tested.trader, region, count, "searched")
    share = float(gain[best] / compared.stake[best]) if compared.stake[best] > 0 else np.inf
    return WorstGain(
        tested.trader, types[best], float(gain[best]), share, bids[best], count, "searched"
    )


def _witness(tested: Market, worst: WorstGain) -> dict[str, Any] | None:
    types = worst.types[None]
    if tested.bids_are_surfaces:
        auction: Any = tested.mechanism
        best = surface_best_response(
            auction, tested.economy, types, tested.trader, others=tested.strategy
        )
        return find_surface_witness(tested, types, best)
    for deviation in _deviations(tested, worst):
        try:
            witness = find_witness(tested, deviation, types)
        except DeviatorError:
            continue
        if witness is not None:
            return witness
    return None


def _deviations(tested: Market, worst: WorstGain) -> Iterator[Deviation]:
    """Return deviations that gain what was found: one that follows the types, and the bid alone."""
    yield BestResponse(
        tested.mechanism, tested.economy, "profile", tested.distribution, tested.strategy
    )
    if worst.bid is not None:
        yield _Bid(worst.bid)


@final
@dataclass(frozen=True, eq=False)
class _Bid(Deviation):
    """One bid, whatever the types are."""

    numbers: Floats

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        profiles = len(View.of(view).types)
        return np.broadcast_to(self.numbers, (profiles, len(self.numbers))).copy()

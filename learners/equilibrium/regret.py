"""The epsilon of a strategy: what one trader of each class still gains by deviating from it."""

from dataclasses import replace
from typing import Literal

from deviator.errors import DeviatorError, RefusedError
from deviator.evidence import Market, interchangeable_traders
from deviator.evidence.best_deviation import best_deviation, held_out_profiles
from deviator.evidence.outside import sells_no_more
from deviator.policies import exact_gain
from deviator.policies.mixing import unmixed_bids
from deviator.validation import Floats

from .interim_search import searched_interim_regret
from .neutral import natural_units, neutral_strategy
from .record import Regret

PROFILES = 2000
"""Profiles on which ex post regret, and the mean of exact interim regret, are measured."""

REACH = 3.0
"""How far a search of better bids goes at first, in natural units of a bid's numbers."""


def regrets(tested: Market, profiles: int = PROFILES) -> tuple[Regret, ...]:
    """Return the regret of following a market's strategy, for one trader of each class.

    Parameters
    ----------
    tested : Market
        With the strategy in question.
    profiles : int
        Profiles on which regret is measured.
    """
    types = held_out_profiles(tested, profiles)
    firsts = [first for first, *_ in interchangeable_traders(tested)]
    return tuple(_regret(replace(tested, trader=trader), types) for trader in firsts)


def _regret(tested: Market, types: Floats) -> Regret:
    interim, worst, interim_kind = _interim(tested, types)
    after = best_deviation(tested, types, "profile")
    return Regret(
        tested.trader, interim, worst, max(after.gain, 0.0), interim_kind, after.kind, tested.stakes
    )


Interim = tuple[float, float | None, Literal["exact", "searched"]]


def _interim(tested: Market, types: Floats) -> Interim:
    """Return the mean interim regret, that of the worst type where types are searched, and how."""
    try:
        gains = exact_gain(
            tested.mechanism,
            tested.economy,
            types,
            others=tested.strategy,
            information="own",
            distribution=tested.distribution,
            trader=tested.trader,
        )
        return float(gains.mean()), None, "exact"
    except RefusedError:
        units = REACH * natural_units(tested, neutral_strategy(tested))[tested.trader]
        found = searched_interim_regret(tested, units)
        return float(found.gain.mean()), float(found.gain.max()), "searched"


def realised_surplus(tested: Market, profiles: int = PROFILES) -> float | None:
    """Return which share of the first-best gains from trade the strategy realises.

    None where totals of utilities are no measure: payoffs are not quasi-linear, or somebody outside
    trades.
    """
    types = held_out_profiles(tested, profiles)
    try:
        outcome = tested.mechanism.clear(unmixed_bids(tested.strategy, types))
    except DeviatorError:
        return 0.0
    efficient = tested.economy.efficient_allocation(types)
    if not tested.economy.quasilinear or not sells_no_more(outcome.outside, efficient).all():
        return None
    worth = tested.economy.utility(outcome.quantity, types).sum(axis=1).mean()
    best = tested.economy.utility(efficient, types)
    total = float(best.sum(axis=1).mean())
    return float(worth) / total if total > 0 else 0.0

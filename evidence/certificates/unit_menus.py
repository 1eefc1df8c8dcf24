"""Gains in auctions and exchanges of several units, over every profile and every bid.

Z units go to the highest bids. The others' bids c_1 >= c_2 >= ... fixed, a trader's own bids decide
with how many units h they end, and pay at least pi(h) for that. They own e units to begin with, and
their units are worth v_1 >= v_2 >= ..., which are never negative. Honest bids end with h* units for
which v_h* >= c_(Z-h*+1) and v_(h*+1) <= c_(Z-h*), whatever ties decide, as the Z highest bids hold
the units.

Vickrey's auction: pi(h) - pi(h-1) = c_(Z-h+1) for every h, and every bid that ends with h units
pays pi(h). From h - 1 to h units a trader gains v_h - c_(Z-h+1), which never rises in h, is not
negative up to h* and not positive beyond it. So no number of units beats h*: honest bids are a
dominant strategy, for all values that do not rise from unit to unit.

One price: let L be the highest losing bid and U the lowest winning one, of all with the honest bids
among them. The price p = L + k (U - L) lies between v_(h*+1) and v_h*, so at that price h* is best:
V(h) - V(h*) <= p (h - h*). Whoever ends with h units pays at least (h - e) c_(Z-h+1) where h > e,
and receives at most (e - h) c_(Z-h) where h < e. Subtract, and the gain of a buyer is at most
(h - e) (p - c_(Z-h+1)), and that of a seller (e - h) (c_(Z-h) - p).

A buyer with h > h* gains nothing, as c_(Z-h+1) >= c_(Z-h*) >= U >= p. With h < h* they have
p <= v_h* <= v_(h+1). With h = h* there is p <= v_h, and where k = 0, p = L = max(v_(h+1),
c_(Z-h+1)), which gains nothing unless p = v_(h+1). Sellers mirror this. All bids rise with types,
and so do p and the c's. So over a box the gain is at most the largest, over h, of (h - e) times the
least of p at the highest types and the own high v_h (v_(h+1) where k = 0), less c_(Z-h+1) at the
lowest types; or of a seller's mirror image. That is a bound: it need not be attained.

Where k = 0 and a trader owns nothing and wants one unit, v_2 = 0 is above no bid of others: they
buy at p = c_Z, as their menu has it, or not at all, and honest bids are a dominant strategy.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import MultiUnitDemands, ranked_others
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import MultiUnitMechanism, UniformPriceMultiUnit, VickreyMultiUnit
from deviator.numerics.rational import rounded_up
from deviator.validation import Floats

from ..market import Market
from .certificate import EVERY_PROFILE, Certificate, Condition

KIND = "finite menus"

RULES = (VickreyMultiUnit, UniformPriceMultiUnit)

LAW = "every profile that the law allows"

SEED = 3_000_023
SAMPLED = 64
"""Profiles, from that seed, at which every step of the menu is tried."""

HAIR = 1e-9
"""How far beside a step of the menu bids are tried, of the range of values."""

AGREEMENT = 1e-7
"""How far gains that are tried may be from the formula's, of the range of values."""

SHARES = (0.0, 0.5, 1.5)
"""Multiples of the honest bid that are tried beside the steps."""


def certify_units(tested: Market, premises: tuple[Condition, ...]) -> Certificate:
    """Certify what honest traders of several units may gain by another bid.

    Parameters
    ----------
    tested : Market
        Multi-unit demands; honest traders; one of `RULES`.
    premises : tuple of Condition
        What has been checked of the market already.

    Raises
    ------
    RefusedError
        If the economy is another one, or the law allows types below 0, or without a limit where
        the gain grows with them.
    """
    mechanism: Any = tested.mechanism
    economy = tested.economy
    if type(economy) is not MultiUnitDemands:
        raise RefusedError(
            f"a certificate of {mechanism.name} needs multi-unit demands, got "
            f"{type(economy).__name__}"
        )
    mechanism.check_economy(economy)
    low, high = tested.distribution.support
    if low.min() < 0:
        raise RefusedError(
            f"a certificate of {mechanism.name} needs types that are not negative, got a law from "
            f"{low.min():g}; state one on a box from 0, as UniformBox is"
        )
    trades = _trade_is_possible(economy, low, high)
    dominant = isinstance(mechanism, VickreyMultiUnit)
    dominant = dominant or _takes_the_price(tested.trader, mechanism, economy)
    moved = None if dominant else _moved_price(tested.trader, mechanism, economy, low, high)
    cap, reason = moved or _dominant()
    runs = _what_runs(tested, mechanism, economy)
    conditions = (*premises, reason, runs)
    if not runs.holds:
        return Certificate(KIND, conditions, None, False, trades)
    return Certificate(KIND, conditions, cap, dominant, trades, EVERY_PROFILE if dominant else LAW)


def _dominant() -> tuple[float, Condition]:
    name = "no own bid sets what is paid, and each further unit costs no less than the one before"
    return 0.0, Condition(name, True, "whatever all values are: a dominant strategy")


def _takes_the_price(
    trader: int, mechanism: UniformPriceMultiUnit, economy: MultiUnitDemands
) -> bool:
    """Return whether a trader buys one unit at most, at the highest losing bid of the others."""
    wants_one = not any(economy.factors[trader][1:])
    return mechanism.k == 0 and wants_one and economy.endowments[trader] == 0


def _moved_price(
    trader: int,
    mechanism: UniformPriceMultiUnit,
    economy: MultiUnitDemands,
    low: Floats,
    high: Floats,
) -> tuple[float, Condition]:
    """Return a bound on the gain from moving the price over the box.

    Raises
    ------
    RefusedError
        If it has no limit.
    """
    if not np.isfinite(high).all():
        raise RefusedError(
            f"in {mechanism.name} the gain grows with the range of values, so a cap needs a law on "
            "a box, as UniformBox is; state one as distribution"
        )
    least, most = _End(mechanism, economy, low, trader), _End(mechanism, economy, high, trader)
    total, owned = economy.total, economy.endowments[trader]
    gains = [Fraction(0)]
    for held in range(min(economy.numbers, total) + 1):
        if held > owned:
            paid = min(most.price, most.own[held + (mechanism.k == 0)])
            gains.append((held - owned) * (paid - least.others[total - held]))
        if 0 < held < owned or (held < owned and mechanism.k < 1):
            received = max(least.price, least.own[held + (mechanism.k < 1)])
            gains.append((owned - held) * (most.others[total - held - 1] - received))
    cap = rounded_up(max(gains) * Fraction(mechanism.unit))
    name = "what moving the price of all units can gain, at most, over all profiles and bids"
    detail = f"trader {trader} gains {cap:.6g} at most"
    return cap, Condition(name, True, detail)


class _End:
    """Bids and price where all types stand at one end of the box, in exact numbers."""

    def __init__(
        self,
        mechanism: UniformPriceMultiUnit,
        economy: MultiUnitDemands,
        types: Floats,
        trader: int,
    ) -> None:
        values = [
            [Fraction(float(each)) * Fraction(factor) for factor in row]
            for each, row in zip(types, economy.factors, strict=True)
        ]
        every = sorted((value for row in values for value in row), reverse=True)
        losing, winning = every[economy.total], every[economy.total - 1]
        self.price = losing + Fraction(mechanism.k) * (winning - losing)
        # Values of the own 1st to K-th unit stand at 1 to K; beyond them a unit is worth nothing.
        self.own = [values[trader][0], *values[trader], Fraction(0)]
        others = [value for row in values[:trader] + values[trader + 1 :] for value in row]
        self.others = sorted(others, reverse=True)


def _what_runs(
    tested: Market, mechanism: MultiUnitMechanism, economy: MultiUnitDemands
) -> Condition:
    """Compare the best bid among all steps of the menu with the formula, at sampled profiles.

    Raises
    ------
    RefusedError
        If the rule cannot clear them.
    """
    rng, trader = np.random.default_rng(SEED), tested.trader
    laws = tested.distribution, economy.types()
    types = np.concatenate([law.sample(rng, SAMPLED // 2) for law in laws])
    try:
        bids = mechanism.honest_bids(economy, types)
        own = bids.of_trader(trader)
        alone = mechanism.clear_deviations(bids, trader, _steps(economy, trader, types, own))
    except DeviatorError as error:
        raise RefusedError(f"{mechanism.name} needs markets that can be cleared: {error}") from None
    utility = economy.utility_of(trader, alone.quantity, types) - alone.transfer
    tried = utility.max(axis=1) - utility[:, 0]
    apart = np.abs(tried - _gains(mechanism, economy, trader, types, utility[:, 0])).max()
    money = float(economy.unit_values(types).max()) * economy.unit * economy.total
    detail = f"to {float(apart / money):.1g} of the range of values at {SAMPLED} profiles"
    name = "what runs agrees: the best of all steps of the menu gains what the formula says"
    return Condition(name, bool(apart <= AGREEMENT * money), detail)


def _steps(economy: MultiUnitDemands, trader: int, types: Floats, own: Floats) -> Floats:
    """Return bids for each number of units to both sides of the others' bids, shape (B, M, K)."""
    others = ranked_others(economy.unit_values(types), trader)
    first = max(economy.total - economy.numbers - 1, 0)
    edges = others[:, first : economy.total + 1]
    hair = HAIR * float(others.max())
    candidates = [own, *(share * own for share in SHARES)]
    for held in range(economy.numbers + 1):
        above = np.arange(economy.numbers) < held
        candidates += [edge[:, None] + np.where(above, hair, -hair) for edge in edges.T]
    return np.stack(candidates, axis=1)


def _gains(
    mechanism: MultiUnitMechanism,
    economy: MultiUnitDemands,
    trader: int,
    types: Floats,
    honest: Floats,
) -> Floats:
    """Return the largest gain at each profile by the formulas above, in money, shape (B,)."""
    if isinstance(mechanism, VickreyMultiUnit):
        return np.zeros(len(types))
    values = economy.unit_values(types)
    others, total = ranked_others(values, trader), economy.total
    owned = economy.endowments[trader]
    worth = np.cumsum(np.insert(values[:, trader], 0, 0.0, axis=1), axis=1)
    best = np.zeros(len(types))
    for held in range(min(economy.numbers, total) + 1):
        units = held - owned
        edge = others[:, total - held - (units < 0)] if units else np.zeros(len(types))
        best = np.maximum(best, worth[:, held] - worth[:, owned] - units * edge)
    return economy.unit * best - honest


def _trade_is_possible(economy: MultiUnitDemands, low: Floats, high: Floats) -> bool:
    """Return whether honest traders trade at some profile of the box."""
    if economy.offered:
        return True
    rows = list(zip(economy.factors, economy.endowments, strict=True))
    wanted = [(high[i] * row[owned], i) for i, (row, owned) in enumerate(rows) if owned < len(row)]
    kept = [(low[i] * row[owned - 1], i) for i, (row, owned) in enumerate(rows) if owned]
    return any(bid > ask and i != j for bid, i in wanted for ask, j in kept)

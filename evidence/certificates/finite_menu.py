"""Gains in markets of indivisible units, over every profile and every bid.

What follows is about double auctions of single units; `unit_menus` proves what holds where traders
want several.

The others' bids fixed, a trader ends without a trade, or with one at a price: menus are piecewise
constant in the own bid. Let S be the number of sellers, e the S-th highest of the others' values
(at which the own bid starts to hold a unit), f the next higher and g the next lower of them. With
the own bid among them, the ends of the clearing interval are e and f, cut at the own bid, where the
trader holds a unit, and g, cut at the own bid, and e, where it does not. So, per unit:

Pivotal prices (entry-fee double auction, values net of fees in the place of values): buyers pay e
plus the fee, sellers receive e less the fee, whatever they bid. No bid moves the price, and trading
pays if and only if an honest bid trades: honesty is a dominant strategy, for any real values.

k-double auction: a buyer of value v > e trades at e + k (min(v, f) - e), and can have the unit for
anything above e: the gain comes as near as one likes to k (min(v, f) - e). A seller of value v < e
gains (1 - k)(e - max(v, g)) likewise. Where they do not trade, a trade costs more than it brings.
Over a box of values the largest such gain is a maximum over finitely many orders, in each of which
all values stand at ends of their intervals: whatever S - 1 others lie at or above f, f is at most
the least of their upper ends, and e is at least the largest of the rest's lower ends.

Modified Vickrey double auction: among those who enter, prices are pivotal, so whoever enters does
best by their value. Entering is worth V(v) less the fee, V increasing in v, so a cutoff c costs at
most |V(c) - fee| in expectation against others who keep to theirs, if the deviator knows the own
value only, and values are the independent uniform ones. With everybody's values known, an entrant
who does not trade loses the fee, and whoever stays out could have traded at e.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from deviator.economies import TypeDistribution, UniformBox, UnitDemands
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
)
from deviator.mechanisms.unit_demand.entry_equilibrium import EntryCutoffs, marginal_profits
from deviator.mechanisms.unit_demand.unit_demand_mechanism import UnitDemandMechanism
from deviator.numerics.rational import rounded_up
from deviator.policies import Information, OwnType
from deviator.validation import Bools, Floats

from ..market import Market
from .certificate import EVERY_PROFILE, TYPE_SETS, Certificate, Condition
from .premises import all_honest, all_known, check_law, check_rule
from .unit_menus import KIND, LAW, certify_units
from .unit_menus import RULES as MULTI_UNIT_RULES

THEOREM = "a certificate of finite menus"

RULES = (
    KDoubleAuction,
    EntryFeeDoubleAuction,
    ModifiedVickreyDoubleAuction,
    *MULTI_UNIT_RULES,
)

EXPECTED = "the mean over the law, of a trader who knows the own value only"

SEED = 3_000_023
SAMPLED = 64
"""Profiles, from that seed, at which every step of the menu is tried."""

HAIR = 1e-9
"""How far beside a step of the menu bids are tried, of the range of values."""

AGREEMENT = 1e-7
"""How far gains that are tried may be from the formula's, of the range of values."""

ROUNDING = 1e-12
"""How exact expected profits are, of the range of values: sums of products of floats."""


class _Box(NamedTuple):
    """Intervals of values, one for each trader; ends may be infinite."""

    low: Floats  # (N,)
    high: Floats  # (N,)


class _Answer(NamedTuple):
    """The largest gain, in money, and why it is that."""

    cap: float
    every_profile: bool
    reason: Condition
    region: str = EVERY_PROFILE


def certify_finite_menu(tested: Market, information: Information = "profile") -> Certificate:
    """Certify what honest traders of indivisible units may gain by another bid.

    The cap holds at every profile that the law allows, on every rung; in the modified Vickrey
    double auction with uniform values, on the rung "own", it is a cap on the expected gain.

    Parameters
    ----------
    tested : Market
        Single units or several; honest traders; one of `RULES`.
    information : {"profile", "own"}
        What the deviator knows.

    Raises
    ------
    RefusedError
        If mechanism or economy are others, or the law allows values without a limit where the gain
        grows with them.

    Examples
    --------
    >>> from deviator.economies import unit_demands
    >>> from deviator.evidence import market
    >>> certificate = certify_finite_menu(market(EntryFeeDoubleAuction(0.1), unit_demands(3, 3)))
    >>> certificate.cap, certificate.every_profile
    (0.0, True)
    >>> certify_finite_menu(market(KDoubleAuction(0.5), unit_demands(3, 3))).cap
    0.5
    """
    check_rule(THEOREM, tested.mechanism, RULES)
    premises = all_known(THEOREM, tested), all_honest(THEOREM, tested)
    check_law(THEOREM, tested.distribution)
    if isinstance(tested.mechanism, MULTI_UNIT_RULES):
        return certify_units(tested, premises)
    mechanism, economy = _parts(tested)
    box = _Box(*tested.distribution.support)
    answer = _answer(tested, mechanism, economy, box, information)
    runs = _what_runs(tested, mechanism, economy)
    trades = _trade_is_possible(mechanism, economy, box)
    idle = () if trades else (_nobody_trades(box, economy.buyers),)
    conditions = (*premises, answer.reason, *idle, runs)
    if not runs.holds:
        return Certificate(KIND, conditions, None, False, trades)
    return Certificate(KIND, conditions, answer.cap, answer.every_profile, trades, answer.region)


def _parts(tested: Market) -> tuple[UnitDemandMechanism, UnitDemands]:
    mechanism, economy = tested.mechanism, tested.economy
    if not isinstance(mechanism, UnitDemandMechanism) or type(economy) is not UnitDemands:
        raise RefusedError(f"{THEOREM} needs unit demands, got {type(economy).__name__}")
    return mechanism, mechanism.check_economy(economy)


def _answer(
    tested: Market,
    mechanism: UnitDemandMechanism,
    economy: UnitDemands,
    box: _Box,
    information: Information,
) -> _Answer:
    if isinstance(mechanism, KDoubleAuction):
        return _moved_price(tested.trader, mechanism, economy, box)
    if isinstance(mechanism, ModifiedVickreyDoubleAuction):
        return _entry(tested, mechanism, economy, box, information)
    name = (
        "the price of a trade does not depend on the own bid, and trading pays iff honesty trades"
    )
    return _Answer(0.0, True, Condition(name, True, "whatever all values are: a dominant strategy"))


def _moved_price(
    trader: int, mechanism: KDoubleAuction, economy: UnitDemands, box: _Box
) -> _Answer:
    """Return the largest gain from moving the price over the box, exactly but for the last digit.

    Raises
    ------
    RefusedError
        If it has no limit.
    """
    buys = bool(economy.buyers[trader])
    share = Fraction(mechanism.k) if buys else 1 - Fraction(mechanism.k)
    name = "the largest gain from moving the price, over all profiles of the law and all bids"
    if share == 0:
        detail = f"k = {mechanism.k:g}: trader {trader} never moves the price of its own trade"
        return _Answer(0.0, True, Condition(name, True, detail))
    if not np.isfinite(box).all():
        raise RefusedError(
            f"in {mechanism.name} the gain grows with the range of values, so a cap needs a law on "
            "a box, as UniformBox is; state one as distribution"
        )
    gap = max(Fraction(0), _widest_gap(trader, economy.buyers, box))
    cap = rounded_up(share * gap * Fraction(mechanism.unit))
    detail = f"{float(share):g} of a clearing interval of width {float(gap):.6g}"
    reason = Condition(name, True, f"trader {trader} sets {detail}")
    return _Answer(cap, False, reason, LAW)


def _widest_gap(trader: int, buyers: Bools, box: _Box) -> Fraction:
    """Return the largest min(v, f) - e for a buyer, e - max(v, g) for a seller, over the box.

    So many others lie above the interval, the rest below. For each place of its lower end, those
    who cannot be below it are above, and of the rest those with the largest upper ends.
    """
    sellers = int((~buyers).sum())
    above = sellers - 1 if buyers[trader] else sellers
    own_low, own_high = float(box.low[trader]), float(box.high[trader])
    floor = -np.inf if buyers[trader] else own_low
    ceiling = own_high if buyers[trader] else np.inf
    low, high = np.delete(box.low, trader), np.delete(box.high, trader)
    widest = Fraction(-1)
    for end in {max(float(end), floor) for end in (*low, floor) if np.isfinite(max(end, floor))}:
        forced = low > end
        free = above - int(forced.sum())
        if not 0 <= free <= int((~forced).sum()):
            continue
        chosen = np.sort(high[~forced])[::-1][:free]
        top = min([ceiling, *high[forced].tolist(), *chosen.tolist()])
        widest = max(widest, Fraction(top) - Fraction(end))
    return widest


def _entry(
    tested: Market,
    mechanism: ModifiedVickreyDoubleAuction,
    economy: UnitDemands,
    box: _Box,
    information: Information,
) -> _Answer:
    """Return what the trader's choice of entry may cost: in expectation, or at worst."""
    trader, cutoffs = tested.trader, mechanism.cutoffs(economy)
    if information == OwnType.name and _is_uniform(tested.distribution, economy):
        return _expected_entry(trader, mechanism, economy, cutoffs)
    return _worst_entry(trader, mechanism, economy, cutoffs, box)


def _is_uniform(law: TypeDistribution, economy: UnitDemands) -> bool:
    """Return whether values are independent and uniform on the economy's set of types."""
    if not isinstance(law, UniformBox):
        return False
    return bool((law.low == economy.low).all() and (law.high == economy.high).all())


def _expected_entry(
    trader: int,
    mechanism: ModifiedVickreyDoubleAuction,
    economy: UnitDemands,
    cutoffs: tuple[float, float],
) -> _Answer:
    inside = EntryCutoffs(*(min(max(end, economy.low), economy.high) for end in cutoffs))
    worth = marginal_profits(inside, economy)[0 if economy.buyers[trader] else 1]
    missed = abs(worth - mechanism.fee)
    width = (economy.high - economy.low) * economy.unit
    everybody = mechanism.fee == 0 and _always_enters(trader, economy, cutoffs, economy.type_set)
    cap = 0.0 if everybody else missed + ROUNDING * width
    detail = (
        f"at its cutoff, trader {trader} expects {worth:.9g} from entering, for {mechanism.fee:.9g}"
    )
    name = "truth is best for those who enter, and entry pays from the cutoff on"
    region = TYPE_SETS if everybody else EXPECTED
    return _Answer(cap, everybody, Condition(name, True, detail), region)


def _worst_entry(
    trader: int,
    mechanism: ModifiedVickreyDoubleAuction,
    economy: UnitDemands,
    cutoffs: tuple[float, float],
    box: _Box,
) -> _Answer:
    """Return the largest loss from entering in vain, or from staying out of a trade.

    Raises
    ------
    RefusedError
        If it has no limit.
    """
    name = "truth is best for those who enter, and what entry costs at worst"
    if _always_enters(trader, economy, cutoffs, box):
        ours = _always_enters(trader, economy, cutoffs, economy.type_set)
        free = mechanism.fee == 0 and ours
        reason = Condition(name, True, f"{mechanism.fee:g}, in vain")
        return _Answer(mechanism.fee, free, reason, TYPE_SETS if free else LAW)
    # A buyer's trade costs no less than the lowest seller's value; a seller's mirrors it.
    buys = bool(economy.buyers[trader])
    end = min(cutoffs[0], box.high[trader]) if buys else max(cutoffs[1], box.low[trader])
    partner = box.low[~economy.buyers].min() if buys else box.high[economy.buyers].max()
    if not np.isfinite([end, partner]).all():
        raise RefusedError(
            f"in {mechanism.name} what staying out costs grows with the range of values, so a cap "
            "needs a law on a box, as UniformBox is; state one as distribution"
        )
    between = (Fraction(float(end)) - Fraction(float(partner))) * (1 if buys else -1)
    missed = max(Fraction(0), between * Fraction(mechanism.unit) - Fraction(mechanism.fee))
    detail = f"{mechanism.fee:g} in vain, or a trade worth {float(missed):.6g} more than that"
    cap = max(mechanism.fee, rounded_up(missed))
    return _Answer(cap, False, Condition(name, True, detail), LAW)


def _always_enters(
    trader: int, economy: UnitDemands, cutoffs: tuple[float, float], box: tuple[Floats, Floats]
) -> bool:
    """Return whether an honest trader enters at all values of a box."""
    if economy.buyers[trader]:
        return bool(cutoffs[0] <= box[0][trader])
    return bool(cutoffs[1] >= box[1][trader])


def _what_runs(tested: Market, mechanism: UnitDemandMechanism, economy: UnitDemands) -> Condition:
    """Compare the best bid among all steps of the menu with the formula, at sampled profiles.

    Raises
    ------
    RefusedError
        If the rule cannot clear them.
    """
    rng = np.random.default_rng(SEED)
    laws = tested.distribution, economy.types()
    types = np.concatenate([law.sample(rng, SAMPLED // 2) for law in laws])
    trader, span = tested.trader, float(np.ptp(types))
    try:
        bids = mechanism.honest_bids(economy, types)
        own = bids.of_trader(trader)[:, None]
        candidates = np.concatenate([own, _steps(mechanism, economy, trader, types, span)], axis=1)
        alone = mechanism.clear_deviations(bids, trader, candidates)
    except DeviatorError as error:
        raise RefusedError(f"{THEOREM} needs markets that can be cleared: {error}") from None
    utility = economy.utility_of(trader, alone.quantity, types) - alone.transfer
    tried = utility.max(axis=1) - utility[:, 0]
    apart = np.abs(tried - _gains(mechanism, economy, trader, types)).max()
    money = span * economy.unit
    detail = f"to {float(apart / money):.1g} of the range of values at {SAMPLED} profiles"
    name = "what runs agrees: the best of all steps of the menu gains what the formula says"
    return Condition(name, bool(apart <= AGREEMENT * money), detail)


def _steps(
    mechanism: UnitDemandMechanism, economy: UnitDemands, trader: int, types: Floats, span: float
) -> Floats:
    """Return bids to both sides of every other value, and between them, shape (B, M, K)."""
    edges = np.sort(np.delete(types, trader, axis=1), axis=1)
    if isinstance(mechanism, EntryFeeDoubleAuction):
        # Values net of fees are compared: a buyer's step at a seller's value is two fees above it.
        shift = 2 * mechanism.fee / mechanism.unit
        edges = np.sort(np.concatenate([edges - shift, edges, edges + shift], axis=1), axis=1)
    between = 0.5 * (edges[:, 1:] + edges[:, :-1])
    ends = edges[:, [0]] - span, edges[:, [-1]] + span
    values = np.concatenate([edges - HAIR * span, edges + HAIR * span, between, *ends], axis=1)
    if not isinstance(mechanism, ModifiedVickreyDoubleAuction):
        return values[..., None]
    entering = np.stack([values, np.ones_like(values)], axis=-1)
    outside = np.stack([values[:, :1], -np.ones_like(values[:, :1])], axis=-1)
    return np.concatenate([entering, outside], axis=1)


def _gains(
    mechanism: UnitDemandMechanism, economy: UnitDemands, trader: int, types: Floats
) -> Floats:
    """Return the largest gain at each profile by the formulas above, in money, shape (B,)."""
    if isinstance(mechanism, EntryFeeDoubleAuction):
        return np.zeros(len(types))
    buys, value = bool(economy.buyers[trader]), types[:, trader]
    if isinstance(mechanism, ModifiedVickreyDoubleAuction):
        enters = mechanism.honest_bids(economy, types).as_array()[..., 1] > 0
        outside = np.where(economy.buyers, -np.inf, np.inf)
        edge = _around_edge(np.where(enters, types, outside), economy.buyers, trader)[1]
        surplus = np.where(np.isfinite(edge), value - edge, 0.0) * (1 if buys else -1)
        net = economy.unit * np.maximum(surplus, 0.0) - mechanism.fee
        return np.asarray(np.maximum(net, 0.0) - np.where(enters[:, trader], net, 0.0))
    above, edge, below = _around_edge(types, economy.buyers, trader)
    buyer, seller = np.minimum(value, above) - edge, edge - np.maximum(value, below)
    k = mechanism.k if isinstance(mechanism, KDoubleAuction) else np.nan
    gap = k * buyer if buys else (1 - k) * seller
    return np.asarray(economy.unit * np.maximum(gap, 0.0))


def _around_edge(values: Floats, buyers: Bools, trader: int) -> tuple[Floats, Floats, Floats]:
    """Return f, e and g, each (B,): the S-th highest of the others' values, and its neighbours."""
    sellers = int((~buyers).sum())
    others = -np.sort(-np.delete(values, trader, axis=1), axis=1)
    infinite = np.full((len(values), 1), np.inf)
    ranked = np.concatenate([infinite, others, -infinite], axis=1)
    return ranked[:, sellers - 1], ranked[:, sellers], ranked[:, sellers + 1]


def _trade_is_possible(mechanism: UnitDemandMechanism, economy: UnitDemands, box: _Box) -> bool:
    """Return whether honest traders trade at some profile of the box."""
    bids, asks = box.high[economy.buyers], box.low[~economy.buyers]
    wedge = 0.0
    if isinstance(mechanism, EntryFeeDoubleAuction):
        wedge = 2 * mechanism.fee / mechanism.unit
    if isinstance(mechanism, ModifiedVickreyDoubleAuction):
        buyer, seller = mechanism.cutoffs(economy)
        bids, asks = bids[bids >= buyer], asks[asks <= seller]
    return bool(len(bids) and len(asks) and bids.max() - wedge > asks.min())


def _nobody_trades(box: _Box, buyers: Bools) -> Condition:
    most, least = box.high[buyers].max(), box.low[~buyers].min()
    detail = f"buyers value a unit at {most:g} at most, sellers at {least:g} at least"
    return Condition("nobody trades under any bid in the box", True, detail)

"""What double auctions of single units fulfil at every profile.

With S sellers, the S traders of the highest values hold the units after trade: so many buyers buy
as sellers sell (*market clearing*). The clearing interval runs from lower, the (S + 1)-th highest
value, to upper, the S-th highest. A buyer who buys values the unit at upper at least, a seller who
sells at lower at most.

*k-double auction*: all m pairs trade at one price between lower and upper. So nobody loses,
transfers sum to 0, and the units are with those of the highest values, which is the first best.

*Entry-fee double auction*: buyers pay the lower end plus the fee phi, sellers receive the upper one
less phi, both ends taken of values net of fees. A buyer who buys has a value net of the fee of
upper at least, and lower <= upper, so they do not lose; sellers mirror it. Without a fee the
allocation is the first best. Transfers sum to m (2 phi - (upper - lower)), and upper - lower is at
most b_(m) - s_(m) - 2 phi: no deficit where 4 phi is at least what values lie apart.

*Modified Vickrey double auction*: pivotal prices among those who enter, for whom the same holds,
and a fee of all who enter. Without a fee nobody loses, and where everybody enters the allocation is
the first best. Transfers sum to fees of 2 m entrants at least, less m (upper - lower): no deficit
where 2 phi is at least what values lie apart.
"""

from fractions import Fraction
from typing import Any

from deviator.economies import UnitDemands
from deviator.errors import RefusedError
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
)

from ...certificates.certificate import Condition
from ...certificates.premises import all_honest, all_known, check_rule
from ...market import Market
from .reason import BY_CONSTRUCTION, Reason, Reasons

SUBJECT = "what double auctions of single units fulfil"

CLEARS = "Quantities sum to 0 at every profile: as many units are sold as bought."
NOBODY_LOSES = (
    "No trader loses at any profile: buyers pay at most, and sellers receive at least, their value."
)
FIRST_BEST = "No welfare is lost at any profile: those of the highest values hold the units."

Premises = tuple[Condition, ...]


def prove_single_units(tested: Market) -> Reasons:
    """Prove what a double auction of single units fulfils.

    Raises
    ------
    RefusedError
        If the market is another one, or not everything in it is deviator's own and honest.
    """
    mechanism: Any = tested.mechanism
    economy = tested.economy
    rules = (KDoubleAuction, EntryFeeDoubleAuction, ModifiedVickreyDoubleAuction)
    check_rule(SUBJECT, mechanism, rules)
    if type(economy) is not UnitDemands:
        raise RefusedError(f"{SUBJECT} needs unit demands, got {type(economy).__name__}")
    premises = all_known(SUBJECT, tested), all_honest(SUBJECT, tested)
    if isinstance(mechanism, KDoubleAuction):
        return _at_one_price(premises)
    if isinstance(mechanism, ModifiedVickreyDoubleAuction):
        return _with_fees_of_entry(mechanism, economy, premises)
    return _with_fees_of_trade(mechanism.fee, economy, premises)


def _at_one_price(premises: Premises) -> Reasons:
    balanced = "Transfers sum to 0 at every profile, up to rounding: all trade at one price."
    return {
        "market_clearing": Reason(CLEARS, premises, BY_CONSTRUCTION),
        "budget_surplus": Reason(balanced, premises, BY_CONSTRUCTION),
        "individual_rationality": Reason(NOBODY_LOSES, premises, BY_CONSTRUCTION),
        "efficiency": Reason(FIRST_BEST, premises, BY_CONSTRUCTION),
    }


def _with_fees_of_trade(fee: float, economy: UnitDemands, premises: Premises) -> Reasons:
    covered = _covered(4, fee, economy)
    return {
        "market_clearing": Reason(CLEARS, premises, BY_CONSTRUCTION),
        "individual_rationality": Reason(NOBODY_LOSES, premises, BY_CONSTRUCTION),
        "budget_surplus": Reason(_no_deficit("who trade"), (*premises, covered)),
        "efficiency": Reason(FIRST_BEST, (*premises, _free(fee))),
    }


def _with_fees_of_entry(
    mechanism: ModifiedVickreyDoubleAuction, economy: UnitDemands, premises: Premises
) -> Reasons:
    free = _free(mechanism.fee)
    buyer, seller = mechanism.cutoffs(economy)
    enter = Condition(
        "everybody enters",
        buyer <= economy.low and seller >= economy.high,
        f"buyers from {buyer:g} on, sellers up to {seller:g}",
    )
    covered = _covered(2, mechanism.fee, economy)
    return {
        "market_clearing": Reason(CLEARS, premises, BY_CONSTRUCTION),
        "individual_rationality": Reason(NOBODY_LOSES, (*premises, free)),
        "budget_surplus": Reason(_no_deficit("who enter"), (*premises, covered)),
        "efficiency": Reason(FIRST_BEST, (*premises, free, enter)),
    }


def _no_deficit(payers: str) -> str:
    return (
        "Transfers never sum to a deficit at any profile of the sets of types: fees of those "
        f"{payers} cover what prices lie apart."
    )


def _free(fee: float) -> Condition:
    return Condition("there is no fee", fee == 0, f"the fee is {fee:g}")


def _covered(times: int, fee: float, economy: UnitDemands) -> Condition:
    """Return whether so many fees are at least what the values of a unit lie apart, exactly."""
    apart = (Fraction(economy.high) - Fraction(economy.low)) * Fraction(economy.unit)
    return Condition(
        "fees cover the widest clearing interval",
        times * Fraction(fee) >= apart,
        f"{times} fees of {fee:g}, values up to {float(apart):g} apart",
    )

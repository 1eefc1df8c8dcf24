"""What auctions and exchanges of several units fulfil at every profile.

Z units are with the Z highest bids after trade, and traders own or are offered Z in all, so what
they receive is what somebody outside sells (*market clearing*). Values of further units never rise,
and honest bids are values: the Z highest values hold the units, which is the first best
(*efficiency*).

*One price*: it lies between the highest losing and the lowest winning bid, so at this price nobody
would rather hold another number of units, the one that they own included: nobody loses. Values are
not negative, so neither is the price, and those who buy pay for all that others sell and for what
is offered: no deficit.

*Vickrey's auction*: what a trader pays for the units that they win is what others bid for them, all
of them losing bids, and what they receive for those that they give up is what others bid for these,
all of them winning: so each unit is bought at its value at most and sold at its value at least.
Where nobody owns units, all pay and nobody receives: no deficit.
"""

from typing import Any

from deviator.economies import MultiUnitDemands
from deviator.errors import RefusedError
from deviator.mechanisms import UniformPriceMultiUnit, VickreyMultiUnit

from ...certificates.certificate import Condition
from ...certificates.premises import all_honest, all_known, check_rule
from ...market import Market
from .reason import BY_CONSTRUCTION, Reason, Reasons

SUBJECT = "what auctions of several units fulfil"

CLEARS = "Traders receive what somebody outside sells, at every profile: all units are held."
NOBODY_LOSES = (
    "No trader loses at any profile: units are bought at their value at most, and sold at least at "
    "it."
)
FIRST_BEST = "No welfare is lost at any profile: the highest values hold the units."
NO_DEFICIT = "Transfers never sum to a deficit at any profile: no price is negative."


def prove_several_units(tested: Market) -> Reasons:
    """Prove what an auction or exchange of several units fulfils.

    Raises
    ------
    RefusedError
        If the market is another one, or not everything in it is deviator's own and honest.
    """
    mechanism: Any = tested.mechanism
    check_rule(SUBJECT, mechanism, (VickreyMultiUnit, UniformPriceMultiUnit))
    if type(tested.economy) is not MultiUnitDemands:
        raise RefusedError(
            f"{SUBJECT} needs multi-unit demands, got {type(tested.economy).__name__}"
        )
    premises = all_known(SUBJECT, tested), all_honest(SUBJECT, tested)
    return {
        "market_clearing": Reason(CLEARS, premises, BY_CONSTRUCTION),
        "individual_rationality": Reason(NOBODY_LOSES, premises, BY_CONSTRUCTION),
        "budget_surplus": Reason(NO_DEFICIT, (*premises, _nobody_receives(mechanism))),
        "efficiency": Reason(FIRST_BEST, premises, BY_CONSTRUCTION),
    }


def _nobody_receives(mechanism: Any) -> Condition:
    """Return whether what sellers receive is what buyers pay, or nobody sells."""
    name = "all units have one price, or nobody inside sells"
    one_price = isinstance(mechanism, UniformPriceMultiUnit)
    detail = "one price" if one_price else f"endowments {mechanism.endowments}"
    return Condition(name, one_price or mechanism.is_auction, detail)

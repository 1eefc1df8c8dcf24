"""The faults that can be planted: what each distorts, and the constraint that it breaks.

A size is a share of what the fault is about, so that it has no unit: of the trader's own payment,
of the largest quantity, or of the money that changes hands. At size 0 every fault is none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, final

from deviator.numerics.polynomial import Polynomial

from ..multi_unit.multi_unit_mechanism import MultiUnitMechanism
from ..residual_line import ResidualLineMechanism
from ..unit_demand.unit_demand_mechanism import UnitDemandMechanism
from . import distortions
from .cleared import Cleared

if TYPE_CHECKING:
    from ..base import Mechanism

FaultKind = Literal[
    "payment",
    "tax",
    "clearing",
    "tie-breaking",
    "conditioning",
    "rounding",
    "budget leak",
    "participation",
]
"""What a fault is about."""

Violated = Literal[
    "market_clearing",
    "budget_surplus",
    "individual_rationality",
    "incentive_compatibility",
    "efficiency",
]
"""The constraints of Section 2.3."""

Needs = Literal[
    "",
    "straight residual lines",
    "payments by the residual slope",
    "payments by a tax slope",
    "a tax",
    "bids of numbers",
    "payments that are not one price each",
]
"""What a mechanism must have for a fault to be one in it."""


@final
@dataclass(frozen=True)
class PlantedFault:
    """A fault that can be planted in mechanisms.

    Attributes
    ----------
    name : str
    kind : str
        What it is about.
    violates : str
        The constraint that it breaks in a rule that keeps all five.
    distorts : str
        What happens at a size, in words that start "size of".
    needs : str
        What the mechanism must have; empty where any will do.
    distorted : callable or None
        What the outcome becomes at a size; None where payment or clearing is distorted itself.
    largest : float
        The largest size: 1 where it is a share of what there is, infinite where it is added.
    reached : bool
        Whether the largest size can itself be planted.
    """

    name: str
    kind: FaultKind
    violates: Violated
    distorts: str
    needs: Needs = ""
    distorted: Callable[[Cleared, float], Cleared] | None = None
    largest: float = 1.0
    reached: bool = True

    def allows(self, size: float) -> bool:
        """Return whether the fault can be planted at a size."""
        return size <= self.largest if self.reached else size < self.largest


LINES: Needs = "straight residual lines"
BIDS: Needs = "bids of numbers"
IC: Violated = "incentive_compatibility"
IR: Violated = "individual_rationality"
BUDGET: Violated = "budget_surplus"
CLEARING: Violated = "market_clearing"
EFFICIENCY: Violated = "efficiency"

_LIST = (
    PlantedFault(
        "transfer", "payment", IC,
        "size of every transfer is added to it",
        largest=inf,
    ),
    PlantedFault(
        "residual-slope", "payment", IC,
        "size of the residual slope is added to it in payments",
        needs="payments by the residual slope",
        largest=inf,
    ),
    PlantedFault(
        "tax", "tax", IC,
        "size of the tax slope is added to it in payments",
        needs="payments by a tax slope",
        largest=inf,
    ),
    PlantedFault(
        "clearing", "clearing", IC,
        "size of what clears is rationed away",
        needs=LINES,
        reached=False,
    ),
    PlantedFault(
        "seller-shave", "payment", IC,
        "size of what sellers receive is kept",
        distorted=distortions.seller_shave,
    ),
    PlantedFault(
        "buyer-surcharge", "payment", IC,
        "size of what buyers pay is added",
        distorted=distortions.buyer_surcharge,
    ),
    PlantedFault(
        "trader-discount", "payment", IC,
        "size of one trader's own payment is waived",
        distorted=distortions.trader_discount,
    ),
    PlantedFault(
        "largest-rebate", "payment", IC,
        "size of the payment of who trades most is given back",
        distorted=distortions.largest_rebate,
    ),
    PlantedFault(
        "volume-discount", "payment", IC,
        "size of the payment is waived for who trades the mean or more",
        distorted=distortions.volume_discount,
    ),
    PlantedFault(
        "payment-cap", "payment", IC,
        "size of the market's largest payment is cut from it",
        distorted=distortions.payment_cap,
    ),
    PlantedFault(
        "unit-markup", "payment", IC,
        "size of the usual price is charged for every unit traded",
        distorted=distortions.unit_price_markup,
    ),
    PlantedFault(
        "side-spread", "tax", IC,
        "size of the usual price is charged to buyers for every unit",
        distorted=distortions.side_spread,
    ),
    PlantedFault(
        "tax-relief", "tax", IC,
        "size of the tax is waived for who trades the mean or more",
        needs="a tax",
        distorted=distortions.tax_relief,
    ),
    PlantedFault(
        "tax-on-buyers", "tax", IC,
        "size of the tax is charged again to buyers",
        needs="a tax",
        distorted=distortions.tax_on_buyers,
    ),
    PlantedFault(
        "short-delivery", "clearing", CLEARING,
        "size of one trader's quantity is not delivered",
        distorted=distortions.short_delivery,
    ),
    PlantedFault(
        "over-delivery", "clearing", CLEARING,
        "size of what buyers get comes from nowhere",
        distorted=distortions.over_delivery,
    ),
    PlantedFault(
        "quantity-grid", "rounding", CLEARING,
        "size of the largest quantity is the grid that quantities are cut to",
        distorted=distortions.quantity_grid,
    ),
    PlantedFault(
        "favourite", "clearing", EFFICIENCY,
        "size of the largest quantity goes to one trader, from the others",
        distorted=distortions.favourite,
    ),
    PlantedFault(
        "shifted-allocation", "clearing", EFFICIENCY,
        "size of the next trader's quantity replaces the own",
        distorted=distortions.shifted_allocation,
    ),
    PlantedFault(
        "rationing", "clearing", EFFICIENCY,
        "size of every quantity is withheld, at the full payment",
        distorted=distortions.rationing,
    ),
    PlantedFault(
        "near-ties", "tie-breaking", EFFICIENCY,
        "size of the spread of bids counts as a tie, which goes to the lower",
        needs=BIDS,
        distorted=distortions.near_ties,
    ),
    PlantedFault(
        "tie-rebate", "tie-breaking", IC,
        "size of the payment goes back to the last who ties for most",
        distorted=distortions.tie_payments,
    ),
    PlantedFault(
        "uniform-blend", "conditioning", IC,
        "size of the payment is at the own price for all units",
        needs="payments that are not one price each",
        distorted=distortions.uniform_blend,
    ),
    PlantedFault(
        "own-bid-leak", "conditioning", IC,
        "size of the usual price, by the own bid's height, per unit",
        needs=BIDS,
        distorted=distortions.own_bid_leak,
    ),
    PlantedFault(
        "neighbour-quantity", "conditioning", IC,
        "size of the usual price is paid for the next one's units",
        distorted=distortions.neighbour_quantity,
    ),
    PlantedFault(
        "neighbour-bill", "conditioning", IC,
        "size of the next trader's transfer replaces the own",
        distorted=distortions.neighbour_bill,
    ),
    PlantedFault(
        "transfer-grid", "rounding", IC,
        "size of the largest transfer is the grid that transfers are cut to",
        distorted=distortions.transfer_grid,
    ),
    PlantedFault(
        "few-digits", "rounding", IC,
        "size of each transfer is what its last digit is worth",
        distorted=distortions.few_digits,
    ),
    PlantedFault(
        "price-grid", "rounding", IC,
        "size of the usual price is the grid that prices are cut to",
        distorted=distortions.price_grid,
    ),
    PlantedFault(
        "subsidy", "budget leak", BUDGET,
        "size of the money that changes hands is given to all, by head",
        distorted=distortions.subsidy,
    ),
    PlantedFault(
        "lump-sum", "budget leak", BUDGET,
        "size of the money that changes hands is given to one trader",
        distorted=distortions.lump_sum,
    ),
    PlantedFault(
        "payer-rebate", "budget leak", BUDGET,
        "size of what payers pay is given back",
        distorted=distortions.payer_rebate,
    ),
    PlantedFault(
        "receiver-bonus", "budget leak", BUDGET,
        "size of what receivers get is added",
        distorted=distortions.receiver_bonus,
    ),
    PlantedFault(
        "entry-charge", "participation", IR,
        "size of the money that changes hands is taken from all, by head",
        distorted=distortions.entry_charge,
    ),
    PlantedFault(
        "idle-charge", "participation", IR,
        "size of the same by head is taken from who trades less than the mean",
        distorted=distortions.idle_charge,
    ),
)  # fmt: skip

FAULTS: Mapping[str, PlantedFault] = MappingProxyType({fault.name: fault for fault in _LIST})
"""All faults that can be planted, by name."""


def faults_for(mechanism: "Mechanism") -> tuple[PlantedFault, ...]:
    """Return the faults that are faults in a mechanism.

    Parameters
    ----------
    mechanism : Mechanism

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> len(faults_for(SigmaDCDA(0.2))), len(faults_for(SigmaDCDA(0.0)))
    (35, 32)
    """
    return tuple(fault for fault in FAULTS.values() if not missing(mechanism, fault))


def missing(mechanism: "Mechanism", fault: PlantedFault) -> str:
    """Return what a mechanism lacks for a fault to be one in it; empty where it has all."""
    lines, parts = isinstance(mechanism, ResidualLineMechanism), _parts_of_payment(mechanism)
    has: dict[Needs, bool] = {
        "": True,
        "straight residual lines": lines,
        "payments by the residual slope": any("slope" in part for part in parts),
        "payments by a tax slope": any("tax" in part for part in parts) and mechanism.tax_slope > 0,
        "a tax": mechanism.tax_slope > 0,
        "bids of numbers": mechanism.language.size(2) > 0,
        "payments that are not one price each": parts != {("price", "quantity")}
        and not isinstance(mechanism, UnitDemandMechanism | MultiUnitMechanism),
    }
    return "" if has[fault.needs] else fault.needs


def _parts_of_payment(mechanism: "Mechanism") -> set[tuple[str, ...]]:
    """Return the products that a payment on a straight residual line adds up; none elsewhere."""
    if not isinstance(mechanism, ResidualLineMechanism):
        return set()
    symbols = [Polynomial.variable(name) for name in ("price", "quantity", "slope", "tax")]
    rule = mechanism.payment(*symbols)
    return set(rule.terms) if isinstance(rule, Polynomial) else set()

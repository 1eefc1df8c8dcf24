"""Market rules: bids in, outcome out."""

from .base import Claim, Mechanism, ResidualLineMechanism, quantity_per_level, residual_transfer
from .bids import Bids, LinearBids, Reports, Schedules
from .direct import NaiveWalrasian, SigmaVCG
from .floored_schedules import FlooredScheduleLanguage
from .k_double_auction import KDoubleAuction
from .languages import BidLanguage, ConditionalLanguage, ReportLanguage, ScheduleLanguage
from .menu import FiniteMenu, LineMenu, Menu
from .mutated import Mutated
from .outcome import Outcome, TraderOutcome
from .pay_as_bid import PayAsBid
from .polynomial import Polynomial
from .sigma_dcda import SigmaDCDA
from .uniform_conditional import UniformConditional
from .uniform_double_auction import UniformDoubleAuction
from .unit_demand_mechanism import Buyers, UnitDemandMechanism, side_prices

__all__ = [
    "BidLanguage",
    "Bids",
    "Buyers",
    "Claim",
    "ConditionalLanguage",
    "FiniteMenu",
    "FlooredScheduleLanguage",
    "KDoubleAuction",
    "LineMenu",
    "LinearBids",
    "Mechanism",
    "Menu",
    "Mutated",
    "NaiveWalrasian",
    "Outcome",
    "PayAsBid",
    "Polynomial",
    "ReportLanguage",
    "Reports",
    "ResidualLineMechanism",
    "ScheduleLanguage",
    "Schedules",
    "SigmaDCDA",
    "SigmaVCG",
    "TraderOutcome",
    "UniformConditional",
    "UniformDoubleAuction",
    "UnitDemandMechanism",
    "quantity_per_level",
    "residual_transfer",
    "side_prices",
]

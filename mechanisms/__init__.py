"""Market rules: bids in, outcome out."""

from .base import Mechanism, ResidualLineMechanism, residual_transfer
from .bids import Bids, LinearBids, Reports, Schedules
from .direct import NaiveWalrasian, SigmaVCG
from .languages import BidLanguage, ConditionalLanguage, ReportLanguage, ScheduleLanguage
from .mutated import Mutated
from .outcome import Menu, Outcome, TraderOutcome
from .polynomial import Polynomial
from .sigma_dcda import SigmaDCDA
from .uniform_conditional import UniformConditional
from .uniform_double_auction import UniformDoubleAuction

__all__ = [
    "BidLanguage",
    "Bids",
    "ConditionalLanguage",
    "LinearBids",
    "Mechanism",
    "Menu",
    "Mutated",
    "NaiveWalrasian",
    "Outcome",
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
    "residual_transfer",
]

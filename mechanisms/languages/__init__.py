"""Bid languages: one file each, with the record of its bids and the language itself."""

from .base import ArrayBids, BidLanguage, Bids, check_record, require_quadratic
from .conditional import AllocationLanguage, ConditionalLanguage, LinearBids
from .factored import FactoredBids, FactoredLanguage
from .over_rounds import BidsOverRounds, LanguageOverRounds
from .plain_bids import bids_as_data, bids_from_data
from .reports import EntryReportLanguage, EntryReports, ReportLanguage, Reports
from .schedules import FlooredScheduleLanguage, ScheduleLanguage, Schedules, check_decreasing
from .surfaces import SurfaceBids, Tangents, refuse_numbers
from .unit_bids import UnitBidLanguage, UnitBids

__all__ = [
    "AllocationLanguage",
    "ArrayBids",
    "BidLanguage",
    "Bids",
    "BidsOverRounds",
    "ConditionalLanguage",
    "EntryReportLanguage",
    "EntryReports",
    "FactoredBids",
    "FactoredLanguage",
    "FlooredScheduleLanguage",
    "LanguageOverRounds",
    "LinearBids",
    "ReportLanguage",
    "Reports",
    "ScheduleLanguage",
    "Schedules",
    "SurfaceBids",
    "Tangents",
    "UnitBidLanguage",
    "UnitBids",
    "bids_as_data",
    "bids_from_data",
    "check_decreasing",
    "check_record",
    "refuse_numbers",
    "require_quadratic",
]

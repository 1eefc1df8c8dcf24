"""Bid languages: one file each, with the record of its bids and the language itself."""

from .base import BidLanguage, Bids, check_record
from .conditional import ConditionalLanguage
from .entry_reports import EntryReportLanguage, EntryReports
from .factored import FactoredBids, FactoredLanguage
from .floored_schedules import FlooredScheduleLanguage
from .hyperplanes import AllocationLanguage
from .linear import LinearBids
from .reports import ReportLanguage, Reports
from .schedules import ScheduleLanguage, Schedules, check_decreasing
from .surfaces import SurfaceBids, Tangents, refuse_numbers

__all__ = [
    "AllocationLanguage",
    "BidLanguage",
    "Bids",
    "ConditionalLanguage",
    "EntryReportLanguage",
    "EntryReports",
    "FactoredBids",
    "FactoredLanguage",
    "FlooredScheduleLanguage",
    "LinearBids",
    "ReportLanguage",
    "Reports",
    "ScheduleLanguage",
    "Schedules",
    "SurfaceBids",
    "Tangents",
    "check_decreasing",
    "check_record",
    "refuse_numbers",
]

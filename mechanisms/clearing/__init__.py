"""How bids turn into price and quantities; payments are the mechanism's own."""

from .base import Clearing, DeviationSolution, MarketSolution
from .dense.clearing import ConditionalClearing
from .factored.batch import FactoredClearing
from .reported import ReportedClearing
from .schedules import ScheduleClearing

__all__ = [
    "Clearing",
    "ConditionalClearing",
    "DeviationSolution",
    "FactoredClearing",
    "MarketSolution",
    "ReportedClearing",
    "ScheduleClearing",
]

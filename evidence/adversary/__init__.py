"""The adversary: profiles of types are searched for the worst, not only drawn."""

from .far import FarDeviation, far_deviations
from .gain_record import WorstGain
from .region import Region, region_of
from .search import Objective, Worst, search_profiles
from .worst_gain import worst_gain

__all__ = [
    "FarDeviation",
    "Objective",
    "Region",
    "Worst",
    "WorstGain",
    "far_deviations",
    "region_of",
    "search_profiles",
    "worst_gain",
]

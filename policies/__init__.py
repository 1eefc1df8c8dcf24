"""How traders bid: honesty, equilibria, exact best responses, learned policies."""

from .actions import OBSERVATION_BOUND, ActionBox, ActionMode, Observation
from .base import Deviation, Information, Policy, View, check_information
from .best_response import BestResponse, exact_gain, expected_exact_gain, level_shift
from .learned import LearnedDeviation, Network, load_policy, save_policy
from .linear_bayes import LinearBayes
from .numeric_search import NumericSearch
from .regret import BestBidRegret, MenuRegret, RegretEstimator, SearchedRegret
from .revelation import Revelation
from .surface_best_response import SurfaceBest, surface_best_response
from .surface_deviations import surface_deviations, surface_gains
from .type_grid import TypeGridRegret, type_grid_regret
from .worst_profile import WorstProfile, worst_drawn_profile, worst_profile

__all__ = [
    "OBSERVATION_BOUND",
    "ActionBox",
    "ActionMode",
    "BestBidRegret",
    "BestResponse",
    "Deviation",
    "Information",
    "LearnedDeviation",
    "LinearBayes",
    "MenuRegret",
    "Network",
    "NumericSearch",
    "Observation",
    "Policy",
    "RegretEstimator",
    "Revelation",
    "SearchedRegret",
    "SurfaceBest",
    "TypeGridRegret",
    "View",
    "WorstProfile",
    "check_information",
    "exact_gain",
    "expected_exact_gain",
    "level_shift",
    "load_policy",
    "save_policy",
    "surface_best_response",
    "surface_deviations",
    "surface_gains",
    "type_grid_regret",
    "worst_drawn_profile",
    "worst_profile",
]

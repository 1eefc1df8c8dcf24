"""The subject of the whole tool: the market under test, what deviating gains there, the verdict."""

from .certificates import Certificate, Condition, certify, certify_by_theorem
from .market import Market, market, matched_control, standing_control
from .regret import BestBidRegret, MenuRegret, RegretEstimator, SearchedRegret
from .surface_best_response import SurfaceBest, surface_best_response
from .surface_deviations import surface_deviations, surface_gains
from .type_grid import TypeGridRegret, type_grid_regret
from .verdict import Verdict
from .worst_profile import WorstProfile, worst_drawn_profile, worst_profile

__all__ = [
    "BestBidRegret",
    "Certificate",
    "Condition",
    "Market",
    "MenuRegret",
    "RegretEstimator",
    "SearchedRegret",
    "SurfaceBest",
    "TypeGridRegret",
    "Verdict",
    "WorstProfile",
    "certify",
    "certify_by_theorem",
    "market",
    "matched_control",
    "standing_control",
    "surface_best_response",
    "surface_deviations",
    "surface_gains",
    "type_grid_regret",
    "worst_drawn_profile",
    "worst_profile",
]

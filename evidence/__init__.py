"""The subject of the whole tool: the market under test, what deviating gains there, the verdict."""

from .best_deviation import BestDeviation, best_deviation, deviation_size, held_out_profiles
from .certificate_file import certificate_file, constraint_file
from .certificates import (
    Certificate,
    Condition,
    Found,
    certify,
    certify_by_theorem,
    find_certificates,
    foreign_parts,
)
from .control import (
    Seat,
    check_matched,
    control_mechanism,
    is_known_to_pay,
    matched_control,
    seat_of,
    standing_control,
)
from .each_draw import each_draw
from .evidence import EachDraw, Evidence, LargestGain, LearnedGain
from .interchangeable import interchangeable_traders
from .largest_gain import largest_gain
from .market import Market, market
from .over_rounds import in_shares, of_single_rounds, over_rounds
from .profile_witness import profile_witness
from .regret import BestBidRegret, MenuRegret, RegretEstimator, SearchedRegret
from .surface_best_response import SurfaceBest, surface_best_response
from .surface_deviations import surface_deviations, surface_gains
from .type_grid import TypeGridRegret, type_grid_regret
from .verdict import Verdict, judge
from .witness import find_witness
from .words import verdict_in_words
from .worst_profile import WorstProfile, worst_drawn_profile, worst_profile

__all__ = [
    "BestBidRegret",
    "BestDeviation",
    "Certificate",
    "Condition",
    "EachDraw",
    "Evidence",
    "Found",
    "LargestGain",
    "LearnedGain",
    "Market",
    "MenuRegret",
    "RegretEstimator",
    "SearchedRegret",
    "Seat",
    "SurfaceBest",
    "TypeGridRegret",
    "Verdict",
    "WorstProfile",
    "best_deviation",
    "certificate_file",
    "certify",
    "certify_by_theorem",
    "check_matched",
    "constraint_file",
    "control_mechanism",
    "deviation_size",
    "each_draw",
    "find_certificates",
    "find_witness",
    "foreign_parts",
    "held_out_profiles",
    "in_shares",
    "interchangeable_traders",
    "is_known_to_pay",
    "judge",
    "largest_gain",
    "market",
    "matched_control",
    "of_single_rounds",
    "over_rounds",
    "profile_witness",
    "seat_of",
    "standing_control",
    "surface_best_response",
    "surface_deviations",
    "surface_gains",
    "type_grid_regret",
    "verdict_in_words",
    "worst_drawn_profile",
    "worst_profile",
]

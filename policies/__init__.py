"""How traders bid: honesty, equilibria, exact best responses, learned policies."""

from .actions import OBSERVATION_BOUND, ActionBox, ActionMode, Observation
from .affine_strategy import AffineStrategy
from .base import Deviation, Policy, View
from .best_response import BestResponse
from .every_round import EveryRound
from .gains import exact_gain, expected_exact_gain, level_shift
from .information import (
    Information,
    check_information,
    knowledge,
    knows_profile,
    rung_name,
    rung_of,
    rung_within,
    seen_by,
)
from .learned import LearnedDeviation
from .linear_bayes import LinearBayes
from .misperceived_weights import MisperceivedWeights
from .nearly_honest import NearlyHonest, NoisyHonest, RoundedHonest, ShadedHonest
from .network import ACTIVATIONS, Network
from .network_strategy import NetworkStrategy
from .numeric_search import NumericSearch
from .policy_files import load_policy, save_policy
from .price_only import PriceOnly
from .pseudo_random import pseudo_normal, pseudo_uniform
from .revelation import Revelation
from .rounds import NetworkOverRounds, RoundsDeviation
from .rungs import NoisySignal, OwnType, OwnTypeAndStatistics, Rung, WholeProfile
from .situation import Payoffs, Situation
from .strategy_files import load_strategy, save_strategy

__all__ = [
    "ACTIVATIONS",
    "OBSERVATION_BOUND",
    "ActionBox",
    "ActionMode",
    "AffineStrategy",
    "BestResponse",
    "Deviation",
    "EveryRound",
    "Information",
    "LearnedDeviation",
    "LinearBayes",
    "MisperceivedWeights",
    "NearlyHonest",
    "Network",
    "NetworkOverRounds",
    "NetworkStrategy",
    "NoisyHonest",
    "NoisySignal",
    "NumericSearch",
    "Observation",
    "OwnType",
    "OwnTypeAndStatistics",
    "Payoffs",
    "Policy",
    "PriceOnly",
    "Revelation",
    "RoundedHonest",
    "RoundsDeviation",
    "Rung",
    "ShadedHonest",
    "Situation",
    "View",
    "WholeProfile",
    "check_information",
    "exact_gain",
    "expected_exact_gain",
    "knowledge",
    "knows_profile",
    "level_shift",
    "load_policy",
    "load_strategy",
    "pseudo_normal",
    "pseudo_uniform",
    "rung_name",
    "rung_of",
    "rung_within",
    "save_policy",
    "save_strategy",
    "seen_by",
]

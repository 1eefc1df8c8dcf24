"""Joint deviations: coalitions of traders, and one trader under several names.

They are beyond the paper's claim, which is about one trader under one name.
"""

from .enlarged import RepeatedTypes, enlarged_economy, enlarged_rule
from .joint_best import JointBest, best_joint_deviation
from .joint_witness import find_joint_witness, joint_witness
from .party import Party, coalition_of, names_of

__all__ = [
    "JointBest",
    "Party",
    "RepeatedTypes",
    "best_joint_deviation",
    "coalition_of",
    "enlarged_economy",
    "enlarged_rule",
    "find_joint_witness",
    "joint_witness",
    "names_of",
]

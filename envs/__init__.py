"""Markets as environments: one batched core and thin adapters."""

from deviator.evidence import Market, market, matched_control, standing_control

from . import exchange_v0
from .action_ranges import RANGE_MULTIPLE
from .coalition_core import CoalitionCore, coalition_core
from .core import DeviationCore, deviation_core
from .decision_problem import DecisionProblem
from .deviation_env import DeviationEnv
from .exchange_core import ExchangeCore, exchange_core
from .rounds_core import RoundsCore, rounds_core
from .vector_env import DeviationVectorEnv

__all__ = [
    "RANGE_MULTIPLE",
    "CoalitionCore",
    "DecisionProblem",
    "DeviationCore",
    "DeviationEnv",
    "DeviationVectorEnv",
    "ExchangeCore",
    "Market",
    "RoundsCore",
    "coalition_core",
    "deviation_core",
    "exchange_core",
    "exchange_v0",
    "market",
    "matched_control",
    "rounds_core",
    "standing_control",
]

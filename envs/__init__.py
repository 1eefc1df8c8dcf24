"""Markets as environments: one batched core and thin adapters.

Those of stable-baselines3 and torch are imported when first used, so that the package is light.
"""

from typing import TYPE_CHECKING

from deviator.evidence import Market, market, matched_control, standing_control
from deviator.first_use import imported_when_used

from . import exchange_v0
from .action_ranges import RANGE_MULTIPLE
from .coalition_core import CoalitionCore, coalition_core
from .core import DeviationCore, deviation_core
from .decision_problem import DecisionProblem
from .deviation_env import DeviationEnv
from .exchange_core import ExchangeCore, exchange_core
from .rounds_core import RoundsCore, rounds_core
from .vector_env import DeviationVectorEnv

if TYPE_CHECKING:
    from .exchange_vec_env import ExchangeVecEnv, independent_vec_envs
    from .sb3_vec_env import DeviationVecEnv
    from .tensor_env import TensorEnv

__all__ = [
    "RANGE_MULTIPLE",
    "CoalitionCore",
    "DecisionProblem",
    "DeviationCore",
    "DeviationEnv",
    "DeviationVecEnv",
    "DeviationVectorEnv",
    "ExchangeCore",
    "ExchangeVecEnv",
    "Market",
    "RoundsCore",
    "TensorEnv",
    "coalition_core",
    "deviation_core",
    "exchange_core",
    "exchange_v0",
    "independent_vec_envs",
    "market",
    "matched_control",
    "rounds_core",
    "standing_control",
]

__getattr__ = imported_when_used(
    __name__,
    {
        "DeviationVecEnv": "sb3_vec_env",
        "ExchangeVecEnv": "exchange_vec_env",
        "TensorEnv": "tensor_env",
        "independent_vec_envs": "exchange_vec_env",
    },
)


def __dir__() -> list[str]:
    return __all__

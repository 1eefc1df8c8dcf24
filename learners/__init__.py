"""Learning deviators: they train in an environment core and return a deviation.

What needs torch or stable-baselines3 is imported when first used: the package itself is light.
"""

from typing import TYPE_CHECKING

from deviator.first_use import imported_when_used

from .base import EvaluatedLearner, Learner, Training, check_playable, plays_rounds
from .session import Checkpoint, CurvePoint, Keep, Progress, Session, TrainingStopped

if TYPE_CHECKING:
    from .cma_es import CMAESLearner
    from .ensemble import EnsembleLearner
    from .evolution import EvolutionLearner
    from .gradient import GradientLearner
    from .ppo import PPOLearner
    from .sb3.adapter import deviation_of
    from .sb3.callback import ShareCallback
    from .sb3.recurrent_ppo import RecurrentPPOLearner
    from .sb3.sac import SACLearner
    from .sb3.td3 import TD3Learner

__all__ = [
    "CMAESLearner",
    "Checkpoint",
    "CurvePoint",
    "EnsembleLearner",
    "EvaluatedLearner",
    "EvolutionLearner",
    "GradientLearner",
    "Keep",
    "Learner",
    "PPOLearner",
    "Progress",
    "RecurrentPPOLearner",
    "SACLearner",
    "Session",
    "ShareCallback",
    "TD3Learner",
    "Training",
    "TrainingStopped",
    "check_playable",
    "deviation_of",
    "plays_rounds",
]

__getattr__ = imported_when_used(
    __name__,
    {
        "CMAESLearner": "cma_es",
        "EnsembleLearner": "ensemble",
        "EvolutionLearner": "evolution",
        "GradientLearner": "gradient",
        "PPOLearner": "ppo",
        "RecurrentPPOLearner": "sb3.recurrent_ppo",
        "SACLearner": "sb3.sac",
        "ShareCallback": "sb3.callback",
        "TD3Learner": "sb3.td3",
        "deviation_of": "sb3.adapter",
    },
)


def __dir__() -> list[str]:
    return __all__

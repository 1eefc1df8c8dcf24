"""Learning deviators: they train in an environment core and return a deviation.

`PPOLearner` lives in `deviator.learners.ppo`, which imports torch; this package does not.
"""

from .base import EvaluatedLearner, Learner, Training, check_playable
from .session import Checkpoint, CurvePoint, Keep, Progress, Session, TrainingStopped

__all__ = [
    "Checkpoint",
    "CurvePoint",
    "EvaluatedLearner",
    "Keep",
    "Learner",
    "Progress",
    "Session",
    "Training",
    "TrainingStopped",
    "check_playable",
]

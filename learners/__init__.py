"""Learning deviators: they train in an environment core and return a deviation.

`PPOLearner` lives in `deviator.learners.ppo`, which imports torch; this package does not.
"""

from .base import CurvePoint, Learner, Progress, Training

__all__ = ["CurvePoint", "Learner", "Progress", "Training"]

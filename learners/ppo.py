"""The learner ``ppo``, by its short name; it lives in `deviator.learners.sb3`."""

from .sb3.ppo import PPOLearner

__all__ = ["PPOLearner"]

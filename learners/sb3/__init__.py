"""Learners that stable-baselines3 drives, and its models as deviations; imports torch."""

from .adapter import deviation_of
from .callback import Share, ShareCallback

__all__ = ["Share", "ShareCallback", "deviation_of"]

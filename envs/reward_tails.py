"""Rewards without the long tail of losses, with which default learners fail."""

import numpy as np

from deviator.validation import Floats

LOSS_BOUND = 3.0
"""Losses beyond so many units of reward count logarithmically: a best deviation, which gains one
unit on average, hardly ever loses more, so that what is best stays best."""

DEFAULT_MARKETS = 64
"""Markets that an environment of stable-baselines3 clears a step where nobody says how many."""


def compressed_losses(reward: Floats, bound: float) -> Floats:
    """Return rewards r, but -bound (1 + log(-r / bound)) where r is below -bound.

    The function increases and has no kink, so that at every profile the best action is the same.

    Examples
    --------
    >>> compressed_losses(np.array([1.0, -3.0, -3e6]), 3.0).round(1)
    array([  1. ,  -3. , -44.4])
    """
    beyond = np.maximum(-reward / bound, 1.0)
    return np.where(reward < -bound, -bound * (1 + np.log(beyond)), reward)

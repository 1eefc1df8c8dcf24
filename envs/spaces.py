"""The spaces that all adapters of a core share."""

import numpy as np
from gymnasium import spaces

from deviator.policies import OBSERVATION_BOUND

from .core import DeviationCore


def action_space(core: DeviationCore) -> spaces.Box:
    """Return [-1, 1]^K, one number per number of a bid."""
    return spaces.Box(-1.0, 1.0, (core.box.size,), np.float32)


def observation_space(core: DeviationCore) -> spaces.Box:
    """Return the box of types in standard deviations."""
    bound = OBSERVATION_BOUND
    return spaces.Box(-bound, bound, (core.observation.size,), np.float32)

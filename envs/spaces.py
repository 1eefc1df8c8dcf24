"""Spaces of actions and observations, as Gymnasium describes them."""

from typing import Any

import numpy as np
from gymnasium import spaces

from deviator.policies import OBSERVATION_BOUND

from .decision_problem import DecisionProblem
from .exchange_core import ExchangeCore


def action_space(core: DecisionProblem | ExchangeCore) -> spaces.Box:
    """Return [-1, 1]^K."""
    return spaces.Box(-1.0, 1.0, (core.action_size,), np.float32)


def observation_space(core: DecisionProblem | ExchangeCore) -> spaces.Box:
    """Return the box of what one deviator or trader sees."""
    if isinstance(core, ExchangeCore):
        return box(core.observation_bound)
    return box(np.full(core.observation_size, OBSERVATION_BOUND))


def box(bound: Any) -> spaces.Box:
    """Return the box of numbers up to a bound in size."""
    high = np.asarray(bound, dtype=np.float32)
    return spaces.Box(-high, high, dtype=np.float32)

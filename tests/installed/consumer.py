"""A program of a user, with the types that an editor and `mypy --strict` must know."""

from collections.abc import Sequence
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import deviator
from deviator.economies import Economy, two_groups
from deviator.envs import DeviationCore, deviation_core, market
from deviator.evidence import Verdict
from deviator.learners import Learner, Training
from deviator.mechanisms import Mechanism
from deviator.policies import exact_gain


def largest_gain(rule: Mechanism, economy: Economy, types: NDArray[np.float64]) -> float:
    """Return the largest exact gain over the profiles."""
    return float(exact_gain(rule, economy, types).max())


def verdicts(names: Sequence[str], economy: Economy) -> dict[str, str]:
    """Return the state of each rule."""
    return {name: deviator.audit(name, economy).state for name in names}


def trained(learner: Learner, core: DeviationCore) -> Training:
    """Return a short training."""
    return learner.train(core, steps=100, seed=0)


economy = two_groups(n_traders=4, alpha=1.0, beta=0.7, slope=1.3)
rule = deviator.make("sigma-dcda", sigma=0.4)
core = deviation_core(market(rule, economy))
assert_type(core, DeviationCore)
assert_type(deviator.audit("sigma-dcda", economy, sigma=0.4).verdict, Verdict)
assert_type(largest_gain(rule, economy, np.zeros((3, 4))), float)

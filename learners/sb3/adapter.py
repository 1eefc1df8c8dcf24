"""Any stable-baselines3 model as a deviation with the same actions."""

from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from deviator.envs import DecisionProblem, DeviationCore
from deviator.envs.core import check_core
from deviator.errors import InvalidInputError
from deviator.policies import OBSERVATION_BOUND, ActionBox, Deviation, Network
from deviator.validation import Floats, check_kind

from .actor import network_of

COMPARED = 256
"""Drawn profiles at which a deviation's actions are compared with the model's own."""

AGREE = 1e-5
"""How far they may differ: models compute in float32."""


def deviation_of(model: BaseAlgorithm, core: DecisionProblem) -> Deviation:
    """Return the deviation whose actions are ``model.predict(observation, deterministic=True)``.

    Parameters
    ----------
    model : stable_baselines3.common.base_class.BaseAlgorithm
        PPO, A2C, SAC, TD3, DDPG, or one of sb3-contrib's such as TQC, TRPO or ARS, with an
        `MlpPolicy`. It is left as it is. Where a `VecNormalize` is attached to it, as after
        ``PPO.load(path, env=normalized)``, what it does to observations becomes part of the
        deviation.
    core : DecisionProblem
        What the model was trained to play.

    Raises
    ------
    InvalidInputError
        If the model has other observations or actions than the problem, learned in an environment
        whose actions move bids otherwise, or has a policy that is not a chain of layers.
    """
    check_core(core)
    check_kind("model", model, BaseAlgorithm, "pass a model of stable-baselines3")
    _check_space("observations", model.observation_space, core.observation_size)
    _check_space("actions", model.action_space, core.action_size)
    _check_box(model, core)
    network = network_of(model.policy)
    normalized = model.get_vec_normalize_env()
    if normalized is not None and normalized.norm_obs:
        network = _with_normalization(network, normalized)
    _check_actions(model, normalized, core, network)
    return core.deviation(network)


def _check_space(name: str, space: spaces.Space[Any], size: int) -> None:
    if not isinstance(space, spaces.Box) or space.shape != (size,):
        raise InvalidInputError(
            f"the model's {name} must be {size} numbers, as the problem's are, got {space}; train "
            "it on an environment of this problem"
        )
    if name == "actions" and not ((space.low == -1).all() and (space.high == 1).all()):
        raise InvalidInputError(
            f"the model's actions must be within [-1, 1], got {space}; train it on an environment "
            "of this problem"
        )


def _check_box(model: BaseAlgorithm, core: DecisionProblem) -> None:
    """Check that actions move bids as where the model learned, if that environment is attached."""
    env = model.get_env()
    try:
        learned_in = None if env is None else env.get_attr("core", 0)[0]
    except AttributeError:  # an environment of somebody else's
        return
    if not (isinstance(learned_in, DeviationCore) and isinstance(core, DeviationCore)):
        return
    theirs, ours = learned_in.box, core.box
    there, here = (np.stack([box.half_width, box.center]) for box in (theirs, ours))
    if theirs.mode != ours.mode or not np.allclose(there, here, rtol=1e-6, atol=0.0):
        raise InvalidInputError(
            "core must move bids by the ranges and in the mode of the environment that the model "
            f"learned in, got {_said(ours)} for {_said(theirs)}; pass its own core"
        )


def _said(box: ActionBox) -> str:
    return f"ranges {box.half_width.round(4).tolist()} in mode {box.mode}"


def _with_normalization(network: Network, normalized: VecNormalize) -> Network:
    """Return a network that subtracts the mean and divides by the deviation by itself."""
    mean, deviation = _moments(normalized)
    furthest = (OBSERVATION_BOUND + np.abs(mean)) / deviation
    if furthest.max() > normalized.clip_obs:
        raise InvalidInputError(
            f"clip_obs of VecNormalize must be at least {furthest.max():.3g}, so that it clips no "
            f"observation, got {normalized.clip_obs}; train with norm_obs=False, types come in "
            "standard deviations"
        )
    first = network.weights[0] / deviation
    bias = network.biases[0] - first @ mean
    return Network(
        (first, *network.weights[1:]),
        (bias, *network.biases[1:]),
        activation=network.activation,
        squash=network.squash,
    )


def _moments(normalized: VecNormalize) -> tuple[Floats, Floats]:
    moments: Any = normalized.obs_rms
    return moments.mean, np.sqrt(moments.var + normalized.epsilon)


def _check_actions(
    model: BaseAlgorithm, normalized: VecNormalize | None, core: DecisionProblem, network: Network
) -> None:
    """Check that the network acts as the model does, whatever the model's class may do besides."""
    types = core.draw(np.random.default_rng(0), COMPARED)
    observation: Floats = np.asarray(core.observe(types), dtype=np.float64)
    seen = observation.astype(np.float32)
    training = model.policy.training
    wanted, _ = model.predict(
        seen if normalized is None else np.asarray(normalized.normalize_obs(seen)),
        deterministic=True,
    )
    model.policy.train(training)
    difference = np.abs(np.clip(network(observation), -1.0, 1.0) - wanted).max()
    if not difference <= AGREE:
        raise InvalidInputError(
            "the deviation must act as the model does, and differs by "
            f"{difference:.3g}; {type(model).__name__} does more than its layers say"
        )

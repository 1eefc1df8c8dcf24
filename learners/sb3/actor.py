"""The actor of a stable-baselines3 policy as a network in NumPy, and back."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import nn

from deviator.errors import InvalidInputError
from deviator.policies import Network
from deviator.validation import Floats

ACTIVATIONS: Mapping[type[nn.Module], str] = MappingProxyType(
    {
        nn.Tanh: "tanh",
        nn.ReLU: "relu",
        nn.ELU: "elu",
        nn.LeakyReLU: "leaky-relu",
        nn.SiLU: "silu",
        nn.GELU: "gelu",
        nn.Sigmoid: "sigmoid",
        nn.Softplus: "softplus",
    }
)
"""What lies between layers, by torch's class and by the name that `Network` has for it."""


def network_of(policy: Any) -> Network:
    """Return the mean action of a policy, before it is clipped, as a network.

    Parameters
    ----------
    policy : stable_baselines3.common.policies.BasePolicy

    Raises
    ------
    InvalidInputError
        If the policy is not a chain of layers with one kind of activation between them.
    """
    layers: list[Any] = list(_chain(policy))
    squash = isinstance(layers[-1], nn.Tanh)
    linear, between = layers[: len(layers) - squash : 2], layers[1 : len(layers) - squash : 2]
    _check_chain(linear, between)
    return Network(
        tuple(copied(layer.weight) for layer in linear),
        tuple(_bias(layer) for layer in linear),
        activation=ACTIVATIONS[type(between[0])] if between else "tanh",
        squash=squash,
    )


def linear_layers(policy: Any) -> list[nn.Linear]:
    """Return the layers with weights between observations and the mean action, first to last."""
    return [layer for layer in _chain(policy) if isinstance(layer, nn.Linear)]


def put(policy: Any, network: Network) -> None:
    """Write a network into an actor of the same shape.

    Raises
    ------
    InvalidInputError
        If the actor has other layers, another activation, or squashes where the network does not.
    """
    present = network_of(policy)
    if _shape(network) != _shape(present):
        raise InvalidInputError(
            f"the network to start from must have the learner's own shape, {_shape(present)}, "
            f"got {_shape(network)}; set hidden, or start from a checkpoint of the same learner"
        )
    with torch.no_grad():
        layers = linear_layers(policy)
        for layer, weight, bias in zip(layers, network.weights, network.biases, strict=True):
            layer.weight.copy_(torch.from_numpy(weight.copy()))
            layer.bias.copy_(torch.from_numpy(bias.copy()))


def _shape(network: Network) -> str:
    widths = list(network.sizes)
    between = f" with {network.activation}" if len(widths) > 2 else ""
    squashed = ", squashed" if network.squash else ""
    return f"layers of {widths}{between}{squashed}"


def _chain(policy: Any) -> Iterator[nn.Module]:
    """Yield the layers from observations to the mean action; a squashing tanh comes last."""
    if hasattr(policy, "lstm_actor"):
        raise InvalidInputError(
            "the model must have no memory, and has an LSTM; train it with the learner "
            "recurrent-ppo, which keeps it"
        )
    actor = getattr(policy, "actor", policy)
    _check_features(getattr(policy, "pi_features_extractor", None) or actor.features_extractor)
    if hasattr(policy, "mlp_extractor"):
        yield from _flat(policy.mlp_extractor.policy_net, policy.action_net)
        squashed = policy.squash_output
    elif hasattr(actor, "latent_pi"):
        yield from _flat(actor.latent_pi, actor.mu)
        squashed = True
    else:
        yield from _flat(actor.mu if hasattr(actor, "mu") else actor.action_net)
        squashed = False  # its tanh, where there is one, is among its layers
    if squashed:
        yield nn.Tanh()


def _flat(*modules: nn.Module) -> Iterator[nn.Module]:
    for module in modules:
        if isinstance(module, nn.Sequential):
            yield from _flat(*module)
        else:
            yield module


def _check_features(extractor: Any) -> None:
    if not isinstance(extractor, FlattenExtractor):
        raise InvalidInputError(
            "the model must look at observations as they are, and has a "
            f"{type(extractor).__name__} before its policy; train it with MlpPolicy"
        )


def _check_chain(linear: list[Any], between: list[nn.Module]) -> None:
    for layer in linear:
        if not isinstance(layer, nn.Linear):
            raise InvalidInputError(_refusal(layer))
    for layer in between:
        if type(layer) not in ACTIVATIONS or type(layer) is not type(between[0]):
            raise InvalidInputError(_refusal(layer))


def _refusal(layer: nn.Module) -> str:
    known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
    return (
        f"the model's policy must be linear layers with one of {known} between them, got a "
        f"{type(layer).__name__}; set policy_kwargs"
    )


def _bias(layer: Any) -> Floats:
    return np.zeros(len(layer.weight)) if layer.bias is None else copied(layer.bias)


def copied(tensor: torch.Tensor) -> Floats:
    """Return a tensor as an array in double precision."""
    array: Floats = tensor.detach().cpu().numpy().astype(np.float64)
    return array

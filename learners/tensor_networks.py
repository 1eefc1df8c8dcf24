"""Networks of one shape as tensors, many at work at once, for learners that follow gradients."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

import torch
from torch.nn import functional

from deviator.policies import Network
from deviator.validation import Floats

ACTIVATIONS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = MappingProxyType(
    {
        "tanh": torch.tanh,
        "relu": functional.relu,
        "leaky-relu": functional.leaky_relu,
        "elu": functional.elu,
        "silu": functional.silu,
        "gelu": functional.gelu,
        "sigmoid": torch.sigmoid,
        "softplus": functional.softplus,
    }
)
"""What may stand between layers, under the names that `Network` has for it."""


@final
class TensorNetworks:
    """S networks of one shape, in float64.

    Parameters
    ----------
    networks : sequence of Network
    device : str

    Attributes
    ----------
    parameters : list of Tensor
        Weights and biases, layer by layer, of all networks.
    """

    def __init__(self, networks: Sequence[Network], device: str) -> None:
        first = networks[0]
        self._activation, self._squash = first.activation, first.squash
        layers = range(len(first.biases))
        self._weights = [
            _leaf([each.weights[layer] for each in networks], device) for layer in layers
        ]
        self._biases = [
            _leaf([each.biases[layer] for each in networks], device) for layer in layers
        ]

    @property
    def parameters(self) -> list[torch.Tensor]:
        """Weights, then biases, each of all networks."""
        return [*self._weights, *self._biases]

    def __len__(self) -> int:
        return len(self._biases[0])

    def __call__(self, observation: torch.Tensor) -> torch.Tensor:
        """Return each network's actions for observations (B, O), shape (S, B, K)."""
        between = ACTIVATIONS[self._activation]
        values = observation.expand(len(self), *observation.shape)
        for layer, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            values = values if layer == 0 else between(values)
            values = torch.baddbmm(bias[:, None], values, weight.transpose(1, 2))
        return torch.tanh(values) if self._squash else values

    def network(self, which: int) -> Network:
        """Return one of the networks in NumPy."""
        return Network(
            tuple(_copied(weight[which]) for weight in self._weights),
            tuple(_copied(bias[which]) for bias in self._biases),
            activation=self._activation,
            squash=self._squash,
        )


def _leaf(arrays: Sequence[Floats], device: str) -> torch.Tensor:
    rows = [torch.tensor(array, dtype=torch.float64) for array in arrays]
    return torch.stack(rows).to(device).requires_grad_()


def _copied(tensor: torch.Tensor) -> Floats:
    array: Any = tensor.detach().cpu().numpy()
    copied: Floats = array.copy()
    return copied

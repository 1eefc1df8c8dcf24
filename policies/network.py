"""A small multilayer perceptron at inference, in NumPy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

import numpy as np
from scipy.special import erf, expit

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, read_only

ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "tanh": np.tanh,
        "relu": lambda x: np.maximum(x, 0.0),
        "leaky-relu": lambda x: np.where(x > 0, x, 0.01 * x),
        "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
        "silu": lambda x: x * expit(x),
        "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
        "sigmoid": expit,
        "softplus": lambda x: np.logaddexp(x, 0.0),
    }
)
"""What may stand between layers, by name, with the default settings of torch's own."""


@final
@dataclass(frozen=True, eq=False)
class Network:
    """A multilayer perceptron.

    Parameters
    ----------
    weights : tuple of ndarray of float, each of shape (outputs, inputs)
    biases : tuple of ndarray of float, each of shape (outputs,)
    activation : str
        Between the layers, one of `ACTIVATIONS`.
    squash : bool
        Whether tanh keeps the outputs in (-1, 1), as in the actors of SAC and TD3.

    Raises
    ------
    InvalidInputError
        If numbers are not finite, layers do not follow each other, or the activation is unknown.

    Examples
    --------
    >>> network = Network((np.array([[2.0]]),), (np.array([-1.0]),), squash=True)
    >>> network(np.array([[0.5], [1.0]])).round(3)
    array([[0.   ],
           [0.762]])
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    activation: str = "tanh"
    squash: bool = False

    def __post_init__(self) -> None:
        if not self.weights or len(self.weights) != len(self.biases):
            raise InvalidInputError("a network needs as many biases as weights, and at least one")
        if not isinstance(self.activation, str) or self.activation not in ACTIVATIONS:
            raise InvalidInputError(
                f"activation must be one of {', '.join(ACTIVATIONS)}, got {self.activation!r}"
            )
        if not isinstance(self.squash, bool):
            raise InvalidInputError(f"squash must be true or false, got {self.squash!r}")
        width: int | None = None
        for weight, bias in zip(self.weights, self.biases, strict=True):
            width = len(finite_array("weights", weight, (None, width)))
            finite_array("biases", bias, (width,))
        object.__setattr__(self, "weights", tuple(read_only(weight) for weight in self.weights))
        object.__setattr__(self, "biases", tuple(read_only(bias) for bias in self.biases))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers go in, pass between the layers, and come out."""
        return (self.weights[0].shape[1], *(len(bias) for bias in self.biases))

    def __call__(self, inputs: Floats) -> Floats:
        """Return the outputs, shape (B, outputs)."""
        between = ACTIVATIONS[self.activation]
        values = inputs
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values if layer == 0 else between(values)
            values = values @ weight.T + bias
        return np.tanh(values) if self.squash else values

    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        """Return the numbers by name, and plain data that say how they belong together."""
        tensors = {f"weight{layer}": weight for layer, weight in enumerate(self.weights)}
        tensors |= {f"bias{layer}": bias for layer, bias in enumerate(self.biases)}
        shape = {"layers": len(self.weights), "activation": self.activation, "squash": self.squash}
        return tensors, shape

    @classmethod
    def from_files(cls, tensors: Mapping[str, Floats], description: Mapping[str, Any]) -> "Network":
        """Return the network of what `to_files` returned; others give KeyError or a sentence."""
        layers = range(int(description["layers"]))
        return cls(
            _numbered(tensors, "weight", layers),
            _numbered(tensors, "bias", layers),
            description["activation"],
            description["squash"],
        )


def _numbered(tensors: Mapping[str, Floats], name: str, layers: Sequence[int]) -> Any:
    return tuple(tensors[f"{name}{layer}"] for layer in layers)

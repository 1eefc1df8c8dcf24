"""Deviations with a memory, for markets over several rounds: a small LSTM in NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from scipy.special import expit
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, read_only

from .base import Policy
from .network import Network
from .rounds import RoundsDeviation, seat_from_data, seat_to_data

GATES = 4
"""Input, forget, cell and output, in torch's order."""


class Memory(NamedTuple):
    """What a recurrent network remembers of each market."""

    hidden: Floats  # (B, H)
    cell: Floats  # (B, H)


@final
@dataclass(frozen=True, eq=False)
class RecurrentNetwork:
    """A layer of long short-term memory (Hochreiter and Schmidhuber 1997) before a perceptron.

    Parameters
    ----------
    input_weights : ndarray of float, shape (4 H, inputs)
        Of the input, forget, cell and output gates, in this order, H units each.
    hidden_weights : ndarray of float, shape (4 H, H)
    bias : ndarray of float, shape (4 H,)
    head : Network
        From the H units to the outputs.

    Raises
    ------
    InvalidInputError
        If numbers are not finite or shapes do not fit each other.

    Examples
    --------
    >>> head = Network((np.array([[1.0]]),), (np.array([0.0]),))
    >>> network = RecurrentNetwork(np.ones((4, 1)), np.zeros((4, 1)), np.zeros(4), head)
    >>> once, memory = network.step(np.array([[0.5]]), network.start(1))
    >>> again, _ = network.step(np.array([[0.5]]), memory)
    >>> once.round(3), again.round(3)
    (array([[0.174]]), array([[0.271]]))
    """

    input_weights: Floats
    hidden_weights: Floats
    bias: Floats
    head: Network

    def __post_init__(self) -> None:
        rows = len(finite_array("bias", self.bias, (None,)))
        units = self.head.sizes[0]
        if rows != GATES * units:
            raise InvalidInputError(
                f"bias must have {GATES} numbers for each of the {units} units, got {rows}"
            )
        for name, inputs in (("input_weights", None), ("hidden_weights", units)):
            finite_array(name, getattr(self, name), (rows, inputs))
        for name in ("input_weights", "hidden_weights", "bias"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers go in, pass between the layers, and come out."""
        return (self.input_weights.shape[1], *self.head.sizes)

    def start(self, batch: int) -> Memory:
        """Return the memory of markets before their first round."""
        shape = (batch, self.head.sizes[0])
        return Memory(np.zeros(shape), np.zeros(shape))

    def step(self, inputs: Floats, memory: Memory) -> tuple[Floats, Memory]:
        """Return the outputs (B, outputs) of inputs (B, inputs), and what is remembered then."""
        gates = inputs @ self.input_weights.T + memory.hidden @ self.hidden_weights.T + self.bias
        come_in, keep, new, go_out = np.split(gates, GATES, axis=1)
        cell = expit(keep) * memory.cell + expit(come_in) * np.tanh(new)
        hidden = expit(go_out) * np.tanh(cell)
        return self.head(hidden), Memory(hidden, cell)

    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        """Return the numbers by name, and plain data that say how they belong together."""
        tensors, shape = self.head.to_files()
        own = ("input_weights", "hidden_weights", "bias")
        return tensors | {name: getattr(self, name) for name in own}, shape

    @classmethod
    def from_files(
        cls, tensors: Mapping[str, Floats], description: Mapping[str, Any]
    ) -> "RecurrentNetwork":
        """Return the network of what `to_files` returned; others give KeyError or a sentence."""
        head = Network.from_files(tensors, description)
        return cls(tensors["input_weights"], tensors["hidden_weights"], tensors["bias"], head)


@final
@dataclass(frozen=True, eq=False)
class RecurrentDeviation(RoundsDeviation):
    """A recurrent network that a learner trained to deviate, round by round.

    Parameters
    ----------
    network : RecurrentNetwork
        From what is seen before a round to actions, which are clipped to [-1, 1].

    Raises
    ------
    InvalidInputError
        If its sizes do not fit.
    """

    network: RecurrentNetwork
    file_format: ClassVar[str] = "recurrent network"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_sizes(self.network.sizes)

    @override
    def act(self, seen: Floats, memory: Memory | None = None) -> tuple[Floats, Memory]:
        before = self.network.start(len(seen)) if memory is None else memory
        action, after = self.network.step(seen, before)
        return np.clip(action, -1.0, 1.0), after

    @override
    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        tensors, shape = self.network.to_files()
        return tensors, shape | seat_to_data(self)

    @classmethod
    @override
    def from_files(
        cls, tensors: Mapping[str, Floats], description: Mapping[str, Any], others: Policy
    ) -> "RecurrentDeviation":
        network = RecurrentNetwork.from_files(tensors, description)
        seat, shown = seat_from_data(description, others)
        return cls(*seat, network, public_size=shown)

"""Deviations with a memory, for markets over several rounds: a small LSTM in NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from scipy.special import expit
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, read_only, whole_number

from .actions import ActionBox, Observation
from .base import Deviation, Policy, View
from .network import Network

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
    (array([[0.174]]), array([[0.273]]))
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
        own = ("input_weights", "hidden_weights", "bias")
        head = Network.from_files(tensors, description)
        return cls(*(tensors[name] for name in own), head)


@final
@dataclass(frozen=True, eq=False)
class RecurrentDeviation(Deviation):
    """A recurrent network that a learner trained to deviate, round by round.

    Parameters
    ----------
    network : RecurrentNetwork
        From what is seen to actions, which are clipped to [-1, 1]. It sees the types of
        `observation` and, over several rounds, what `deviator.envs.ExchangeCore` shows beside them:
        how far the market has come, and past prices and quantities.
    observation : Observation
    box : ActionBox
    others : Policy
        The strategy deviated from, on which relative actions build.
    rounds : int
        Over which it was learned.
    """

    network: RecurrentNetwork
    observation: Observation
    box: ActionBox
    others: Policy
    rounds: int = 1
    file_format: ClassVar[str] = "recurrent network"

    def __post_init__(self) -> None:
        whole_number("rounds", self.rounds, 1)
        inputs, outputs = self.network.sizes[0], self.network.sizes[-1]
        public = 0 if self.rounds == 1 else 1 + self.rounds * (1 + self.others.n_traders)
        wanted = self.observation.size + public
        if (inputs, outputs) != (wanted, self.box.size):
            raise InvalidInputError(
                f"the network must map {wanted} observations to {self.box.size} actions, got "
                f"{inputs} to {outputs}"
            )

    def act(self, seen: Floats, memory: Memory | None = None) -> tuple[Floats, Memory]:
        """Return the actions of a round, (B, K), and what is remembered of it.

        Parameters
        ----------
        seen : ndarray of float, shape (B, inputs)
        memory : Memory, optional
            Of the round before; none in the first one.
        """
        before = self.network.start(len(seen)) if memory is None else memory
        action, after = self.network.step(seen, before)
        return np.clip(action, -1.0, 1.0), after

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        """Return the trader's bids in the first round, shape (B, K)."""
        if trader != self.observation.trader:
            raise InvalidInputError(
                f"trader must be {self.observation.trader}, for whom this was learned, got {trader}"
            )
        types = View.of(view).types
        seen = np.zeros((len(types), self.network.sizes[0]))
        seen[:, : self.observation.size] = self.observation(types)
        bid: Floats = self.box.to_bid(self.others.bids(types).of_trader(trader), self.act(seen)[0])
        return bid

    @override
    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        tensors, shape = self.network.to_files()
        seen = {"observation": self.observation.to_dict(), "box": self.box.to_dict()}
        return tensors, shape | seen | {"rounds": self.rounds}

    @classmethod
    @override
    def from_files(
        cls, tensors: Mapping[str, Floats], description: Mapping[str, Any], others: Policy
    ) -> "RecurrentDeviation":
        return cls(
            RecurrentNetwork.from_files(tensors, description),
            Observation(**description["observation"]),
            ActionBox(**description["box"]),
            others,
            description["rounds"],
        )

"""Deviations that a learner trained, at inference: a small network in NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats

from .actions import ActionBox, Observation
from .base import Deviation, Policy, View
from .mixing import drawn_bids
from .network import Network


@final
@dataclass(frozen=True, eq=False)
class LearnedDeviation(Deviation):
    """A network that a learner trained to deviate.

    Parameters
    ----------
    network : Network
        From observations to actions, which are clipped to [-1, 1].
    observation : Observation
    box : ActionBox
    others : Policy
        The strategy deviated from, on which relative actions build.
    market : dict
        Plain description of the market that it was trained in, kept with the file.
    plugins : tuple of dict
        Kind, name, provider and version of what took part in training, kept with the file.
    """

    network: Network
    observation: Observation
    box: ActionBox
    others: Policy
    market: dict[str, Any] = field(default_factory=dict)
    plugins: tuple[dict[str, str], ...] = ()
    file_format: ClassVar[str] = "network"

    def __post_init__(self) -> None:
        inputs, outputs = self.network.sizes[0], self.network.sizes[-1]
        if (inputs, outputs) != (self.observation.size, self.box.size):
            raise InvalidInputError(
                f"the network must map {self.observation.size} observations to {self.box.size} "
                f"actions, got {inputs} to {outputs}"
            )

    def action(self, view: View | Floats) -> Floats:
        """Return the actions, shape (B, K)."""
        with np.errstate(over="ignore", invalid="ignore"):
            actions = self.network(self.observation(view))
        if np.isnan(actions).any():
            raise InvalidInputError(
                "the network must have an action for every observation, and its numbers overflow; "
                "train it anew with a lower learning rate"
            )
        return np.clip(actions, -1.0, 1.0)

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        if trader != self.observation.trader:
            raise InvalidInputError(
                f"trader must be {self.observation.trader}, for whom this was learned, got {trader}"
            )
        known = View.of(view)
        own = drawn_bids(self.others, known.types).of_trader(trader)
        bid: Floats = self.box.to_bid(own, self.action(known))
        return bid

    @override
    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        tensors, shape = self.network.to_files()
        seen = {"observation": self.observation.to_dict(), "box": self.box.to_dict()}
        return tensors, shape | seen

    @classmethod
    @override
    def from_files(
        cls, tensors: Mapping[str, Floats], description: Mapping[str, Any], others: Policy
    ) -> "LearnedDeviation":
        return cls(
            Network.from_files(tensors, description),
            Observation(**description["observation"]),
            ActionBox(**description["box"]),
            others,
        )

"""Deviations over several rounds: they see what was public in the rounds before."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, whole_number

from .actions import ActionBox, Observation
from .base import Deviation, Policy, View
from .mixing import drawn_bids
from .network import Network


@dataclass(frozen=True, eq=False)
class RoundsDeviation(Deviation):
    """A deviation in a market of several rounds, which may remember what it saw.

    Parameters
    ----------
    observation : Observation
        What the deviator sees of the types.
    box : ActionBox
    others : Policy
        The strategy deviated from, on which relative actions build.
    rounds : int
    public_size : int, optional
        P, how many numbers a past round shows: price and quantities by default, 1 + N.
    """

    observation: Observation
    box: ActionBox
    others: Policy
    rounds: int
    public_size: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        whole_number("rounds", self.rounds, 1)

    @abstractmethod
    def act(self, seen: Floats, memory: Any) -> tuple[Floats, Any]:
        """Return actions (B, K) in [-1, 1], and what to remember in the next round.

        Parameters
        ----------
        seen : ndarray of float, shape (B, O)
            What the deviator sees before a round: types, how much of the rounds is over, and
            what past rounds showed, prices and quantities say, 0 for those to come.
        memory : object
            What was remembered in the round before; None before the first.
        """

    @property
    def seen_size(self) -> int:
        """O, how many numbers are seen before a round."""
        if self.rounds == 1:
            return self.observation.size
        usual = 1 + len(self.observation.mean)
        shown = usual if self.public_size is None else self.public_size
        return self.observation.size + 1 + self.rounds * shown

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        """Return the bids of the first round, in which nothing is public yet."""
        if trader != self.observation.trader:
            raise InvalidInputError(
                f"trader must be {self.observation.trader}, for whom this was learned, got {trader}"
            )
        known = View.of(view)
        seen = np.zeros((len(known.types), self.seen_size))
        seen[:, : self.observation.size] = self.observation(known)
        action, _ = self.act(seen, None)
        bid: Floats = self.box.to_bid(
            drawn_bids(self.others, known.types).of_trader(trader), action
        )
        return bid

    def _check_sizes(self, sizes: tuple[int, ...]) -> None:
        """Check how many numbers go into a network and come out of it."""
        if (sizes[0], sizes[-1]) != (self.seen_size, self.box.size):
            raise InvalidInputError(
                f"the network must map {self.seen_size} observations to {self.box.size} actions, "
                f"got {sizes[0]} to {sizes[-1]}"
            )


@final
@dataclass(frozen=True, eq=False)
class NetworkOverRounds(RoundsDeviation):
    """A network that chooses each round's action from all that is seen before it.

    Parameters
    ----------
    network : Network
        Its outputs are clipped to [-1, 1].

    Raises
    ------
    InvalidInputError
        If its sizes do not fit.
    """

    network: Network
    file_format: ClassVar[str] = "network over rounds"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_sizes(self.network.sizes)

    @override
    def act(self, seen: Floats, memory: Any) -> tuple[Floats, Any]:
        return np.clip(self.network(seen), -1.0, 1.0), None

    @override
    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        tensors, shape = self.network.to_files()
        return tensors, shape | seat_to_data(self)

    @classmethod
    @override
    def from_files(
        cls, tensors: Mapping[str, Floats], description: Mapping[str, Any], others: Policy
    ) -> "NetworkOverRounds":
        network = Network.from_files(tensors, description)
        seat, shown = seat_from_data(description, others)
        return cls(*seat, network, public_size=shown)


def seat_to_data(deviation: RoundsDeviation) -> dict[str, Any]:
    """Return plain data of what every deviation over rounds has."""
    return {
        "observation": deviation.observation.to_dict(),
        "box": deviation.box.to_dict(),
        "rounds": deviation.rounds,
        "public_size": deviation.public_size,
    }


def seat_from_data(
    description: Mapping[str, Any], others: Policy
) -> tuple[tuple[Observation, ActionBox, Policy, int], int | None]:
    """Return what every deviation over rounds has, from what `seat_to_data` returned.

    That is the arguments, and how many numbers a past round shows.
    """
    seat = (
        Observation(**description["observation"]),
        ActionBox(**description["box"]),
        others,
        int(description["rounds"]),
    )
    shown = description.get("public_size")
    return seat, None if shown is None else int(shown)

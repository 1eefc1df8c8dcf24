"""What the actions of several traders mean together, as bids of all."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from deviator.arrays import Array, beside, is_foreign, namespace
from deviator.mechanisms import Bids
from deviator.policies import ActionBox
from deviator.validation import Floats

from .core import checked_action


@final
@dataclass(frozen=True, eq=False)
class JointBox:
    """How actions (B, A, K) of those who act become bids of all N traders.

    Parameters
    ----------
    traders : tuple of int
        Who acts.
    boxes : tuple of ActionBox
        Of each of them, all of one mode.
    n_traders : int
    """

    traders: tuple[int, ...]
    boxes: tuple[ActionBox, ...]
    n_traders: int

    @cached_property
    def everyone(self) -> bool:
        """Whether all traders act, in order."""
        return self.traders == tuple(range(self.n_traders))

    @cached_property
    def acting(self) -> list[int]:
        """Who acts, as an index."""
        return list(self.traders)

    def bids(self, present: Bids, actions: Array) -> Bids:
        """Return everybody's bids; those who do not act keep their present ones.

        Raises
        ------
        InvalidInputError
            If NumPy actions have the wrong shape, are not finite, or leave [-1, 1]. Tensors are
            clipped.
        """
        if is_foreign(actions):
            actions = namespace(actions).clip(actions, -1.0, 1.0)
        else:
            shape = (present.shape[0], len(self.traders), self._half_width.shape[1])
            actions = checked_action(actions, shape)
        if self._relative and self._limits is None:
            return present.moved(self._shares(actions), beside(actions, self, "_ranges"))
        array = present.as_array()
        start = array[:, self.acting, :] if self._relative else beside(actions, self, "_center")
        moved = self._limited(beside(actions, self, "_half_width") * actions + start)
        return present.from_array(self._placed(moved, array))

    @cached_property
    def _relative(self) -> bool:
        return self.boxes[0].mode == "relative"

    @cached_property
    def _half_width(self) -> Floats:
        return np.stack([box.half_width for box in self.boxes])

    @cached_property
    def _center(self) -> Floats:
        return np.stack([box.center for box in self.boxes])

    @cached_property
    def _ranges(self) -> Floats:
        """Half widths of all traders' boxes, (N, K); 0 for those who do not act."""
        ranges = np.zeros((self.n_traders, self._half_width.shape[1]))
        ranges[self.acting] = self._half_width
        return ranges

    @cached_property
    def _limits(self) -> tuple[Floats, Floats] | None:
        """Least and largest bids, each (A, K); None where there are none."""
        if all(box.low is None and box.high is None for box in self.boxes):
            return None
        return self._low, self._high

    @cached_property
    def _low(self) -> Floats:
        return self._stacked("low", -np.inf)

    @cached_property
    def _high(self) -> Floats:
        return self._stacked("high", np.inf)

    def _stacked(self, name: str, other: float) -> Floats:
        limits = (getattr(box, name) for box in self.boxes)
        size = self._half_width.shape[1]
        return np.stack([np.full(size, other) if each is None else each for each in limits])

    def _limited(self, bids: Array) -> Array:
        if self._limits is None:
            return bids
        low, high = beside(bids, self, "_low"), beside(bids, self, "_high")
        xp = namespace(bids)
        return xp.minimum(xp.maximum(bids, low), high)

    def _shares(self, actions: Array) -> Array:
        """Return actions of all traders, (B, N, K), 0 for those who do not act."""
        if self.everyone:
            return actions
        xp: Any = namespace(actions)
        shape = (actions.shape[0], self.n_traders, actions.shape[2])
        return self._placed(actions, xp.broadcast_to(xp.zeros_like(actions[:, :1, :]), shape))

    def _placed(self, moved: Array, others: Array) -> Array:
        """Return (B, A, K) of those who act in their places among others (B, N, K)."""
        if self.everyone:
            return moved
        if not is_foreign(moved):
            whole = np.array(others)
            whole[:, self.acting] = moved
            return whole
        seat = {trader: place for place, trader in enumerate(self.traders)}
        columns = [
            moved[:, seat[i], :] if i in seat else others[:, i, :] for i in range(self.n_traders)
        ]
        return namespace(moved).stack(columns, axis=1)

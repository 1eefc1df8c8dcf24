"""A rung of information of one's own: a trader sees one other trader's type, with noise.

Bergemann and Morris, "Information Design: A Unified Perspective" (Journal of Economic Literature
57, 2019), section 2, call what traders see beside their own types an information structure. In this
one each trader has a friend, the next one in a circle, and sees the friend's type with noise that
is uniform on [-width, width].

The noise of a market is a function of its types, not a draw: whoever looks twice sees the same, and
honest and deviating bids meet the same signal.
"""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from deviator.policies import Rung, pseudo_uniform
from deviator.validation import Floats, positive


@final
@dataclass(frozen=True)
class FriendsType(Rung):
    """The own type, and the type of the next trader with uniform noise.

    Parameters
    ----------
    width : float
        Largest noise, in the units of types.
    """

    width: float = 0.5
    name: ClassVar[str] = "friends-type"

    def __post_init__(self) -> None:
        positive("width", self.width)

    def size(self, n_traders: int) -> int:
        """Return 2: the own type and the friend's."""
        return 2

    def seen(self, types: Floats, trader: int) -> Floats:
        """Return the own type and the signal of the friend's, shape (B, 2)."""
        friend = (trader + 1) % types.shape[1]
        uniform = pseudo_uniform(types, trader, seed=1)[:, friend]
        signal = types[:, friend] + self.width * (2 * uniform - 1)
        return np.stack([types[:, trader], signal], axis=1)

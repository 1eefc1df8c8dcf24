"""An auction of several units in which everybody pays their own bids.

The discriminatory auction of treasury bills: Krishna (2010), Auction Theory, 2nd edition, Section
12.1; Ausubel, Cramton, Pycia, Rostek and Weretka (2014), Review of Economic Studies 81, 1366-1400.
Whoever bids what units are worth to them is left with nothing, and whoever bids less pays less.

The file is a plugin: bids are prices of units, highest first, and the base class decides who wins.
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np

from deviator.economies import ranked
from deviator.mechanisms import Claim, Endowments, MultiUnitMechanism
from deviator.units import EACH_TRADER
from deviator.validation import Floats


@final
@dataclass(frozen=True)
class DiscriminatoryUnits(MultiUnitMechanism):
    """Units to the highest bids; a unit costs what was bid for it.

    Parameters
    ----------
    offered : int
        How many units somebody outside sells.
    numbers : int
        For how many units a trader bids.
    endowments : tuple of int or None
        How many units each trader owns: whoever gives one up receives their own bid for it.
    unit : float
        How many units of the good make up one of the indivisible units.
    """

    offered: int = 2
    numbers: int = 2
    endowments: Endowments = field(default=None, metadata=EACH_TRADER)
    unit: float = 1.0
    name: ClassVar[str] = "discriminatory-units"
    claims: ClassVar[frozenset[Claim]] = frozenset({"individually_rational", "efficient"})

    def payments(self, bids: Floats, won: Floats) -> tuple[Floats, Floats]:
        """Return the mean price that each trader meets, and the sum of their own bids."""
        owned = self.owned(bids.shape[1])
        nothing = np.zeros((*bids.shape[:2], 1))
        sums = np.cumsum(np.concatenate([nothing, bids], axis=2), axis=2)
        held, had = (np.broadcast_to(each, won.shape)[:, :, None] for each in (won, owned))
        kept = np.take_along_axis(sums, had.astype(int), axis=2)
        paid = (np.take_along_axis(sums, held, axis=2) - kept)[:, :, 0]
        price = np.repeat(ranked(bids)[:, [self.total - 1]], bids.shape[1], axis=1)
        return np.divide(paid, won - owned, out=price, where=won != owned), paid

    def least_payments(self, others: Floats, owned: int) -> Floats:
        """Return what units cost whose bids pass the others' by a hair: the same for each."""
        return self.edges(others, owned) * (np.arange(self.total + 1) - owned)

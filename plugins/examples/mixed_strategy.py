"""A strategy that mixes: honest bids whose level trembles.

Selten, "Reexamination of the perfectness concept for equilibrium points in extensive games"
(International Journal of Game Theory 4, 1975): everybody means to bid honestly, and their hand
trembles. In a mechanism in which honesty is best, whatever the others bid, nothing is gained over
it but by trembling no more. In sigma-VCG at sigma = 0 with private values alpha s - mu q, a tremble
of deviation d costs its trader alpha^2 d^2 (N - 1) / (2 N mu) on average.

The policy draws from the generator that it is given, and says so: `mixes = True`.
"""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from deviator.economies import Economy
from deviator.mechanisms import Bids, Mechanism
from deviator.policies import Policy, View
from deviator.validation import Floats, non_negative


@final
@dataclass(frozen=True, eq=False)
class TremblingHand(Policy):
    """Honest bids with Normal noise in the level, drawn anew for each trader and market.

    Parameters
    ----------
    mechanism : Mechanism
        Whose honest bids they are.
    economy : Economy
    deviation : float
        Standard deviation of the noise, in units of a bid's level.
    """

    mechanism: Mechanism
    economy: Economy
    deviation: float = 0.5
    name: ClassVar[str] = "trembling-hand"
    mixes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        non_negative("deviation", self.deviation)

    @property
    def n_traders(self) -> int:
        """Number of traders that it bids for."""
        return self.economy.n_traders

    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        """Return all traders' bids; a bid uses its trader's own type and own noise only."""
        if rng is None:
            raise TypeError("a policy that mixes needs a generator, pass rng")
        honest = self.mechanism.honest_bids(self.economy, View.of(view).types)
        array = honest.as_array().copy()
        noise = self.deviation * rng.standard_normal(array.shape[:2])
        array[..., self.mechanism.language.level] += noise
        return honest.from_array(array)

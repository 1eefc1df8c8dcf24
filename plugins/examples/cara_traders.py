"""Traders with constant absolute risk aversion (CARA).

Their payoff is (1 - exp(-r w)) / r of what they are left with, w = utility minus transfer: Pratt,
"Risk aversion in the small and in the large", Econometrica 32 (1964) 122-136. It rises in w, so
that a trader who knows all types wants what a risk-neutral one wants; one who does not may want
something else.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np

from deviator.economies import (
    NonQuasilinearEconomy,
    QuadraticEconomy,
    fundamental_value,
    private_values,
)
from deviator.units import PER_MONEY, SLOPES
from deviator.validation import Floats, freeze, positive

LARGEST = 500.0
"""Beyond this exponent payoffs stand still, as larger powers are no numbers."""


@final
@dataclass(frozen=True, eq=False)
class CaraTraders(NonQuasilinearEconomy):
    """Money that is worth the less the more there is of it; values are private, or share a part.

    Parameters
    ----------
    n_traders : int
    risk_aversion : float
        r, per unit of money, positive.
    slope : float or ndarray of float, shape (N,)
        Slopes of the marginal utilities.
    beta : float
        Weight of the average type in all values, those of a fundamental value; 0 is private values.
    """

    n_traders: int = 6
    risk_aversion: float = field(default=1.0, metadata=PER_MONEY)
    slope: Any = field(default=1.0, metadata=SLOPES)
    beta: float = 0.0
    traders: QuadraticEconomy = field(init=False)
    name: ClassVar[str] = "cara-traders"

    def __post_init__(self) -> None:
        n, slope = self.n_traders, self.slope
        shared = fundamental_value(n, beta=self.beta, slope=slope) if self.beta else None
        freeze(self, traders=shared or private_values(n, slope=slope))
        freeze(self, risk_aversion=positive("risk_aversion", self.risk_aversion))
        super().__post_init__()

    def payoff(self, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return (1 - exp(-r w)) / r, in units of money for small sums, shape (B, N)."""
        left = self.risk_aversion * (self.utility(quantity, types) - transfer)
        return -np.expm1(np.minimum(-left, LARGEST)) / self.risk_aversion

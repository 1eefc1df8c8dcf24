"""Traders with constant absolute risk aversion (CARA).

Their payoff is (1 - exp(-r w)) / r of what they are left with, w = utility minus transfer: Pratt,
"Risk aversion in the small and in the large", Econometrica 32 (1964) 122-136. It rises in w, so
that a trader who knows all types wants what a risk-neutral one wants; one who does not may want
something else.
"""

from dataclasses import dataclass, field
from typing import final

import numpy as np

from deviator.economies import Economy, NonQuasilinearEconomy, QuadraticEconomy, private_values
from deviator.units import PER_MONEY
from deviator.validation import Floats, freeze, positive

LARGEST = 500.0
"""Beyond this exponent payoffs stand still, as larger powers are no numbers."""


@final
@dataclass(frozen=True, eq=False)
class CaraTraders(NonQuasilinearEconomy):
    """Private values, and money that is worth the less the more there is of it.

    Parameters
    ----------
    traders : QuadraticEconomy
        Who values goods how.
    risk_aversion : float
        r, per unit of money, positive.
    """

    traders: QuadraticEconomy
    risk_aversion: float = field(default=1.0, metadata=PER_MONEY)

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze(self, risk_aversion=positive("risk_aversion", self.risk_aversion))

    @property
    def name(self) -> str:
        """Name of the family."""
        return "cara-traders"

    def payoff(self, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return (1 - exp(-r w)) / r, in units of money for small sums, shape (B, N)."""
        left = self.risk_aversion * (self.utility(quantity, types) - transfer)
        return -np.expm1(np.minimum(-left, LARGEST)) / self.risk_aversion


def cara_traders(n_traders: int = 6, risk_aversion: float = 1.0, slope: float = 1.0) -> Economy:
    """Return traders with private values and constant absolute risk aversion."""
    return CaraTraders(private_values(n_traders, slope=slope), risk_aversion)

"""Traders who cannot pay more than their budget.

Dobzinski, Lavi and Nisan, "Multi-unit auctions with budget limits", Games and Economic Behavior 74
(2012) 486-503: under budgets, rules that are truthful where payoffs are utility minus transfer are
truthful no more, as a trader whom honesty costs more than they have bids for less.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np

from deviator.economies import NonQuasilinearEconomy, QuadraticEconomy, private_values
from deviator.units import MONEY, SLOPES
from deviator.validation import Floats, freeze, positive

PENALTY = 1000.0
"""What a unit of money beyond the budget costs, beside itself."""


@final
@dataclass(frozen=True, eq=False)
class BudgetedTraders(NonQuasilinearEconomy):
    """Private values, and a payoff that falls steeply where the transfer exceeds the budget.

    A payoff must be a finite number that falls in the transfer; a steep fall stands for the
    impossible.

    Parameters
    ----------
    n_traders : int
    budget : float
        What each of them can pay, positive.
    slope : float or ndarray of float, shape (N,)
        Slopes of the marginal utilities.
    """

    n_traders: int = 4
    budget: float = field(default=0.1, metadata=MONEY)
    slope: Any = field(default=1.0, metadata=SLOPES)
    traders: QuadraticEconomy = field(init=False)
    name: ClassVar[str] = "budgets"

    def __post_init__(self) -> None:
        freeze(self, traders=private_values(self.n_traders, slope=self.slope))
        freeze(self, budget=positive("budget", self.budget))
        super().__post_init__()

    def payoff(self, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return utility minus transfer, and a penalty beyond the budget, shape (B, N)."""
        beyond = np.maximum(transfer - self.budget, 0.0)
        return self.utility(quantity, types) - transfer - PENALTY * beyond

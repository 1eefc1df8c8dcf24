"""Traders who cannot pay more than their budget.

Dobzinski, Lavi and Nisan, "Multi-unit auctions with budget limits", Games and Economic Behavior 74
(2012) 486-503: under budgets, rules that are truthful where payoffs are utility minus transfer are
truthful no more, as a trader whom honesty costs more than they have bids for less.
"""

from dataclasses import dataclass, field
from typing import final

import numpy as np

from deviator.economies import Economy, NonQuasilinearEconomy, QuadraticEconomy, private_values
from deviator.units import MONEY
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
    traders : QuadraticEconomy
        Who values goods how.
    budget : float
        What each of them can pay, positive.
    """

    traders: QuadraticEconomy
    budget: float = field(default=0.1, metadata=MONEY)

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze(self, budget=positive("budget", self.budget))

    @property
    def name(self) -> str:
        """Name of the family."""
        return "budgets"

    def payoff(self, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return utility minus transfer, and a penalty beyond the budget, shape (B, N)."""
        beyond = np.maximum(transfer - self.budget, 0.0)
        return self.utility(quantity, types) - transfer - PENALTY * beyond


def budgets(n_traders: int = 4, budget: float = 0.1, slope: float = 1.0) -> Economy:
    """Return traders with private values and the same budget."""
    return BudgetedTraders(private_values(n_traders, slope=slope), budget)

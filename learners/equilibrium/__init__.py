"""Everyone learns: equilibria that traders reach who all learn at once, with their epsilon."""

from .learn import everyone_learns
from .record import Equilibrium, EquilibriumPoint, Regret

__all__ = ["Equilibrium", "EquilibriumPoint", "Regret", "everyone_learns"]

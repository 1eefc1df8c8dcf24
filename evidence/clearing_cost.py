"""What clearing costs: all markets at once, each by a search of its own, or longer.

Searches choose their budgets by it and not by a clock, so that they give the same on every machine.
A wrapped rule costs what the rule inside does.
"""

from deviator.economies import MultiUnitDemands, QuadraticEconomy, UnitDemands
from deviator.mechanisms import (
    Mechanism,
    MultiUnitMechanism,
    PayAsBid,
    PivotalMechanism,
    ResidualLineMechanism,
    TaxVCG,
    UnitDemandMechanism,
)

from .market import Market


def has_closed_form(tested: Market) -> bool:
    """Return whether markets are known to be cleared all at once, without a search for each."""
    rules = ResidualLineMechanism | UnitDemandMechanism | MultiUnitMechanism | PayAsBid
    return isinstance(_innermost(tested.mechanism), rules) and not is_solved(tested)


def is_solved(tested: Market) -> bool:
    """Return whether every market, or its first best, is known to take a search of its own."""
    closed = isinstance(tested.economy, QuadraticEconomy | UnitDemands | MultiUnitDemands)
    pivotal = isinstance(_innermost(tested.mechanism), PivotalMechanism)
    return pivotal or not closed or tested.bids_are_surfaces


def has_general_tax(tested: Market) -> bool:
    """Return whether the rule taxes by a curve of any shape, where a market takes longest."""
    return isinstance(_innermost(tested.mechanism), TaxVCG)


def _innermost(mechanism: Mechanism) -> Mechanism:
    """Return the rule that wrappers change, such as `Mutated`."""
    wrapped = getattr(mechanism, "mechanism", None)
    return _innermost(wrapped) if isinstance(wrapped, Mechanism) else mechanism

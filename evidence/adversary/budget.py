"""How many profiles a search tries by default: as many as the market clears in seconds.

No clock is read, so that a search gives the same on every machine.
"""

from typing import NamedTuple

from deviator.economies import QuadraticEconomy, UnitDemands
from deviator.mechanisms import PayAsBid, ResidualLineMechanism, TaxVCG, UnitDemandMechanism

from ..market import Market

CLOSED_FORM, ENTRIES = 20_000, 40_000_000
"""Profiles where clearing has a closed form, and entries of their matrices at most."""

SOLVED, TAXED = 4_000, 400
"""Profiles times traders where every market is solved by itself, and under taxes of any shape."""

FEWEST = 24
"""Profiles that are tried in any case."""


def has_closed_form(tested: Market) -> bool:
    """Return whether markets are cleared all at once, without a search for each."""
    rules = ResidualLineMechanism | UnitDemandMechanism | PayAsBid
    economies = QuadraticEconomy | UnitDemands
    known = isinstance(tested.mechanism, rules) and isinstance(tested.economy, economies)
    return known and not tested.bids_are_surfaces


def profile_budget(tested: Market) -> int:
    """Return how many profiles of honest bids are tried by default.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SpreadVCG, UniformDoubleAuction
    >>> economy = private_values(4)
    >>> profile_budget(market(UniformDoubleAuction(), economy))
    20000
    >>> profile_budget(market(SpreadVCG(economy, 0.1), economy))
    1000
    """
    n = tested.economy.n_traders
    if has_closed_form(tested):
        return max(FEWEST, min(CLOSED_FORM, ENTRIES // n**2))
    return max(FEWEST, (TAXED if isinstance(tested.mechanism, TaxVCG) else SOLVED) // n)


class BidSearch(NamedTuple):
    """How hard bids are searched for each trader; a profile takes hundreds of markets.

    Attributes
    ----------
    profiles : int
        At how many profiles a bid is searched.
    rounds : int
        How many rounds of climbing follow for the trader who gains most.
    far : int
        At how many profiles bids far from the usual ones are tried.
    """

    profiles: int
    rounds: int
    far: int


def bid_search(tested: Market) -> BidSearch:
    """Return how hard bids are searched by default."""
    if tested.bids_are_surfaces:
        return BidSearch(3, 1, 0)
    if has_closed_form(tested):
        return BidSearch(32, 4, 4)
    taxed = isinstance(tested.mechanism, TaxVCG)
    return BidSearch(2, 1, 1) if taxed else BidSearch(8, 2, 3)

"""How many profiles a search tries by default: as many as the market clears in seconds.

No clock is read, so that a search gives the same on every machine.
"""

from typing import NamedTuple

from ..clearing_cost import has_closed_form, has_general_tax, is_solved
from ..market import Market

CLOSED_FORM, UNKNOWN, ENTRIES = 20_000, 8_000, 40_000_000
"""Profiles where clearing has a closed form, and under rules of which nothing is known; and entries
of their matrices at most."""

SOLVED, TAXED = 4_000, 160
"""Profiles times traders where every market is solved by itself, and under taxes of any shape."""

FEWEST = 24
"""Profiles that are tried in any case."""


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
    if is_solved(tested):
        return max(FEWEST, (TAXED if has_general_tax(tested) else SOLVED) // n)
    many = CLOSED_FORM if has_closed_form(tested) else UNKNOWN
    return max(FEWEST, min(many, ENTRIES // n**2))


class BidSearch(NamedTuple):
    """How much effort a search of bids spends on each trader; a profile takes hundreds of markets.

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
    """Return the default effort of a search of bids."""
    if tested.bids_are_surfaces:
        return BidSearch(3, 1, 0)
    if has_closed_form(tested):
        return BidSearch(32, 4, 4)
    return BidSearch(2, 1, 1) if has_general_tax(tested) else BidSearch(8, 2, 3)

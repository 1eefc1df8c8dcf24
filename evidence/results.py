"""What one trader has in each market, and how far rounding may put it from its value."""

from typing import NamedTuple

import numpy as np

from deviator.policies.situation import Payoffs
from deviator.validation import Floats

ROUNDINGS = 64
"""How many roundings a gain may consist of: utilities are sums of products of cleared numbers."""


class Results(NamedTuple):
    """What one trader has in each market, in units of money.

    Attributes
    ----------
    worth : ndarray of float, shape (B,) or (B, M)
        Utility before paying.
    utility : ndarray of float
        The payoff: utility after paying.
    rounding : ndarray of float
        How far the utility may be from its value in exact numbers.
    """

    worth: Floats
    utility: Floats
    rounding: Floats

    @classmethod
    def of(cls, payoffs: Payoffs, precision: float) -> "Results":
        """Return the results of trades whose numbers are right to a relative precision."""
        plain = cls.of_trades(payoffs.worth, payoffs.transfer, precision)
        return plain._replace(utility=payoffs.payoff)

    @classmethod
    def of_trades(cls, worth: Floats, transfer: Floats, precision: float) -> "Results":
        """Return the results of trades where payoffs are quasi-linear."""
        rounding = ROUNDINGS * precision * (np.abs(worth) + np.abs(transfer))
        return cls(worth, worth - transfer, rounding)

    def of_candidate(self, place: int) -> "Results":
        """Return the results of one of M bids."""
        return Results(*(each[:, place] for each in self))


class Comparison(NamedTuple):
    """A bid beside the strategy's own in each market, in units of money, each (B,).

    Attributes
    ----------
    gain : ndarray of float
        Utility from the bid minus utility from the strategy's own.
    rounding : ndarray of float
        How much of the gain may be rounding.
    stake : ndarray of float
        Size of the utility from the strategy's own bid.
    """

    gain: Floats
    rounding: Floats
    stake: Floats

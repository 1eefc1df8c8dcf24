"""What one trader has in each market, and how far rounding may put it from its value.

In units of payoff: of money, where payoffs are quasi-linear.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from deviator.mechanisms.base import DOUBLE
from deviator.policies.situation import Payoffs, Situation
from deviator.validation import Floats

PayoffAt = Callable[[Floats], Floats]

ROUNDINGS = 64
"""How many roundings a gain may consist of: utilities are sums of products of cleared numbers."""


class Results(NamedTuple):
    """What one trader has in each market.

    Attributes
    ----------
    worth : ndarray of float, shape (B,) or (B, M)
        Payoff before paying.
    utility : ndarray of float
        The payoff: utility after paying.
    rounding : ndarray of float
        How far the utility may be from its value in exact numbers.
    """

    worth: Floats
    utility: Floats
    rounding: Floats

    @classmethod
    def of(cls, payoffs: Payoffs, precision: float, situation: Situation) -> "Results":
        """Return the results of trades whose numbers are right to a relative precision.

        Where chance decides and payoffs are not quasi-linear, rounding is that of the mean trade.
        """
        plain = cls.of_trades(payoffs.worth, payoffs.transfer, precision)
        economy, trader = situation.economy, situation.trader
        if economy.quasilinear:
            return plain._replace(utility=payoffs.payoff)

        def payoff_at(transfer: Floats) -> Floats:
            return economy.payoff_of(trader, payoffs.quantity, transfer, situation.types)

        rounding = payoff_rounding(payoff_at, payoffs.transfer, plain.rounding)
        return cls(payoff_at(np.zeros_like(payoffs.transfer)), payoffs.payoff, rounding)

    @classmethod
    def of_trades(cls, worth: Floats, transfer: Floats, precision: float) -> "Results":
        """Return the results of trades where payoffs are quasi-linear."""
        rounding = ROUNDINGS * precision * (np.abs(worth) + np.abs(transfer))
        return cls(worth, worth - transfer, rounding)

    def of_candidate(self, place: int) -> "Results":
        """Return the results of one of M bids."""
        return Results(*(each[:, place] for each in self))


class Comparison(NamedTuple):
    """A bid beside the strategy's own in each market, each (B,).

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


def payoff_rounding(payoff_at: PayoffAt, transfer: Floats, money: Floats) -> Floats:
    """Return what rounding of money may make of payoffs, in units of payoff, of the same shape.

    Parameters
    ----------
    payoff_at : callable
        The payoffs where these transfers are paid and all else stays.
    transfer : ndarray of float
    money : ndarray of float
        What rounding may make of utilities or transfers.
    """
    kept = payoff_at(transfer)
    moved = (np.abs(payoff_at(transfer + change) - kept) for change in (money, -money))
    return np.asarray(np.maximum(*moved) + ROUNDINGS * DOUBLE * np.abs(kept))

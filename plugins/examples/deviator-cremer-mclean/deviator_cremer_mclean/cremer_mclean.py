"""Full surplus extraction by bets on correlated types (Cremer and McLean 1985, 1988).

Reports decide the efficient allocation at one price, t = p q, under which honesty is not optimal.
In addition, each trader bets that the others' reports are as the trader's own report predicts.
Under the designer's beliefs honest bets take all of the trader's expected surplus, and any other
report loses stake (s - r)^2 on average.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import QuadraticEconomy, walrasian_response
from deviator.mechanisms import (
    Claim,
    DirectMechanism,
    LineMenu,
    NaiveWalrasian,
    Outcome,
)
from deviator.validation import Floats, positive, trader_index

from .beliefs import Beliefs
from .interim_utility import interim_utility


@final
@dataclass(frozen=True, eq=False)
class CremerMcLean(DirectMechanism):
    """The naive Walrasian auction, with a bet on the others' reports for each trader.

    With y the linear prediction of s_i from the others' reports, e = y - m - r2 (r - m) and U the
    interim expected utility without bets, a trader who reports r is paid

        alpha(r) + beta(r) e + gamma (e^2 - var),
        alpha(r) = -U(r; r), beta(r) = -U_s(r; r) / r2, gamma = -(U_ss / 2 + stake) / r2^2,

    so that type s expects exactly -stake (s - r)^2 from reporting r. If the designer's beliefs are
    right, honesty is a Bayesian equilibrium that leaves no trader any expected surplus. At single
    profiles, and under any other law of types, neither holds, and transfers may have any size: the
    rule claims only to be efficient.

    Parameters
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows.
    mean, deviation, correlation : float
        The designer's beliefs: Normal types of one mean, deviation and correlation.
    stake : float
        Cost of a report per squared distance from the type, positive; in money per squared type.

    Raises
    ------
    RefusedError
        If the correlation is 0, or quantities do not increase in the own type.
    InvalidInputError
        If a number is out of range.

    References
    ----------
    Cremer and McLean (1985), Optimal selling strategies under uncertainty for a discriminating
    monopolist when demands are interdependent, Econometrica 53, 345-361; (1988), Full extraction
    of the surplus in Bayesian and dominant strategy auctions, Econometrica 56, 1247-1257.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.policies import exact_gain
    >>> economy = private_values(3)
    >>> auction = CremerMcLean(economy, correlation=0.5)
    >>> law, types = auction.beliefs.law(), np.array([[1.0, 0.0, -0.5]])
    >>> bool(exact_gain(auction, economy, types, information="own", distribution=law).max() < 1e-20)
    True
    >>> exact_gain(auction, economy, types).round(2)
    array([[1.  , 0.11, 1.  ]])
    """

    economy: QuadraticEconomy
    mean: float = 0.0
    deviation: float = 1.0
    correlation: float = 0.5
    stake: float = 1.0
    name: ClassVar[str] = "cremer-mclean"
    claims = frozenset[Claim]({"efficient"})

    def __post_init__(self) -> None:
        positive("stake", self.stake)
        _ = self.auction, self.beliefs

    @property
    def auction(self) -> NaiveWalrasian:
        """The rule without bets."""
        return NaiveWalrasian(self.economy)

    @property
    def beliefs(self) -> Beliefs:
        """The designer's beliefs."""
        return Beliefs(self.economy.n_traders, self.mean, self.deviation, self.correlation)

    @override
    def clear(self, bids: Any) -> Outcome:
        outcome = self.auction.clear(bids)
        bets = self._bets(bids.types)
        won = bets.constant + (bets.linear + bets.quadratic * bets.report) * bets.report
        return replace(outcome, transfer=outcome.transfer - won)

    @override
    def menu(self, bids: Any, trader: int) -> LineMenu:
        """Return the menu: a report fixes the quantity, and thereby the bet.

        With others' reports fixed, r - m = at_zero + q / own_effect.
        """
        index = trader_index(trader, bids.shape[1])
        base = self.auction.menu(bids, index)
        quantity = self.auction.clear(bids).quantity[:, index]
        own_effect = float(walrasian_response(self.economy, 0.0).own_effect[index])
        constant, linear, quadratic, report = (
            np.broadcast_to(numbers, bids.types.shape)[:, index]
            for numbers in self._bets(bids.types)
        )
        at_zero = report - quantity / own_effect
        return replace(
            base,
            constant=-(constant + (linear + quadratic * at_zero) * at_zero),
            linear=base.linear - (linear + 2 * quadratic * at_zero) / own_effect,
            quadratic=base.quadratic - 2 * quadratic / own_effect**2,
        )

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        return replace(
            self,
            economy=self.economy.rescaled(price, quantity),
            mean=self.mean * price,
            deviation=self.deviation * price,
            stake=self.stake * quantity / price,
        )

    def _bets(self, reports: Floats) -> "_Bets":
        """Return the payment to each trader, as a polynomial in the trader's report."""
        beliefs = self.beliefs
        without = interim_utility(self.auction, beliefs)
        r2 = beliefs.r2
        surprise = beliefs.predictor(reports) - beliefs.mean
        gamma = -(0.5 * without.type_bend + self.stake) / r2**2
        return _Bets(
            constant=-without.at
            - without.gradient * surprise / r2
            + gamma * (surprise**2 - beliefs.predictor_variance),
            linear=-without.slope
            - without.gradient_slope * surprise / r2
            + without.gradient
            - 2 * gamma * r2 * surprise,
            quadratic=-without.bend + without.gradient_slope + gamma * r2**2,
            report=reports - beliefs.mean,
        )


class _Bets(NamedTuple):
    """Payments to traders, constant + linear x + quadratic x^2, for the report x from the mean.

    Each of shape (B, N), or (N,) if it is the same in all markets.
    """

    constant: Floats
    linear: Floats
    quadratic: Floats
    report: Floats

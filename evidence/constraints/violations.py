"""By how much money a constraint is violated at profiles of types, while nobody deviates.

A violation is a difference, and no more than rounding where it is smaller than what rounding makes
of the numbers that it is a difference of. `HonestMarkets.rounding` bounds that, trader by trader:
`SAFETY` N times the precision of the outcomes, times the sizes of all terms. Types enter with their
own size, as values that nearly agree are differences of large types.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import final

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.mechanisms import Outcome
from deviator.mechanisms.lottery import require_no_lots
from deviator.policies.mixing import drawn_bids
from deviator.validation import Bools, Floats, finite_array

from ..market import Market
from ..outside import sells_no_more
from ..results import payoff_rounding
from ..rounding import outcome_rounding
from .constraint import Constraint

HONEST_CONSTRAINTS: tuple[Constraint, ...] = (
    "market_clearing",
    "budget_surplus",
    "individual_rationality",
    "efficiency",
)
"""The constraints on what happens while nobody deviates."""


NOT_QUASILINEAR = (
    "efficiency compares totals of utilities, which say nothing where payoffs are not quasi-linear"
)
SOMEBODY_OUTSIDE = (
    "somebody outside trades, and what goods cost or are worth there is not known, so that the "
    "traders' own first best is no measure"
)
"""Why efficiency is not told."""


@final
@dataclass(frozen=True, eq=False)
class HonestMarkets:
    """What happens at B profiles while everybody follows the strategy.

    Amounts of money, but for quantities.

    Attributes
    ----------
    tested : Market
    types : ndarray of float, shape (B, N)
    outcome : Outcome
    """

    tested: Market
    types: Floats
    outcome: Outcome

    @cached_property
    def worth(self) -> Floats:
        """Every trader's utility before they pay, (B, N)."""
        worth = self.tested.economy.utility(self.outcome.quantity, self.types)
        return finite_numbers(self.tested.economy, "utilities", worth)

    @cached_property
    def first_best(self) -> Floats:
        """Total utility of the efficient allocation, (B,)."""
        best = self.tested.economy.utility(self.efficient, self.types)
        return np.asarray(best.sum(axis=1))

    @cached_property
    def efficient(self) -> Floats:
        """The efficient allocation, (B, N)."""
        return self.tested.economy.efficient_allocation(self.types)

    @cached_property
    def comparable(self) -> Bools:
        """Whether somebody outside sells no more than in the first best, and buys nothing, (B,)."""
        return sells_no_more(self.outcome.outside, self.efficient)

    @cached_property
    def gains_from_trade(self) -> Floats:
        """Total utility of the efficient allocation less that of no trade, (B,); never below 0."""
        idle = self.tested.economy.utility(np.zeros_like(self.types), self.types)
        return np.asarray(np.maximum(self.first_best - idle.sum(axis=1), 0.0))

    @cached_property
    def marginal(self) -> Floats:
        """The largest absolute marginal utility, (B,)."""
        economy, quantity = self.tested.economy, self.outcome.quantity
        return np.asarray(np.abs(economy.marginal_utility(quantity, self.types)).max(axis=1))

    @cached_property
    def money_rounding(self) -> Floats:
        """What rounding may make of each trader's utility or transfer, (B, N)."""
        return outcome_rounding(self.tested, self.types, self.outcome)

    @cached_property
    def rounding(self) -> Floats:
        """What rounding may make of each trader's payoff, in units of payoff, (B, N)."""
        if self.tested.economy.quasilinear:
            return self.money_rounding
        return payoff_rounding(self._payoff_at, self.outcome.transfer, self.money_rounding)

    @cached_property
    def utility(self) -> Floats:
        """What each trader is left with, in units of payoff, (B, N)."""
        if self.tested.economy.quasilinear:
            return self.worth - self.outcome.transfer
        return self._payoff_at(self.outcome.transfer)

    def _payoff_at(self, transfer: Floats) -> Floats:
        payoff = self.tested.economy.payoff(self.outcome.quantity, transfer, self.types)
        return finite_numbers(self.tested.economy, "payoffs", payoff)

    @property
    def stake(self) -> Floats:
        """What each trader has at stake, (B, N): |utility|, else what they trade is worth.

        That is |u_i(q_i, s)| + |mu_i(q_i, s) q_i|, which is 0 only where nothing is traded. Where
        payoffs are not quasi-linear it is what the goods are worth for nothing.
        """
        kept, quantity = np.abs(self.utility), self.outcome.quantity
        if self.tested.economy.quasilinear:
            margin = np.abs(self.tested.economy.marginal_utility(quantity, self.types) * quantity)
            traded = np.abs(self.worth) + margin
        else:
            traded = np.abs(self._payoff_at(np.zeros_like(quantity)))
        return np.asarray(np.where(kept > self.rounding, kept, traded))

    def excess(self, constraint: Constraint) -> Floats:
        """Return by how much a constraint is broken, (B,); negative where there is room."""
        return np.asarray(EXCESS[constraint](self))

    def violation(self, constraint: Constraint) -> Floats:
        """Return the excess where it is beyond rounding, else 0; shape (B,)."""
        excess = self.excess(constraint)
        return np.where(excess > self.rounding_of(constraint), excess, 0.0)

    def rounding_of(self, constraint: Constraint) -> Floats:
        """Return what rounding may make of a constraint's excess, (B,)."""
        if constraint != "individual_rationality":
            return np.asarray(self.money_rounding.sum(axis=1))
        worst = self.utility.argmin(axis=1)
        return np.asarray(self.rounding[np.arange(len(worst)), worst])

    def share(self, violation: Floats) -> Floats:
        """Return violations (B,) over the gains from trade; infinite where there are none.

        Payoffs that are not quasi-linear are no money: there all shares are 0.
        """
        if not self.tested.economy.quasilinear:
            return np.zeros_like(violation)
        gains = self.gains_from_trade
        some = gains > self.money_rounding.sum(axis=1)
        ratio = violation / np.where(some, gains, 1.0)
        return np.where(some, ratio, np.where(violation > 0, np.inf, 0.0))


def _unbalanced(markets: HonestMarkets) -> Floats:
    return np.asarray(np.abs(markets.outcome.excess) * markets.marginal)


def _deficit(markets: HonestMarkets) -> Floats:
    return np.asarray(-markets.outcome.transfer.sum(axis=1))


def _largest_loss(markets: HonestMarkets) -> Floats:
    return np.asarray(-markets.utility.min(axis=1))


def _welfare_lost(markets: HonestMarkets) -> Floats:
    """Return what is lost against the first best; 0 where totals of utilities do not tell."""
    if not markets.tested.economy.quasilinear:
        return np.zeros(len(markets.types))
    lost = markets.first_best - markets.worth.sum(axis=1)
    return np.where(markets.comparable, lost, 0.0)


EXCESS: Mapping[Constraint, Callable[[HonestMarkets], Floats]] = MappingProxyType(
    {
        "market_clearing": _unbalanced,
        "budget_surplus": _deficit,
        "individual_rationality": _largest_loss,
        "efficiency": _welfare_lost,
    }
)
"""By how much money each constraint is broken."""


def violations(tested: Market, constraint: Constraint, types: Floats) -> Floats:
    """Return by how much money a constraint is violated at each profile, (B,); 0 where it is not.

    Market clearing: what is left over times the largest marginal utility. Budget surplus: the
    deficit, of what the traders pay in all. Individual rationality: the largest loss of one trader,
    in units of payoff. Efficiency: the utility lost against the efficient allocation, 0 where
    `no_efficiency` says why it is not told. What rounding explains is 0.

    Parameters
    ----------
    tested : Market
    constraint : str
        Any but incentive compatibility, of which `trader_gains` speaks.
    types : ndarray of float, shape (B, N)

    Raises
    ------
    InvalidInputError
        If there is no such constraint, types are malformed, or an outcome is not finite.
    NotConvergedError, RefusedError
        If a market cannot be solved.

    Examples
    --------
    The VCG mechanism loses money where there is trade, and a tax costs utility instead.

    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> types = np.array([[1.0, 0.0, -1.0], [0.5, 0.5, 0.5]])
    >>> for sigma in (0.0, 2.0):
    ...     tested = market(SigmaDCDA(sigma), private_values(3, slope=1.0))
    ...     for constraint in ("budget_surplus", "efficiency"):
    ...         print(sigma, constraint, violations(tested, constraint, types).round(6))
    0.0 budget_surplus [0.5 0. ]
    0.0 efficiency [0. 0.]
    2.0 budget_surplus [0. 0.]
    2.0 efficiency [0.444444 0.      ]
    """
    if constraint not in HONEST_CONSTRAINTS:
        raise InvalidInputError(
            f"constraint must be one of {', '.join(HONEST_CONSTRAINTS)}, got {constraint!r}; "
            "what deviating gains is measured by trader_gains"
        )
    return honest_markets(tested, types).violation(constraint)


def no_efficiency(markets: HonestMarkets) -> str | None:
    """Return why efficiency is not told in markets, in one sentence; None where it is."""
    if not markets.tested.economy.quasilinear:
        return NOT_QUASILINEAR
    return None if markets.comparable.all() else SOMEBODY_OUTSIDE


def finite_numbers(economy: Economy, name: str, values: Floats) -> Floats:
    """Return utilities or payoffs of an economy, or raise InvalidInputError where not finite."""
    if np.isfinite(values).all():
        return values
    market = int(np.argwhere(~np.isfinite(values))[0][0])
    raise InvalidInputError(
        f"economy {economy.name} must have finite {name}, and does not in market {market}; run "
        "`deviator check` on it"
    )


def gains_from_trade(economy: Economy, types: Floats) -> Floats:
    """Return the total utility of the efficient allocation less that of no trade, shape (B,).

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> gains_from_trade(private_values(3, slope=1.0), np.array([[1.0, 0.0, -1.0]]))
    array([1.])
    """
    checked = finite_array("types", types, (None, economy.n_traders))
    best, idle = (
        economy.utility(quantity, checked).sum(axis=1)
        for quantity in (economy.efficient_allocation(checked), np.zeros_like(checked))
    )
    return np.asarray(np.maximum(best - idle, 0.0))


def honest_markets(tested: Market, types: Floats) -> HonestMarkets:
    """Return what happens at profiles (B, N) while everybody follows the strategy.

    Errors are those of `violations`.
    """
    require_no_lots("honest markets", tested.mechanism)
    checked = finite_array("types", types, (None, tested.economy.n_traders))
    outcome = tested.mechanism.clear(drawn_bids(tested.strategy, checked))
    _check_numbers(tested.mechanism.name, outcome, checked.shape)
    return HonestMarkets(tested, checked, outcome)


def solved_markets(tested: Market, types: Floats) -> Iterator[tuple[slice, HonestMarkets]]:
    """Return what happens at those profiles that can be solved, in parts, each with its place.

    A batch that cannot be solved is halved until what cannot be is alone; the first best of the
    others is known.
    """
    pending = [slice(0, len(types))]
    while pending:
        place = pending.pop()
        try:
            markets = honest_markets(tested, types[place])
            if np.isfinite(markets.first_best).all():
                yield place, markets
        except (NotConvergedError, RefusedError):
            middle = (place.start + place.stop) // 2
            if middle > place.start:
                pending += [slice(middle, place.stop), slice(place.start, middle)]


def _check_numbers(name: str, outcome: Outcome, shape: tuple[int, ...]) -> None:
    """Check shapes and numbers; whether quantities sum to 0 is a constraint, and no check."""
    for values in ("quantity", "transfer"):
        array = getattr(outcome, values)
        if array.shape != shape:
            raise InvalidInputError(
                f"mechanism {name} must return a {values} of shape {shape}, got {array.shape}; "
                "run `deviator check` on it"
            )
        if not np.isfinite(array).all():
            raise InvalidInputError(
                f"mechanism {name} must return a finite {values}, and does not in market "
                f"{int(np.argwhere(~np.isfinite(array))[0][0])}; run `deviator check` on it"
            )
    if not outcome.converged.all():
        market = int(np.flatnonzero(~outcome.converged)[0])
        raise NotConvergedError(
            f"{name} must solve every market, and did not converge in market {market}; raise its "
            "precision or number of steps"
        )

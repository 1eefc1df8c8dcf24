"""The constraints on honest outcomes where they have no exact form: profiles are searched.

One clearing tells how far every constraint is broken, so all of them share the profiles tried: some
spread over a region, the others climbed to from the worst of these, for each constraint in money
and relative to the gains from trade. A violation counts where its witness holds up.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, final

import numpy as np

from deviator.errors import NotConvergedError, RefusedError
from deviator.validation import Floats, positive, whole_number

from ..adversary.budget import profile_budget
from ..adversary.climb import round_cost
from ..adversary.region import Region, region_of
from ..adversary.search import PIECE, Tally, first_places, improve, is_flat
from ..adversary.starts import even_places
from ..market import Market
from ..profile_witness import profile_witness
from .constraint import Constraint, ConstraintVerdict
from .violations import HONEST_CONSTRAINTS, HonestMarkets, no_efficiency, solved_markets

STARTS_SHARE = 0.4
"""Share of the budget that goes to the starts, which serve all goals."""

BROKEN: Mapping[Constraint, str] = MappingProxyType(
    {
        "market_clearing": "quantities do not sum to 0",
        "budget_surplus": "transfers sum to less than 0",
        "individual_rationality": "a trader is worse off than without trade",
        "efficiency": "another allocation has a larger total utility",
    }
)


NOT_COUNTED = "of what the traders pay in all, whatever the goods cost somebody outside"
"""Of what the answer on the budget speaks where somebody outside trades."""


class Goal(NamedTuple):
    """What profiles are searched for: a violation, in money or relative to the gains from trade."""

    measure: Literal["money", "share"]
    constraint: Constraint


GOALS = tuple(
    Goal(measure, constraint) for measure in ("money", "share") for constraint in HONEST_CONSTRAINTS
)


def searched_constraints(
    tested: Market, *, effort: float = 1.0, seed: int = 0
) -> dict[Constraint, ConstraintVerdict]:
    """Return verdicts on all constraints but incentive compatibility, from a search of profiles.

    A violation whose witness holds up refutes the constraint at every profile. Where none is found
    it stays undetermined: a search proves nothing.

    Parameters
    ----------
    tested : Market
    effort : float
        Multiple of the usual number of profiles (`profile_budget`).
    seed : int

    Raises
    ------
    InvalidInputError
        If an argument is malformed, an outcome is not finite, or the law lies outside the sets of
        types.

    Examples
    --------
    Who trades pays a fee, and pivotal prices lose money beside it.

    >>> from deviator.economies import unit_demands
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import EntryFeeDoubleAuction
    >>> tested = market(EntryFeeDoubleAuction(0.05), unit_demands(2, 2))
    >>> for constraint, verdict in searched_constraints(tested, effort=0.1).items():
    ...     print(constraint, verdict.state, round(verdict.worst, 6), verdict.scope)
    market_clearing undetermined 0.0 sampled
    budget_surplus refuted 1.6 every profile
    individual_rationality undetermined 0.0 sampled
    efficiency refuted 0.2 every profile
    """
    budget = max(8, int(positive("effort", effort) * profile_budget(tested)))
    region, tried = region_of(tested), _Tried(tested)
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    count = max(4, int(STARTS_SHARE * budget))
    places = first_places(region, count, rng, tested.distribution.sample(rng, count))
    values = _values_at(tried, region, places)
    for turn, goal in enumerate(GOALS):
        if is_flat(values[goal]):
            continue
        room = (budget - tried.profiles) // (len(GOALS) - turn)
        tally = Tally(tried.objective(goal), region, max(room, round_cost(region.n_traders)))
        if budget - tried.profiles >= tally.left:
            improve(tally, places, values[goal], rng, jumps=False)
    if tried.profiles < budget:
        # Where no goal shows the way, there is nothing better than more places.
        _values_at(tried, region, even_places(region.n_traders, budget - tried.profiles, rng))
    return {constraint: tried.verdict(constraint, region) for constraint in HONEST_CONSTRAINTS}


def _values_at(tried: "_Tried", region: Region, places: Floats) -> dict[Goal, Floats]:
    """Return the values of all goals at places."""
    pieces = np.array_split(region.profiles(places), 1 + (len(places) - 1) // PIECE)
    values = [tried.values(piece) for piece in pieces]
    return {goal: np.concatenate([piece[goal] for piece in values]) for goal in GOALS}


class _Record(NamedTuple):
    """The largest violation seen."""

    value: float
    types: Floats


@final
class _Tried:
    """What was tried, and the worst of it for each goal.

    Not frozen: the searches for all goals add to it, as each profile tells of every goal.

    Parameters
    ----------
    tested : Market
    """

    def __init__(self, tested: Market) -> None:
        self._tested = tested
        self.profiles = self.unsolved = 0
        self.trades = False
        self.no_efficiency: str | None = None
        self.outside = False
        self.worst: dict[Goal, _Record] = {}

    def objective(self, goal: Goal) -> Callable[[Floats], Floats]:
        """Return what a search makes as large as it can."""
        return lambda types: self.values(types)[goal]

    def values(self, types: Floats) -> dict[Goal, Floats]:
        """Return how far every goal is reached at profiles, each (B,); NaN where unsolved."""
        self.profiles += len(types)
        self.unsolved += len(types)
        values = {goal: np.full(len(types), np.nan) for goal in GOALS}
        for place, markets in solved_markets(self._tested, types):
            self.unsolved -= place.stop - place.start
            self.trades |= bool(markets.outcome.quantity.any())
            self.outside |= bool(markets.outcome.outside.any())
            self.no_efficiency = self.no_efficiency or no_efficiency(markets)
            for goal in GOALS:
                values[goal][place] = _sought(markets, goal)
                self._keep(goal, markets)
        return values

    def _keep(self, goal: Goal, markets: HonestMarkets) -> None:
        violation = markets.violation(goal.constraint)
        size = violation
        if goal.measure == "share":
            share = markets.share(violation)
            # Where there are no gains from trade, the amount of money says it all.
            size = np.where(np.isinf(share), 0.0, share)
        best = int(size.argmax())
        if size[best] > (self.worst[goal].value if goal in self.worst else 0.0):
            self.worst[goal] = _Record(float(size[best]), markets.types[best].copy())

    def verdict(self, constraint: Constraint, region: Region) -> ConstraintVerdict:
        """Return the verdict on one constraint; violations are cleared again."""
        if constraint == "efficiency" and self.no_efficiency is not None:
            return _undetermined(constraint, self.no_efficiency)
        answer = self._searched(constraint, region)
        if constraint != "budget_surplus" or not self.outside:
            return answer
        return replace(answer, reason=f"{NOT_COUNTED}: {answer.reason}")

    def _searched(self, constraint: Constraint, region: Region) -> ConstraintVerdict:
        """Return what the search says of one constraint."""
        seen = [
            self.worst[goal]
            for goal in GOALS
            if goal.constraint == constraint and goal in self.worst
        ]
        witnesses = [witness for each in seen if (witness := self._witness(constraint, each.types))]
        if witnesses:
            of_payoff = self._tested.unit == "payoff" and constraint == "individual_rationality"
            return _refuted(constraint, witnesses, " units of payoff" if of_payoff else "")
        where = f"{self.profiles:,} profiles within {region.stated}"
        if self.unsolved:
            where += f", of which {self.unsolved:,} could not be solved"
        if not self.trades and self.unsolved < self.profiles:
            # Nobody may trade here and somebody elsewhere, so that this is no answer.
            reason = f"nobody trades at any of {where}; a search proves nothing"
            return _undetermined(constraint, reason)
        reason = f"no violation at {where}, the worst of them climbed to; a search proves nothing"
        if seen:
            reason = (
                f"a violation was seen at one of {where}, and did not hold up when cleared again"
            )
        return _undetermined(constraint, reason)

    def _witness(self, constraint: Constraint, types: Floats) -> dict[str, Any] | None:
        with suppress(NotConvergedError, RefusedError):
            return profile_witness(self._tested, constraint, types)
        return None


def _undetermined(constraint: Constraint, reason: str) -> ConstraintVerdict:
    return ConstraintVerdict(constraint, "undetermined", "sampled", 0.0, 0.0, None, reason)


def _sought(markets: HonestMarkets, goal: Goal) -> Floats:
    """Return what a search makes large: the excess, 0 where it is rounding, finite everywhere."""
    excess, rounding = markets.excess(goal.constraint), markets.rounding_of(goal.constraint)
    beyond = np.where(np.abs(excess) > rounding, excess, 0.0)
    if goal.measure == "money":
        return beyond
    if not markets.tested.economy.quasilinear:
        return np.zeros_like(beyond)
    least = markets.money_rounding.sum(axis=1)
    gains = np.maximum(markets.gains_from_trade, np.where(least > 0, least, 1.0))
    return np.asarray(beyond / gains)


def _refuted(
    constraint: Constraint, witnesses: list[dict[str, Any]], unit: str
) -> ConstraintVerdict:
    """Return the verdict that witnesses, the first in money, refute."""
    first = witnesses[0]
    worst, share = float(first["violation"]), max(float(each["share"] or 0.0) for each in witnesses)
    relative = f", up to {share:.3g} of the gains from trade" if share > 0 else ""
    reason = f"{BROKEN[constraint]} at a profile that was found, by {worst:.6g}{unit}{relative}"
    return ConstraintVerdict(
        constraint, "refuted", "every profile", worst, share, None, reason, first
    )

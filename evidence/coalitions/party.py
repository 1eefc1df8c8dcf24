"""Who deviates together: several traders, or one under several names.

A party submits M bids in an arena. For a coalition this is the market itself. A trader under m
names is one of N + m - 1 bidders there, and is compared with being one honest name among N.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple, final

import numpy as np

from deviator.arrays import Array, is_foreign, namespace
from deviator.economies import Economy
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids
from deviator.mechanisms.lottery import require_no_lots
from deviator.mechanisms.outcome import check_cleared
from deviator.policies import Revelation
from deviator.policies.mixing import drawn_bids
from deviator.policies.situation import worth_of
from deviator.units import renumbered
from deviator.validation import given, trader_index, whole_number

from ..market import Market, market
from ..results import ROUNDINGS
from .enlarged import RepeatedTypes, enlarged_economy, enlarged_rule

Kind = Literal["coalition", "identities"]

MOST_NUMBERS = 4096
"""Numbers of the bids of all names together: with more a search takes hours, and all memory."""


class Kept(NamedTuple):
    """What the people of a party have, and what may be rounding of it, each (B, P)."""

    utility: Array
    rounding: Array


@final
@dataclass(frozen=True, eq=False)
class Party:
    """Who deviates together; build it with `coalition_of` or `names_of`.

    Attributes
    ----------
    tested : Market
        The market in which everybody is honest, under one name.
    arena : Market
        The market in which the party bids.
    places : tuple of int
        Where in the arena the party's M bids stand.
    owners : tuple of int
        Whose bid each of them is, a trader of `tested`.
    transfers : bool
        Whether members may pay each other: the joint gain counts. Otherwise the least one does.
    """

    tested: Market
    arena: Market
    places: tuple[int, ...]
    owners: tuple[int, ...]
    transfers: bool = True

    def __post_init__(self) -> None:
        economy = self.tested.economy
        if self.transfers and not economy.quasilinear and len(self.people) > 1:
            raise RefusedError(
                "members may pay each other where payoffs are quasi-linear, and those of the "
                f"economy {economy.name} are not; leave transfers out, and the least gain counts"
            )
        if self.tested.strategy.mixes:
            raise RefusedError(
                "joint deviations need a strategy that does not draw, and "
                f"{self.tested.strategy.name} mixes; name another, or one deviator"
            )
        if self.tested.bids_are_surfaces:
            raise RefusedError(
                "joint deviations need bids of numbers, and traders bid surfaces in "
                f"{self.tested.economy.name}; take a linear-quadratic economy, or one for reports"
            )

    @property
    def kind(self) -> Kind:
        """Whether it is a coalition or one trader under several names."""
        return "coalition" if self.arena is self.tested else "identities"

    @property
    def people(self) -> tuple[int, ...]:
        """The P traders of `tested` who deviate."""
        return tuple(dict.fromkeys(self.owners))

    @property
    def order(self) -> list[int]:
        """Whose type stands in each place of the arena."""
        n = self.tested.economy.n_traders
        return [*range(n), *self.owners[len(self.owners) - self.arena.economy.n_traders + n :]]

    @property
    def stakes(self) -> float:
        """What trading is worth to the people together, as `Market.stakes` says."""
        return float(sum(replace(self.tested, trader=each).stakes for each in self.people))

    @property
    def epsilon(self) -> float:
        """The gain up to which gains count as zero, in units of money."""
        return float(sum(replace(self.tested, trader=each).epsilon for each in self.people))

    def arena_types(self, types: Array) -> Array:
        """Return the types of all places of the arena, shape (B, N')."""
        return types if self.kind == "coalition" else renumbered(types, self.order)

    def base_bids(self, types: Array) -> Array:
        """Return everybody's bids in the arena by the strategy, shape (B, N', K)."""
        return drawn_bids(self.arena.strategy, self.arena_types(types)).as_array()

    def honest(self, types: Array) -> Kept:
        """Return what each person has while everybody follows the strategy under one name."""
        return self._kept(self.tested, types, drawn_bids(self.tested.strategy, types), self.people)

    def kept(self, types: Array, bids: Array) -> Kept:
        """Return what each person has where the arena's bids are (B, N', K)."""
        record = self.arena.mechanism.language.record.from_array(bids)
        return self._kept(self.arena, types, record, self.owners, self.places)

    def gains(self, types: Array, bids: Array) -> Array:
        """Return what each person gains by the party's bids over honesty, shape (B, P).

        Parameters
        ----------
        types : ndarray of float or tensor, shape (B, N)
            Of the traders, not of the places.
        bids : ndarray of float or tensor, shape (B, M, K)
            The party's; gradients pass through to tensors.
        """
        whole = with_party(self.base_bids(types), self.places, bids)
        return self.kept(types, whole).utility - self.honest(types).utility

    def _kept(
        self,
        where: Market,
        types: Array,
        bids: Bids,
        owners: Sequence[int],
        places: Sequence[int] | None = None,
    ) -> Kept:
        """Return what each person has in a market where the owners' bids have these places."""
        rule, outcome = where.mechanism, where.mechanism.clear(bids)
        if bids.is_numpy:
            check_cleared(rule.name, outcome, bids.shape[:2])
        slots = list(zip(places or owners, owners, strict=True))
        kept, rounding = [], []
        for person in self.people:
            mine = [place for place, owner in slots if owner == person]
            total = sum(outcome.quantity[:, place] for place in mine)
            paid = sum(outcome.transfer[:, place] for place in mine)
            payoff, size = _payoff(self.tested.economy, person, total, paid, types)
            kept.append(payoff)
            rounding.append(ROUNDINGS * where.precision * size)
        xp = namespace(outcome.quantity)
        return Kept(xp.stack(kept, axis=1), xp.stack(rounding, axis=1))

    def value(self, gains: Array) -> Array:
        """Return what counts of the people's gains (B, P): the sum, or the least; shape (B,)."""
        xp = namespace(gains)
        return xp.sum(gains, axis=1) if self.transfers else xp.min(gains, axis=1)


def _payoff(
    economy: Economy, person: int, quantity: Array, transfer: Array, types: Array
) -> tuple[Array, Array]:
    """Return a person's payoffs, and the sizes that they are differences of, each (B,)."""
    units, money = quantity[:, None], transfer[:, None]
    of = economy.utility_of if is_foreign(quantity) else partial(worth_of, economy)
    worth = of(person, units, types)
    sizes = abs(worth) + abs(money)
    if economy.quasilinear:
        return (worth - money)[:, 0], sizes[:, 0]
    payoff = economy.payoff_of(person, units, money, types)
    return payoff[:, 0], (sizes + abs(payoff))[:, 0]


def with_party(base: Array, places: Sequence[int], bids: Array) -> Array:
    """Return the arena's bids (B, N', K) with the party's (B, M, K) in their places."""
    if not is_foreign(bids):
        whole = base.copy()
        whole[:, list(places)] = bids
        return whole
    columns = [base[:, place] for place in range(base.shape[1])]
    for slot, place in enumerate(places):
        columns[place] = bids[:, slot]
    return namespace(bids).stack(columns, axis=1)


def coalition_of(tested: Market, members: object, transfers: bool = True) -> Party:
    """Return a coalition of traders of a market.

    Parameters
    ----------
    tested : Market
    members : sequence of int
        At least one trader, and not everybody.
    transfers : bool
        Whether members may pay each other.

    Raises
    ------
    InvalidInputError
        If members are unknown, repeated, none or everybody.
    """
    require_no_lots("a joint deviation", tested.mechanism)
    n = tested.economy.n_traders
    if isinstance(members, str) or not isinstance(members, Sequence | np.ndarray):
        raise InvalidInputError(
            f"coalition must be a list of traders' indices, got {given(members)}; pass (0, 1)"
        )
    named = [each for each in members if isinstance(each, str)]
    if named:
        raise InvalidInputError(
            f"coalition must name its members by index, from 0 to {n - 1}, got {named[0]!r}; look "
            "up indices with economy.trader_of_role"
        )
    places = tuple(trader_index(each, n) for each in members)
    if len(set(places)) < len(places):
        raise InvalidInputError(
            f"coalition must name every member once, got {list(places)}; for one trader under "
            "several names pass identities=2"
        )
    if not 0 < len(places) < n:
        raise InvalidInputError(
            f"coalition must have members and leave somebody to trade with, got {len(places)} of "
            f"{n} traders; name from 1 to {n - 1}"
        )
    return Party(tested, tested, places, places, transfers)


def names_of(tested: Market, identities: int, enlarged: Economy | None = None) -> Party:
    """Return the market's trader under several names.

    Parameters
    ----------
    tested : Market
        Everybody is honest in it.
    identities : int
        How many names, at least 2.
    enlarged : Economy, optional
        As the others see the market with the new names, which are its last traders; by default
        `enlarged_economy`.

    Raises
    ------
    InvalidInputError
        If there are fewer than two names, or more than can be searched, or the enlarged economy is
        of other traders.
    RefusedError
        If others' bids in the enlarged market are not determined.
    """
    require_no_lots("a joint deviation", tested.mechanism)
    names = whole_number("identities", identities, 2)
    n, trader = tested.economy.n_traders, tested.trader
    numbers = names * tested.mechanism.language.size(n + names - 1)
    if numbers > MOST_NUMBERS:
        raise InvalidInputError(
            f"the bids of all names must have {MOST_NUMBERS} numbers at most, got {numbers} for "
            f"{names} names; ask for fewer identities"
        )
    if not isinstance(tested.strategy, Revelation):
        raise RefusedError(
            "several names of one trader need others who are honest in the enlarged market, got "
            f"the strategy {tested.strategy.name}; leave strategy out"
        )
    larger = enlarged_economy(tested.economy, trader, names) if enlarged is None else enlarged
    if not isinstance(larger, Economy) or larger.n_traders != n + names - 1:
        raise InvalidInputError(
            f"enlarged must be an economy of {n + names - 1} traders, the new names last, got "
            f"{larger.n_traders if isinstance(larger, Economy) else given(larger)}"
        )
    rule = enlarged_rule(tested.mechanism, tested.economy, larger)
    order = (*range(n), *[trader] * (names - 1))
    law = RepeatedTypes(tested.distribution, order)
    arena = market(rule, larger, distribution=law, trader=trader, tolerance=tested.tolerance)
    places = (trader, *range(n, n + names - 1))
    return Party(tested, arena, places, (trader,) * names)

"""Witnesses of joint deviations: one market, the bids of a party, and what its people gain.

A witness is plain data: the economy (and, of several names, the one in which the others see them),
the types, everybody's honest bids, the party's bids, what each person has before and after, and
the gains. Where mechanism, economy and strategy have exact forms all is computed in rational
arithmetic; elsewhere each market is cleared alone. `joint_witness` derives the same data from the
market, the types and the bids, so that a file is re-checked by deriving it again.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import Rationals, rational
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

from ..market import Market
from ..plain_data import economy_as_data, fractions, market_as_data, number
from ..witness import bids_as_rows, has_exact_forms
from .party import Party

FORMAT, VERSION = "deviator joint deviation witness", 1

DECIMALS = (1, 2, 3, 4, 6, 9)
"""Witnesses are rounded to the fewest decimals that keep the gain within a factor of two."""


def find_joint_witness(party: Party, types: Floats, bids: Floats) -> dict[str, Any] | None:
    """Return a readable witness that joint deviations pay, or None where nothing holds up.

    Parameters
    ----------
    party : Party
    types : ndarray of float, shape (B, N)
        Profiles to choose from; the one of the median gain among those that pay is shown.
    bids : ndarray of float, shape (B, M, K)
        The party's.
    """
    gain = party.value(party.gains(types, bids))
    paying = np.flatnonzero(gain > party.epsilon)
    if not len(paying):
        return None
    shown = paying[np.argsort(gain[paying])[len(paying) // 2]]
    own = party.base_bids(types[[shown]])[0, list(party.places)]
    for decimals in DECIMALS:
        profile = np.clip(np.round(types[shown], decimals), *party.tested.economy.type_set)
        # The honest bids change with the types, and the deviation is a change of these.
        base = party.base_bids(profile[None])[0, list(party.places)]
        moved = base + np.round(bids[shown] - own, decimals + 1)
        witness = joint_witness(party, profile, moved)
        if witness is not None and 0.5 * gain[shown] <= witness["gain"] <= 2 * gain[shown]:
            return witness
    return joint_witness(party, types[shown], bids[shown])


def joint_witness(party: Party, types: Floats, bids: Floats) -> dict[str, Any] | None:
    """Return what one joint deviation gains at one profile as plain data; None where it does not.

    Parameters
    ----------
    party : Party
    types : ndarray of float, shape (N,)
    bids : ndarray of float, shape (M, K)
        The party's.
    """
    exact = has_exact_forms(party.tested) and has_exact_forms(party.arena)
    outcomes = _exact_outcomes if exact else _plain_outcomes
    honest, deviating = outcomes(party, types, bids)
    pairs = zip(honest["utility"], deviating["utility"], strict=True)
    gains = [after - before for before, after in pairs]
    gain = sum(gains) if party.transfers else min(gains)
    if gain <= 0:
        return None
    numbers = {
        "honest_bids": _honest_bids(party.tested, types, exact),
        "arena_bids": _honest_bids(party.arena, party.arena_types(types[None])[0], exact),
        "honest_outcome": honest,
        "deviating_outcome": deviating,
        "gains": gains,
        "gain": gain,
    }
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": party.kind,
        **market_as_data(party.tested),
        "enlarged": None if party.kind == "coalition" else economy_as_data(party.arena.economy),
        "trader": party.people[0],
        "people": list(party.people),
        "places": list(party.places),
        "owners": list(party.owners),
        "transfers": party.transfers,
        "types": types.tolist(),
        "bids": bids.tolist(),
        **_as_numbers(numbers),
        "arithmetic": "rational" if exact else "floating point",
        "exact": fractions(numbers) if exact else None,
    }


def _honest_bids(where: Market, types: Floats, exact: bool) -> list[list[Any]]:
    """Return everybody's bids by the strategy in a market, each a list of numbers."""
    if not exact:
        plain: list[list[Any]] = drawn_bids(where.strategy, types[None]).as_array()[0].tolist()
        return plain
    bids = where.strategy.exact_bids(rational(types[None]))
    rows: list[list[Any]] = bids_as_rows(bids, where.mechanism.language.level).tolist()
    return rows


def _as_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_numbers(each) for each in value]
    return number(value)


Outcomes = dict[str, list[Any]]
"""Quantity, transfer and utility of each person."""


def _plain_outcomes(party: Party, types: Floats, bids: Floats) -> tuple[Outcomes, Outcomes]:
    """Clear the honest market and the arena, each alone."""
    profile, tested = types[None], party.tested
    base = party.base_bids(profile)
    base[:, list(party.places)] = bids
    record = party.arena.mechanism.language.record.from_array(base)
    both = (
        (tested.mechanism.clear(drawn_bids(tested.strategy, profile)), party.people, party.people),
        (party.arena.mechanism.clear(record), party.places, party.owners),
    )
    first, second = (
        _of_people(party, outcome.quantity[0], outcome.transfer[0], places, owners, types)
        for outcome, places, owners in both
    )
    return first, second


def _of_people(
    party: Party,
    quantity: Any,
    transfer: Any,
    places: tuple[int, ...],
    owners: tuple[int, ...],
    types: Any,
) -> Outcomes:
    """Return what each person trades, pays and has."""
    found: Outcomes = {"quantity": [], "transfer": [], "utility": []}
    for person in party.people:
        mine = [place for place, owner in zip(places, owners, strict=True) if owner == person]
        units, paid = sum(quantity[mine]), sum(transfer[mine])
        kept = _payoff(party.tested, person, units, paid, types)
        for name, value in zip(found, (units, paid, kept), strict=True):
            found[name].append(value)
    return found


def _payoff(tested: Market, person: int, units: Any, paid: Any, types: Any) -> Any:
    if not isinstance(units, Fraction):
        point = np.array([[units]]), np.array([[paid]])
        return tested.economy.payoff_of(person, *point, types[None])[0, 0]
    economy: Any = tested.economy
    exact = RationalEconomy.of(economy)
    worth = exact.value(types[None])[0, person] * units - exact.slope[person] * units**2 / 2
    return worth - paid


def _exact_outcomes(party: Party, types: Floats, bids: Floats) -> tuple[Outcomes, Outcomes]:
    """Clear both markets in rational arithmetic."""
    profile = rational(types[None])
    base = party.tested.strategy.exact_bids(profile)
    larger = party.arena.strategy.exact_bids(rational(party.arena_types(types[None])))
    coefficients, levels = larger.coefficients.copy(), larger.levels.copy()
    level = party.arena.mechanism.language.level % bids.shape[1]
    for place, bid in zip(party.places, rational(bids), strict=True):
        coefficients[place], levels[0, place] = np.delete(bid, level), bid[level]
    moved = RationalBids(coefficients, levels)
    both = (
        (party.tested, base, party.people, party.people),
        (party.arena, moved, party.places, party.owners),
    )
    first, second = (
        _of_people(party, *_cleared(where, cleared), places, owners, profile[0])
        for where, cleared, places, owners in both
    )
    return first, second


def _cleared(where: Market, bids: RationalBids) -> tuple[Rationals, Rationals]:
    """Return exact quantities and transfers, each (N,); 0 in autarky."""
    rule: Any = where.mechanism
    cleared = rule.clear_exact(bids)
    if cleared is None:
        nothing = rational(np.zeros(bids.levels.shape[1]))
        return nothing, nothing
    solution, transfers = cleared
    return solution.quantity[0], transfers[0]

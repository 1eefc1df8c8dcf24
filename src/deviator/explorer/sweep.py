"""Budget, welfare and the five constraints as one setting of the mechanism moves."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.errors import DeviatorError, RefusedError
from deviator.evidence import Certificate, Market, find_certificates
from deviator.evidence.constraints import (
    CONSTRAINTS,
    INCENTIVES,
    Constraint,
    ConstraintVerdict,
    State,
    exact_constraints,
)
from deviator.evidence.constraints.trader_gains import exact_trader_gains
from deviator.evidence.constraints.violations import honest_markets, no_efficiency
from deviator.plugins import looked_up_once
from deviator.studies.audit_market import report_card
from deviator.studies.search import Search
from deviator.validation import Floats, finite_array

from .choice import Choice

HELD_OUT = 1000
"""Profiles over which the page's audit measures mean gains: few, as it answers at every move."""

DRAWN = 64
"""Profiles at which it is looked for a gain along a sweep."""


@final
@dataclass(frozen=True, eq=False)
class Sweep:
    """What one profile of types and all profiles say at each value of a setting.

    Attributes
    ----------
    setting : str
    values : ndarray of float, shape (V,)
    budget : ndarray of float, shape (V,)
        Sum of the transfers at the profile; NaN where the market cannot be cleared.
    welfare : ndarray of float, shape (V,)
        Share of the gains from trade that is realized at the profile; NaN where it is not told.
    gain : ndarray of float, shape (V,)
        The largest exact gain of any trader at the profile; NaN where none is known.
    """

    setting: str
    values: Floats
    budget: Floats
    welfare: Floats
    gain: Floats


def sweep(choice: Choice, setting: str, values: Sequence[float], types: Floats) -> Sweep:
    """Return budget, welfare and the largest gain at one profile, at values of a setting.

    Parameters
    ----------
    choice : Choice
    setting : str
        Of the mechanism, as ``sigma``.
    values : sequence of float
    types : ndarray of float, shape (N,)

    Raises
    ------
    InvalidInputError
        If the types are malformed.

    Examples
    --------
    >>> chosen = Choice("sigma-dcda", "private-values", {"n_traders": 3})
    >>> moved = sweep(chosen, "sigma", [0.0, 1.0], np.array([1.0, 0.0, -1.0]))
    >>> moved.budget.round(3), moved.welfare.round(3), moved.gain.round(9)
    (array([-0.5,  0. ]), array([1.  , 0.75]), array([0., 0.]))
    """
    grid = finite_array("values", values, (None,))
    columns = np.full((3, len(grid)), np.nan)
    with looked_up_once():
        for place, value in enumerate(grid):
            # A value that the rule refuses leaves a gap in the curve.
            with suppress(DeviatorError):
                tested = choice.with_setting(setting, float(value)).market()
                columns[:, place] = _at(tested, types)
    return Sweep(setting, grid, *columns)


def _at(tested: Market, types: Floats) -> tuple[float, float, float]:
    """Return budget, realized share of the gains from trade, and largest gain at a profile."""
    profile = finite_array("types", types, (tested.economy.n_traders,))[None]
    markets = honest_markets(tested, profile)
    share = np.nan
    if no_efficiency(markets) is None and markets.gains_from_trade[0] > 0:
        lost = markets.first_best[0] - markets.worth.sum()
        share = 1.0 - lost / markets.gains_from_trade[0]
    return float(markets.outcome.transfer.sum()), float(share), _largest_gain(tested, profile)


def _largest_gain(tested: Market, profile: Floats) -> float:
    if tested.bids_are_surfaces:
        return np.nan
    try:
        everybody = range(tested.economy.n_traders)
        return float(exact_trader_gains(tested, everybody, profile).gain.max())
    except RefusedError:
        return np.nan


def states_along(
    choice: Choice, setting: str, values: Sequence[float]
) -> dict[Constraint, tuple[str, ...]]:
    """Return the state of each constraint at every profile of types, at values of a setting.

    Parameters
    ----------
    choice : Choice
    setting : str
        Of the mechanism.
    values : sequence of float

    Returns
    -------
    dict of str to tuple of str
        In the order of `CONSTRAINTS`; ``undetermined`` where a market has no exact forms.

    Examples
    --------
    The tax that balances the budget of three traders lies between 0 and 1.

    >>> chosen = Choice("sigma-dcda", "private-values", {"n_traders": 3})
    >>> states = states_along(chosen, "sigma", [0.0, 1.0])
    >>> states["budget_surplus"], states["incentive_compatibility"]
    (('refuted', 'confirmed'), ('confirmed', 'confirmed'))
    """
    with looked_up_once():
        columns = [_states(choice.with_setting(setting, float(value))) for value in values]
    return {name: tuple(column[name] for column in columns) for name in CONSTRAINTS}


def _states(choice: Choice) -> dict[Constraint, State]:
    open_: dict[Constraint, State] = dict.fromkeys(CONSTRAINTS, "undetermined")
    try:
        tested = choice.market()
        found = {name: answer.state for name, answer in exact_constraints(tested).items()}
        return open_ | found | {INCENTIVES: _incentives(tested)}
    except DeviatorError:
        return open_


def _incentives(tested: Market) -> State:
    """Return whether certificates exclude every gain, or somebody gains at a drawn profile."""
    everybody = range(tested.economy.n_traders)
    certificates = find_certificates(tested, "profile", everybody).certificates
    if all(_excludes_gains(certificates.get(trader)) for trader in everybody):
        return "confirmed"
    types = tested.distribution.sample(np.random.default_rng(0), DRAWN)
    gains = exact_trader_gains(tested, everybody, types)
    pays = gains.kind == "exact" and gains.gain.max() > tested.epsilon
    return "refuted" if pays else "undetermined"


def _excludes_gains(certificate: Certificate | None) -> bool:
    return certificate is not None and certificate.every_profile and certificate.cap == 0


def has_exact_answers(tested: Market) -> bool:
    """Return whether the constraints on honest outcomes are decided exactly, which is quick.

    Examples
    --------
    >>> has_exact_answers(Choice("sigma-dcda", "two-groups", {"n_traders": 4}).market())
    True
    """
    try:
        exact_constraints(tested)
    except DeviatorError:
        return False
    return True


def answers(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Return the answers on the five constraints as an audit without learners gives them.

    Parameters
    ----------
    tested : Market

    Returns
    -------
    dict of str to ConstraintVerdict
        In the order of `CONSTRAINTS`.

    Raises
    ------
    DeviatorError
        If the market cannot be audited.

    Examples
    --------
    >>> tested = Choice("sigma-dcda", "two-groups", {"n_traders": 4}, {"sigma": 1.0}).market()
    >>> [answer.state for answer in answers(tested).values()]
    ['confirmed', 'confirmed', 'confirmed', 'confirmed', 'refuted']
    """
    card = report_card(tested, Search(held_out=HELD_OUT))
    return {name: card.constraints[name] for name in CONSTRAINTS}

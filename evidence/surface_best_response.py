"""The best deviation of a smooth market: the best point of a trader's residual demand curve.

Where bids are surfaces, whatever a trader submits leads to a point of the residual curve that the
others leave them, or to autarky, and what they pay depends on that point only (proof of
Proposition 3). Insisting on a quantity at any price, a correspondence, leads to any point of the
curve. So the best quantity to insist on is the best deviation of all. It is searched: quantities
far and near, then ever closer to the best one.
"""

from inspect import signature
from typing import NamedTuple

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.languages import SurfaceBids
from deviator.mechanisms.outcome import Outcome
from deviator.mechanisms.surfaces import Hyperplane
from deviator.policies.base import Policy, check_market
from deviator.policies.mixing import unmixed_bids
from deviator.validation import Floats, positive, trader_index

from .surface_deviations import honest_surface_bids

AWAY = np.concatenate([-np.geomspace(1.0, 1e-3, 12), np.geomspace(1e-3, 1.0, 12)])
"""Where quantities are tried first, of the reach to each side of the honest quantity."""

CLOSER, ROUNDS = np.array([-0.75, -0.5, -0.25, 0.25, 0.5, 0.75]), 8
"""Where quantities are tried between the neighbors of the best one, and how often."""


class SurfaceBest(NamedTuple):
    """The best points of a trader's residual curves in B markets.

    Attributes
    ----------
    quantity : ndarray of float, shape (B,)
        What it is best to insist on.
    gain : ndarray of float, shape (B,)
        Utility less that of the present bid, in units of money per market; never below 0, as the
        present outcome is among the points.
    """

    quantity: Floats
    gain: Floats


def surface_best_response(
    mechanism: ConditionalAuction,
    economy: Economy,
    types: Floats,
    trader: int,
    *,
    others: Policy | None = None,
    reach: float = 4.0,
    rounds: int = ROUNDS,
) -> SurfaceBest:
    """Search a trader's best deviation in smooth markets.

    Parameters
    ----------
    mechanism : ConditionalAuction
    economy : Economy
        Smooth, so that honest bids are surfaces.
    types : ndarray of float, shape (B, N)
    trader : int
    others : Policy, optional
        The strategy deviated from, which bids surfaces; honesty by default.
    reach : float
        How far from the present quantity others are tried, of the market's largest quantity.
    rounds : int
        How often quantities between the neighbors of the best one are tried.

    Raises
    ------
    InvalidInputError
        If the mechanism is not an auction of conditional bids, its clearing does not say which
        markets it could not solve, present bids are not surfaces, or an argument is malformed.
    NotConvergedError
        If a present market could not be solved.

    Examples
    --------
    >>> from deviator.economies import saturating
    >>> from deviator.mechanisms import SigmaDCDA, UniformConditional
    >>> types = np.array([[1.0, 0.5, -0.5, -1.0]])
    >>> for rule in (UniformConditional(), SigmaDCDA(0.2)):
    ...     print(rule.name, surface_best_response(rule, saturating(4), types, 0).gain.round(6))
    uniform-conditional [0.045315]
    sigma-dcda [0.]
    """
    if not isinstance(mechanism, ConditionalAuction):
        raise InvalidInputError(
            "points of residual curves are tried in auctions of conditional bids, got "
            f"{type(mechanism).__name__}; give SigmaDCDA(sigma), say, or where bids are numbers "
            "use NumericSearch"
        )
    check_market(mechanism, economy)
    _check_reports(mechanism)
    positive("reach", reach)
    present = (
        honest_surface_bids(mechanism, economy, types)
        if others is None
        else unmixed_bids(others, types)
    )
    if not isinstance(present, SurfaceBids):
        raise InvalidInputError(
            f"others must bid surfaces, got {type(present).__name__}; use exact_gain or "
            "NumericSearch"
        )
    index = trader_index(trader, economy.n_traders)
    return _Search(mechanism, economy, np.asarray(types, float), present, index).best(reach, rounds)


def _check_reports(mechanism: ConditionalAuction) -> None:
    """Check that a rule of one's own still tells which markets it could not solve."""
    try:
        signature(mechanism.clear).bind(None, unsolved="report")
    except TypeError:
        raise InvalidInputError(
            f"clear of {mechanism.name} must take unsolved='report', as that of ConditionalAuction "
            "does; add the argument and hand it on"
        ) from None


class _Search(NamedTuple):
    mechanism: ConditionalAuction
    economy: Economy
    types: Floats
    present: SurfaceBids
    trader: int

    def best(self, reach: float, rounds: int) -> SurfaceBest:
        """Return the best points, tried far and near, and then between the best one's neighbors."""
        outcome = self.mechanism.clear(self.present)
        own = outcome.quantity[:, self.trader]
        utility = self._payoff(outcome)
        size = reach * self._usual_size(outcome.quantity)
        tried = own + AWAY[:, None] * size
        quantity, most = _better(own, utility, tried, self._utilities(tried))
        room = _gap_to_neighbors(np.insert(tried, len(AWAY) // 2, own, axis=0), quantity)
        for _ in range(rounds):
            tried = quantity + CLOSER[:, None] * room
            quantity, most = _better(quantity, most, tried, self._utilities(tried))
            room = room * 0.25
        return SurfaceBest(quantity, most - utility)

    def _usual_size(self, quantity: Floats) -> Floats:
        """Return the largest quantity of each market, (B,); the efficient one where none trades."""
        largest = np.abs(quantity).max(axis=1)
        idle = largest == 0
        if idle.any():
            largest[idle] = np.abs(self.economy.efficient_allocation(self.types[idle])).max(axis=1)
        return np.where(largest > 0, largest, 1.0)

    def _utilities(self, quantities: Floats) -> Floats:
        """Return the utility of insisting on quantities (T, B); what cannot be reached is -inf."""
        return np.stack([self._utility(each) for each in quantities])

    def _utility(self, quantity: Floats) -> Floats:
        insists = Hyperplane(np.eye(self.economy.n_traders)[self.trader], 0.0, quantity)
        bids = self.present.with_surface(self.trader, insists)
        outcome = self.mechanism.clear(bids, unsolved="report")
        return np.where(outcome.converged, self._payoff(outcome), -np.inf)

    def _payoff(self, outcome: Outcome) -> Floats:
        payoff = self.economy.payoff(outcome.quantity, outcome.transfer, self.types)
        return np.asarray(payoff[:, self.trader])


def _better(
    quantity: Floats, utility: Floats, tried: Floats, utilities: Floats
) -> tuple[Floats, Floats]:
    """Return the best of present quantities (B,) and those tried (T, B), and their utilities."""
    best, rows = utilities.argmax(axis=0), np.arange(len(quantity))
    better = utilities[best, rows] > utility
    return (
        np.where(better, tried[best, rows], quantity),
        np.where(better, utilities[best, rows], utility),
    )


def _gap_to_neighbors(tried: Floats, best: Floats) -> Floats:
    """Return how far the farther neighbor of the best is, of quantities in order, (T, B)."""
    place = (tried == best).argmax(axis=0)
    rows = np.arange(len(best))
    before, after = np.maximum(place - 1, 0), np.minimum(place + 1, len(tried) - 1)
    return np.asarray(np.maximum(best - tried[before, rows], tried[after, rows] - best))

"""The best joint deviation in linear-quadratic markets: exact, or without bound."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from deviator.errors import RefusedError
from deviator.mechanisms.languages import FactoredLanguage
from deviator.validation import Floats, finite_array

from .joint_quadratic import (
    JointQuadratic,
    Response,
    joint_quadratic,
    linear_rule,
    response_of,
    uses_residual_slope,
)
from .least_gain import largest_least_gain
from .party import Party
from .rewritten_bids import rewritten_bids

Reach = Literal["exact", "capped", "unbounded"]

FLAT = 1e-10
"""Bends up to this share of the largest are none."""

LARGE = 1000.0
"""A gain without bound is shown by one of about so many times what is at stake."""

AGREES = 1e-6
"""How far the gain of cleared bids may be from the predicted one, of the largest gain."""


@final
@dataclass(frozen=True, eq=False)
class JointBest:
    """The best joint deviation at each of B profiles.

    Attributes
    ----------
    reach : {"exact", "capped", "unbounded"}
        Whether nothing gains more, or nothing more than the cap, or anything can be gained.
    bids : ndarray of float, shape (B, M, K)
        The party's; where gains have no bound, bids of a large one.
    gains : ndarray of float, shape (B, P)
        What each person gains by them.
    gain : ndarray of float, shape (B,)
        The joint gain, or the least one without transfers; never negative, as the people can stay
        honest.
    cap : ndarray of float, shape (B,)
        The most that can be gained: the gain itself where that is exact, infinite without bound.
    bend : float
        The largest second derivative of the joint gain in unit directions of level shifts; gains
        have a bound where it is not positive.
    own_types : bool
        Whether people who know their own types only can do the same.
    reason : str
        Why the answer is exact, or why there is no bound.
    """

    reach: Reach
    bids: Floats
    gains: Floats
    gain: Floats
    cap: Floats
    bend: float
    own_types: bool
    reason: str


def best_joint_deviation(party: Party, types: Floats, *, shapes: bool = True) -> JointBest:
    """Return the best joint deviation, all types known.

    Parameters
    ----------
    party : Party
    types : ndarray of float, shape (B, N)
    shapes : bool
        Whether bids may have other shapes than the strategy's, and not only other levels.

    Raises
    ------
    RefusedError
        If the joint problem has no exact answer here, with what would give one.

    Examples
    --------
    Two of four traders in a VCG mechanism gain mu (q_1^2 + q_2^2) / (2 (N - 1) (N - 2)) together.

    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.evidence.coalitions import coalition_of
    >>> from deviator.mechanisms import SigmaVCG
    >>> economy = private_values(4)
    >>> pair = coalition_of(market(SigmaVCG(economy, 0.0), economy), (0, 1))
    >>> round(float(best_joint_deviation(pair, np.array([[3.0, 1.0, -4.0, 0.0]])).gain[0]), 9)
    0.833333333
    """
    checked = finite_array("types", types, (None, party.tested.economy.n_traders))
    rule = linear_rule(party)
    response = response_of(party, checked)
    problem = joint_quadratic(party, checked, response)
    moves_shapes = uses_residual_slope(rule) and rule.language.reads != "nothing"
    several = len(party.places) > 1
    if shapes and several and moves_shapes:
        return _rewritten(party, checked, response, problem)
    bend = _largest_bend(problem)
    if bend > 0:
        return _without_bound(party, checked, problem, bend)
    if party.transfers or len(party.people) == 1:
        return _attained(party, checked, problem, _summit(problem), bend)
    least = largest_least_gain(problem)
    return _attained(party, checked, problem, least.shift, bend, least.cap)


def _largest_bend(problem: JointQuadratic) -> float:
    """Return the largest second derivative of the sum of gains; 0 where it is rounding."""
    values = np.linalg.eigvalsh(problem.bend.sum(axis=1))
    largest = values[:, -1] / np.abs(values).max(axis=1)
    return float(values[:, -1].max()) if largest.max() > FLAT else min(float(values.max()), 0.0)


def _summit(problem: JointQuadratic) -> Floats:
    """Return the shift (B, M) of the largest sum of gains, in which it does not move if flat."""
    slope, bend = problem.slope.sum(axis=1), problem.bend.sum(axis=1)
    values, vectors = np.linalg.eigh(bend)
    along = np.einsum("bmk,bm->bk", vectors, slope)
    flat = np.abs(values) <= FLAT * np.abs(values).max(axis=1, keepdims=True)
    size = np.abs(problem.slope).sum(axis=(1, 2))[:, None]
    if (flat & (np.abs(along) > 1e-7 * size)).any():
        raise RefusedError(
            "an exact joint deviation needs a joint gain that bends wherever it rises, and here it "
            "rises along a line; name a learner instead"
        )
    steps = np.where(flat, 0.0, -along / np.where(flat, 1.0, values))
    return np.asarray(np.einsum("bmk,bk->bm", vectors, steps))


def _attained(
    party: Party,
    types: Floats,
    problem: JointQuadratic,
    shift: Floats,
    bend: float,
    cap: Floats | None = None,
) -> JointBest:
    """Return what a shift gains, once bids that are cleared gain the same."""
    bids = shifted(party, types, shift)
    predicted, cleared = problem.gains(shift), party.gains(types, bids)
    size = max(np.abs(predicted).max(), np.abs(party.honest(types).utility).max())
    if np.abs(predicted - cleared).max() > AGREES * size:
        raise RefusedError(
            "an exact joint deviation needs gains that are quadratic in the levels, and those of "
            f"{party.arena.mechanism.name} are not; name a learner instead"
        )
    gain = np.maximum(party.value(predicted), 0.0)
    most = gain if cap is None else np.maximum(cap, gain)
    if (most > gain).any():
        reason = "weighted sums of the gains cap the least one, and do not attain it everywhere"
        return JointBest("capped", bids, predicted, gain, most, bend, False, reason)
    reason = "the joint gain is a concave quadratic function of the levels of the bids"
    return JointBest("exact", bids, predicted, gain, most, bend, False, reason)


def shifted(party: Party, types: Floats, shift: Floats) -> Floats:
    """Return the party's bids (B, M, K) with levels moved by (B, M)."""
    bids: Floats = party.base_bids(types)[:, list(party.places)]
    bids[:, :, party.arena.mechanism.language.level] += shift
    return bids


def _without_bound(party: Party, types: Floats, problem: JointQuadratic, bend: float) -> JointBest:
    """Return a large gain along the direction in which the joint gain bends upwards most."""
    if not party.transfers and len(party.people) > 1:
        raise RefusedError(
            "the largest least gain is known where the joint gain has a bound, and here it has "
            "none; pass transfers=True, or name a learner"
        )
    values, vectors = np.linalg.eigh(problem.bend.sum(axis=1))
    upwards, curvature = vectors[:, :, -1], values[:, -1]
    rise = (problem.slope.sum(axis=1) * upwards).sum(axis=1)
    ahead = np.where(rise >= 0, 1.0, -1.0)
    stakes = np.maximum(party.stakes, np.abs(party.honest(types).utility).sum(axis=1))
    wanted = LARGE * stakes - np.minimum(problem.start.sum(axis=1), 0.0)
    length = (np.sqrt(rise**2 + 2 * curvature * wanted) - np.abs(rise)) / curvature
    bids = shifted(party, types, (ahead * length)[:, None] * upwards)
    reason = "the joint gain bends upwards along a line of levels"
    return _large(party, types, bids, wanted, bend, reason)


def _rewritten(
    party: Party, types: Floats, response: Response, problem: JointQuadratic
) -> JointBest:
    """Return a large gain of members who move each other's residual slopes."""
    bids = rewritten_bids(party, types, response, LARGE)
    reason = "fellow members set each other's residual slopes, which payments use, as they like"
    wanted = LARGE * party.value(party.honest(types).utility)
    return _large(party, types, bids, wanted, _largest_bend(problem), reason)


def _large(
    party: Party, types: Floats, bids: Floats, wanted: Floats, bend: float, reason: str
) -> JointBest:
    """Return bids of large gains, once they are cleared and gain that much at most profiles."""
    gains = party.gains(types, bids)
    gain = party.value(gains)
    if np.median(gain - 0.5 * wanted) < 0:
        raise RefusedError(
            "a joint gain without bound must be seen in cleared markets, and bids that should have "
            f"it do not clear in {party.arena.mechanism.name} ({reason}); name a learner"
        )
    cap = np.full(len(types), np.inf)
    own_types = not isinstance(party.arena.mechanism.language, FactoredLanguage)
    return JointBest("unbounded", bids, gains, gain, cap, bend, own_types, reason)

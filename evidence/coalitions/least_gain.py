"""The largest least gain of several quadratic gains: a joint deviation from which everyone gains.

Without transfers members agree on a deviation only if each of them gains. We look for the largest
least gain, max_x min_i g_i(x): it is positive exactly where everyone can gain at once, needs no
choice of weights between members, and its solution is Pareto efficient, as it maximises a sum with
positive weights. For any such weights w on the simplex max_x sum_i w_i g_i(x) is a cap. Where the
weights of the least cap give all members the same gain, cap and gain agree, whatever shape the
single gains have. For two members they always do (the joint range of two quadratic functions of
which a positive sum is strictly concave is convex: Polyak 1998, Theorem 2.2); for more there may be
a gap, and both ends of it are stated.
"""

from typing import NamedTuple

import numpy as np

from deviator.errors import RefusedError
from deviator.validation import Bools, Floats

from .joint_quadratic import JointQuadratic

STEPS = 60
"""Newton steps at most; about ten are usual."""

CLOSED = 1e-9
"""The largest gap between bound and gain, relative to the gain, at which the gain is exact."""

ROUNDED = 1e-12
"""Gains up to this share of what is at stake are rounding."""

SMALLEST_STEP = 1e-13
"""Smaller steps of the weights, which sum to 1, change nothing."""


class LeastGain(NamedTuple):
    """Joint deviations of a large least gain, and a certified cap on it, in B markets."""

    shift: Floats  # (B, M)
    gain: Floats  # (B,), never negative
    cap: Floats  # (B,); equal to the gain, up to rounding, where that is exact
    weights: Floats  # (B, P), of the sum that gives the cap

    @property
    def exact(self) -> bool:
        """Whether no joint deviation has a larger least gain anywhere."""
        return bool((self.cap <= self.gain).all())


def largest_least_gain(problem: JointQuadratic) -> LeastGain:
    """Return the largest least gain at each profile, with its certificate.

    Newton's method on the weights, in which the cap is convex.

    Raises
    ------
    RefusedError
        If the sum of all gains is not strictly concave.

    References
    ----------
    Polyak (1998), Convexity of quadratic transformations and its use in control and optimization.
    """
    markets, people = problem.start.shape
    weights = np.full((markets, people), 1 / people)
    if not _concave(problem, weights).all():
        raise RefusedError(
            "the largest least gain needs a sum of gains that is strictly concave, and here it is "
            "not; pass transfers=True, or name a learner"
        )
    best, cap = _best(problem, weights)
    least = problem.gains(best).min(axis=1)
    for _ in range(STEPS):
        step = _newton_step(problem, weights)
        step *= _allowed_length(problem, weights, step)[:, None]
        weights = weights + step
        shift, cap = _best(problem, weights)
        gain = problem.gains(shift).min(axis=1)
        best, least = np.where((gain > least)[:, None], shift, best), np.maximum(gain, least)
        if np.abs(step).max() <= SMALLEST_STEP:
            break
    best = np.where((least > 0)[:, None], best, 0.0)
    least = np.maximum(least, problem.gains(0.0 * best).min(axis=1))
    closed = cap - least <= CLOSED * np.abs(cap) + ROUNDED * _size(problem)
    return LeastGain(best, least, np.where(closed, least, cap), weights)


def _best(problem: JointQuadratic, weights: Floats) -> tuple[Floats, Floats]:
    """Return the shift that maximises a weighted sum of gains (B, M), and the sum (B,)."""
    slope, bend = problem.weighted(weights)
    shift = -np.linalg.solve(bend, slope[..., None])[..., 0]
    start = (weights * problem.start).sum(axis=1)
    return np.asarray(shift), np.asarray(start + 0.5 * (slope * shift).sum(axis=1))


def _newton_step(problem: JointQuadratic, weights: Floats) -> Floats:
    """Return the step of the weights, which leaves their sum as it is, shape (B, P)."""
    shift, _ = _best(problem, weights)
    people = weights.shape[1]
    gains = problem.gains(shift)
    towards = problem.slope + np.einsum("bpmn,bn->bpm", problem.bend, shift)
    _, bend = problem.weighted(weights)
    curvature = -towards @ np.linalg.solve(bend, towards.swapaxes(1, 2))
    # On the simplex, whose directions sum to 0: an orthonormal basis of these.
    basis = np.linalg.svd(np.ones((1, people)))[2][1:].T
    reduced = basis.T @ curvature @ basis
    scale = np.trace(reduced, axis1=1, axis2=2)[:, None, None] + np.finfo(float).tiny
    steady = reduced / scale + 1e-15 * np.eye(people - 1)
    step = -np.linalg.solve(steady, (gains @ basis / scale[:, 0])[..., None])[..., 0]
    return np.asarray(step @ basis.T)


def _allowed_length(problem: JointQuadratic, weights: Floats, step: Floats) -> Floats:
    """Return how far along the step (B,) weights stay positive and sums concave, and fall."""
    _, before = _best(problem, weights)
    rounding = ROUNDED * _size(problem)
    length = np.ones(len(weights))
    for _ in range(STEPS):
        tried = weights + length[:, None] * step
        inside: Bools = np.asarray((tried > 0).all(axis=1))
        inside &= _concave(problem, np.where(inside[:, None], tried, weights))
        kept = np.where(inside[:, None], tried, weights)
        _, after = _best(problem, kept)
        bad = ~inside | (after > before + rounding)
        if not bad.any():
            break
        length = np.where(bad, 0.5 * length, length)
    return np.where(bad, 0.0, length)


def _concave(problem: JointQuadratic, weights: Floats) -> Bools:
    """Return where a weighted sum of gains is strictly concave, shape (B,)."""
    _, bend = problem.weighted(weights)
    values = np.linalg.eigvalsh(bend)
    return np.asarray(values[:, -1] < -1e-12 * np.abs(values).max(axis=1))


def _size(problem: JointQuadratic) -> Floats:
    """Return about how much is at stake, shape (B,): the rise of a parabola of these sizes."""
    slope = np.abs(problem.slope).max(axis=(1, 2))
    return np.asarray(slope**2 / np.abs(problem.bend).max(axis=(1, 2, 3)))

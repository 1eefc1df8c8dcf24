"""The expected gain of the best deviation under a law of types, in rational arithmetic."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from deviator.economies import NormalTypes, TypeDistribution
from deviator.errors import RefusedError
from deviator.numerics.rational import (
    Rationals,
    rational,
    rational_inverse,
    rational_product,
    rounded_up,
)
from deviator.policies import Information, knows_profile, rung_within
from deviator.policies.affine_shift import check_regressions
from deviator.policies.rungs import LinearView, OwnType, linear_view

from ..market import Market
from .certificate import Condition
from .honest_markets import Seat

NEGLIGIBLE = 1e-12
"""Shifts below this share of what is traded are the rounding of a strategy."""


def expected_gain(
    tested: Market,
    seat: Seat,
    trader: int,
    shift: Rationals,
    bend: Fraction,
    information: Information,
) -> float:
    """Return E[(bend / 2) shift^2] of the best deviation on a rung of information, rounded up.

    In a language that reads the allocation bids read the others' types off it, so that all rungs
    are one; elsewhere it is the square of what the bid can know of the shift. On a rung that
    another defines it is the gain of who knows all types, which caps it.

    Raises
    ------
    RefusedError
        If the rung has no closed form under the law.
    """
    law = tested.distribution
    mean, covariance = rational(law.mean), rational(law.covariance)
    centre = shift[0] + shift[1:] @ mean
    reads = tested.mechanism.language.reads
    rung = rung_within(information, tested.mechanism, tested.economy)
    view = linear_view(rung, law.n_traders, trader)
    if view is not None and not knows_profile(rung) and reads != "allocation":
        check_regressions(law)
        _check_normal(law, reads == "price" or not isinstance(rung, OwnType))
        seen = _seen(seat, view, reads)
        return rounded_up(bend / 2 * (centre**2 + _explained(shift[1:], seen, covariance)))
    return rounded_up(bend / 2 * (centre**2 + _variance(shift[1:], covariance)))


def negligible_shift(
    cap: float, bend: Fraction, seat: Seat, tested: Market, information: Information
) -> tuple[Condition, ...]:
    """Return, where a cap is on a mean, a condition that says so where it is rounding only."""
    if knows_profile(information):
        return ()
    law = tested.distribution
    effect = (seat.quantity[1:] - seat.quantity[0]).astype(np.float64)
    at_mean = float(seat.quantity[0]) + effect @ law.mean
    traded = float(np.sqrt(at_mean**2 + effect @ law.covariance @ effect))
    off = float(np.sqrt(2 * cap / float(bend)))
    if off > NEGLIGIBLE * traded:
        return ()
    detail = f"the strategy, as rounded to doubles, is within {off:.3g} units of it under the law"
    return (Condition("honesty is optimal given what a bid can know", cap == 0, detail),)


class _Seen(NamedTuple):
    """What a bid conditions on: weights on the types, and the variances of independent noise."""

    weights: Rationals  # (O, N)
    noise: Rationals  # (O,)

    def first(self, places: Sequence[int]) -> "_Seen":
        return _Seen(self.weights[places], self.noise[places])


def _check_normal(law: TypeDistribution, needed: bool) -> None:
    if needed and not isinstance(law, NormalTypes):
        raise RefusedError(
            "an own-type certificate in schedules, or one on statistics or signals, needs Normal "
            f"types, got {type(law).__name__}; use information='profile'"
        )


def _seen(seat: Seat, view: LinearView, reads: str) -> _Seen:
    """Return what a bid on a rung conditions on: what is seen, and the price where it tells."""
    weights, noise = rational(view.weights), rational(view.noise) ** 2
    if reads == "nothing":
        return _Seen(weights, noise)
    intercept = seat.intercept
    told = (intercept[1:] - intercept[0])[None]
    return _Seen(np.concatenate([weights, told]), np.concatenate([noise, rational([0.0])]))


def _variance(shift: Rationals, covariance: Rationals) -> Fraction:
    variance: Fraction = rational_product(shift[None], covariance)[0] @ shift
    return variance


def _explained(shift: Rationals, seen: _Seen, covariance: Rationals) -> Fraction:
    """Return the variance of E[shift | seen]; the projection is exact under Normal types."""
    inverse = _inverse(seen, covariance)
    if inverse is None:
        return _explained(shift, _independent(seen, covariance), covariance)
    target = rational_product(seen.weights, covariance) @ shift
    explained: Fraction = target @ inverse @ target
    return explained


def _inverse(seen: _Seen, covariance: Rationals) -> Rationals | None:
    moments = rational_product(seen.weights, covariance) @ seen.weights.T
    return rational_inverse(moments + np.diag(seen.noise))


def _independent(seen: _Seen, covariance: Rationals) -> _Seen:
    """Return what is seen without what tells nothing new beside what stands before it."""
    kept: list[int] = []
    for place in range(len(seen.weights)):
        if _inverse(seen.first([*kept, place]), covariance) is not None:
            kept.append(place)
    return seen.first(kept)

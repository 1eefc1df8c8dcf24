"""The expected gain of the best deviation under a law of types, in rational arithmetic."""

from fractions import Fraction

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
from deviator.policies import Information
from deviator.policies.affine_shift import check_regressions

from ..market import Market
from .certificate import Condition
from .honest_markets import Seat, unit_profiles

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

    On the own-type rung of a language that reads the allocation, bids read the others' types off
    it, so that both rungs are one; elsewhere it is the square of what the bid can know of the
    shift.

    Raises
    ------
    RefusedError
        If the own-type rung has no closed form under the law.
    """
    law = tested.distribution
    mean, covariance = rational(law.mean), rational(law.covariance)
    centre = shift[0] + shift[1:] @ mean
    reads = tested.mechanism.language.reads
    if information == "own" and reads != "allocation":
        check_regressions(law)
        seen = _seen(seat, trader, law, reads)
        return rounded_up(bend / 2 * (centre**2 + _explained(shift[1:], seen, covariance)))
    return rounded_up(bend / 2 * (centre**2 + _variance(shift[1:], covariance)))


def negligible_shift(
    cap: float, bend: Fraction, seat: Seat, tested: Market, information: Information
) -> tuple[Condition, ...]:
    """Return, on the own-type rung, a condition that says so where the cap is rounding only."""
    if information != "own":
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


def _seen(seat: Seat, trader: int, law: TypeDistribution, reads: str) -> Rationals:
    """Return what an own-type bid conditions on, as weights on the types, one row each."""
    own: Rationals = unit_profiles(len(seat.quantity) - 1)[[1 + trader]]
    if reads == "nothing":
        return own
    if not isinstance(law, NormalTypes):
        raise RefusedError(
            "an own-type certificate in schedules needs Normal types, got "
            f"{type(law).__name__}; use information='profile'"
        )
    intercept = seat.intercept
    seen: Rationals = np.concatenate([own, (intercept[1:] - intercept[0])[None]])
    return seen


def _variance(shift: Rationals, covariance: Rationals) -> Fraction:
    variance: Fraction = rational_product(shift[None], covariance)[0] @ shift
    return variance


def _explained(shift: Rationals, seen: Rationals, covariance: Rationals) -> Fraction:
    """Return the variance of E[shift | seen]; the projection is exact under Normal types."""
    spread = rational_product(seen, covariance)
    inverse = rational_inverse(spread @ seen.T)
    if inverse is None:
        return _explained(shift, seen[:1], covariance)
    target = spread @ shift
    explained: Fraction = target @ inverse @ target
    return explained

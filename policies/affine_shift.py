"""Best deviations of one trader as affine functions of the types, in linear markets.

A deviator who does not know the whole profile chooses the best conditional shift E[shift | what a
bid can condition on]: nothing beyond what is seen in a report, the residual demand it meets too
(through the price) in a schedule, and the others' types themselves in a conditional bid, which
reads them off the allocation (assumption INJ). In linear markets the shift is affine in the types,
and what our rungs show is linear in them up to Normal noise, so these expectations have closed
forms.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from deviator.economies import NormalTypes, QuadraticEconomy, TypeDistribution
from deviator.errors import RefusedError
from deviator.mechanisms import LineMenu, Mechanism, ResidualLineMechanism
from deviator.validation import Floats, trader_index

from .affine_strategy import ROUNDING, AffineStrategy
from .base import Policy
from .best_point import line_menu
from .information import (
    Information,
    rung_of,
    rung_within,
    seen_by,
)
from .linear_bayes import LinearBayes
from .mixing import unmixed_bids
from .network_strategy import NetworkStrategy
from .revelation import Revelation
from .rungs import LinearView, Rung, linear_view

IRRATIONAL = np.sqrt([0.05, 2.0, 7.0]) * [1.0, -1.0, 1.0]
"""Types at which it is tried whether bids are affine: no grid has them all."""


class AffineShift(NamedTuple):
    """Best minus honest quantity as an affine function of the types, for one trader."""

    constant: float
    effect: Floats  # (N,)
    bend: float
    intercept_constant: float
    intercept_effect: Floats  # (N,), of the residual price curve's intercept
    honest_steepness: float  # honest units given up per unit of that intercept; 0 without schedules
    residual_slope: float


def affine_shift(
    mechanism: Mechanism, economy: QuadraticEconomy, policy: Policy, trader: int
) -> AffineShift:
    """Read the affine shift off the market at the zero profile and at each unit profile."""
    n = economy.n_traders
    if mechanism.bid_limits(trader_index(trader, n)) is not None:
        raise RefusedError(
            "a gain in closed form needs bids without limits, and types are bounded in "
            f"{mechanism.name}; measure the gain at sampled profiles, information='profile'"
        )
    _check_levels_alone_move(policy)
    types = np.concatenate([np.zeros((1, n)), np.eye(n)])
    bids = unmixed_bids(policy, types)
    menu = line_menu(mechanism, bids, trader)
    present = mechanism.clear_deviations(bids, trader, bids.of_trader(trader)[:, None])
    slope = float(economy.slope[trader])
    shift = menu.shift(economy.value(types)[:, trader], slope, present.quantity[:, 0])
    quantity, intercept = shift.quantity, menu.intercept
    return AffineShift(
        float(quantity[0]),
        quantity[1:] - quantity[0],
        float(shift.bend[0]),
        float(intercept[0]),
        intercept[1:] - intercept[0],
        _honest_steepness(mechanism, policy, menu, types, trader),
        float(menu.slope[0]),
    )


def _check_levels_alone_move(policy: Policy) -> None:
    """Refuse strategies whose bids are not affine in the types, by their levels alone."""
    fixed = policy.shape_is_fixed if isinstance(policy, AffineStrategy) else True
    known = isinstance(policy, AffineStrategy | Revelation | LinearBayes)
    if not fixed or isinstance(policy, NetworkStrategy) or not (known or _is_affine(policy)):
        raise RefusedError(
            "a gain in closed form needs bids of which types move levels alone, and affinely, "
            f"those of {policy.name} do more; use information='profile' or search numerically"
        )


def _is_affine(policy: Policy) -> bool:
    """Return whether bids at a few types, which stand on no grid, are affine in them."""
    probes = np.concatenate([[0.0, 1.0], IRRATIONAL])[:, None] * np.ones(policy.n_traders)
    numbers: Any = unmixed_bids(policy, probes).as_array()
    steps = IRRATIONAL[:, None, None] * (numbers[1] - numbers[0])
    off = np.abs(numbers[2:] - numbers[0] - steps).max()
    return bool(off <= ROUNDING * max(float(np.abs(numbers).max()), 1e-300))


def _honest_steepness(
    mechanism: Mechanism, policy: Policy, menu: LineMenu, types: Floats, trader: int
) -> float:
    """Return b / (1 + b k): on the line p = a + k q, the schedule level - b p buys that less."""
    if mechanism.language.reads != "price":
        return 0.0
    steepness = float(unmixed_bids(policy, types[:1]).of_trader(trader)[0, 1])
    return steepness / (1 + steepness * float(menu.slope[0]))


class ConditionalShift(NamedTuple):
    """The best shift given what a bid can condition on: constant + on_seen seen + on_types s."""

    constant: float
    on_seen: Floats  # (O,), of what the rung shows
    on_types: Floats  # (N,), of the types, as far as the mechanism tells them
    bend: float
    view: LinearView
    on_intercept: float = 0.0  # of the residual price curve, through which types are told
    intercept_constant: float = 0.0

    @property
    def effect(self) -> Floats:
        """Its effects on the types, of which what is seen is made; shape (N,)."""
        return self.on_types + self.on_seen @ self.view.weights

    def at(self, types: Floats, seen: Floats) -> Floats:
        """Return the shift in each market, shape (B,)."""
        return self.constant + types @ self.on_types + seen @ self.on_seen

    def mean_square(self, law: TypeDistribution) -> float:
        """Return the mean of its square under a law of types."""
        mean = self.constant + self.effect @ law.mean
        variance = self.effect @ law.covariance @ self.effect
        return float(mean**2 + variance + ((self.on_seen * self.view.noise) ** 2).sum())


def conditional_shift(
    mechanism: Mechanism,
    policy: Policy,
    shift: AffineShift,
    law: TypeDistribution,
    trader: int,
    information: Information,
) -> ConditionalShift:
    """Return E[shift | what a bid can condition on] on a rung within a market."""
    view = _linear_view(information, law, trader)
    check_shape_is_free(mechanism)
    reads, size = mechanism.language.reads, len(view.weights)
    if reads == "allocation":
        check_readable(policy)
        return ConditionalShift(shift.constant, np.zeros(size), shift.effect, shift.bend, view)
    if reads == "price":
        return price_projection(shift, law, view)
    on_seen = shift.effect @ regression(view, law)
    centre = float(shift.constant + (shift.effect - on_seen @ view.weights) @ law.mean)
    return ConditionalShift(centre, on_seen, np.zeros_like(shift.effect), shift.bend, view)


def price_projection(
    shift: AffineShift, law: TypeDistribution, view: LinearView
) -> ConditionalShift:
    """Project the shift on what is seen and on the residual intercept.

    On the line p = a + k q the response gives up `steepness` units per unit of a, which is what
    the schedule of slope steepness / (1 - k steepness) does.
    """
    if not isinstance(law, NormalTypes):
        raise RefusedError(
            "an own-type best response in schedules has a closed form under Normal types only, "
            f"got {type(law).__name__}; use information='profile'"
        )
    told = LinearView(
        np.concatenate([view.weights, shift.intercept_effect[None]]), np.append(view.noise, 0.0)
    )
    *effects, on_intercept = (shift.effect @ regression(told, law)).tolist()
    steepness = shift.honest_steepness - on_intercept
    if not 0 < steepness * shift.residual_slope < 1:
        raise RefusedError(
            "the best own-type response must be a schedule that decreases with the price, and here "
            "it does not, since the price reveals too much; use information='profile'"
        )
    on_seen, on_types = np.array(effects), on_intercept * shift.intercept_effect
    left = shift.effect - on_seen @ view.weights - on_types
    return ConditionalShift(
        float(shift.constant + left @ law.mean),
        on_seen,
        on_types,
        shift.bend,
        view,
        on_intercept,
        shift.intercept_constant,
    )


def regression(view: LinearView, law: TypeDistribution) -> Floats:
    """Return the coefficients of all types on what is seen, shape (N, O).

    Where some of what is seen tells nothing new, the pseudo-inverse splits the news.
    """
    with_types = law.covariance @ view.weights.T
    moments = view.weights @ with_types + np.diag(view.noise**2)
    size = np.sqrt(np.diagonal(moments))
    size = np.where(size > 0, size, 1.0)
    inverse = np.linalg.pinv(moments / np.outer(size, size), rcond=1e-12, hermitian=True)
    coefficients: Floats = (with_types / size) @ inverse / size
    return coefficients


def _linear_view(information: Information, law: TypeDistribution, trader: int) -> LinearView:
    """Return what a rung shows, where the shift can be projected on it.

    Raises
    ------
    RefusedError
        If it shows no linear functions of the types, or regressions on them are not linear.
    """
    rung = rung_of(information)
    view = linear_view(rung, law.n_traders, trader)
    if view is None:
        raise RefusedError(
            f"an exact answer needs a rung of deviator's own, got {rung.name}; search numerically"
        )
    check_regressions(law)
    if not isinstance(law, NormalTypes) and len(view.weights) > 1:
        raise RefusedError(
            f"an exact answer on the rung {rung.name} needs Normal types, got "
            f"{type(law).__name__}; use information='profile'"
        )
    return view


@final
@dataclass(frozen=True, eq=False)
class InterimGain:
    """Expected best gain given what is seen: (bend / 2) (mean(seen)^2 + variance)."""

    rung: Rung
    trader: int
    bend: float
    at_zero: float
    per_number: Floats  # (O,)
    variance: float

    def __call__(self, types: Floats) -> Floats:
        """Return the gain for what is seen in each market, shape (B,)."""
        seen = np.asarray(seen_by(self.rung, types, self.trader))
        mean = self.at_zero + (seen * self.per_number).sum(axis=1)
        gain: Floats = 0.5 * self.bend * (mean**2 + self.variance)
        return gain


def interim_gain(
    mechanism: Mechanism,
    economy: QuadraticEconomy,
    policy: Policy,
    law: TypeDistribution,
    trader: int,
    information: Information,
) -> InterimGain:
    """Return a deviator's expected best gain as a function of what is seen within a market."""
    rung = rung_within(information, mechanism, economy)
    shift = affine_shift(mechanism, economy, policy, trader)
    best = conditional_shift(mechanism, policy, shift, law, trader, rung)
    told = regression(best.view, law)
    per_number = best.on_seen + best.on_types @ told
    left = best.on_types - (best.on_types @ told) @ best.view.weights
    variance = best.on_types @ law.covariance @ left
    at_zero = float(best.constant + left @ law.mean)
    return InterimGain(rung, trader, best.bend, at_zero, per_number, max(float(variance), 0.0))


def check_regressions(law: TypeDistribution) -> None:
    """Refuse laws of types whose regressions on one type are not linear: no closed form here."""
    if not law.linear_regressions:
        raise RefusedError(
            "own-type answers need Normal or independent types, got "
            f"{type(law).__name__}; use information='profile'"
        )


def check_shape_is_free(mechanism: Mechanism) -> None:
    """Check that what a bid pays is known from where it ends, whatever shape it has."""
    if mechanism.language.reads == "nothing" or isinstance(mechanism, ResidualLineMechanism):
        return
    raise RefusedError(
        "an expected gain in closed form needs transfers that depend on price and quantity alone, "
        f"those of {mechanism.name} may not; use information='profile' or search numerically"
    )


def check_readable(policy: Policy) -> None:
    """Check that the others' types can be read off their conditional bids."""
    readable = isinstance(policy, AffineStrategy) and policy.levels_read_types
    if not (readable or isinstance(policy, Revelation)):
        raise RefusedError(
            "an own-type best response in conditional bids is known against others whose levels "
            f"are their types, as honest ones are, got others = {policy.name}; use "
            "information='profile'"
        )

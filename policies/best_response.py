"""Exact best responses through menus, on each rung of the information ladder.

Others' bids fixed, a deviator picks a point of a one-dimensional menu. With linear-quadratic
utility and a quadratic transfer his objective is a parabola of bend mu_i + T'', so the best gain
over his honest quantity is (bend / 2) shift^2, where shift is the best quantity minus the honest
one: computed this way it has no cancellation and is never negative.

A deviator who knows his own type only chooses the best conditional shift E[shift | what his bid
can condition on]: nothing beyond the type in a report, the residual demand he meets (through the
price) in a schedule, and the others' types themselves in a conditional bid, which reads them off
the allocation (assumption INJ). In linear markets the shift is affine in the types, so these
expectations have closed forms.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.economies import (
    Economy,
    NormalTypes,
    QuadraticEconomy,
    TypeDistribution,
    is_linear_quadratic,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    AllocationLanguage,
    FiniteMenu,
    LineMenu,
    Mechanism,
    Menu,
    ResidualLineMechanism,
    quantity_per_level,
)
from deviator.validation import Floats, finite_array, trader_index

from .all_traders import LineShift, all_menus
from .base import Deviation, Information, Policy, View, check_information, check_market
from .linear_bayes import standard_regression
from .revelation import Revelation


def exact_gain(
    mechanism: Mechanism,
    economy: Economy,
    types: Floats,
    *,
    others: Policy | None = None,
    information: Information = "profile",
    distribution: TypeDistribution | None = None,
    trader: int | None = None,
) -> Floats:
    """Return the exact best gain over a strategy that everybody else follows.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        Linear-quadratic, but for mechanisms with a finite menu.
    types : ndarray of float, shape (B, N)
    others : Policy, optional
        The strategy deviated from; honesty by default.
    information : {"profile", "own"}
        Whether the deviator knows all types (gain at each profile, ex post) or his own (expected
        gain given his type, interim).
    distribution : TypeDistribution, optional
        Law of the types; needed for "own".
    trader : int, optional
        One deviator; by default each in turn.

    Returns
    -------
    ndarray of float, shape (B, N), or (B,) for one trader
        In units of money per market, non-negative.

    Raises
    ------
    RefusedError
        If the mechanism has no menu, a market is in autarky, the gain is unbounded, or the
        own-type rung has no closed form for this distribution and bid language.
    InvalidInputError
        If an argument is malformed.

    Examples
    --------
    The naive Walrasian auction of footnote 28, u = s q - q^2: d^2 (N - 1) / (4 N^2 (N + 1)).

    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, alpha=1.0, slope=2.0)
    >>> gain = exact_gain(NaiveWalrasian(economy), economy, np.array([[1.0, 0.0, 0.0, 0.0]]))
    >>> round(float(gain[0, 0]), 12) == 3 / 320
    True
    """
    check_market(mechanism, economy)
    policy = others or Revelation(mechanism, economy)
    checked = finite_array("types", types, (None, economy.n_traders))
    rung = check_information(information)
    if rung == "profile":
        if trader is None:
            return all_gains(mechanism, economy, policy, checked)
        return best_point(mechanism, economy, policy, checked, trader).gain
    market, law = linear_economy(economy), _required(distribution)
    if trader is not None:
        return interim_gain(mechanism, market, policy, law, trader)(checked)
    traders = range(economy.n_traders)
    gains = [interim_gain(mechanism, market, policy, law, i)(checked) for i in traders]
    return np.stack(gains, axis=1)


def all_gains(mechanism: Mechanism, economy: Economy, policy: Policy, types: Floats) -> Floats:
    """Return the exact best gain of every trader at each profile, all types known, (B, N).

    All menus come from one clearing where that is known to give them (`all_menus`).

    Raises
    ------
    RefusedError
        As in `exact_gain`.
    """
    menus = all_menus(mechanism, policy.bids(types))
    if menus is not None:
        return menus.shift(linear_economy(economy), types).gain
    traders = range(economy.n_traders)
    return np.stack([best_point(mechanism, economy, policy, types, i).gain for i in traders], 1)


def expected_exact_gain(
    mechanism: Mechanism,
    economy: Economy,
    distribution: TypeDistribution,
    trader: int,
    *,
    others: Policy | None = None,
    information: Information = "profile",
) -> float:
    """Return the mean of the exact best gain over the distribution, in closed form.

    Arguments and errors are those of `exact_gain`.
    """
    check_market(mechanism, economy)
    market = linear_economy(economy)
    policy = others or Revelation(mechanism, market)
    _check_shape_is_free(mechanism)
    shift = _affine_shift(mechanism, market, policy, trader)
    if check_information(information) == "own":
        shift = _conditional_shift(mechanism, policy, shift, distribution, trader)
    mean = shift.constant + shift.effect @ distribution.mean
    variance = shift.effect @ distribution.covariance @ shift.effect
    return float(0.5 * shift.bend * (mean**2 + variance))


@final
@dataclass(frozen=True, eq=False)
class BestResponse(Deviation):
    """The exact best response of one trader, as a bid in the mechanism's own language.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        As in `exact_gain`.
    information : {"profile", "own"}
        On "own" a bid depends on the own type only.
    distribution : TypeDistribution, optional
        Law of the types; needed for "own".
    others : Policy, optional
        The strategy deviated from; honesty by default.
    """

    mechanism: Mechanism
    economy: Economy
    information: Information = "profile"
    distribution: TypeDistribution | None = None
    others: Policy | None = None

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        check_information(self.information)

    @property
    def policy(self) -> Policy:
        """The strategy deviated from."""
        return self.others or Revelation(self.mechanism, self.economy)

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        types = finite_array("types", View.of(view).types, (None, self.economy.n_traders))
        index = trader_index(trader, self.economy.n_traders)
        bids = self.policy.bids(types)
        if self.information == "profile":
            best = best_point(self.mechanism, self.economy, self.policy, types, index)
            reached = self.mechanism.menu_bid(bids, index, best.quantity)
            return np.where(best.gain[:, None] > 0, reached, bids.of_trader(index))
        economy, law = linear_economy(self.economy), _required(self.distribution)
        _check_shape_is_free(self.mechanism)
        if self.mechanism.language.reads == "allocation":
            return self._hyperplane(economy, types, index)
        if self.mechanism.language.reads == "price":
            return self._schedule(economy, types, index, law)
        affine = _affine_shift(self.mechanism, economy, self.policy, index)
        shift = _conditional_shift(self.mechanism, self.policy, affine, law, index)
        honest = self.mechanism.clear_deviations(bids, index, bids.of_trader(index)[:, None])
        wanted = honest.quantity[:, 0] + shift.constant + types @ shift.effect
        return self.mechanism.menu_bid(bids, index, wanted)

    def _schedule(
        self, economy: QuadraticEconomy, types: Floats, trader: int, law: TypeDistribution
    ) -> Floats:
        """Return the schedule that demands honest quantity + E[shift | s_i, residual intercept].

        On the residual line p = a + k q the honest quantity is (level - b a) / (1 + b k).
        """
        shift = _affine_shift(self.mechanism, economy, self.policy, trader)
        on_type, on_intercept, constant = _price_projection(shift, law, trader)
        bids = self.policy.bids(types)
        menu = line_menu(self.mechanism, bids, trader)
        honest = bids.of_trader(trader)
        scale = 1 + honest[:, 1] * menu.slope
        demand = honest[:, 0] / scale + constant + on_type * types[:, trader]
        steepness = honest[:, 1] / scale - on_intercept
        left = 1 - steepness * menu.slope
        return np.stack([demand / left, steepness / left], axis=-1)

    def _hyperplane(self, economy: QuadraticEconomy, types: Floats, trader: int) -> Floats:
        """Return v_i(q, p) - T'(0) = bend q_i, reading the others' types off their bids.

        T'(0) is proportional to the residual intercept p - k q_i.
        """
        _check_readable(self.policy)
        language = _allocation_language(self.mechanism)
        bids: Any = self.policy.bids(types)
        menu = line_menu(self.mechanism, bids, trader)
        weights = economy.effects_on(trader).copy()
        own, weights[trader] = float(weights[trader]), 0.0
        row = -language.combined(bids, weights, trader)
        bend = menu.curvature(float(economy.slope[trader]))
        on_price = _marginal_price(menu)
        row[:, language.own_place(trader)] += bend - on_price * menu.slope
        row[:, -2] += on_price
        row[:, -1] += types @ weights + own * types[:, trader] + economy.intercept[trader]
        best = menu.best_quantity(economy.value(types)[:, trader], float(economy.slope[trader]))
        reached = self.mechanism.clear_deviations(bids, trader, (row / own)[:, None])
        size = np.abs(best).max() + np.abs(menu.intercept / bend).max()
        if np.abs(reached.quantity[:, 0] - best).max() > 1e-6 * size:
            raise RefusedError(
                "an own-type best response must reach the best quantity at every profile, and in "
                f"{self.mechanism.name} it does not; use information='profile'"
            )
        return row / own


def _check_shape_is_free(mechanism: Mechanism) -> None:
    """Check that what a bid pays is known from where it ends, whatever shape it has."""
    if mechanism.language.reads == "nothing" or isinstance(mechanism, ResidualLineMechanism):
        return
    raise RefusedError(
        "an expected gain in closed form needs transfers that depend on price and quantity alone, "
        f"those of {mechanism.name} may not; use information='profile' or search numerically"
    )


def _check_readable(policy: Policy) -> None:
    """Check that the others' types can be read off their conditional bids."""
    if not isinstance(policy, Revelation):
        raise RefusedError(
            "an own-type best response in conditional bids is known against honest others only, "
            f"got others = {policy.name}; use information='profile'"
        )


def _allocation_language(mechanism: Mechanism) -> AllocationLanguage:
    if not isinstance(mechanism.language, AllocationLanguage):
        raise RefusedError(
            "an own-type best response that reads the allocation is known in languages of "
            f"hyperplanes only, got that of {mechanism.name}; use information='profile'"
        )
    return mechanism.language


def _marginal_price(menu: LineMenu) -> float:
    """Return the price of the first unit over the residual intercept: 1 unless rules distort it."""
    largest = int(np.abs(menu.intercept).argmax())
    if menu.intercept[largest] == 0:
        return 1.0
    return float(menu.linear[largest] / menu.intercept[largest])


class BestPoint(NamedTuple):
    """The best point of a trader's menu at each profile, beside what his strategy gets."""

    quantity: Floats  # (B,)
    gain: Floats  # (B,), never negative


def best_point(
    mechanism: Mechanism, economy: Economy, policy: Policy, types: Floats, trader: int
) -> BestPoint:
    """Return what the best deviation buys and gains at each profile, all types known.

    Raises
    ------
    RefusedError
        As in `exact_gain`.
    """
    index = trader_index(trader, economy.n_traders)
    bids = policy.bids(types)
    menu = required_menu(mechanism, bids, index)
    if isinstance(menu, LineMenu):
        shift = _line_shift(mechanism, linear_economy(economy), policy, types, index)
        return BestPoint(shift.best, shift.gain + menu.excess)
    if not isinstance(menu, FiniteMenu):
        raise RefusedError(
            f"a menu must be a LineMenu or a FiniteMenu, that of {mechanism.name} is a "
            f"{type(menu).__name__}"
        )
    return _best_of_finite(mechanism, economy, menu, bids, types, index)


def _best_of_finite(
    mechanism: Mechanism,
    economy: Economy,
    menu: FiniteMenu,
    bids: Any,
    types: Floats,
    trader: int,
) -> BestPoint:
    quantity, utility = menu.best(economy, types, trader)
    present = mechanism.clear_deviations(bids, trader, bids.of_trader(trader)[:, None])
    units = np.zeros_like(types)
    units[:, trader] = present.quantity[:, 0]
    gain = utility - (economy.utility(units, types)[:, trader] - present.transfer[:, 0])
    stays = gain <= 0
    return BestPoint(np.where(stays, present.quantity[:, 0], quantity), np.where(stays, 0.0, gain))


def _line_shift(
    mechanism: Mechanism, economy: QuadraticEconomy, policy: Policy, types: Floats, trader: int
) -> LineShift:
    """Return by how much the best quantity differs from the honest one at each profile."""
    bids = policy.bids(types)
    menu = line_menu(mechanism, bids, trader)
    slope = float(economy.slope[trader])
    wanted = menu.wanted_quantity(economy.value(types)[:, trader], slope)
    best = np.clip(wanted, menu.low, menu.high)
    honest = mechanism.clear_deviations(bids, trader, bids.of_trader(trader)[:, None])
    quantity = best - honest.quantity[:, 0]
    return LineShift(quantity, best, wanted, menu.curvature(slope), menu)


def linear_economy(economy: Economy) -> QuadraticEconomy:
    """Return the economy if it is linear-quadratic.

    Raises
    ------
    RefusedError
        If it is not.
    """
    if not is_linear_quadratic(economy):
        raise RefusedError(
            f"exact best responses need a linear-quadratic economy, got {type(economy).__name__}; "
            "search numerically: deviator.policies.NumericSearch, or where bids are surfaces "
            "surface_best_response"
        )
    return economy


def required_menu(mechanism: Mechanism, bids: object, trader: int) -> Menu:
    """Return a trader's menu.

    Raises
    ------
    RefusedError
        If the mechanism has no menu, or a market is in autarky, where none exists.
    """
    menu = mechanism.menu(bids, trader)
    if menu is None:
        raise RefusedError(
            f"an exact best response needs the mechanism's menu, and {mechanism.name} has none; "
            "search numerically (deviator.policies.NumericSearch) or train a learner instead"
        )
    if not menu.regular.all():
        market = int(np.flatnonzero(~menu.regular)[0])
        raise RefusedError(
            f"an exact best response needs markets that trade, got autarky in market {market}"
        )
    return menu


def line_menu(mechanism: Mechanism, bids: object, trader: int) -> LineMenu:
    """Return a trader's menu where it is a straight residual curve.

    Raises
    ------
    RefusedError
        As in `required_menu`, or if the menu is of another form.
    """
    menu = required_menu(mechanism, bids, trader)
    if not isinstance(menu, LineMenu):
        raise RefusedError(
            f"a closed form needs a straight residual curve, and the menu of {mechanism.name} has "
            "none; measure the gain at sampled profiles instead"
        )
    return menu


class _Shift(NamedTuple):
    """Best minus honest quantity as an affine function of the types, for one trader."""

    constant: float
    effect: Floats  # (N,)
    bend: float
    intercept_constant: float
    intercept_effect: Floats  # (N,), of the residual price curve's intercept
    honest_steepness: float  # honest units given up per unit of that intercept; 0 without schedules
    residual_slope: float


def _affine_shift(
    mechanism: Mechanism, economy: QuadraticEconomy, policy: Policy, trader: int
) -> _Shift:
    """Read the affine shift off the market at the zero profile and at each unit profile."""
    n = economy.n_traders
    if mechanism.bid_limits(trader_index(trader, n)) is not None:
        raise RefusedError(
            "a gain in closed form needs bids without limits, and types are bounded in "
            f"{mechanism.name}; measure the gain at sampled profiles, information='profile'"
        )
    types = np.concatenate([np.zeros((1, n)), np.eye(n)])
    shift = _line_shift(mechanism, economy, policy, types, trader_index(trader, n))
    quantity, intercept = shift.quantity, shift.menu.intercept
    return _Shift(
        float(quantity[0]),
        quantity[1:] - quantity[0],
        float(shift.bend[0]),
        float(intercept[0]),
        intercept[1:] - intercept[0],
        _honest_steepness(mechanism, policy, shift.menu, types, trader),
        float(shift.menu.slope[0]),
    )


def _honest_steepness(
    mechanism: Mechanism, policy: Policy, menu: LineMenu, types: Floats, trader: int
) -> float:
    """Return b / (1 + b k): on the line p = a + k q, the schedule level - b p buys that less."""
    if mechanism.language.reads != "price":
        return 0.0
    steepness = float(policy.bids(types[:1]).of_trader(trader)[0, 1])
    return steepness / (1 + steepness * float(menu.slope[0]))


def _conditional_shift(
    mechanism: Mechanism, policy: Policy, shift: _Shift, law: TypeDistribution, trader: int
) -> _Shift:
    """Return E[shift | what an own-type bid can condition on] as an affine function of types."""
    check_regressions(law)
    _check_shape_is_free(mechanism)
    reads = mechanism.language.reads
    if reads == "allocation":
        _check_readable(policy)
        return shift
    if reads == "nothing":
        own = law.covariance[trader] / law.covariance[trader, trader]
        on_type = float(own @ shift.effect)
        effect = np.where(np.arange(len(own)) == trader, on_type, 0.0)
        centre = float(shift.constant + (shift.effect - effect) @ law.mean)
        return shift._replace(constant=centre, effect=effect)
    on_type, on_intercept, constant = _price_projection(shift, law, trader)
    effect = on_intercept * shift.intercept_effect
    effect = effect + np.where(np.arange(len(effect)) == trader, on_type, 0.0)
    return shift._replace(
        constant=constant + on_intercept * shift.intercept_constant, effect=effect
    )


def _price_projection(
    shift: _Shift, law: TypeDistribution, trader: int
) -> tuple[float, float, float]:
    """Project the shift on (s_i, residual intercept): two coefficients and a constant.

    On the line p = a + k q the response gives up `steepness` units per unit of a, which is what
    the schedule of slope steepness / (1 - k steepness) does.
    """
    if not isinstance(law, NormalTypes):
        raise RefusedError(
            "an own-type best response in schedules has a closed form under Normal types only, "
            f"got {type(law).__name__}; use information='profile'"
        )
    seen = np.stack([np.eye(len(shift.effect))[trader], shift.intercept_effect])
    moments = seen @ law.covariance @ seen.T
    size = np.sqrt(np.diagonal(moments))
    target = seen @ law.covariance @ shift.effect / size
    correlation = moments[0, 1] / size.prod()
    on_type, on_intercept = standard_regression(correlation[None], target[None])[0] / size
    steepness = shift.honest_steepness - on_intercept
    if not 0 < steepness * shift.residual_slope < 1:
        raise RefusedError(
            "the best own-type response must be a schedule that decreases with the price, and here "
            "none is: the price is too strong a piece of news; use information='profile'"
        )
    constant = (
        shift.constant
        + shift.effect @ law.mean
        - on_type * law.mean[trader]
        - on_intercept * (shift.intercept_effect @ law.mean + shift.intercept_constant)
    )
    return float(on_type), float(on_intercept), float(constant)


@final
@dataclass(frozen=True, eq=False)
class InterimGain:
    """Expected best gain given the own type: (bend / 2) (mean(s_i)^2 + variance)."""

    trader: int
    bend: float
    at_zero: float
    per_type: float
    variance: float

    def __call__(self, types: Floats) -> Floats:
        """Return the gain for each market's own type, shape (B,)."""
        mean = self.at_zero + self.per_type * types[:, self.trader]
        return 0.5 * self.bend * (mean**2 + self.variance)


def interim_gain(
    mechanism: Mechanism,
    economy: QuadraticEconomy,
    policy: Policy,
    law: TypeDistribution,
    trader: int,
) -> InterimGain:
    """Return the own-type deviator's expected best gain as a function of his type."""
    shift = _affine_shift(mechanism, economy, policy, trader)
    best = _conditional_shift(mechanism, policy, shift, law, trader)
    own_variance = law.covariance[trader, trader]
    with_own = law.covariance[trader] @ best.effect
    per_type = float(with_own / own_variance)
    mean = best.constant + best.effect @ law.mean
    residual = best.effect @ law.covariance @ best.effect - with_own * per_type
    at_zero = float(mean - per_type * law.mean[trader])
    return InterimGain(trader, best.bend, at_zero, per_type, max(float(residual), 0.0))


def check_regressions(law: TypeDistribution) -> None:
    """Check that own-type answers have a closed form under a law of types.

    Raises
    ------
    RefusedError
        If regressions on one type are not linear.
    """
    if not law.linear_regressions:
        raise RefusedError(
            "own-type answers need Normal or independent types, got "
            f"{type(law).__name__}; use information='profile'"
        )


def _required(distribution: TypeDistribution | None) -> TypeDistribution:
    if distribution is None:
        raise InvalidInputError(
            "information='own' needs a distribution of types, got None; pass distribution="
        )
    return distribution


def level_shift(
    mechanism: Mechanism,
    economy: Economy,
    policy: Policy,
    distribution: TypeDistribution,
    trader: int,
) -> float:
    """Return the root mean square of the best shift of a bid's level, whole profile known.

    In the level's units; the natural measure of how far a worthwhile deviation goes.
    """
    market = linear_economy(economy)
    shift = _affine_shift(mechanism, market, policy, trader)
    gain = expected_exact_gain(mechanism, market, distribution, trader, others=policy)
    bids = policy.bids(distribution.mean[None])
    response = float(quantity_per_level(mechanism, bids, trader)[0])
    return float(np.sqrt(2 * gain / shift.bend)) / abs(response)

"""VCG with a bid-ask spread (Example 8): buyers pay delta above the price, sellers get delta less.

Traders demand q_i(p) = y_i soft(v_i - p, delta), y_i = 1 / mu_i, where soft moves a number towards
0 by delta and stops there. Excess demand is piecewise linear in p with a breakpoint wherever a
trader enters, at v_i - delta and v_i + delta; where all values lie within 2 delta nobody trades,
and each price between the highest bid and the lowest ask clears the market.
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import QuadraticEconomy
from deviator.units import PRICE
from deviator.validation import Bools, Floats, freeze, non_negative

from ..base import Claim
from .own_line import MarketLabels
from .pivotal_mechanism import Allocation, PivotalMechanism, checked_economy


@final
@dataclass(frozen=True, eq=False)
class SpreadVCG(PivotalMechanism):
    """Reports in; the allocation of bid-ask prices p - delta and p + delta out, at pivotal prices.

    Parameters
    ----------
    economy : QuadraticEconomy
        As in `PivotalMechanism`.
    half_spread : float
        delta, in money per unit: buyers' marginal utilities are p + delta, sellers' p - delta, and
        others' are between (equation (6.27), where mu_i is the marginal utility).

    Raises
    ------
    InvalidInputError
        If delta is negative or not finite.

    References
    ----------
    Andreyanov and Sadzik (2021), Example 8.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import Reports
    >>> market = SpreadVCG(private_values(3), half_spread=0.5)
    >>> outcome = market.clear(Reports([[2.0, -2.0, 0.0]]))
    >>> outcome.quantity.round(12)
    array([[ 1.5, -1.5,  0. ]])
    """

    economy: QuadraticEconomy
    half_spread: float = field(default=0.0, metadata=PRICE)
    name: ClassVar[str] = "spread-vcg"
    straight: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked_economy(self.economy)
        freeze(self, half_spread=non_negative("half_spread", self.half_spread))
        self.look_for_falling_quantities()

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        claims = super().claims
        return claims if self.half_spread > 0 else claims | {"efficient"}

    @property
    @override
    def least_spread(self) -> float:
        return self.half_spread

    @override
    def allocate_values(self, value: Floats, labels: MarketLabels) -> Allocation:
        return spread_allocation(value, self.economy.slope, self.half_spread)

    @override
    def until_kink(self, value: Floats, effects: Floats) -> Floats:
        """Return how far the report may move until somebody enters or leaves, (B,)."""
        quantity = self.allocate_values(value, MarketLabels(value)).quantity
        side, steepness = np.sign(quantity), 1 / self.economy.slope
        weight = np.where(side == 0, 0.0, steepness)
        total = weight.sum(axis=1, keepdims=True)
        trades = total[:, 0] > 0
        shares = weight / np.where(trades[:, None], total, 1.0)
        # Above the price by delta one enters; with v - p - delta sign(q) at 0 one leaves.
        margin, moves = (
            value - (shares * (value - self.half_spread * side)).sum(axis=1, keepdims=True),
            effects - (shares * effects).sum(axis=1, keepdims=True),
        )
        edge = np.where(moves > 0, self.half_spread, -self.half_spread)
        edge = np.where(side == 0, edge, self.half_spread * side)
        return np.where(
            trades, _first_passage(edge - margin, moves), self._until_trade(value, effects)
        )

    def _until_trade(self, value: Floats, effects: Floats) -> Floats:
        """Return how far the report may move until two values lie 2 delta apart, (B,)."""
        gap = (value[:, :, None] - value[:, None, :]).reshape(len(value), -1)
        moves = (effects[:, :, None] - effects[:, None, :]).reshape(len(value), -1)
        return _first_passage(2 * self.half_spread - gap, np.maximum(moves, 0.0))


def _first_passage(distance: Floats, speed: Floats) -> Floats:
    """Return the least positive time at which a distance is passed, in each row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.where(speed == 0, np.inf, distance / speed)
    return np.asarray(np.where(time > 0, time, np.inf).min(axis=1))


def spread_allocation(value: Floats, slope: Floats, half_spread: float) -> Allocation:
    """Return price and quantities at which q_i = soft(v_i - p, delta) / slope_i sum to 0.

    Slopes (N,) include taxes. The price is the middle between bid and ask; where nobody trades, the
    middle of the prices that clear the market.

    Examples
    --------
    >>> spread_allocation(np.array([[1.0, 0.2, 0.0]]), np.ones(3), 0.5).quantity
    array([[0., 0., 0.]])
    """
    steepness = 1 / slope
    below, above = _clearing_cell(value, steepness, half_spread)
    middle = 0.5 * (below + above)
    buys, sells = value - half_spread > middle, value + half_spread < middle
    active = np.where(buys | sells, steepness, 0.0)
    offered = value - half_spread * np.where(buys, 1.0, -1.0)
    total = active.sum(axis=1)
    trades = total > 0
    mean = (active * (offered - middle)).sum(axis=1) / np.where(trades, total, 1.0)
    price = np.where(trades[:, None], middle + mean[:, None], _no_trade_price(value))
    quantity = np.where(active > 0, active * (offered - price), 0.0)
    return Allocation(price[:, 0], quantity)


def _no_trade_price(value: Floats) -> Floats:
    middle = 0.5 * (value.max(axis=1, keepdims=True) + value.min(axis=1, keepdims=True))
    return np.asarray(middle)


def _clearing_cell(value: Floats, steepness: Floats, half_spread: float) -> tuple[Floats, Floats]:
    """Return the breakpoints, each (B, 1), between which excess demand passes 0."""
    points = np.concatenate([value - half_spread, value + half_spread], axis=1)
    # Above v - delta a buyer is out, above v + delta a seller is in.
    change = np.broadcast_to(np.concatenate([-steepness, steepness]), points.shape)
    order = np.argsort(points, axis=1, kind="stable")
    points = np.take_along_axis(points, order, axis=1)
    change = np.take_along_axis(change, order, axis=1)
    bend = steepness.sum() + np.cumsum(change, axis=1)[:, :-1]
    first = (steepness * (value - half_spread - points[:, :1])).sum(axis=1, keepdims=True)
    excess = first - np.cumsum(bend * np.diff(points, axis=1), axis=1)
    cell = _first_true(excess <= 0)
    below = np.take_along_axis(points, cell, axis=1)
    above = np.take_along_axis(points, cell + 1, axis=1)
    idle = np.ptp(value, axis=1, keepdims=True) <= 2 * half_spread
    centre = _no_trade_price(value)
    return np.where(idle, centre, below), np.where(idle, centre, above)


def _first_true(holds: Bools) -> np.ndarray:
    """Return the first true place in each row, or the last place where rounding left none."""
    place = np.where(holds.any(axis=1), holds.argmax(axis=1), holds.shape[1] - 1)
    return np.asarray(place)[:, None]

"""The pay-as-bid auction: each trader pays the area under the own submitted demand."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, linear_quadratic, private_values
from deviator.units import SLOPE
from deviator.validation import Floats, finite_array, freeze, positive, trader_index

from .base import Claim, Mechanism, check_candidates
from .clearing import ScheduleClearing
from .languages import BidLanguage, FlooredScheduleLanguage, Schedules, check_record
from .menu import LineMenu
from .outcome import Outcome, TraderOutcome
from .portable import require_numpy


@final
@dataclass(frozen=True)
class PayAsBid(Mechanism):
    """Decreasing demand schedules p = v - c' q; the transfer is v q - c' q^2 / 2.

    At the clearing price p that is p q + c' q^2 / 2: a buyer pays more than the price for all but
    the last unit, and a seller receives less, the area under the submitted supply. An honest trader
    submits the own marginal utility, and so ends with a utility of 0.

    Against a residual price p_i(x) = a + k x, x units cost at least p_i(x) x + c x^2 / 2 for the
    floor c on slopes, which the bid of slope c through the point attains; without a floor the
    flatter bid would always be better. In linear-quadratic utility the best gain over honesty is
    (v_i - a)^2 / (2 (mu_i + 2 k + c)).

    Parameters
    ----------
    floor : float
        Least slope c of submitted demand, in units of price per unit of the good, positive.

    Raises
    ------
    InvalidInputError
        If the floor is not positive.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> auction, economy = PayAsBid(floor=0.5), private_values(3)
    >>> types = np.array([[3.0, 0.0, 0.0]])
    >>> outcome = auction.clear(auction.honest_bids(economy, types))
    >>> outcome.price, outcome.quantity, outcome.transfer
    (array([1.]), array([[ 2., -1., -1.]]), array([[ 4. , -0.5, -0.5]]))
    """

    floor: float = field(default=0.1, metadata=SLOPE)
    name: ClassVar[str] = "pay-as-bid"
    claims = frozenset[Claim]({"individually_rational", "budget_surplus", "efficient", "anonymous"})

    def __post_init__(self) -> None:
        freeze(self, floor=positive("floor", self.floor))

    @property
    @override
    def language(self) -> BidLanguage:  # type: ignore[override]
        return FlooredScheduleLanguage(self.floor)

    @override
    def clear(self, bids: Any) -> Outcome:
        self._check_bids(bids)
        solution = ScheduleClearing().solve(bids)
        transfer = area_under_demand(solution.price[:, None], solution.quantity, bids.steepness)
        return Outcome(
            solution.price, solution.quantity, transfer, residual_slope=solution.residual_slope
        )

    @override
    def menu(self, bids: Any, trader: int) -> LineMenu:
        self._check_bids(bids)
        require_numpy("menus", bids)
        index = trader_index(trader, bids.shape[1])
        solution = ScheduleClearing().solve(bids)
        slope, quantity = solution.residual_slope[:, index], solution.quantity[:, index]
        intercept = solution.price - slope * quantity
        excess = 0.5 * (1 / bids.steepness[:, index] - self.floor) * quantity**2
        bend = 2 * slope + self.floor
        return LineMenu(intercept, slope, intercept, bend, solution.regular, excess=excess)

    @override
    def menu_bid(self, bids: Any, trader: int, quantity: Floats) -> Floats:
        """Return the bids of the least slope through points of the menu, shape (B, 2)."""
        wanted = finite_array("quantity", quantity, (bids.shape[0],))
        price = self.menu(bids, trader).residual_price(wanted)
        return np.stack([wanted + price / self.floor, np.full_like(price, 1 / self.floor)], axis=1)

    @override
    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        self._check_bids(bids)
        if not bids.is_numpy:
            return super().clear_deviations(bids, trader, candidates)
        checked, index = check_candidates(bids, trader, candidates)
        FlooredScheduleLanguage(self.floor).check(checked[..., 1])
        solution = ScheduleClearing().solve_deviations(bids, index, checked)
        transfer = area_under_demand(solution.price, solution.quantity, checked[..., 1])
        return TraderOutcome(solution.price, solution.quantity, transfer, solution.regular)

    @override
    def example_economies(self) -> tuple[Economy, ...]:
        slopes = self.floor * np.array([1.0, 1.5, 2.0, 4.0, 1.2])
        mixed = linear_quadratic(np.diag([1.0, 1.2, 0.8, 1.0, 1.5]), slopes, [0.3, 0, 0, -0.2, 0.1])
        return private_values(4, slope=max(1.0, self.floor)), mixed

    def _check_bids(self, bids: Any) -> None:
        check_record(self.name, Schedules, bids)
        FlooredScheduleLanguage(self.floor).check(bids.steepness)


def area_under_demand(price: Floats, quantity: Floats, steepness: Floats) -> Floats:
    """Return the area under own submitted demand from 0 to q, p q + q^2 / (2 steepness)."""
    return price * quantity + 0.5 * quantity**2 / steepness

"""The uniform-price double auction: decreasing demand schedules, one price, t = p q."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from typing_extensions import override

from .base import Claim
from .clearing import ScheduleClearing
from .languages import BidLanguage, ScheduleLanguage
from .residual_line import ResidualLineMechanism, uniform_price


@final
@dataclass(frozen=True)
class UniformDoubleAuction(ResidualLineMechanism):
    """The standard double auction in demand schedules.

    Under private values an honest (price-taking) schedule is the own marginal utility; under
    interdependent values the benchmark strategy is the linear Bayesian equilibrium.
    """

    name: ClassVar[str] = "uniform-double-auction"
    language: ClassVar[BidLanguage] = ScheduleLanguage()
    claims: ClassVar[frozenset[Claim]] = frozenset(
        {"individually_rational", "budget_surplus", "efficient", "anonymous"}
    )
    clearing: ClassVar[ScheduleClearing] = ScheduleClearing()

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        return uniform_price(price, quantity)

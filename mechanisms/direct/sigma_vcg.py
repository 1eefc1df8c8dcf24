"""VCG with quadratic taxes (Definitions 1 and 2): the direct form of the sigma-DCDA."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

from typing_extensions import override

from deviator.economies import QuadraticEconomy

from ..base import Claim, ResidualLineMechanism
from ..clearing import ReportedClearing
from ..languages import BidLanguage, ReportLanguage
from ..payments import area_under_residual_demand


@final
@dataclass(frozen=True, eq=False)
class SigmaVCG(ResidualLineMechanism):
    """Reports in; taxed Walrasian allocation and pivotal prices out.

    Parameters
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows.
    sigma : float
        Slope of the quadratic tax; 0 is VCG.

    Raises
    ------
    InvalidInputError
        If sigma is negative or not finite.
    RefusedError
        If quantities do not increase in the own type, so that no transfers make the allocation
        incentive compatible.

    References
    ----------
    Andreyanov and Sadzik (2021), Definitions 1 and 2, equation (B.5) for the residual slope.
    """

    economy: QuadraticEconomy
    sigma: float = 0.0
    name: ClassVar[str] = "sigma-vcg"
    language: ClassVar[BidLanguage] = ReportLanguage()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", self.clearing.sigma)

    @property
    @override
    def clearing(self) -> ReportedClearing:
        return ReportedClearing(self.economy, self.sigma)

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        """Reports are truthful (Definition 2); only without a tax is the allocation efficient."""
        always: frozenset[Claim] = frozenset({"truthful", "individually_rational"})
        return always if self.sigma > 0 else always | {"efficient"}

    @property
    @override
    def tax_slope(self) -> float:
        return self.sigma

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        return area_under_residual_demand(price, quantity, residual_slope, tax_slope)

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        economy = self.economy.rescaled(price, quantity)
        return replace(self, economy=economy, sigma=self.sigma * price / quantity)

"""The naive Walrasian auction (Section 7): reported types, efficient allocation, one price."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from typing_extensions import override

from deviator.economies import QuadraticEconomy

from ..base import Claim
from ..residual_line import uniform_price
from .direct_mechanism import ReportedMechanism


@final
@dataclass(frozen=True, eq=False)
class NaiveWalrasian(ReportedMechanism):
    """Reports in; Walrasian price and allocation for the reports out, t = p q.

    Parameters
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows. Reports stay in its set of types.

    Raises
    ------
    RefusedError
        If quantities do not increase in the own type.

    References
    ----------
    Andreyanov and Sadzik (2021), Section 7 and footnote 28.
    """

    economy: QuadraticEconomy
    name: ClassVar[str] = "naive-walrasian"
    claims: ClassVar[frozenset[Claim]] = frozenset(
        {"individually_rational", "budget_surplus", "efficient"}
    )

    def __post_init__(self) -> None:
        _ = self.clearing

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        return uniform_price(price, quantity)

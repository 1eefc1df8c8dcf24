"""The sigma-DCDA's clearing with one price for all units, t = p q: its matched control.

Same bid language, same bids, but the discriminatory payment is gone, and with it the reason to
be honest: against honest others the menu is (a + k x) x and shading gains k^2 q^2 / (2 (mu + 2 k)).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from numpy.typing import ArrayLike
from typing_extensions import override

from .base import Claim
from .conditional_auction import ConditionalAuction
from .residual_line import uniform_price
from .statistics import PublicStatistics


@final
@dataclass(frozen=True)
class UniformConditional(ConditionalAuction):
    """Conditional bids, one price; honest bids are those of the sigma-DCDA at sigma = 0.

    Parameters
    ----------
    statistics : array-like of float, shape (G, N), optional
        Public statistics that bids condition on, as in `SigmaDCDA`.
    """

    statistics: ArrayLike | PublicStatistics | None = None
    name: ClassVar[str] = "uniform-conditional"

    def __post_init__(self) -> None:
        self._publish()

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        """Statistics tell traders apart; without them the rule does not."""
        always: frozenset[Claim] = frozenset(
            {"individually_rational", "budget_surplus", "efficient"}
        )
        return always if self.statistics is not None else always | {"anonymous"}

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        return uniform_price(price, quantity)

"""The sigma-DCDA's clearing with one price for all units, t = p q: its matched control.

Same bid language, same bids, but the discriminatory payment is gone, and with it the reason to
be honest: against honest others the menu is (a + k x) x and shading gains k^2 q^2 / (2 (mu + 2 k)).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from typing_extensions import override

from .base import ResidualLineMechanism
from .clearing import ConditionalClearing
from .languages import BidLanguage, ConditionalLanguage
from .payments import uniform_price


@final
@dataclass(frozen=True)
class UniformConditional(ResidualLineMechanism):
    """Conditional bids, one price; honest bids are those of the sigma-DCDA at sigma = 0."""

    name: ClassVar[str] = "uniform-conditional"
    language: ClassVar[BidLanguage] = ConditionalLanguage()
    clearing: ClassVar[ConditionalClearing] = ConditionalClearing()

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        del residual_slope, tax_slope
        return uniform_price(price, quantity)

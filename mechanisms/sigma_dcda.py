"""The sigma-Discriminatory Conditional Double Auction (Definition 3).

Each trader pays the area under the own residual demand curve from 0 to the own quantity,
and a quadratic tax: t_i = p q_i - k_i q_i^2 / 2 + sigma q_i^2 / 2.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.units import SLOPE
from deviator.validation import freeze, non_negative

from .base import Claim
from .conditional_auction import ConditionalAuction
from .residual_line import area_under_residual_demand
from .statistics import PublicStatistics


@final
@dataclass(frozen=True)
class SigmaDCDA(ConditionalAuction):
    """The paper's auction: conditional bids, discriminatory payments, quadratic tax.

    Parameters
    ----------
    sigma : float
        Slope of the tax, non-negative; 0 is the VCG case.
    statistics : array-like of float, shape (G, N), optional
        Public statistics of the allocation that bids condition on, instead of on all quantities
        (Lemma 2); see `deviator.economies.public_statistics`. Bids are then `FactoredBids`.

    Raises
    ------
    InvalidInputError
        If sigma is negative or not finite, or the statistics are malformed.

    References
    ----------
    Andreyanov and Sadzik (2021), Robust Mechanism Design of Exchange, Definition 3.

    Examples
    --------
    >>> import numpy as np
    >>> from deviator.economies import fundamental_value
    >>> auction = SigmaDCDA(sigma=0.2)
    >>> bids = auction.honest_bids(fundamental_value(4), np.array([[1.0, 0.0, 0.0, -1.0]]))
    >>> auction.clear(bids).quantity.round(6) + 0.0
    array([[ 0.833333,  0.      ,  0.      , -0.833333]])
    """

    sigma: float = field(default=0.0, metadata=SLOPE)
    statistics: ArrayLike | PublicStatistics | None = None
    name: ClassVar[str] = "sigma-dcda"

    def __post_init__(self) -> None:
        freeze(self, sigma=non_negative("sigma", self.sigma))
        self._publish()

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        """Honesty is an ex post equilibrium (Proposition 3); only without a tax is it efficient.

        Statistics tell traders apart; without them the rule does not.
        """
        claims: frozenset[Claim] = frozenset({"truthful", "individually_rational"})
        if self.statistics is None:
            claims |= {"anonymous"}
        return claims if self.sigma > 0 else claims | {"efficient"}

    @property
    @override
    def tax_slope(self) -> float:
        return self.sigma

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        return area_under_residual_demand(price, quantity, residual_slope, tax_slope)

"""A bid language of one's own with its clearing: inverse demands p = willingness - decline q.

A bid says which price a trader pays for the next unit, as marginal utilities do, where schedules
say which quantity they want at a price; the markets are those of the uniform-price double auction
(Kyle, "Informed Speculation with Imperfect Competition", Review of Economic Studies 56 (1989)
317-355, without noise traders), and so is what honest traders lose by not shading.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal, Self, final

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import BidLanguage, ResidualLineMechanism
from deviator.mechanisms.clearing import Clearing, DeviationSolution, MarketSolution
from deviator.mechanisms.clearing.base import solve_by_tiling
from deviator.mechanisms.exact import RationalBids, RationalEconomy, RationalSolution
from deviator.mechanisms.languages import ArrayBids, require_quadratic
from deviator.numerics.rational import Rationals
from deviator.units import PRICE, SLOPE
from deviator.validation import Floats, finite_array, trader_count


@final
@dataclass(frozen=True, eq=False)
class InverseDemands(ArrayBids):
    """Inverse demands p = willingness_i - decline_i q, of shape (B, N); decline is positive."""

    meant_for: ClassVar[str] = "auctions of inverse demands, such as InverseDemandAuction()"

    willingness: Floats = field(metadata=PRICE)
    decline: Floats = field(metadata=SLOPE)

    def _checked(self) -> dict[str, Floats]:
        willingness = finite_array("willingness", self.willingness, (None, None))
        trader_count(willingness.shape[1])
        decline = finite_array("decline", self.decline, willingness.shape)
        if decline.min(initial=np.inf) <= 0:
            raise InvalidInputError(f"decline must be positive, got {decline.min()}")
        return {"willingness": willingness, "decline": decline}

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build the record from an array, shape (B, N, 2)."""
        checked = finite_array("inverse demands", array, (None, None, 2))
        return cls(checked[..., 0], checked[..., 1])


@final
@dataclass(frozen=True)
class InverseDemandLanguage(BidLanguage):
    """A bid is an inverse demand; honest traders submit their marginal utility."""

    name = "inverse demands"
    record = InverseDemands
    level = 0
    reads: ClassVar[Literal["nothing", "price", "allocation"]] = "price"

    def size(self, n_traders: int) -> int:
        """Return 2."""
        return 2

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> InverseDemands:
        """Return marginal utilities; RefusedError unless values are private."""
        market = require_quadratic(economy)
        _check_private(np.asarray(market.type_effects(types[:1] * 0, types[:1])[0]))
        value = market.value(types)
        return InverseDemands(value, np.broadcast_to(market.slope + tax_slope, value.shape))

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return marginal utilities in exact numbers."""
        _check_private(economy.weights)
        return RationalBids((economy.slope + tax_slope)[:, None], economy.value(types))

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the ranges; the decline keeps its sign."""
        return np.array([level_range, min(level_range / float(quantity.mean()), 0.9 * bid[1])])

    def admissible(self, bids: Floats, own: Floats) -> Floats:
        """Return inverse demands that decline, at least a thousandth as much as the present one."""
        allowed = bids.copy()
        allowed[..., 1] = np.maximum(allowed[..., 1], 1e-3 * own[:, None, 1])
        return allowed


def _check_private(effects: Any) -> None:
    if (effects - np.diag(np.diag(effects)) != 0).any():
        raise RefusedError("an honest inverse demand exists under private values only")


@final
@dataclass(frozen=True)
class InverseDemandClearing(Clearing):
    """The price at which quantities (willingness - p) / decline sum to 0."""

    def solve(self, bids: InverseDemands) -> MarketSolution:
        """Clear every market; the residual slope is 1 / (sum of the others' 1 / decline)."""
        steepness = 1 / bids.decline
        total = steepness.sum(axis=1)
        price = (bids.willingness * steepness).sum(axis=1) / total
        quantity = (bids.willingness - price[:, None]) * steepness
        return MarketSolution(price, quantity, 1 / (total[:, None] - steepness), total > 0)

    def solve_deviations(
        self, bids: InverseDemands, trader: int, candidates: Floats
    ) -> DeviationSolution:
        """Clear each market once per candidate bid, afresh."""
        return solve_by_tiling(self, bids, trader, candidates)

    def solve_exact(self, bids: RationalBids) -> RationalSolution:
        """Clear in exact numbers."""
        steepness = 1 / bids.coefficients[:, 0]
        price = (bids.levels * steepness).sum(axis=1) / steepness.sum()
        quantity = (bids.levels - price[:, None]) * steepness
        return RationalSolution(price, quantity, 1 / (steepness.sum() - steepness))


@final
@dataclass(frozen=True)
class InverseDemandAuction(ResidualLineMechanism):
    """One price for all units, bids in inverse demands."""

    name: ClassVar[str] = "inverse-demand-auction"
    language: ClassVar[BidLanguage] = InverseDemandLanguage()
    clearing: ClassVar[Clearing] = InverseDemandClearing()
    claims: ClassVar[frozenset[str]] = frozenset(
        {"individually_rational", "efficient", "anonymous"}
    )

    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        """Return p q."""
        return price * quantity

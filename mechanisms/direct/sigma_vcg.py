"""VCG with quadratic taxes (Definitions 1 and 2): the direct form of the sigma-DCDA.

Where types are bounded, equation (3.10) charges units that no report of the trader reaches at the
price of the report that comes nearest, (3.11). If no report leads to a quantity nearer to 0 than z,
the transfer is therefore the area under the residual demand plus k_i z^2 / 2, which no report
changes. Charged at that report's marginal utility, as pivotal pricing does it, the units cost
(mu_i + sigma + k_i) z^2 / 2 more than the area.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, ClassVar, Literal, final

import numpy as np
from typing_extensions import override

from deviator.arrays import like, namespace
from deviator.economies import QuadraticEconomy
from deviator.errors import InvalidInputError
from deviator.numerics.rational import Rationals, rational
from deviator.units import SLOPE
from deviator.validation import Floats, freeze

from ..base import Claim
from ..exact import RationalBids, RationalEconomy, RationalSolution
from ..menu import LineMenu
from ..outcome import Outcome, TraderOutcome
from ..residual_line import area_under_residual_demand
from .direct_mechanism import ReportedMechanism

UnreachedUnits = Literal["printed", "pivotal"]
"""Rules for units below the pivotal types, of which (3.11) takes the nearest report.

"printed" is equation (3.10): the price under the nearest report, plus the tax. "pivotal" prices
them as all others, at the marginal utility of the nearest report. No report changes either, so
both are truthful.
"""


@final
@dataclass(frozen=True, eq=False)
class SigmaVCG(ReportedMechanism):
    """Reports in; taxed Walrasian allocation and pivotal prices out.

    Parameters
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows. Reports stay in its set of types.
    sigma : float
        Slope of the quadratic tax; 0 is VCG.
    unreached_units : {"printed", "pivotal"}
        What units cost that no report of the trader leads to, where types are bounded: the price
        under the nearest report plus the tax, as (3.10) is printed, or that report's marginal
        utility.

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
    sigma: float = field(default=0.0, metadata=SLOPE)
    unreached_units: UnreachedUnits = "printed"
    name: ClassVar[str] = "sigma-vcg"

    def __post_init__(self) -> None:
        checked_unreached_units(self.unreached_units)
        freeze(self, sigma=self.clearing.sigma)

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
    def clear(self, bids: Any) -> Outcome:
        outcome = super().clear(bids)
        if not self.economy.has_bounded_types:
            return outcome
        return replace(outcome, transfer=outcome.transfer + self._unreached_units(bids))

    @override
    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        outcome = super().clear_deviations(bids, trader, candidates)
        # Bids in other libraries' arrays go through `clear`, which has charged already.
        if not (self.economy.has_bounded_types and bids.is_numpy):
            return outcome
        extra = self._unreached_units(bids)[:, [trader]]
        return replace(outcome, transfer=outcome.transfer + extra)

    @override
    def clear_exact(self, bids: RationalBids) -> tuple[RationalSolution, Rationals] | None:
        cleared = super().clear_exact(bids)
        if cleared is None or not self.economy.has_bounded_types:
            return cleared
        solution, transfers = cleared
        nearest_to_zero = self._exactly_nearest_to_zero(bids.levels, solution.quantity)
        excess = solution.residual_slope
        if self.unreached_units == "pivotal":
            slope = RationalEconomy.of(self.economy).slope
            excess = excess + slope + Fraction(self.sigma)
        return solution, transfers + excess * nearest_to_zero**2 / 2

    def _exactly_nearest_to_zero(self, reports: Rationals, quantity: Rationals) -> Rationals:
        own = self.clearing.exact_response(RationalEconomy.of(self.economy))[1]
        low, high = self.economy.type_set
        nearest = np.full(quantity.shape, Fraction(0), dtype=object)
        for bounded, ends, side in (
            (np.isfinite(low), low, np.maximum),
            (np.isfinite(high), high, np.minimum),
        ):
            end = rational(ends[bounded])
            reached = quantity[:, bounded] + own[bounded] * (end - reports[:, bounded])
            nearest[:, bounded] += side(reached, 0)
        return nearest

    @override
    def menu(self, bids: Any, trader: int) -> LineMenu:
        menu = super().menu(bids, trader)
        if not self.economy.has_bounded_types:
            return menu
        return replace(menu, constant=self._unreached_units(bids)[:, trader])

    def _unreached_units(self, bids: Any) -> Floats:
        """Return what is charged beyond the residual area, k_i z_i^2 / 2 as printed, (B, N)."""
        low, high = self.reach(bids)
        xp = namespace(low)
        nearest_to_zero = xp.clip(xp.zeros_like(low), low, high)
        excess = self.clearing.response.residual_slope
        if self.unreached_units == "pivotal":
            excess = excess + self.economy.slope + self.sigma
        charged: Floats = 0.5 * like(low, excess) * nearest_to_zero**2
        return charged


def checked_unreached_units(rule: str) -> UnreachedUnits:
    """Return the rule for units that no report leads to, or raise InvalidInputError."""
    if rule not in ("printed", "pivotal"):
        raise InvalidInputError(f"unreached_units must be 'printed' or 'pivotal', got {rule!r}")
    return rule  # type: ignore[return-value]

"""VCG with any convex, twice differentiable tax (Section 6): tau-VCG."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import QuadraticEconomy
from deviator.numerics.newton import increasing_root
from deviator.validation import Floats, freeze

from .own_line import MarketLabels
from .pivotal_mechanism import Allocation, PivotalMechanism, checked_economy
from .taxes import Tax, checked_tax, tax_of

PROFILES = 64
"""Profiles of types up to whose trades a tax of unknown shape is checked at once."""


@final
@dataclass(frozen=True, eq=False)
class TaxVCG(PivotalMechanism):
    """Reports in; the efficient allocation for u_i - tau(|q_i|) out, at pivotal prices.

    Each trader's marginal utility is p + tau'(|q_i|) for a buyer, p - tau'(|q_i|) for a seller, and
    within tau'(0) of p for a trader who does not trade.

    Parameters
    ----------
    economy : QuadraticEconomy
        As in `PivotalMechanism`.
    tax : Tax or sequence of (float, float)
        A tax, or powers as pairs [coefficient, exponent]: coefficient x^exponent / exponent.

    Raises
    ------
    InvalidInputError
        If it is not a tax, or not increasing and convex. A `Tax` of unknown shape is checked
        up to the quantities that traders would demand without it: at first at a few
        profiles of the economy's own law, and then wherever a market is cleared.

    References
    ----------
    Andreyanov and Sadzik (2021), Section 6.

    Examples
    --------
    The quadratic tax is sigma-VCG.

    >>> from deviator.economies import fundamental_value
    >>> from deviator.mechanisms import Reports, SigmaVCG
    >>> economy, reports = fundamental_value(4), Reports([[1.0, -0.5, 0.2, 0.0]])
    >>> by_tax = TaxVCG(economy, [[0.4, 2]]).clear(reports)
    >>> np.allclose(by_tax.transfer, SigmaVCG(economy, 0.4).clear(reports).transfer, atol=1e-13)
    True
    """

    economy: QuadraticEconomy
    tax: Any = ()
    name: ClassVar[str] = "tax-vcg"
    nodes: ClassVar[int] = 8

    def __post_init__(self) -> None:
        checked_economy(self.economy)
        freeze(self, tax=tax_of(self.tax))
        types = self.economy.types().sample(np.random.default_rng(0), PROFILES)
        checked_tax(self.tax, self._reach(self.economy.value(types)))
        self.look_for_falling_quantities()

    @override
    def allocate_values(self, value: Floats, labels: MarketLabels) -> Allocation:
        slope, tax = self.economy.slope, checked_tax(self.tax, self._reach(value))
        middle = 0.5 * (value.min(axis=1) + value.max(axis=1))
        centred = value - middle[:, None]
        reach = 0.5 * np.ptp(value, axis=1, keepdims=True)
        # Where no two values differ by more than the spread, each price between them clears.
        ends = np.where(reach <= tax.marginal(np.zeros(1)), 0.0, reach)

        def excess_supply(offset: Floats) -> tuple[Floats, Floats]:
            demand, steepness = taxed_demand(centred - offset, slope, tax, labels)
            return -demand.sum(axis=1, keepdims=True), steepness.sum(axis=1, keepdims=True)

        def price_in(row: int) -> str:
            return f"the price under the tax {tax} {labels.of(row)}"

        offset = increasing_root(excess_supply, -ends, ends, reach, price_in)
        quantity = taxed_demand(centred - offset, slope, tax, labels)[0]
        return Allocation(middle + offset[:, 0], quantity)

    def _reach(self, value: Floats) -> float:
        """Return the largest quantity that somebody might demand without a tax."""
        spread = np.ptp(value, axis=1).max(initial=0.0)
        return float(spread / self.economy.slope.min())


def taxed_demand(
    margin: Floats, slope: Floats, tax: Tax, labels: MarketLabels
) -> tuple[Floats, Floats]:
    """Return the quantities of the largest v q - p q - slope q^2 / 2 - tau(|q|), and their slopes.

    Given margins v - p, shape (B, N); slopes in the margin are 0 where nothing is traded.
    """
    entry = tax.marginal(np.zeros(1))
    over = np.maximum(np.abs(margin) - entry, 0.0)

    def shortfall(quantity: Floats) -> tuple[Floats, Floats]:
        wanted = slope * quantity + (tax.marginal(quantity) - entry)
        return wanted - over, slope + tax.bend(quantity)

    def demand_in(row: int) -> str:
        return f"a trader's demand under the tax {tax} {labels.of(row)}"

    most = over / slope
    size = np.abs(margin) / slope
    quantity = increasing_root(shortfall, np.zeros_like(most), most, size, demand_in)
    steepness = np.where(over > 0, 1 / (slope + tax.bend(quantity)), 0.0)
    return np.sign(margin) * quantity, steepness

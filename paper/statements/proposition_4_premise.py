"""Proposition 4's premise: how fast taxes must let markets become efficient for (6.29) to follow.

Two, six or all traders of the economy (A.1) trade q each, and the others stay out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from deviator.economies import AssumptionBounds, sigma_n
from deviator.mechanisms import PowerTax, Reports, Tax, TaxVCG
from deviator.validation import Floats

from ..bounds.proposition_4 import balancing_half_spread, condition_6_29
from ..statement import Finding, Formula, statement
from .proposition_4 import Pair, left_side, pairs, taxes

GROWING = (50, 300)
"""Numbers of traders between which inefficiency and budget are compared."""

FEW = (1, 3)
"""Numbers of buyers that stay fixed as the market grows."""

COMMON = 0.5
"""N phi_N."""

FALLS = 0.75
"""Largest ratio of the inefficiency over its order, last to first, that counts as falling to 0."""

COMPARED = (
    "half of sigma_N",
    "half of sigma_N and a spread",
    "a cubic tax",
    "sigma_N and a tenth",
)
"""Taxes of smaller distortions than the premise allows."""

BALANCING = "the spread that balances the budget of two"

ROUNDING = 1e-9
"""Of what is paid over X."""


class Taxed(NamedTuple):
    """A market with a tax in which some traders buy q each and as many sell it."""

    pair: Pair
    tax: Tax
    buyers: int

    @property
    def types(self) -> Floats:
        """The profile, (1, N)."""
        marginal = float(self.tax.marginal(np.array(self.pair.trade)))
        return self.pair.types(marginal, self.buyers)

    @property
    def inefficiency(self) -> float:
        """The largest |q - q^0|, as the mechanism clears."""
        quantity = TaxVCG(self.pair.economy, self.tax).allocate(self.types).quantity
        efficient = self.pair.economy.efficient_allocation(self.types)
        return float(np.abs(quantity - efficient).max())

    @property
    def paid(self) -> float:
        """What a buyer pays, over X; a seller pays as much, as the profile is symmetric."""
        rule = TaxVCG(self.pair.economy, self.tax)
        outcome = rule.clear_deviations(Reports(self.types), 0, self.types[:, [0], None])
        return float(outcome.transfer[0, 0]) / self.pair.bounds.reach


class Family(NamedTuple):
    """A tax for each size of the market, and what comes of it in the smaller and the larger one."""

    name: str
    inefficiency: Floats  # (2,)
    left: Floats  # (2,), the left side of (6.29)
    paid: Floats  # (2, 3), over X, where two, six and all traders trade

    def falls(self, orders: Floats) -> bool:
        """Return whether the inefficiency is of smaller order than some numbers, (2,)."""
        first, last = self.inefficiency / orders
        return bool(last < FALLS * first)

    @property
    def misses(self) -> float:
        """By how much what few traders pay fails to come nearer to the left side of (6.29)."""
        first, last = np.abs(self.paid[:, : len(FEW)] - self.left[:, None])
        return float((last - FALLS * first).max())

    def __str__(self) -> str:
        by_number = ", ".join(f"{one:.2g}" for one in self.paid[-1])
        return f"{self.name}: {self.left[-1]:.2g} and {by_number}"


def _taxes_of(pair: Pair) -> dict[str, Tax]:
    named = taxes(pair.bounds, sigma_n(pair.economy))
    kept = {name: named[name] for name in COMPARED}
    return {**kept, BALANCING: PowerTax(balancing_half_spread(pair.bounds, pair.trade), 1.0)}


def _families(condition: Formula) -> Iterator[Family]:
    markets = list(pairs(COMMON, GROWING))
    for name in _taxes_of(markets[0]):
        taxed = [(pair, _taxes_of(pair)[name]) for pair in markets]
        yield Family(
            name,
            np.array([Taxed(*each, buyers=1).inefficiency for each in taxed]),
            np.array([left_side(condition, p.bounds, tax, p.trade) for p, tax in taxed]),
            np.array([[Taxed(*each, buyers=m).paid for m in _buyers(each[0])] for each in taxed]),
        )


def _buyers(pair: Pair) -> tuple[int, ...]:
    return (*FEW, pair.economy.n_traders // 2)


def order_of_premise(bounds: AssumptionBounds) -> float:
    """Return sqrt(X), which is of the order of sqrt(1/N + phi_N)."""
    return float(np.sqrt(bounds.reach))


@statement(
    "Proposition 4: premise",
    "Section 6, Proposition 4; Appendix E",
    "If tau_N-VCG mechanisms are robustly asymptotically o(sqrt(1/N + phi_N))-efficient, and so "
    "never in deficit, then (6.29) holds for every q.",
)
def _check_premise(
    order: Formula = order_of_premise, condition: Formula = condition_6_29
) -> Finding:
    orders = np.array([order(pair.bounds) for pair in pairs(COMMON, GROWING)])
    families = list(_families(condition))
    inside = [family for family in families if family.falls(orders)]
    excess = [family.misses for family in inside]
    # Two traders are in deficit wherever (6.29) is violated, and only there.
    wrong = sum((family.left[-1] < 0) != (family.paid[-1, 0] < 0) for family in inside)
    outside = [
        family
        for family in families
        if not family.falls(orders) and family.left[-1] < 0 and family.paid[-1].min() > -ROUNDING
    ]
    shares = ", ".join(f"{one:.2f}" for one in families[-1].inefficiency / orders)
    return Finding(
        max(*excess, float(wrong), float(not outside), 0.0),
        f"left sides of (6.29), and what a buyer pays over X where 2, 6 and all of N = "
        f"{GROWING[-1]} traders trade: {'; '.join(map(str, inside))}; for 2 and 6 the "
        f"two come nearer from N = {GROWING[0]} on. The premise is needed: "
        f"{'; '.join(map(str, outside)) or 'no tax'}, while the inefficiency is {shares} sqrt(X)",
    )

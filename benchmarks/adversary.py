"""The worst profile that the adversary finds, against the worst of two million drawn ones.

For each of some mechanisms and economies an objective, in money or relative to the gains from
trade, is evaluated at 10^6 profiles drawn from the law of types and at 10^6 drawn evenly from the
region that the adversary searches; the worse of the two is the baseline. The adversary may evaluate
a fiftieth of 10^6. Where theory knows the worst value, a second row says what share of it was
found; these formulas use no code of deviator but the economies' numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Literal, final

import numpy as np
from scipy.linalg import eigh

from deviator.economies import (
    Economy,
    LinearQuadratic,
    fundamental_value,
    linear_quadratic,
    private_values,
    tight,
    unit_demands,
)
from deviator.evidence import Market, market
from deviator.evidence.adversary import Region, region_of, search_profiles
from deviator.evidence.constraints import Constraint
from deviator.evidence.constraints.trader_gains import trader_gains
from deviator.evidence.constraints.violations import honest_markets
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    KDoubleAuction,
    Mechanism,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.validation import Floats

from .harness import Row, at_least

DRAWN, BUDGET, PIECE = 1_000_000, 20_000, 10_000
END = 4.0
"""Types reach from -END to END where they are standard Normal."""


@final
@dataclass(frozen=True)
class Pair:
    """A mechanism in an economy, what is looked for, and the worst value where it is known."""

    mechanism: Mechanism
    economy: Economy
    sought: Constraint
    measure: Literal["money", "share"] = "money"
    known: float | None = None

    @property
    def label(self) -> str:
        """How the table calls it."""
        economy = f"{self.economy.name}, {self.economy.n_traders} traders"
        return f"{self.mechanism.name} in {economy}"

    def objective(self, tested: Market) -> Callable[[Floats], Floats]:
        """Return how bad profiles are."""
        everybody = range(self.economy.n_traders)

        def gain(types: Floats) -> Floats:
            return np.asarray(trader_gains(tested, everybody, types).gain.max(axis=1))

        def excess(types: Floats) -> Floats:
            markets = honest_markets(tested, types)
            violation = markets.violation(self.sought)
            return violation if self.measure == "money" else markets.share(violation)

        return gain if self.sought == "incentive_compatibility" else excess


def rows() -> list[Row]:
    """Search and draw in every pair."""
    return [row for pair in pairs() for row in measured(pair)]


def measured(pair: Pair, drawn: int = DRAWN, budget: int = BUDGET) -> list[Row]:
    """Return the rows of one pair."""
    tested = market(pair.mechanism, pair.economy)
    objective, region = pair.objective(tested), region_of(tested)
    worst = search_profiles(objective, region, budget=budget, seed=0)
    by_chance = worst_drawn(objective, tested, region, drawn)
    work = f"worst profile, {pair.sought.replace('_', ' ')}"
    unit = "units of money" if pair.measure == "money" else "of the gains from trade"
    note = f"{worst.evaluations:,} profiles searched, {2 * drawn:,} drawn"
    found = Row(
        work,
        pair.label,
        "times the worst of those drawn",
        worst.value / by_chance if by_chance > 0 else float("inf"),
        at_least(1.0),
        worst.value,
        by_chance,
        unit,
        note=note,
    )
    if pair.known is None:
        return [found]
    share = worst.value / pair.known
    figure = "of the closed form"
    return [
        found,
        Row(work, pair.label, figure, share, at_least(0.999), worst.value, pair.known, unit),
    ]


def worst_drawn(
    objective: Callable[[Floats], Floats], tested: Market, region: Region, drawn: int
) -> float:
    """Return the worst of profiles drawn from the law, and of as many drawn evenly."""
    rng = np.random.default_rng(0)
    worst = -np.inf
    for start in range(0, drawn, PIECE):
        count = min(PIECE, drawn - start)
        by_law = tested.distribution.sample(rng, count)
        evenly = region.profiles(rng.uniform(-1.0, 1.0, by_law.shape))
        for types in (np.clip(by_law, region.low, region.high), evenly):
            worst = max(worst, float(np.nanmax(objective(types))))
    return worst


def pairs() -> list[Pair]:
    """Return mechanisms and economies, with the worst value where it has a closed form."""
    six, four, five = fundamental_value(6), private_values(4, slope=2.0), private_values(5)
    worst_case, mixed = tight(6), mixed_slopes()
    units, fee = unit_demands(3, 3), 0.05
    box = linear_quadratic(
        [[1.1, 0.2, 0.1, 0.0], [0.1, 0.9, 0.1, 0.1], [0.0, 0.1, 1.0, 0.2], [0.2, 0.0, 0.1, 1.2]],
        [1.0, 1.3, 0.8, 1.1],
        type_low=[-1.0, -2.0, -1.0, 0.0],
        type_high=[2.0, 1.0, 1.0, 3.0],
    )
    incentives: Constraint = "incentive_compatibility"
    budget: Constraint = "budget_surplus"
    return [
        Pair(UniformConditional(), six, incentives, known=uniform_price_gain(six)),
        Pair(UniformDoubleAuction(), four, incentives, known=uniform_price_gain(four)),
        Pair(PayAsBid(0.5), four, incentives, known=pay_as_bid_gain(four, 0.5)),
        Pair(NaiveWalrasian(four), four, incentives, known=naive_gain(4)),
        Pair(SigmaVCG(five), five, budget, known=vcg_deficit(five)),
        Pair(SigmaVCG(worst_case), worst_case, budget, known=proposition_1_deficit(worst_case)),
        Pair(SigmaDCDA(0.5), six, "efficiency", known=welfare_loss(six, 0.5)),
        Pair(SigmaDCDA(3.0), mixed, budget, "share", relative_deficit(mixed, 3.0)),
        Pair(EntryFeeDoubleAuction(fee), units, budget, known=3 * (1 - 4 * fee)),
        Pair(SigmaVCG(box, 0.1), box, budget, "share"),
        Pair(KDoubleAuction(0.3), units, incentives),
    ]


def mixed_slopes() -> LinearQuadratic:
    """Return the counterexample to Proposition 2 with 8 traders (docs/proposition-2.md)."""
    weights = np.eye(8)
    weights[4:, :4] = 0.35
    return linear_quadratic(weights, [4.0] * 4 + [1.0] * 4)


def _responses(economy: LinearQuadratic, sigma: float) -> tuple[Floats, Floats]:
    """Return quantities per type (N, N), and slopes of residual curves by (B.5), (N,)."""
    steepness = 1 / (economy.slope + sigma)
    price = steepness @ economy.weights / steepness.sum()
    quantity = steepness[:, None] * (economy.weights - price)
    return quantity, price / np.diagonal(quantity)


def _corners(n_traders: int) -> Floats:
    return END * np.array(list(product((-1.0, 1.0), repeat=n_traders)))


def uniform_price_gain(economy: LinearQuadratic) -> float:
    """Return the largest k^2 q^2 / (2 (mu + 2 k)): the best quantity is q (mu + k) / (mu + 2 k)."""
    response, slope = _responses(economy, 0.0)
    most = END * np.abs(response).sum(axis=1)
    return float((slope**2 * most**2 / (2 * (economy.slope + 2 * slope))).max())


def pay_as_bid_gain(economy: LinearQuadratic, floor: float) -> float:
    """Return the largest (mu + k)^2 q^2 / (2 (mu + 2 k + c)); honest traders are left with 0."""
    response, slope = _responses(economy, 0.0)
    most, bend = END * np.abs(response).sum(axis=1), economy.slope + 2 * slope + floor
    return float(((economy.slope + slope) ** 2 * most**2 / (2 * bend)).max())


def naive_gain(n: int) -> float:
    """Return d^2 (N - 1) / (4 N^2 (N + 1)) for the type farthest from the others (footnote 28)."""
    return (2 * END) ** 2 * (n - 1) / (4 * n**2 * (n + 1))


def vcg_deficit(economy: LinearQuadratic) -> float:
    """Return the largest sum_i k_i q_i^2 / 2, convex in the types and so largest at a corner."""
    response, slope = _responses(economy, 0.0)
    quantity = _corners(economy.n_traders) @ response.T
    return float((0.5 * quantity**2 @ slope).max())


def proposition_1_deficit(economy: LinearQuadratic) -> float:
    """Return the deficit at Proposition 1's profile s*, half of the types high and half low."""
    n, own, other = economy.n_traders, economy.weights[0, 0], economy.weights[0, 1]
    bend = float(economy.slope[0])
    slope = bend * (own + (n - 1) * other) / ((n - 1) * (own - other))
    return float(n * slope * (END * (own - other) / bend) ** 2 / 2)


def welfare_loss(economy: LinearQuadratic, sigma: float) -> float:
    """Return the largest mu/2 (sigma / (mu + sigma))^2 sum_i q_i^2 of efficient q, equal slopes."""
    response, bend = _responses(economy, 0.0)[0], float(economy.slope[0])
    quantity = _corners(economy.n_traders) @ response.T
    lost = sigma / (bend + sigma)
    return float(bend / 2 * lost**2 * (quantity**2).sum(axis=1).max())


def relative_deficit(economy: LinearQuadratic, sigma: float) -> float:
    """Return the largest sum_i (k_i - sigma) q_i^2 over the gains from trade, an eigenvalue.

    Both are forms in the values less their price, on whose range the gains are definite.
    """
    response, slope = _responses(economy, sigma)
    efficient, _ = _responses(economy, 0.0)
    deficit = response.T @ np.diag(slope - sigma) @ response
    gains = efficient.T @ np.diag(economy.slope) @ efficient
    values, vectors = eigh(gains)
    reached = vectors[:, values > 1e-9 * values.max()]
    return float(eigh(reached.T @ deficit @ reached, reached.T @ gains @ reached)[0].max())

"""Rules that no example has, written from the pages for authors: they conform, verdicts are known.

Kyle (1989), Informed speculation with imperfect competition, with the market maker of Kyle (1985);
Cavallo (2006), Optimal decision-making with minimal waste, after Bailey (1997); Budish, Cramton and
Shim (2015), The high-frequency trading arms race.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import norm

import deviator
from deviator.economies import UnitDemands, private_values, unit_demands
from deviator.evidence import market, over_rounds
from deviator.mechanisms import (
    Mechanism,
    Outcome,
    ReportLanguage,
    RoundsMechanism,
    ScheduleLanguage,
)
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch, exact_gain
from deviator.units import QUANTITY, SLOPE


@dataclass(frozen=True)
class NoisyKyle(Mechanism):
    """Noise traders buy a Normal amount, and a market maker sells all at impact times the sum."""

    impact: float = field(default=0.5, metadata=SLOPE)
    noise: float = field(default=1.0, metadata=QUANTITY)
    name: ClassVar[str] = "noisy-kyle"
    language: ClassVar[ScheduleLanguage] = ScheduleLanguage()
    draws: ClassVar[int] = 1

    def clear(self, bids, lots):
        """Return the price at which the market maker sells what all others buy."""
        bought = self.noise * norm.ppf(np.maximum(lots[:, 0], 2.0**-53))
        steepness = bids.steepness.sum(axis=1) + 1 / self.impact
        price = (bids.level.sum(axis=1) + bought) / steepness
        quantity = bids.level - bids.steepness * price[:, None]
        return Outcome(price, quantity, price[:, None] * quantity, outside=-quantity.sum(axis=1))


@dataclass(frozen=True)
class RebateVCG(Mechanism):
    """VCG with a tax sigma q^2 / 2; its surplus is c D, with D the squared distances from the mean.

    Each trader is returned c D_{-i} / N, D of the others' values, which no own report moves.
    """

    slope: float = field(default=1.0, metadata=SLOPE)
    sigma: float = field(default=1.0, metadata=SLOPE)
    name: ClassVar[str] = "rebate-vcg"
    language: ClassVar[ReportLanguage] = ReportLanguage()
    claims: ClassVar[frozenset[str]] = frozenset(
        {"truthful", "individually_rational", "budget_surplus", "anonymous"}
    )

    def clear(self, bids):
        """Return the taxed optimum, VCG transfers and rebates."""
        values, bend = bids.types, self.slope + self.sigma
        traders = values.shape[1]
        price = values.mean(axis=1)
        away = values - price[:, None]
        quantity = away / bend
        alone = traders / (traders - 1) * away**2
        vcg = values * quantity - self.slope * quantity**2 / 2 - alone / (2 * bend)
        counted = (away**2).sum(axis=1, keepdims=True) - self.left_out(alone)
        return Outcome(price, quantity, vcg - self.rate(traders) * counted / traders)

    def left_out(self, alone):
        """Return what of D is not returned to a trader: all that their report adds."""
        return alone

    def rate(self, traders):
        """Return c, the surplus per unit of D."""
        bend = self.slope + self.sigma
        return (self.sigma * (traders - 2) - self.slope) / (2 * bend**2 * (traders - 1))

    def example_economies(self):
        """Return markets with this slope and enough tax for a surplus."""
        return (private_values(3, slope=self.slope), private_values(5, slope=self.slope))


@dataclass(frozen=True)
class OwnRebateVCG(RebateVCG):
    """The wrong twin: each trader is returned a share of the whole surplus."""

    name: ClassVar[str] = "own-rebate-vcg"

    def left_out(self, alone):
        """Return 0: the own report counts."""
        return 0 * alone


@dataclass(frozen=True)
class BatchAuction(RoundsMechanism):
    """Who has not traded yet bids for a unit; each batch clears halfway between possible prices."""

    sides: str = "bbss"
    rounds: int = 2
    unit: float = field(default=1.0, metadata=QUANTITY)
    name: ClassVar[str] = "batch-auction"
    language: ClassVar[ReportLanguage] = ReportLanguage()

    def clear_round(self, bids, history):
        """Return what one batch trades."""
        buys = np.array(list(self.sides)) == "b"
        free = np.ones(bids.types.shape, dtype=bool)
        for past in history:
            free &= past.outcome.quantity == 0
        demand = np.where(buys & free, bids.types, -np.inf)
        supply = np.where(~buys & free, bids.types, np.inf)
        high, low = -np.sort(-demand, axis=1), np.sort(supply, axis=1)
        pairs = (high >= low).sum(axis=1)
        bought = _place(-demand) < pairs[:, None]
        quantity = self.unit * (bought.astype(float) - (_place(supply) < pairs[:, None]))
        highest = np.minimum(_at(high, pairs - 1, np.inf), _at(low, pairs, np.inf))
        lowest = np.maximum(_at(low, pairs - 1, -np.inf), _at(high, pairs, -np.inf))
        price = np.full(len(pairs), np.nan)
        traded = pairs > 0
        price[traded] = (highest[traded] + lowest[traded]) / 2
        transfer = quantity * np.where(traded, price, 0.0)[:, None]
        return Outcome(price, quantity, transfer, traded)

    def example_economies(self):
        """Return the market of single units with these sides."""
        roles = tuple("buyer" if side == "b" else "seller" for side in self.sides)
        return (UnitDemands(roles, 0.0, 1.0, unit=self.unit),)

    def relabelled(self, order):
        """Return the rule for renumbered traders."""
        return replace(self, sides="".join(self.sides[trader] for trader in order))


def _place(keys):
    """Return the place of each trader when keys rise; of equal ones the first comes first."""
    return np.argsort(np.argsort(keys, axis=1, kind="stable"), axis=1)


def _at(ordered, place, beyond):
    """Return the number at a place of each row, or `beyond` where there is none."""
    padded = np.column_stack([ordered, np.full(len(ordered), beyond)])
    return padded[np.arange(len(ordered)), place]


@pytest.mark.parametrize("rule", [NoisyKyle(), RebateVCG(), BatchAuction()])
def test_rules_from_the_pages_conform(rule):
    for check in checks_for(rule):
        if check.name not in ("check_pickling", "check_import_leaves_the_process_alone"):
            check.run(rule)


def test_informed_traders_shade_by_their_price_impact_whatever_the_noise_is():
    """A unit moves the price by k = 1 / (others' steepness + depth): (k q)^2 / (2 (mu + 2 k))."""
    economy = private_values(3)
    types = economy.types().sample(np.random.default_rng(0), 15)
    impact_of_a_unit, noise = 1 / (2 + 2), 1.0
    bought = types[:, 0] - types.sum(axis=1) / 5
    mean_square = bought**2 + (noise / 5) ** 2
    known = impact_of_a_unit**2 * mean_square / (2 * (1 + 2 * impact_of_a_unit))
    found = NumericSearch(NoisyKyle(noise=noise), economy, 0).find(types)
    assert found.gain == pytest.approx(known, rel=0.03)
    assert found.bid[:, 1] == pytest.approx(1 / (1 + impact_of_a_unit), rel=0.01)
    card = deviator.audit(NoisyKyle(noise=noise), economy, trader=0, held_out=100)
    assert (card.state, card.each_draw["state"]) == ("refuted", "refuted")


def test_a_rebate_is_truthful_unless_the_own_report_moves_it():
    """The twin's gain is (N - 1) / N (c / N)^2 e^2 / (1 / (2 m) - c / N), e = v_i - the others'."""
    economy, right, wrong = private_values(4), RebateVCG(), OwnRebateVCG()
    types = economy.types().sample(np.random.default_rng(0), 15)
    share = wrong.rate(4) / 4
    beyond = types[:, 0] - types[:, 1:].mean(axis=1)
    known = 0.75 * share**2 * beyond**2 / (1 / (2 * 2.0) - share)
    assert NumericSearch(right, economy, 0).find(types).gain == pytest.approx(0, abs=1e-12)
    assert NumericSearch(wrong, economy, 0).find(types).gain == pytest.approx(known, rel=1e-6)
    surplus = right.clear(right.honest_bids(economy, types)).transfer.sum(axis=1)
    squares = ((types - types.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    assert surplus == pytest.approx(right.rate(4) * squares / 3, rel=1e-9)
    states = [
        deviator.audit(rule, economy, trader=0, held_out=100).state for rule in (right, wrong)
    ]
    assert states == ["undetermined", "refuted"]


def test_batches_leave_what_one_double_auction_leaves():
    """Who bids the same in all batches trades in the first; searched plans gain no more than that."""
    economy, rule = unit_demands(2, 2), BatchAuction()
    types = economy.types().sample(np.random.default_rng(0), 15)
    known = exact_gain(deviator.make("k-double-auction", buyers=2), economy, types, trader=0)
    plans = over_rounds(market(rule, economy))
    assert NumericSearch(rule, economy, 0).find(types).gain == pytest.approx(known, abs=1e-9)
    found = NumericSearch(plans.mechanism, economy, 0).find(types).gain
    assert found == pytest.approx(known, abs=1e-9)
    assert known.max() > 0.1
    assert deviator.audit(rule, economy, trader=0, held_out=100).state == "refuted"

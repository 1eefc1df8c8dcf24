"""Lotteries whose incentives are known: in expectation over the lots, and for each draw."""

from dataclasses import dataclass, field, replace

import numpy as np

from deviator.mechanisms import (
    Mechanism,
    ResidualLineMechanism,
    ScheduleLanguage,
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing import ScheduleClearing
from deviator.mechanisms.lottery import standard_lots
from deviator.policies.situation import SCENARIOS
from deviator.units import PRICE


@dataclass(frozen=True)
class ImpactPaidBack(ResidualLineMechanism):
    """Schedules; who trades pays the area under the residual demand curve, which is truthful."""

    name = "impact-paid-back"
    language = ScheduleLanguage()
    clearing = ScheduleClearing()

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - residual_slope * quantity * quantity / 2


@dataclass(frozen=True)
class RandomDiscount(Mechanism):
    """A truthful rule; traders pay, or are paid, a discount on every unit, by the toss of a coin.

    Truthful in expectation, where discounts cancel, and in no draw: who knows the coin gains
    discount^2 / (2 (slope + k)) with the residual slope k, at every profile.
    """

    discount: float = field(default=0.2, metadata=PRICE)
    name = "random-discount"
    language = ScheduleLanguage()
    draws = 1
    claims = frozenset({"truthful"})

    def clear(self, bids, lots):
        outcome = ImpactPaidBack().clear(bids)
        paid = np.where(lots[:, :1] < 0.5, self.discount, -self.discount) * outcome.quantity
        return replace(outcome, transfer=outcome.transfer + paid)


@dataclass(frozen=True)
class RareRebate(RandomDiscount):
    """Everybody pays a discount on every unit, and hardly ever gets all of that back at once.

    Truthful in expectation, as implicit payments are (Babaioff, Kleinberg and Slivkins 2010).
    """

    rare: float = 1e-6
    name = "rare-rebate"

    def clear(self, bids, lots):
        outcome = ImpactPaidBack().clear(bids)
        back = np.where(lots[:, :1] < self.rare, 1 - 1 / self.rare, 1.0)
        return replace(outcome, transfer=outcome.transfer + self.discount * back * outcome.quantity)


@dataclass(frozen=True)
class OneOfTwoRules(Mechanism):
    """A truthful rule, or with some probability the uniform price, which is not.

    Neither truthful in expectation nor universally.
    """

    chance: float = 0.5
    name = "one-of-two-rules"
    language = ScheduleLanguage()
    draws = 1

    def clear(self, bids, lots):
        outcome, uniform = ImpactPaidBack().clear(bids), UniformDoubleAuction().clear(bids)
        transfer = np.where(lots[:, :1] < self.chance, uniform.transfer, outcome.transfer)
        return replace(outcome, transfer=transfer)


@dataclass(frozen=True)
class TruthfulWhereSearched(Mechanism):
    """A truthful rule at the lots that stand for all in a search, the uniform price elsewhere."""

    name = "truthful-where-searched"
    language = ScheduleLanguage()
    draws = 1

    def clear(self, bids, lots):
        outcome, uniform = ImpactPaidBack().clear(bids), UniformDoubleAuction().clear(bids)
        searched = np.isin(lots[:, :1], standard_lots(1, SCENARIOS))
        return replace(outcome, transfer=np.where(searched, outcome.transfer, uniform.transfer))

"""Auctions with bid languages and clearings of their own that each break one rule."""

from dataclasses import replace

from deviator.mechanisms import ResidualLineMechanism, ScheduleLanguage, Schedules
from deviator.mechanisms.clearing import ScheduleClearing
from deviator.mechanisms.exact import RationalBids

from .mechanisms import SoundAuction


class ReadsMinds(ScheduleLanguage):
    reads = "minds"


class HasNoLevel(ScheduleLanguage):
    level = 7


class FixedSteepness(ScheduleLanguage):
    def coordinate_ranges(self, level_range, price, quantity, bid):
        return 0.0 * bid


class KeepsTheOrder(Schedules):
    def relabelled(self, order):
        return self


class RoughlyHonest(ScheduleLanguage):
    def exact_honest_bids(self, economy, types, tax_slope):
        bids = super().exact_honest_bids(economy, types, tax_slope)
        return RationalBids(bids.coefficients, 2 * bids.levels)


class SteepLines(ScheduleClearing):
    def solve(self, bids):
        solution = super().solve(bids)
        return replace(solution, residual_slope=1.1 * solution.residual_slope)


class DearInTheory(ScheduleClearing):
    def solve_exact(self, bids):
        solution = super().solve_exact(bids)
        return replace(solution, price=solution.price + 1)


def speaks(words):
    """Return an auction that speaks a language."""
    return type(f"Auction{type(words).__name__}", (SoundAuction,), {"language": words})()


class Writes(SoundAuction):
    """Honest traders submit a record of their own."""

    def __init__(self, record):
        object.__setattr__(self, "record", record)

    def honest_bids(self, economy, types):
        return self.record.from_array(super().honest_bids(economy, types).as_array())


class Lines(ResidualLineMechanism):
    """The uniform-price double auction with another clearing."""

    name = "lines"
    language = ScheduleLanguage()
    clearing = ScheduleClearing()

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity


class OnSteepLines(Lines):
    clearing = SteepLines()


class DearInRationals(Lines):
    clearing = DearInTheory()


VILLAINS = [
    ("check_language", speaks(ReadsMinds()), "reads must be one of nothing, price, allocation"),
    ("check_language", speaks(HasNoLevel()), "level must be the index of one of a bid's 2"),
    ("check_language", speaks(FixedSteepness()), "coordinate_ranges must be finite and positive"),
    ("check_record_operations", Writes(KeepsTheOrder), "relabelled must be in the new order"),
    ("check_exact_honest_bids", speaks(RoughlyHonest()), "must be honest_bids in rational"),
    ("check_residual_lines", OnSteepLines(), "residual_slope must be that of the prices"),
    ("check_exact_clearing", DearInRationals(), "solve_exact must give what solve does"),
]

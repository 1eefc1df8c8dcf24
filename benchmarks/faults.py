"""Faults of one percent that an audit catches, and faithful economies in which it cries wolf.

Faults are planted one by one in mechanisms of every kind; one is caught where the audit refutes a
constraint that it does not refute in the sound rule. False alarms are counted over faithful markets
drawn from a fixed seed: a sound rule, of which theory says what it keeps, in a random economy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from deviator.economies import (
    Economy,
    fundamental_value,
    heterogeneous,
    private_values,
    sigma_budget,
    unit_demands,
)
from deviator.evidence import Market, market
from deviator.evidence.constraints import Constraint, ConstraintVerdict
from deviator.evidence.proportion import proportion_interval
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    EntryFeeVCG,
    KDoubleAuction,
    Mechanism,
    SigmaDCDA,
    SigmaVCG,
    SpreadVCG,
)
from deviator.studies.audit_market import report_card
from deviator.studies.gather import Search
from deviator.studies.power import power

from .harness import Row, at_least, at_most

SIZE = 0.01
"""Size of the planted faults."""

FAITHFUL = 200
"""Faithful markets that are drawn."""

PROFILES = 200
"""Profiles on which gains are measured."""

ALWAYS: tuple[Constraint, ...] = (
    "market_clearing",
    "individual_rationality",
    "incentive_compatibility",
)
"""What every rule that is drawn keeps, at every profile."""


def rows() -> list[Row]:
    """Return the two figures."""
    return [_caught(), _false_alarms()]


def planted_markets() -> tuple[Market, ...]:
    """Return sound markets of every kind of mechanism."""
    private, units = private_values(4), unit_demands(3, 3)
    pairs: tuple[tuple[Mechanism, Economy], ...] = (
        (SigmaDCDA(0.5), fundamental_value(4, beta=0.3)),
        (SigmaVCG(private), private),
        (SpreadVCG(private, 0.1), private),
        (DiscreteVCG(private, 0.25, 0.1), private),
        (KDoubleAuction(), units),
        (EntryFeeDoubleAuction(0.05), units),
    )
    return tuple(market(mechanism, economy) for mechanism, economy in pairs)


def faithful_markets(count: int) -> Iterator[tuple[Market, tuple[Constraint, ...]]]:
    """Yield markets drawn from a fixed seed, each with the constraints that its rule keeps."""
    rng = np.random.default_rng(20)
    for draw in range(count):
        n, scale = int(rng.integers(3, 7)), float(10 ** rng.uniform(-3, 3))
        private = private_values(n, alpha=scale, slope=scale * rng.uniform(0.5, 2))
        common = fundamental_value(n, alpha=scale, beta=scale * rng.uniform(0, 0.9), slope=scale)
        mixed = heterogeneous(6)
        sides = int(rng.integers(2, 4))
        units = unit_demands(sides, 5 - sides, high=scale)
        budget: Constraint = "budget_surplus"
        choices: tuple[tuple[Mechanism, Economy, tuple[Constraint, ...]], ...] = (
            (SigmaDCDA(sigma_budget(common)), common, (*ALWAYS, budget)),
            (SigmaVCG(mixed, float(rng.uniform(0, 1))), mixed, ALWAYS),
            (SigmaVCG(private), private, (*ALWAYS, "efficiency")),
            (SpreadVCG(private, 0.1 * scale), private, ALWAYS),
            (EntryFeeVCG(private, 0.05 * scale), private, ALWAYS),
            (DiscreteVCG(private, 0.25), private, ALWAYS),
            (EntryFeeDoubleAuction(0.1 * scale, buyers=sides), units, ALWAYS),
        )
        mechanism, economy, keeps = choices[draw % len(choices)]
        yield market(mechanism, economy), keeps


def _caught() -> Row:
    """Return the share of faults that were caught in the constraint that they break."""
    right, judged, some, planted = 0, 0, 0, 0
    for tested in planted_markets():
        result = power(tested, _answers, sizes=[SIZE])
        for fault in result.faults:
            planted += 1
            some += fault.caught_at(SIZE)
            # What the sound rule breaks by itself cannot show the fault.
            judged += fault.violates not in result.broken
            right += fault.violates in fault.caught
    low, high = proportion_interval(some, planted)
    return Row(
        "faults planted in six mechanisms",
        f"{planted} of {SIZE:.0%}, {right} of {judged} caught in the constraint that they break",
        f"caught, 95% interval of the share {low:.1%} to {high:.1%}",
        float(some),
        at_least(float(planted)),
    )


def _false_alarms() -> Row:
    """Return how many faithful markets have a constraint refuted that they keep."""
    alarms = sum(
        any(_answers(tested)[name].state == "refuted" for name in keeps)
        for tested, keeps in faithful_markets(FAITHFUL)
    )
    low, high = proportion_interval(alarms, FAITHFUL)
    return Row(
        "audits of sound rules in random economies",
        f"{FAITHFUL} markets",
        f"false alarms, 95% interval of their rate {low:.1%} to {high:.1%}",
        float(alarms),
        at_most(0.0),
    )


def _answers(tested: Market) -> Mapping[Constraint, ConstraintVerdict]:
    return report_card(tested, Search(held_out=PROFILES)).constraints

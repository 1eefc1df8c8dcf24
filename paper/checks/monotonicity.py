"""Whether quantities rise in the own type, which incentive compatibility needs."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from deviator.economies import (
    QuadraticEconomy,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    two_groups,
)
from deviator.mechanisms import PivotalMechanism
from deviator.validation import Floats

from .drawn import random_economy

QUANTITY_TOLERANCE = 1e-9
"""Falls of a quantity up to this size are rounding."""

DRAWN = 50
"""Number of economies within A4^N in which quantities are compared as types rise."""

PROFILES = 40

FEE_WITNESS = two_groups(4, alpha=1.0, beta=1.55, slope=1.0)
"""Two groups of two with weight .775 within: here quantities fall under an entry fee of .3."""

TAX_WITNESS = linear_quadratic(np.eye(5) + 1.4 * np.outer(np.eye(5)[4], np.eye(5)[0]), 1.0)
"""Trader 0's type moves trader 4's value by 1.4 and its own by 1: within A4^N (phi_N = .35)."""


Cases = Callable[[QuadraticEconomy, Floats], Sequence[tuple[PivotalMechanism, Floats]]]
"""Economy and profiles of types to mechanisms, each with the profiles to test it at."""


def falls_in_own_type(
    condition: Callable[[QuadraticEconomy], bool], cases: Cases
) -> tuple[int, int, int]:
    """Count cases in economies within A4^N in which a quantity falls in the own type.

    Returns
    -------
    with_condition, without_condition, all_cases : int
        Falls although the condition holds, other falls, and all cases, with or without falls.
    """
    fell = [
        (condition(economy), largest_fall(rule, profiles) > 0)
        for economy, types in _economies()
        for rule, profiles in cases(economy, types)
    ]
    return fell.count((True, True)), fell.count((False, True)), len(fell)


def _economies() -> Iterator[tuple[QuadraticEconomy, Floats]]:
    """Yield economies within A4^N, drawn and named ones, and profiles of types."""
    rng = np.random.default_rng(62)
    drawn = [random_economy(rng, int(rng.integers(3, 6))) for _ in range(DRAWN)]
    named = (private_values(5), fundamental_value(4, beta=1.5), heterogeneous(6), FEE_WITNESS)
    for economy in (*drawn, *named, TAX_WITNESS):
        yield economy, 2 * rng.standard_normal((PROFILES // 2, economy.n_traders))


def largest_fall(rule: PivotalMechanism, types: Floats) -> float:
    """Return the largest fall of a quantity as its owner's type rises, on a grid of types."""
    steps, falls = np.linspace(-6.0, 6.0, 161), [0.0]
    for trader in range(types.shape[1]):
        profiles = np.repeat(types, len(steps), axis=0)
        profiles[:, trader] = np.tile(steps, len(types))
        own = rule.allocate(profiles).quantity[:, trader].reshape(len(types), -1)
        falls.append(float((np.maximum.accumulate(own, axis=1) - own).max()))
    return max(falls) if max(falls) > QUANTITY_TOLERANCE else 0.0

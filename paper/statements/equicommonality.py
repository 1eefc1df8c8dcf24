"""Section 5: which examples are equicommon, and have bids that are functions."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import (
    fundamental_value_information,
    heterogeneous_information,
    two_groups,
    two_groups_information,
)
from deviator.numerics.rational import rational, rational_inverse
from deviator.validation import Floats

from ..checks.drawn import fundamental_value_markets, heterogeneous_markets
from ..statement import Finding, Formula, statement, worst
from .conditional_bids import equicommon

GROUPS = 120
"""Economies of Example 2 that are drawn."""


def equal_totals(alpha: Any, beta: Any) -> bool:
    """Return whether alpha_1 + beta_1 = alpha_2 + beta_2 in Example 2."""
    return bool(alpha[0] + beta[0] == alpha[1] + beta[1])


def inverse_row_sums(alpha: Any, beta: Any) -> list[Any]:
    """Return the row sums of W^-1 in the two groups of Example 2, 1 / (alpha_G + beta_G)."""
    return [1 / (own + group) for own, group in zip(alpha, beta, strict=True)]


def _exact_groups(seed: int) -> Iterator[tuple[Any, list[Fraction], list[Fraction]]]:
    """Draw W, alpha and beta of Example 2, exact in floats; every third has equal totals."""
    rng = np.random.default_rng(seed)
    for draw in range(GROUPS):
        n = int(rng.choice([4, 8, 16]))
        alpha, beta = rng.integers(8, 25, 2) / 8.0, rng.integers(0, 9, 2) / 8.0
        if draw % 3 == 0:
            beta[1] = beta[0] + 0.125
            alpha[1] = alpha[0] - 0.125
        weights = two_groups(n, alpha, beta, slope=1.0).weights
        yield rational(weights), list(rational(alpha)), list(rational(beta))


def _other_examples() -> Iterator[Floats]:
    """Draw W of Examples 1 and 3, and of the beliefs of Examples 4, 5 and 6."""
    yield from (market.economy.weights for market in fundamental_value_markets(81))
    yield from (market.economy.weights for market in heterogeneous_markets(82))
    rng = np.random.default_rng(83)
    for _ in range(20):
        n, rho, noise = 2 * int(rng.integers(2, 6)), rng.uniform(0.0, 0.9), rng.uniform(0.1, 2.0)
        yield fundamental_value_information(n, rho, noise).weights()
        yield two_groups_information(n, rho, noise).weights()
        alpha = float(rng.uniform(0.1, 0.6))
        beta = float(rng.uniform(0.0, 0.9)) * (1 - alpha)
        yield heterogeneous_information(n, alpha, beta, noise, rho).weights()


def _spread(weights: Any) -> float:
    """Return by how much the row sums of W differ, as a share of the least one."""
    sums = weights.sum(axis=1)
    return float(max(sums) / min(sums)) - 1


@statement(
    "Section 5: equicommonality",
    "Section 5, before Lemma 4; Example 2",
    "Equicommonality, sum_k mu_{i,k} = sum_k mu_{j,k}, is satisfied in all the examples considered "
    "in this article.",
    tolerance=1e-12,
    corrected="In Example 2 it is satisfied if and only if alpha_1 + beta_1 = alpha_2 + beta_2, in "
    "the others always. FUN holds in Example 2 all the same: the row sums of W^-1 are 1 / (alpha_G "
    "+ beta_G).",
)
def _check_equicommonality(
    condition: Formula = equal_totals, inverse_sums: Formula = inverse_row_sums
) -> Finding:
    wrong, spreads, holding = 0, [], 0
    for weights, alpha, beta in _exact_groups(84):
        holds = equicommon(weights)
        wrong += holds != condition(alpha, beta)
        inverse, half = rational_inverse(weights), len(weights) // 2
        stated = np.repeat(np.array(inverse_sums(alpha, beta), dtype=object), half)
        wrong += inverse is None or bool((inverse.sum(axis=1) != stated).any())
        spreads.append(_spread(weights))
        holding += holds
    others = [_spread(weights) for weights in _other_examples()]
    unequal = rational(two_groups(4, [1.0, 1.0], [1.0, 0.0], slope=1.0).weights).sum(axis=1)
    return Finding(
        max(wrong / GROUPS, *others),
        f"exactly, with alpha = (1, 1) and beta = (1, 0) row sums of W are {unequal[0]} in group 1 "
        f"and {unequal[-1]} in group 2; {holding} of {GROUPS} drawn economies of Example 2 are "
        f"equicommon, just those of equal alpha_G + beta_G, and in the others row sums differ by "
        f"up to {worst(spreads):.0%}; in {len(others)} economies of Examples 1 and 3 to 6 by "
        f"{worst(others):.1g}",
        printed=worst(spreads),
    )

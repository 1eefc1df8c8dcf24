"""Quantities that fall are found where theory says that some do, and nowhere else."""

import re

import numpy as np
import pytest

from deviator.economies import (
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    two_groups,
)
from deviator.evidence.certificates.falls import where_a_quantity_falls
from deviator.mechanisms import DiscreteVCG, EntryFeeVCG, SpreadVCG, TaxVCG

CROSSED = linear_quadratic([[1, 0, 0], [1.2, 2, 0], [0, 0, 1]], 1.0)

FALLING = [
    SpreadVCG(CROSSED, 0.3),
    TaxVCG(CROSSED, [[0.3, 1], [0.2, 3]]),
    DiscreteVCG(CROSSED, 0.25),
    EntryFeeVCG(CROSSED, 0.3),
    EntryFeeVCG(two_groups(4, beta=1.55), 0.3),
]
RISING = [
    SpreadVCG(two_groups(4), 0.3),
    SpreadVCG(CROSSED),
    TaxVCG(private_values(3), [[0.3, 1], [0.2, 3]]),
    DiscreteVCG(heterogeneous(4), 0.25, 0.1, 0.05),
    EntryFeeVCG(fundamental_value(5), 0.3),
]


@pytest.mark.parametrize("rule", FALLING, ids=lambda rule: rule.name)
def test_a_fall_is_told_with_numbers_that_can_be_tried_again(rule):
    words = where_a_quantity_falls(rule, rule.economy, rule.economy.types())
    found = re.fullmatch(
        r"no transfers make it so: trader (\d)'s quantity falls from (\S+) to (\S+) as its type "
        r"rises to (\S+) from types \((.*)\)",
        words,
    )
    trader, before, after = int(found[1]), float(found[2]), float(found[3])
    low = np.array([float(number) for number in found[5].split(", ")])
    high = low.copy()
    high[trader] = float(found[4])
    quantity = rule.allocate(np.stack([low, high])).quantity[:, trader]
    np.testing.assert_allclose(quantity, [before, after], atol=5e-3)
    assert high[trader] > low[trader]
    assert after < before


@pytest.mark.parametrize("rule", RISING, ids=lambda rule: rule.name)
def test_no_fall_is_told_where_there_is_none(rule):
    assert where_a_quantity_falls(rule, rule.economy, rule.economy.types()) == ""

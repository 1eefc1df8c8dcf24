"""docs/coalitions.md: its examples run, and it describes every field of a joint witness."""

import doctest
import re

import numpy as np
from helpers.repository import DOCS

from deviator.economies import private_values
from deviator.evidence import market
from deviator.evidence.coalitions import best_joint_deviation, coalition_of, find_joint_witness
from deviator.mechanisms import UniformDoubleAuction

PAGE = DOCS / "coalitions.md"


def test_the_examples_run():
    done = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE, encoding="utf-8"
    )
    assert done.attempted > 10
    assert done.failed == 0


def test_every_field_is_described():
    party = coalition_of(market(UniformDoubleAuction(), private_values(4)), (0, 1))
    types = np.random.default_rng(0).standard_normal((20, 4))
    witness = find_joint_witness(party, types, best_joint_deviation(party, types).bids)
    described = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert set(witness) <= described
    assert set(witness["honest_outcome"]) <= described

"""The closed forms that the adversary is measured by, on small budgets."""

import pytest

from benchmarks.adversary import Pair, measured, pairs

PAIRS = pairs()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.label}, {pair.sought}")
def test_the_adversary_reaches_closed_forms_and_what_is_drawn(pair: Pair) -> None:
    rows = measured(pair, drawn=2000, budget=5000)
    assert all(row.met for row in rows)
    assert all(row.value <= 1 + 1e-9 for row in rows[1:])


def test_half_of_the_pairs_have_a_closed_form() -> None:
    assert len(PAIRS) >= 10
    assert sum(pair.known is not None for pair in PAIRS) >= 5

"""A posted price with random priority: it conforms, and honesty is best in every draw."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import unit_demands
from deviator.errors import InvalidInputError
from deviator.mechanisms import Drawn, Reports
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch

FILE = ROOT / "plugins" / "examples" / "random_priority_posted_price.py"
ECONOMY = unit_demands(2, 2)


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:random-priority-posted-price").load()


def test_it_conforms(kind):
    for check in checks_for(kind(0.4)):
        if check.name != "check_pickling":
            check.run(kind(0.4))


def test_the_smallest_lot_of_the_longer_side_trades(kind):
    """Both buyers are willing, and one seller."""
    reports = Reports(np.array([[0.9, 0.6, 0.2, 0.8]]))
    first = Drawn(kind(), np.array([0.2, 0.7, 0.5, 0.5])).clear(reports)
    second = Drawn(kind(), np.array([0.7, 0.2, 0.5, 0.5])).clear(reports)
    np.testing.assert_array_equal(first.quantity, [[1.0, 0.0, -1.0, 0.0]])
    np.testing.assert_array_equal(second.quantity, [[0.0, 1.0, -1.0, 0.0]])
    np.testing.assert_array_equal(first.transfer, 0.5 * first.quantity)


def test_no_report_gains_in_any_draw(kind):
    rng = np.random.default_rng(0)
    types = ECONOMY.types().sample(rng, 40)
    known = Drawn(kind(), rng.random((40, 4)))
    for trader in range(4):
        assert not NumericSearch(known, ECONOMY, trader).find(types).gain.any()


def test_neither_search_finds_a_gain_and_nothing_is_certified(kind):
    card = audit(kind(), ECONOMY, trader=0, held_out=200)
    assert (card.state, card.upper, card.lower) == ("undetermined", None, 0.0)
    assert (card.each_draw["state"], card.each_draw["worst"]) == ("undetermined", 0.0)


def test_other_numbers_of_traders_are_refused(kind):
    with pytest.raises(InvalidInputError, match="sides must be of 5 traders"):
        Drawn(kind(), np.zeros(4)).clear(Reports(np.zeros((1, 5))))

"""Random serial order: it conforms, and honesty is best on average and in every draw."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.errors import InvalidInputError
from deviator.mechanisms import Drawn, Schedules
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch

FILE = ROOT / "plugins" / "examples" / "random_serial_order.py"
ECONOMY = private_values(4, slope=1.2)


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:random-serial-order").load()


def test_it_conforms(kind):
    for check in checks_for(kind(0.1)):
        if check.name != "check_pickling":
            check.run(kind(0.1))


def test_the_longer_side_is_served_in_the_order_of_the_lots(kind):
    """Two sellers offer 3 units at price 1; buyers want 2 each, and come in the order 2, 0, 1."""
    levels = np.array([[3.0, 3.0, 3.0, -1.0, 0.0]])
    lots = np.array([0.5, 0.9, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0])
    outcome = Drawn(kind(1.0), lots).clear(Schedules(levels, np.ones((1, 5))))
    np.testing.assert_allclose(outcome.quantity, [[1.0, 0.0, 2.0, -2.0, -1.0]])
    np.testing.assert_allclose(outcome.transfer, outcome.quantity)


def test_no_bid_gains_in_any_draw(kind):
    rng = np.random.default_rng(0)
    types = ECONOMY.types().sample(rng, 40)
    known = Drawn(kind(0.1), rng.random((40, 8)))
    for trader in range(4):
        assert NumericSearch(known, ECONOMY, trader).find(types).gain.max() < 1e-12


def test_neither_search_finds_a_gain_and_nothing_is_certified(kind):
    card = audit(kind(0.1), ECONOMY, trader=0, held_out=200)
    assert (card.state, card.upper, card.lower) == ("undetermined", None, 0.0)
    assert (card.each_draw["state"], card.each_draw["worst"]) == ("undetermined", 0.0)
    assert card.constraints["efficiency"].state == "refuted"
    assert card.constraints["individual_rationality"].state == "undetermined"


def test_more_traders_than_lots_are_refused(kind):
    bids = Schedules(np.zeros((1, 9)), np.ones((1, 9)))
    with pytest.raises(InvalidInputError, match="traders must be at most 8"):
        Drawn(kind(), np.zeros(8)).clear(bids)

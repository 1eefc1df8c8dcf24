"""What goes outside counts wherever it is asked whether a market clears."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from deviator.economies import private_values
from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    Mechanism,
    Mutated,
    Outcome,
    ScheduleLanguage,
    Schedules,
    clear_parallel,
)
from deviator.mechanisms.outcome import check_cleared

QUANTITY = np.array([[1.0, 0.5, -0.25], [0.0, 0.0, 0.0]])


@dataclass(frozen=True)
class Shop(Mechanism):
    """Sells at a price of its own whatever is demanded there."""

    name = "shop"
    language = ScheduleLanguage()

    def clear(self, bids):
        quantity = bids.level - 0.2 * bids.steepness
        price = np.full(len(quantity), 0.2)
        return Outcome(price, quantity, 0.2 * quantity, outside=-quantity.sum(axis=1))


def outcome(**fields):
    return Outcome(np.zeros(2), QUANTITY, 0 * QUANTITY, **fields)


def test_nobody_outside_trades_unless_it_is_stated():
    assert outcome().outside.tolist() == [0.0, 0.0]
    assert outcome().excess.tolist() == [1.25, 0.0]
    assert outcome(outside=np.array([-1.25, 0.0])).excess.tolist() == [0.0, 0.0]


def test_outside_is_of_the_library_of_the_bids():
    quantity = torch.zeros((2, 3))
    assert torch.equal(Outcome(quantity[:, 0], quantity, quantity).outside, torch.zeros(2))


@pytest.mark.parametrize(
    ("outside", "message"),
    [
        (np.zeros(2), "got 1.25 in market 0; state what somebody outside receives"),
        (np.array([-1.0, 0.0]), "got 0.25 in market 0"),
        (np.array([-1.25, 0.1]), "got 0.1 in market 1"),
        (np.zeros((2, 1)), r"an outside of shape \(2,\), got \(2, 1\)"),
        (np.array([np.nan, 0.0]), "got nan in market 0"),
    ],
)
def test_what_does_not_add_up_is_refused(outside, message):
    with pytest.raises(InvalidInputError, match=message):
        check_cleared("shop", outcome(outside=outside), (2, 3))


def test_rounding_where_nobody_trades_is_no_excess():
    quantity = np.array([[3e-16, 0.0, 0.0], [1.0, -1.0, 0.0]])
    left = Outcome(np.zeros(2), quantity, 0 * quantity)
    assert check_cleared("sound", left, (2, 3)) is left
    assert (np.abs(left.excess) <= left.clearing_error(1e-9)).all()


def test_wrappers_keep_what_goes_outside():
    rule, economy = Shop(), private_values(4)
    bids = rule.honest_bids(economy, economy.types().sample(np.random.default_rng(0), 40))
    wanted = rule.clear(bids).outside
    assert np.abs(wanted).min() > 0
    faulty = Mutated(rule, "transfer", 0.01).clear(bids)
    np.testing.assert_array_equal(faulty.outside, wanted)
    np.testing.assert_array_equal(clear_parallel(rule, bids, threads=2).outside, wanted)


def test_deviations_change_what_goes_outside():
    bids = Schedules(np.ones((1, 3)), np.ones((1, 3)))
    reached = Shop().clear_deviations(bids, 0, np.array([[[1.0, 1.0], [2.0, 1.0]]]))
    np.testing.assert_allclose(reached.quantity, [[0.8, 1.8]])

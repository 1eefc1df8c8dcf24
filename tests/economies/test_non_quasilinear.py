"""Preferences over money: what an economy states, and what is made of it."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from deviator.economies import (
    NonQuasilinearEconomy,
    QuadraticEconomy,
    is_linear_quadratic,
    private_values,
    saturating,
)
from deviator.errors import InvalidInputError
from deviator.units import PER_MONEY


@dataclass(frozen=True, eq=False)
class Averse(NonQuasilinearEconomy):
    """Money beyond what is usual is worth less and less, in arithmetic for tensors too."""

    traders: QuadraticEconomy
    bend: float = field(default=0.3, metadata=PER_MONEY)
    name = "averse"

    def payoff(self, quantity, transfer, types):
        left = self.utility(quantity, types) - transfer
        return left / (1 + self.bend * abs(left)) + left / 10


ECONOMY = Averse(private_values(3, slope=2.0))
TYPES = np.array([[1.0, -0.5, 0.25], [0.0, 2.0, -1.0]])
UNITS = np.array([[0.5, -0.5, 0.0], [1.0, 0.0, -1.0]])


def test_quasilinear_payoffs_are_utility_minus_transfer():
    economy = private_values(3)
    paid = np.ones_like(UNITS)
    wanted = economy.utility(UNITS, TYPES) - 1
    np.testing.assert_array_equal(economy.payoff(UNITS, paid, TYPES), wanted)
    np.testing.assert_allclose(
        economy.payoff_of(1, UNITS, paid, TYPES)[:, 0], [-0.5 * 0.5 - 0.5 * 0.25 - 1, 2.0 - 0.5 - 1]
    )
    assert economy.quasilinear


def test_one_traders_payoffs_are_those_of_all():
    money = np.array([[0.2, 0.4], [-0.3, 1.5]])
    offers = np.array([[0.5, -1.0], [0.0, 2.0]])
    for trader in range(3):
        got = ECONOMY.payoff_of(trader, offers, money, TYPES)
        for place in range(2):
            units, paid = np.zeros((2, 3)), np.zeros((2, 3))
            units[:, trader], paid[:, trader] = offers[:, place], money[:, place]
            wanted = ECONOMY.payoff(units, paid, TYPES)[:, trader]
            np.testing.assert_array_equal(got[:, place], wanted)


def test_gradients_pass_through_payoffs():
    money = torch.tensor([[0.2], [0.1]], dtype=torch.float64, requires_grad=True)
    units, types = (torch.as_tensor(each) for each in (UNITS[:, :1], TYPES))
    payoff = ECONOMY.payoff_of(0, units, money, types)
    wanted = ECONOMY.payoff_of(0, UNITS[:, :1], money.detach().numpy(), TYPES)
    np.testing.assert_allclose(payoff.detach().numpy(), wanted)
    payoff.sum().backward()
    assert (money.grad < 0).all()


def test_no_closed_form_is_taken_for_it():
    assert not ECONOMY.quasilinear
    assert not is_linear_quadratic(ECONOMY)
    changed = private_values(3)
    object.__setattr__(changed, "payoff", ECONOMY.payoff)
    assert not changed.quasilinear
    assert not is_linear_quadratic(changed)


def test_it_is_restated_and_renumbered_with_its_traders():
    restated = ECONOMY.rescaled(2.0, 5.0)
    assert restated.bend == pytest.approx(0.03)
    money = 0.1 * np.ones_like(UNITS)
    np.testing.assert_allclose(
        restated.payoff(5 * UNITS, 10 * money, 2 * TYPES),
        10 * ECONOMY.payoff(UNITS, money, TYPES),
    )
    uneven = replace(ECONOMY, traders=private_values(3, slope=[1.0, 2.0, 3.0]))
    assert uneven.relabelled([2, 0, 1]).slope.tolist() == [3.0, 1.0, 2.0]


def test_it_says_what_it_is_made_of():
    data = ECONOMY.to_dict()
    assert (data["name"], data["bend"]) == ("averse", 0.3)
    assert data["traders"]["slope"] == [2.0, 2.0, 2.0]


def test_traders_must_be_linear_quadratic():
    with pytest.raises(InvalidInputError, match="traders must be a LinearQuadratic or a Factored"):
        Averse(saturating(3))

"""Markets for several units: utilities, who holds them, and what is refused."""

from itertools import product

import numpy as np
import pytest
from helpers.several_units import drawn_types, unit_economies
from hypothesis import given
from hypothesis import strategies as st

from deviator.economies import (
    MultiUnitDemands,
    NormalTypes,
    multi_unit_demands,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.mechanisms import KDoubleAuction, VickreyMultiUnit


@given(unit_economies(), st.integers(0, 99))
def test_no_feasible_allocation_is_better_than_the_efficient_one(economy, seed):
    types = drawn_types(economy, seed)
    best = economy.efficient_allocation(types)
    assert (best.sum(axis=1) == economy.supply).all()
    reached = economy.utility(best, types).sum(axis=1)
    for held in product(range(economy.numbers + 1), repeat=economy.n_traders):
        if sum(held) == economy.total:
            quantity = np.broadcast_to(np.subtract(held, economy.endowments), types.shape)
            assert (economy.utility(1.0 * quantity, types).sum(axis=1) <= reached + 1e-12).all()


def test_the_values_of_units_add_up():
    """Type 2 and factors 1, .5, .25, one unit owned: .5 and .25 more are worth 2 (.75)."""
    economy = multi_unit_demands(3, [1, 0.5, 0.25], offered=1, endowments=[1, 0, 0], high=4.0)
    types = np.full((1, 3), 2.0)

    def worth(units):
        return economy.utility(np.array([[units, 0.0, 0.0]]), types)[0, 0]

    assert [worth(units) for units in (-1, 0, 1, 1.5, 2, 3)] == [-2, 0, 1, 1.25, 1.5, 1.5]
    # A unit that is sold without being owned must be bought for 4, the highest value there is.
    assert worth(-2.5) == -2 - 1.5 * 4


def test_single_units_are_a_special_case():
    """Buyers want one unit, sellers own one: utilities and the first best are those of theirs."""
    single = unit_demands(2, 2)
    several = multi_unit_demands(4, [1.0], offered=0, endowments=[0, 0, 1, 1])
    types = np.random.default_rng(0).uniform(size=(50, 4))
    quantity = np.random.default_rng(1).uniform(-1.5, 1.5, (50, 4))
    for name in ("utility", "marginal_utility", "type_effects"):
        np.testing.assert_allclose(
            getattr(several, name)(quantity, types), getattr(single, name)(quantity, types)
        )
    np.testing.assert_array_equal(
        several.efficient_allocation(types), single.efficient_allocation(types)
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_traders": 2}, "3"),
        ({"factors": [0.5, 1.0]}, "factors must not rise"),
        ({"factors": [1.0, -0.5]}, "factors must not rise"),
        ({"factors": [0.0, 0.0]}, "all be 0"),
        ({"factors": [[1.0], [1.0]]}, "factors"),
        ({"offered": 0}, "offered and owned must be 1 to 4"),
        ({"offered": 5}, "offered and owned must be 1 to 4"),
        ({"offered": 1.5}, "offered must be"),
        ({"endowments": [3, 0, 0]}, "from 0 to 2"),
        ({"endowments": [1, 0]}, "for each of 3 traders"),
        ({"low": 1.0, "high": 0.5}, "low must be below high"),
    ],
)
def test_malformed_settings_are_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        multi_unit_demands(**{"n_traders": 3} | settings)


def test_factors_of_other_lengths_are_refused():
    with pytest.raises(InvalidInputError, match="as many numbers for each trader"):
        MultiUnitDemands(((1.0,), (1.0, 0.5), (1.0,)), offered=1)


def test_negative_types_have_no_falling_values():
    economy = multi_unit_demands(3)
    with pytest.raises(InvalidInputError, match="types must not be negative"):
        economy.efficient_allocation(np.array([[0.5, -0.1, 0.2]]))
    tested = market(VickreyMultiUnit(), economy, distribution=NormalTypes.independent(3))
    with pytest.raises(InvalidInputError, match="types must not be negative"):
        _ = tested.scale


def test_rules_for_other_economies_refuse_these():
    with pytest.raises(RefusedError, match="unit demands"):
        KDoubleAuction().honest_bids(multi_unit_demands(4), np.zeros((1, 4)))

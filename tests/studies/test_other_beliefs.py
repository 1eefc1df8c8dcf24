"""Strategies that believe something else about the types than the market's own law."""

import numpy as np
import pytest

from deviator.errors import InvalidInputError
from deviator.studies.spec.market import MarketSpec


def test_a_strategy_may_believe_something_else_than_the_economy():
    economy = {"beliefs": "fundamental-value", "n_traders": 4, "rho": 0.4, "noise": 0.5}
    stated = {"mechanism": "uniform-double-auction", "economy": economy, "strategy": "linear-bayes"}
    right = MarketSpec.model_validate(stated).build_market()
    wrong = {"strategy_parameters": {"beliefs": economy | {"rho": 0.1}}}
    misled = MarketSpec.model_validate(stated | wrong).build_market()
    assert misled.strategy.intercept[0] > right.strategy.intercept[0]
    np.testing.assert_array_equal(misled.economy.weights, right.economy.weights)
    np.testing.assert_array_equal(misled.distribution.covariance, right.distribution.covariance)


@pytest.mark.parametrize(
    ("beliefs", "message"),
    [
        ({"n_traders": 4}, "either family or beliefs"),
        (
            {"beliefs": "two-groups", "n_traders": 6, "rho": 0.1, "noise": 1.0},
            "of 4 traders, got 6",
        ),
        ({"family": "private-values", "n_traders": 4}, "needs an economy that states beliefs"),
    ],
)
def test_wrong_beliefs_of_a_strategy_are_refused_in_a_sentence(beliefs, message):
    economy = {"beliefs": "fundamental-value", "n_traders": 4, "rho": 0.4, "noise": 0.5}
    stated = {"mechanism": "uniform-double-auction", "economy": economy, "strategy": "linear-bayes"}
    spec = MarketSpec.model_validate(stated | {"strategy_parameters": {"beliefs": beliefs}})
    with pytest.raises(InvalidInputError, match=message):
        spec.build_market()

"""Strategies that believe something else about the types than the market's own law."""

import numpy as np
import pytest

from deviator.errors import InvalidInputError
from deviator.studies.spec.market import MarketSpec


def test_a_strategy_may_believe_something_else_than_the_economy():
    economy = {"beliefs": "fundamental-value", "n_traders": 4, "rho": 0.4, "noise": 0.5}
    stated = {"mechanism": "uniform-double-auction", "economy": economy, "strategy": "linear-bayes"}
    right = MarketSpec.model_validate(stated).build_market()
    wrong = {"strategy_parameters": {"beliefs": {"rho": 0.1}}}
    misled = MarketSpec.model_validate(stated | wrong).build_market()
    whole = {"strategy_parameters": {"beliefs": economy | {"rho": 0.1}}}
    again = MarketSpec.model_validate(stated | whole).build_market()
    np.testing.assert_array_equal(misled.strategy.intercept, again.strategy.intercept)
    assert misled.strategy.intercept[0] > right.strategy.intercept[0]
    np.testing.assert_array_equal(misled.economy.weights, right.economy.weights)
    np.testing.assert_array_equal(misled.distribution.covariance, right.distribution.covariance)


@pytest.mark.parametrize(
    ("beliefs", "message"),
    [
        ({"family": "x", "beliefs": "two-groups"}, "either family or beliefs"),
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


def test_beliefs_of_a_strategy_run_no_code_that_nobody_named(tmp_path):
    (tmp_path / "stranger.py").write_text(
        "from deviator.economies import Economy, private_values\n"
        f"open({str(tmp_path / 'has_run')!r}, 'w').close()\n"
        "def unseen(n_traders: int = 4) -> Economy:\n    return private_values(n_traders)\n"
    )
    economy = {"family": "two-groups", "n_traders": 4}
    beliefs = {"family": f"{tmp_path / 'stranger.py'}:unseen", "n_traders": 4}
    stated = {"mechanism": "sigma-dcda", "sigma": 0.5, "economy": economy, "strategy": "price-only"}
    spec = MarketSpec.model_validate(stated | {"strategy_parameters": {"beliefs": beliefs}})
    with pytest.raises(InvalidInputError, match="the market's own family or one of deviator's"):
        spec.build_market()
    assert not (tmp_path / "has_run").exists()


def test_traders_who_look_at_the_price_alone_may_believe_in_another_law():
    economy = {"family": "two-groups", "n_traders": 4}
    stated = {"mechanism": "sigma-dcda", "sigma": 0.5, "economy": economy, "strategy": "price-only"}
    wrong = {"strategy_parameters": {"beliefs": {"types": {"correlation": 0.8}}, "count": 1}}
    misled, right = (
        MarketSpec.model_validate(each).build_market() for each in (stated | wrong, stated)
    )
    assert misled.strategy.distribution.covariance[0, 1] == 0.8
    assert right.strategy.distribution.covariance[0, 1] == 0

"""The auction with elastic supply: it conforms, and honesty loses what the price impact says."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.evidence import market
from deviator.evidence.constraints.violations import honest_markets, violations
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch

FILE = ROOT / "plugins" / "examples" / "elastic_supply.py"
SLOPE = 1.3
ECONOMY = private_values(4, slope=SLOPE)


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:elastic-supply").load()


def test_it_conforms(kind):
    for check in checks_for(kind(0.7, reserve=0.2)):
        if check.name != "check_pickling":
            check.run(kind(0.7, reserve=0.2))


def test_the_auctioneer_sells_what_is_demanded_in_all(kind):
    rule, types = kind(2.0, reserve=0.1), ECONOMY.types().sample(np.random.default_rng(0), 50)
    outcome = rule.clear(rule.honest_bids(ECONOMY, types))
    np.testing.assert_allclose(outcome.outside, -outcome.quantity.sum(axis=1), atol=1e-14)
    np.testing.assert_allclose(outcome.outside, 2.0 * (0.1 - outcome.price), atol=1e-14)


@pytest.mark.parametrize("elasticity", [0.5, 5.0])
def test_a_search_finds_the_exact_gain_of_the_known_price_impact(kind, elasticity):
    """With impact k the objective bends by mu + 2 k, and honesty ignores k q: gain (k q)^2 / ..."""
    rule, types = kind(elasticity), ECONOMY.types().sample(np.random.default_rng(1), 20)
    quantity = rule.clear(rule.honest_bids(ECONOMY, types)).quantity[:, 0]
    impact = 1 / (elasticity + 3 / SLOPE)
    known = (impact * quantity) ** 2 / (2 * (SLOPE + 2 * impact))
    found = NumericSearch(rule, ECONOMY, 0).find(types).gain
    assert (found <= known + 1e-12).all()
    assert (found >= 0.99 * known).all()


def test_it_is_refuted_and_says_what_outside_means_for_budget_and_efficiency(kind):
    card = audit(kind(), ECONOMY, trader=0, held_out=200)
    assert (card.state, card.scope) == ("refuted", "every profile")
    assert card.constraints["market_clearing"].worst == 0
    assert "whatever the goods cost somebody outside" in card.constraints["budget_surplus"].reason
    efficiency = card.constraints["efficiency"]
    assert (efficiency.state, efficiency.worst) == ("undetermined", 0.0)
    assert efficiency.reason.startswith("somebody outside trades")
    assert card.certificate is None


def test_a_batch_of_violations_is_that_of_its_markets(kind):
    tested = market(kind(), ECONOMY)
    types = ECONOMY.types().sample(np.random.default_rng(2), 6)
    for constraint in ("market_clearing", "budget_surplus", "efficiency"):
        whole = violations(tested, constraint, types)
        alone = [violations(tested, constraint, types[[m]])[0] for m in range(6)]
        np.testing.assert_allclose(whole, alone, atol=1e-14)
    assert not honest_markets(tested, types).comparable.any()

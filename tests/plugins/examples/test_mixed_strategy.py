"""A strategy that mixes: it conforms, and costs its trader what the formula says."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator.economies import private_values
from deviator.envs import deviation_core, exchange_core
from deviator.errors import RefusedError
from deviator.evidence import find_certificates, judge, market
from deviator.evidence.coalitions import coalition_of
from deviator.mechanisms import SigmaVCG, UniformDoubleAuction
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch, exact_gain
from deviator.studies.gather import Search, gather

FILE = ROOT / "plugins" / "examples" / "mixed_strategy.py"
ECONOMY = private_values(4, alpha=1.0, slope=2.0)
RULE = SigmaVCG(ECONOMY, 0.0)
COST = 0.5**2 * 3 / (2 * 4 * 2.0)


@pytest.fixture(scope="module")
def trembling():
    return find_plugin("policy", f"{FILE}:trembling-hand").load()


def test_it_conforms(trembling):
    policy = trembling(UniformDoubleAuction(), ECONOMY)
    for check in checks_for(policy):
        if check.name != "check_pickling":
            check.run(policy)


def test_honesty_gains_what_the_tremble_costs(trembling):
    tested = market(RULE, ECONOMY, strategy=trembling(RULE, ECONOMY))
    types = tested.distribution.sample(np.random.default_rng(0), 500)
    gains = tested.gains(types, types[:, [0]])
    assert gains.mean() == pytest.approx(COST, rel=0.02)
    found = NumericSearch(RULE, ECONOMY, 0, others=tested.strategy).bid(types[:20], 0)
    assert 0.9 * COST < tested.gains(types[:20], found).mean() < 1.1 * COST


def test_the_verdict_is_the_known_one_and_its_witness_averages_over_draws(trembling):
    tested = market(RULE, ECONOMY, strategy=trembling(RULE, ECONOMY))
    verdict = judge(gather(tested, Search(held_out=100)))
    assert (verdict.state, verdict.upper) == ("refuted", None)
    assert verdict.lower == pytest.approx(COST, rel=0.1)
    witness = verdict.witness
    assert witness["honest_bids"] is None
    assert witness["average_over"]["draws"] == 2**15
    assert witness["gain"] == pytest.approx(COST, rel=0.05)


def test_environments_draw_anew_for_other_markets_and_the_same_for_the_same(trembling):
    tested = market(RULE, ECONOMY, strategy=trembling(RULE, ECONOMY))
    types = tested.distribution.sample(np.random.default_rng(1), 3)
    core = deviation_core(tested)
    still = np.zeros((3, 1))
    gains = [core.play(each, still).info["gain"] for each in (types, types, types + 1e-9)]
    np.testing.assert_array_equal(gains[0], gains[1])
    assert (gains[0] != gains[2]).all()
    everyone = exchange_core(tested)
    bids = [everyone.start(each).present.as_array() for each in (types, types, types + 1e-9)]
    np.testing.assert_array_equal(bids[0], bids[1])
    assert (np.abs(bids[0] - bids[2]) > 1e-6).all()


def test_what_needs_bids_that_are_known_refuses_it_in_a_sentence(trembling):
    policy = trembling(RULE, ECONOMY)
    tested = market(RULE, ECONOMY, strategy=policy)
    with pytest.raises(RefusedError, match="does not draw, and trembling-hand mixes"):
        exact_gain(RULE, ECONOMY, np.zeros((1, 4)), others=policy)
    with pytest.raises(RefusedError, match="joint deviations need a strategy that does not draw"):
        coalition_of(tested, (0, 1))
    with pytest.raises(RefusedError, match="trembling-hand mixes; leave rounds out"):
        exchange_core(tested, rounds=2)
    assert "strategies that do not draw" in find_certificates(tested, "profile", [0]).refusals[0]

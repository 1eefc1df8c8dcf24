"""The ascending clock: it conforms, and sincere bidding pays up to the size of a step."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import UniformBox, private_values
from deviator.envs import exchange_v0
from deviator.evidence import market, over_rounds
from deviator.mechanisms import Schedules
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch

FILE = ROOT / "plugins" / "examples" / "ascending_clock.py"
ECONOMY = private_values(3, slope=1.0)
LAW = UniformBox(np.full(3, 1.0), np.full(3, 2.0))
TYPES = LAW.sample(np.random.default_rng(0), 20)


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:ascending-clock").load()


def test_it_conforms(kind):
    rule = kind(rounds=5, step=0.5)
    for check in checks_for(rule):
        if check.name != "check_pickling":
            check.run(rule)


def test_what_others_leave_is_clinched_at_the_price_at_which_they_leave_it(kind):
    """By hand: demand 3 - p, 2 - p and 1 - p for two units; the clock passes 0, 1/2 and 1.

    At 0 the others leave nothing to anybody, at 1/2 they leave trader 0 nothing (1.5 + 0.5 = 2),
    and at 1 the demands 2, 1 and 0 are 3 in all: trader 0 clinches 1. At 3/2 they are 1.5, 0.5
    and 0, as many as there are: the clock stops, and what is left is sold at 1.
    """
    rule = kind(2.0, step=0.5, rounds=8)
    bids = Schedules([[3.0, 2.0, 1.0]], [[1.0, 1.0, 1.0]])
    outcome = rule.clear(bids)
    np.testing.assert_allclose(outcome.quantity, [[1.5, 0.5, 0.0]])
    np.testing.assert_allclose(outcome.transfer, [[1.5, 0.5, 0.0]])
    np.testing.assert_allclose(outcome.outside, [-2.0])


def test_demand_does_not_rise_with_the_price(kind):
    rule = kind(2.0, step=0.5, rounds=4)
    low = Schedules([[0.5, 2.0, 2.0]], [[1.0, 1.0, 1.0]])
    high = Schedules([[9.0, 2.0, 2.0]], [[1.0, 1.0, 1.0]])
    numbers = np.concatenate([each.as_array() for each in (low, high, high, high)], axis=-1)
    plan = over_rounds(market(rule, ECONOMY)).mechanism
    history = plan.history(plan.language.record(numbers))
    assert [rule.public(history[: turn + 1])[0, 0] for turn in range(4)] == [0.5] * 4


def gains(kind, rounds):
    tested = over_rounds(
        market(kind(step=2.0 / rounds, rounds=rounds + 1), ECONOMY, distribution=LAW)
    )
    search = NumericSearch(tested.mechanism, ECONOMY, 0, distribution=LAW, rounds=8)
    return search.find(TYPES).gain


def test_what_is_to_gain_shrinks_with_the_step(kind):
    coarse, fine = gains(kind, 5), gains(kind, 20)
    # Within the last step nobody trades more than a step's worth of demand of each of them.
    for gain, step in ((coarse, 0.4), (fine, 0.1)):
        assert 0 < gain.max() <= 3 * step**2
    assert fine.mean() < 0.25 * coarse.mean()


def test_the_audit_finds_a_gain_of_the_order_of_the_step(kind):
    rule = kind(step=0.5, rounds=5)
    card = audit(rule, ECONOMY, distribution=LAW, trader=0, held_out=100)
    assert (card.state, card.upper) == ("refuted", None)
    assert 0 < card.lower < 0.5
    assert "over 5 rounds" in str(card)


def test_everybody_sees_all_demand_after_each_price(kind):
    env = exchange_v0.parallel_env(kind(step=0.5, rounds=5), ECONOMY, distribution=LAW)
    assert env.core.public_size == 3
    env.reset(seed=0)
    still = {agent: np.zeros(2, dtype=np.float32) for agent in env.agents}
    turns = 0
    while env.agents:
        seen, rewards, *_ = env.step(still)
        turns += 1
    assert turns == 5
    assert rewards["trader_0"] == pytest.approx(0.0, abs=1e-9)
    assert seen["trader_0"].shape == (1 + 1 + 5 * 3,)

"""PettingZoo: everyone acts; what is unknown, early or unused is refused, and infos say what counts."""

from dataclasses import replace

import gymnasium
import numpy as np
import pettingzoo
import pytest

from deviator.economies import private_values, two_groups, two_groups_information
from deviator.envs import deviation_core, exchange_core, exchange_v0, market
from deviator.errors import InvalidInputError
from deviator.mechanisms import SigmaDCDA, UniformConditional, UniformDoubleAuction
from deviator.policies import LinearBayes, exact_gain

ECONOMY = two_groups(4)
NAME = "deviator/exchange-v0"


def quiet(env, size=0.0):
    return {agent: np.full(env.action_space(agent).shape, size) for agent in env.agents}


def test_names_and_objects_make_the_same_environment():
    named = pettingzoo.make(
        "parallel",
        NAME,
        mechanism="uniform-conditional",
        economy="two-groups",
        economy_settings={"n_traders": 4},
        rounds=2,
    )
    made = exchange_v0.parallel_env(UniformConditional(), ECONOMY, rounds=2)
    for env in (named, made):
        env.reset(seed=1)
    assert named.step(quiet(named, 0.1))[1] == made.step(quiet(made, 0.1))[1]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"trader": 1},
            InvalidInputError,
            "everyone acts in exchange_v0, got trader=1; leave it out",
        ),
        ({"sead": 1}, TypeError, "unexpected keyword argument 'sead'"),
        ({"seed": 1}, TypeError, "unexpected keyword argument 'seed'"),
        ({"rounds": 0}, InvalidInputError, "rounds must be at least 1, got 0"),
        (
            {"baseline": "zero"},
            InvalidInputError,
            "baseline must be one of honesty, strategy, nothing",
        ),
        ({"information": "all"}, InvalidInputError, "information must be one of"),
        ({"mode": "sideways"}, InvalidInputError, "sideways"),
        ({"range_multiple": -1.0}, InvalidInputError, "range_multiple must be positive"),
        ({"traders": (0, 0)}, InvalidInputError, "name each once"),
        ({"core": "a core"}, InvalidInputError, "mechanism, economy would go unused"),
        ({"render_mode": "human"}, InvalidInputError, "render_mode must be one of ansi, rgb_array"),
    ],
)
def test_malformed_and_unused_settings_are_refused_in_one_sentence(settings, error, message):
    with pytest.raises(error, match=message) as caught:
        exchange_v0.parallel_env(UniformConditional(), ECONOMY, **settings)
    assert "\n" not in str(caught.value)


def test_what_is_no_core_is_refused():
    core = deviation_core(market(UniformConditional(), ECONOMY))
    with pytest.raises(InvalidInputError, match="core must be an ExchangeCore, got DeviationCore"):
        exchange_v0.parallel_env(core=core)
    with pytest.raises(TypeError, match="needs mechanism= and economy="):
        exchange_v0.parallel_env()


def test_acting_before_reset_is_refused():
    env = exchange_v0.parallel_env(UniformConditional(), ECONOMY, render_mode="ansi")
    for act in (lambda: env.step({}), env.state, env.render):
        with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
            act()


def test_unknown_agents_are_refused_by_name():
    env = exchange_v0.parallel_env(UniformConditional(), ECONOMY)
    env.reset(seed=0)
    unknown = "agent must be one of trader_0, .*, got 'trader_9'"
    with pytest.raises(InvalidInputError, match=unknown):
        env.step(quiet(env) | {"trader_9": np.zeros(6)})
    with pytest.raises(InvalidInputError, match=unknown):
        env.observation_space("trader_9")
    with pytest.raises(InvalidInputError, match=unknown):
        env.action_space("trader_9")


def test_nothing_is_lost_by_a_refused_step():
    env = exchange_v0.parallel_env(UniformConditional(), ECONOMY, rounds=2)
    rewards = []
    for spoilt in (False, True):
        env.reset(seed=0)
        env.step(quiet(env, 0.1))
        if spoilt:
            with pytest.raises(InvalidInputError):
                env.step(quiet(env, 3.0))
        rewards.append(env.step(quiet(env, 0.2))[1])
    assert rewards[0] == rewards[1]


def test_the_state_is_all_types_and_what_is_public():
    env = exchange_v0.parallel_env(UniformConditional(), ECONOMY, rounds=2)
    seen, _ = env.reset(seed=0)
    assert env.state_space.contains(env.state())
    assert env.state()[:4].tolist() == [seen[agent][0] for agent in env.agents]
    seen = env.step(quiet(env, 0.1))[0]
    assert env.state()[4:].tolist() == seen["trader_0"][1:].tolist()
    assert env.state_space.contains(env.state())


def test_some_traders_act_while_the_others_follow_the_strategy():
    few = exchange_v0.parallel_env(UniformConditional(), ECONOMY, traders=(1, 3))
    everyone = exchange_v0.parallel_env(UniformConditional(), ECONOMY)
    few.reset(seed=0)
    everyone.reset(seed=0)
    assert few.possible_agents == ["trader_1", "trader_3"]
    want = everyone.step(quiet(everyone) | quiet(few, 0.2))[1]
    got = few.step(quiet(few, 0.2))[1]
    assert got == pytest.approx({agent: want[agent] for agent in got}, rel=1e-12)


@pytest.mark.parametrize("baseline", ["honesty", "strategy", "nothing"])
def test_rewards_are_compared_with_the_chosen_baseline(baseline):
    beliefs = two_groups_information(4, 0.4, 0.5)
    economy, strategy = beliefs.economy(1.0), LinearBayes(beliefs, 1.0)
    rule = UniformDoubleAuction()
    law = {"distribution": beliefs.types(), "strategy": strategy}
    if baseline == "honesty":  # there is none under interdependent values
        economy, law = private_values(4), {}
    env = exchange_v0.parallel_env(rule, economy, baseline=baseline, **law)
    env.reset(seed=2)
    core, types = env.core, env.core.draw(np.random.default_rng(2), 1)
    info = env.step(quiet(env, 0.1))[4]
    present = core.market.strategy.bids(types)
    before = rule.clear(present)
    worth = economy.utility(before.quantity, types) - before.transfer
    compared = 0.0 * worth if baseline == "nothing" else worth
    for place, agent in enumerate(env.possible_agents):
        own = economy.utility(
            np.array([[info[each]["quantity"] for each in env.possible_agents]]), types
        )[0, place]
        want = own - info[agent]["transfer"] - compared[0, place]
        assert info[agent]["gain"] == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_regret_is_what_the_best_bid_would_have_added():
    """At the strategy's own bids it is the exact gain; elsewhere a search finds no more."""
    tested = market(UniformConditional(), ECONOMY)
    env = exchange_v0.parallel_env(core=exchange_core(tested))
    env.reset(seed=0)
    info = env.step(quiet(env))[4]
    types = env.core.draw(np.random.default_rng(0), 1)
    want = exact_gain(tested.mechanism, ECONOMY, types)[0]
    assert [info[agent]["regret"] for agent in env.possible_agents] == pytest.approx(want)
    core, rng = env.core, np.random.default_rng(1)
    state = core.start(types)
    actions = rng.uniform(-0.1, 0.1, (1, 4, 6))
    env.reset(seed=0)
    agents = dict(zip(env.possible_agents, actions[0], strict=True))
    regret = env.step(agents)[4]["trader_2"]["regret"]
    base = core.step(state, actions).reward[0, 2]
    tried = [0.0]
    for size in (0.01, 0.05, 0.1, 0.3):
        for _ in range(100):
            change = actions.copy()
            change[0, 2] = np.clip(change[0, 2] + size * rng.normal(size=6), -1, 1)
            tried.append(core.step(state, change).reward[0, 2] - base)
    found = max(tried) * core.reward_units[2]
    assert 0.5 * regret < found <= regret * (1 + 1e-9)


def test_settings_reach_the_core():
    env = exchange_v0.parallel_env(SigmaDCDA(0.2), ECONOMY, mode="absolute", range_multiple=2.0)
    for trader, box in enumerate(env.core.boxes):
        tested = market(SigmaDCDA(0.2), ECONOMY, trader=trader)
        want = deviation_core(tested, mode="absolute", range_multiple=2.0)
        assert box.mode == want.box.mode
        np.testing.assert_allclose(box.half_width, want.box.half_width, rtol=1e-12)
        np.testing.assert_allclose(box.center, want.box.center, rtol=1e-12)
        assert env.core.reward_units[trader] == pytest.approx(want.reward_unit, rel=1e-9)
    ranges = np.arange(1.0, 7.0)
    env = exchange_v0.parallel_env(SigmaDCDA(0.2), ECONOMY, ranges=ranges)
    assert all((box.half_width == ranges).all() for box in env.core.boxes)


def test_seeds_of_any_size_are_taken():
    env = exchange_v0.parallel_env(UniformConditional(), ECONOMY)
    seen = [env.reset(seed=seed)[0]["trader_0"][0] for seed in (2**70, 2**70, 2**70 + 1)]
    assert seen[0] == seen[1] != seen[2]
    with pytest.raises(gymnasium.error.Error, match="-1"):
        env.reset(seed=-1)


def test_a_lone_trader_meets_the_decision_problem_of_one_deviator():
    tested = market(UniformConditional(), ECONOMY, trader=1)
    env = exchange_v0.parallel_env(core=exchange_core(tested, traders=(1,), information="profile"))
    core = deviation_core(replace(tested, trader=1))
    env.reset(seed=4)
    types = core.draw(np.random.default_rng(4), 1)
    reward = env.step({"trader_1": np.full(6, 0.2)})[1]["trader_1"]
    assert reward == pytest.approx(core.reward(types, np.full((1, 6), 0.2))[0], rel=1e-9)

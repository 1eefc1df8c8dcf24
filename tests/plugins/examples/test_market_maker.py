"""The market maker: it conforms, honesty pays at a posted price and not where orders move it."""

import numpy as np
import pytest
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.envs import exchange_v0
from deviator.plugins import find_plugin
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch

FILE = ROOT / "plugins" / "examples" / "market_maker.py"
ECONOMY = private_values(4, slope=1.2)


@pytest.fixture(scope="module")
def kind():
    return find_plugin("mechanism", f"{FILE}:market-maker").load()


def test_it_conforms(kind):
    for check in checks_for(kind(0.1, impact=0.3)):
        if check.name != "check_pickling":
            check.run(kind(0.1, impact=0.3))


def test_a_search_finds_the_exact_gain_of_ordering_less(kind):
    """Who orders x pays (quote + impact (x + others)) x: the best x is linear, the gain known."""
    rule, types = kind(0.1, impact=0.3), ECONOMY.types().sample(np.random.default_rng(1), 20)
    orders = (types - 0.1) / 1.2
    others = orders[:, 1:].sum(axis=1)
    best = (types[:, 0] - 0.1 - 0.3 * others) / (1.2 + 2 * 0.3)
    known = 0.5 * (1.2 + 2 * 0.3) * (best - orders[:, 0]) ** 2
    found = NumericSearch(rule, ECONOMY, 0).find(types).gain
    assert (found <= known + 1e-12).all()
    assert (found >= 0.99 * known).all()


def test_a_posted_price_is_open_and_a_moving_one_refuted(kind):
    still, moving = (audit(kind(impact=i), ECONOMY, trader=0, held_out=100) for i in (0.0, 0.3))
    assert (still.state, still.worst) == ("undetermined", 0.0)
    assert moving.state == "refuted"
    assert moving.constraints["individual_rationality"].state == "refuted"


def test_the_environment_shows_what_the_market_maker_takes(kind):
    env = exchange_v0.parallel_env(mechanism=kind(), economy=ECONOMY, rounds=2, render_mode="ansi")
    env.reset(seed=0)
    still = {agent: np.zeros_like(env.action_space(agent).sample()) for agent in env.agents}
    *_, infos = env.step(still)
    bought = sum(info["quantity"] for info in infos.values())
    line = env.render().splitlines()[-1].split()
    assert line[0] == "outside"
    assert float(line[1]) == pytest.approx(-bought, rel=1e-3)

"""What a market looks like: a table that says what happened, and a picture."""

import numpy as np
import pytest

from deviator.economies import factored, private_values, two_groups, unit_demands
from deviator.envs import DeviationEnv, exchange_v0
from deviator.envs import rendering as rendering_module
from deviator.envs.frames import deviation_frame
from deviator.envs.rendering import demand, picture, table
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    KDoubleAuction,
    NaiveWalrasian,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
)

GROUPS, PRIVATE = two_groups(4), private_values(4)
PAIRS = [
    (UniformConditional(), GROUPS),
    (UniformDoubleAuction(), PRIVATE),
    (NaiveWalrasian(GROUPS), GROUPS),
    (SigmaDCDA(0.3), two_groups(12)),
    (KDoubleAuction(0.5), unit_demands(2, 2)),
]


def names(value):
    return getattr(value, "name", "")


def numbers_of(line):
    return [float(word) for word in line.replace("*", " ").split()]


@pytest.mark.parametrize(("mechanism", "economy"), PAIRS, ids=names)
def test_a_table_says_what_the_info_says(mechanism, economy):
    env = DeviationEnv(mechanism, economy, trader=1, render_mode="ansi")
    env.reset(seed=0)
    assert "everybody follows the strategy" in env.render()
    info = env.step(np.full(env.action_space.shape, 0.1))[4]
    text = env.render()
    assert "trader 1 deviates" in text
    acting = [line for line in text.splitlines() if "*" in line]
    assert len(acting) == 1
    row = numbers_of(acting[0])
    assert row[0] == 1
    assert row[-3:] == pytest.approx(
        [info[name] for name in ("quantity", "transfer", "gain")], rel=1e-3, abs=1e-12
    )
    assert len(text.splitlines()) == 2 + economy.n_traders


@pytest.mark.parametrize(("mechanism", "economy"), PAIRS, ids=names)
@pytest.mark.parametrize("everyone", [False, True])
def test_a_picture_is_made_of_pixels_that_are_not_all_alike(mechanism, economy, everyone):
    if everyone:
        env = exchange_v0.parallel_env(mechanism, economy, rounds=2, render_mode="rgb_array")
        env.reset(seed=0)
        env.step({agent: np.full(env.action_space(agent).shape, 0.1) for agent in env.agents})
    else:
        env = DeviationEnv(mechanism, economy, render_mode="rgb_array")
        env.reset(seed=0)
    pixels = env.render()
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


def test_a_table_of_everyone_has_a_line_for_each_and_says_which_round():
    env = exchange_v0.parallel_env(UniformConditional(), GROUPS, rounds=2, render_mode="ansi")
    env.reset(seed=0)
    infos = env.step({agent: np.full(6, 0.1) for agent in env.agents})[4]
    text = env.render()
    assert "round 1 of 2" in text
    rows = [numbers_of(line) for line in text.splitlines()[2:]]
    gains = [infos[f"trader_{trader}"]["gain"] for trader in range(4)]
    assert [row[-1] for row in rows] == pytest.approx(gains, rel=1e-3)


@pytest.mark.parametrize(("mechanism", "economy"), PAIRS[:2], ids=names)
def test_a_drawn_bid_passes_through_its_trade(mechanism, economy):
    env = DeviationEnv(mechanism, economy)
    types = env.core.draw(np.random.default_rng(0), 1)
    frame = deviation_frame(env.core, types, np.full((1, env.core.action_size), 0.1))
    for trader in range(4):
        start, fall = demand(frame.bids, frame.outcome, trader)
        at_price = start - fall * frame.outcome.price[0]
        assert at_price == pytest.approx(frame.outcome.quantity[0, trader], abs=1e-9)


def test_that_check_catches_a_bid_drawn_at_other_quantities():
    env = DeviationEnv(*PAIRS[0])
    types = env.core.draw(np.random.default_rng(0), 1)
    frame = deviation_frame(env.core, types, np.full((1, 6), 0.1))
    other = deviation_frame(env.core, types, np.full((1, 6), 0.3))
    start, fall = demand(frame.bids, other.outcome, 0)
    assert start - fall * other.outcome.price[0] != pytest.approx(
        other.outcome.quantity[0, 0], abs=1e-3
    )


def test_bids_on_statistics_are_drawn_without_a_line():
    economy = factored([1.0] * 4, [[0.2]] * 4, [[0.25] * 4], 1.0)
    env = DeviationEnv(UniformConditional(economy.statistics), economy, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().any()


def test_autarky_is_shown():
    env = DeviationEnv(UniformConditional(), GROUPS)
    types = env.core.draw(np.random.default_rng(0), 1)
    frame = deviation_frame(env.core, types, None)
    bids = type(frame.bids).from_array(np.zeros(frame.bids.shape))
    empty = type(frame)(
        "nobody", types[0], bids, UniformConditional().clear(bids), np.full(4, np.nan)
    )
    assert not empty.outcome.traded[0]
    assert picture(empty).any()
    assert len(table(empty).splitlines()) == 6


def test_without_a_mode_nothing_is_rendered():
    env = DeviationEnv(UniformConditional(), GROUPS)
    env.reset(seed=0)
    assert env.render() is None


def test_unknown_modes_and_a_missing_library_are_refused(monkeypatch):
    with pytest.raises(
        InvalidInputError, match="render_mode must be one of ansi, rgb_array or None"
    ):
        DeviationEnv(UniformConditional(), GROUPS, render_mode="human")
    monkeypatch.setattr(rendering_module, "find_spec", lambda name: None)
    with pytest.raises(RefusedError, match="needs matplotlib, which is not installed; pip install"):
        DeviationEnv(UniformConditional(), GROUPS, render_mode="rgb_array")
    DeviationEnv(UniformConditional(), GROUPS, render_mode="ansi")

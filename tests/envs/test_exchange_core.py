"""Everyone at once: a batch is the loop, one who acts alone is a deviator, tensors pay the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from deviator.economies import (
    fundamental_value,
    private_values,
    two_groups,
    two_groups_information,
    unit_demands,
)
from deviator.envs import DeviationCore, exchange_core, market
from deviator.envs.own_type_bids import own_type_bids
from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    KDoubleAuction,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.own_type_bids import OwnTypeBids
from deviator.policies import LinearBayes, OwnTypeAndStatistics

BELIEFS = two_groups_information(4, 0.4, 0.5)
PRIVATE, GROUPS = private_values(4), two_groups(4)
MARKETS = [
    market(UniformDoubleAuction(), PRIVATE),
    market(SigmaDCDA(0.3), GROUPS),
    market(UniformConditional(), fundamental_value(4)),
    market(NaiveWalrasian(GROUPS), GROUPS),
    market(PayAsBid(0.5), PRIVATE),
    market(
        UniformDoubleAuction(),
        BELIEFS.economy(1.0),
        distribution=BELIEFS.types(),
        strategy=LinearBayes(BELIEFS, 1.0),
    ),
]
OTHERS = [market(KDoubleAuction(0.5), unit_demands(2, 2))]
FORMS = {
    "everyone": {},
    "two of them": {"traders": (2, 0)},
    "absolute": {"mode": "absolute"},
    "rounds": {"rounds": 2, "information": "profile"},
    "nothing": {"baseline": "nothing"},
}


def name(tested):
    return f"{tested.mechanism.name}-{tested.strategy.name}"


def played(core, types, actions):
    """Return observations, rewards and bids of a round."""
    state = core.start(types)
    step = core.step(state, actions)
    return core.observe(step.state), step.reward, step.bids.as_array()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tested", MARKETS + OTHERS, ids=name)
def test_a_batch_is_the_loop_over_its_markets(tested, form):
    core = exchange_core(tested, **FORMS[form])
    types = core.draw(np.random.default_rng(0), 7)
    shape = (7, len(core.traders), core.action_size)
    actions = np.random.default_rng(1).uniform(-0.2, 0.2, shape)
    batch = played(core, types, actions)
    for place in range(7):
        alone = played(core, types[[place]], actions[[place]])
        for whole, single in zip(batch, alone, strict=True):
            np.testing.assert_allclose(single[0], whole[place], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tested", MARKETS, ids=name)
def test_tensors_pay_the_same_and_carry_gradients(tested, form):
    core = exchange_core(tested, **FORMS[form])
    types = core.draw(np.random.default_rng(0), 5)
    shape = (5, len(core.traders), core.action_size)
    actions = np.random.default_rng(1).uniform(-0.2, 0.2, shape)
    tensor = torch.as_tensor(actions).requires_grad_()
    there = played(core, torch.as_tensor(types), tensor)
    for ours, theirs in zip(played(core, types, actions), there, strict=True):
        np.testing.assert_allclose(theirs.detach().numpy(), ours, rtol=1e-9, atol=1e-11)
    there[1].sum().backward()
    assert bool(tensor.grad.abs().sum() > 0)


@pytest.mark.parametrize("tested", MARKETS + OTHERS, ids=name)
def test_one_who_acts_alone_is_paid_as_a_deviator(tested):
    core = exchange_core(tested)
    types = core.draw(np.random.default_rng(0), 6)
    for trader in range(2):
        alone = replace(tested, trader=trader)
        single = DeviationCore(alone, "own", core.boxes[trader], core.reward_units[trader])
        action = np.random.default_rng(trader).uniform(-0.3, 0.3, (6, core.action_size))
        actions = np.zeros((6, len(core.traders), core.action_size))
        actions[:, trader] = action
        reward = core.step(core.start(types), actions).reward[:, trader]
        np.testing.assert_allclose(reward, single.reward(types, action), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("tested", MARKETS, ids=name)
def test_bids_of_the_strategy_are_worked_out_once_and_are_the_strategys(tested):
    known = own_type_bids(tested)
    if known is None:
        assert isinstance(tested.mechanism, NaiveWalrasian | PayAsBid)
        return
    types = tested.distribution.sample(np.random.default_rng(0), 20)
    np.testing.assert_allclose(
        known.bids(types).as_array(), tested.strategy.bids(types).as_array(), rtol=1e-12, atol=1e-12
    )


def test_that_comparison_catches_bids_of_another_slope():
    """The villain: a strategy that is believed to be steeper than it is."""
    tested = MARKETS[0]
    known = own_type_bids(tested)
    wrong = OwnTypeBids(known.start, 1.01 * known.slope)
    types = tested.distribution.sample(np.random.default_rng(0), 20)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            wrong.bids(types).level, tested.strategy.bids(types).level, rtol=1e-12
        )


def test_a_mechanism_with_honest_bids_of_its_own_is_asked_for_them():
    class Shouting(UniformDoubleAuction):
        def honest_bids(self, economy, types):
            bids = super().honest_bids(economy, types)
            return replace(bids, level=bids.level + 0.1 * types**2)

    tested = market(Shouting(), PRIVATE)
    core = exchange_core(tested)
    types = core.draw(np.random.default_rng(0), 3)
    still = core.bids(core.start(types), np.zeros((3, 4, 2)))
    np.testing.assert_array_equal(still.level, tested.strategy.bids(types).level)


def test_types_and_actions_are_left_as_they_are():
    core = exchange_core(MARKETS[0])
    types, actions = core.draw(np.random.default_rng(0), 3), np.full((3, 4, 2), 0.1)
    before = types.copy(), actions.copy()
    state = core.start(types)
    core.observe(state)
    rewards = [core.step(state, actions).reward for _ in range(2)]
    np.testing.assert_array_equal(rewards[0], rewards[1])
    assert (types == before[0]).all()
    assert (actions == before[1]).all()


def test_moved_bids_are_those_of_the_whole_array():
    for tested in MARKETS:
        bids = tested.strategy.bids(tested.distribution.sample(np.random.default_rng(0), 9))
        rng = np.random.default_rng(1)
        shares, ranges = rng.uniform(-0.1, 0.1, bids.shape), rng.uniform(0, 1, bids.shape[1:])
        moved = bids.moved(shares.astype(np.float32), ranges).as_array()
        want = bids.as_array() + shares.astype(np.float32) * ranges
        np.testing.assert_allclose(moved, want, rtol=1e-12)
        with pytest.raises(InvalidInputError, match="shares must have shape"):
            bids.moved(shares[:, :, :-1], ranges)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.full((2, 4, 2), 1.5), r"within \[-1, 1\], got 1.5; clip it"),
        (np.full((2, 4, 2), np.nan), "finite, got nan"),
        (np.zeros((2, 3, 2)), r"shape \(2, 4, 2\), got \(2, 3, 2\)"),
        ("a lot", "array of numbers"),
    ],
)
def test_malformed_actions(actions, message):
    core = exchange_core(MARKETS[0])
    state = core.start(core.draw(np.random.default_rng(0), 2))
    with pytest.raises(InvalidInputError, match=message):
        core.step(state, actions)


def test_statistics_of_other_weights_are_another_rung():
    """Both are called statistics: who asks for one is not shown the other."""
    tested = market(UniformDoubleAuction(), private_values(3))
    first, second = (OwnTypeAndStatistics([row]) for row in ([1.0, 1.0, 1.0], [0.0, 1.0, 0.0]))
    core = exchange_core(tested, information=first)
    types = np.array([[1.0, 0.5, -1.0]])
    shown = [each.observe(each.start(types)) for each in (core, core.with_information(second))]
    assert not np.array_equal(*shown)
    assert core.with_information(first) is core

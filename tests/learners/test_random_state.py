"""Random states are handed back as they were, and trainings in threads take turns."""

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from deviator.economies import private_values
from deviator.envs import deviation_core
from deviator.evidence import market
from deviator.learners.ppo import PPOLearner
from deviator.learners.random_state import own_random_state
from deviator.mechanisms import UniformDoubleAuction

CORE = deviation_core(market(UniformDoubleAuction(), private_values(4)))


def drawn():
    return random.random(), float(np.random.mtrand.rand()), float(torch.rand(1))


def seed_all(seed):
    random.seed(seed)
    np.random.mtrand.seed(seed)
    torch.manual_seed(seed)


def test_the_callers_random_numbers_go_on_as_if_nothing_had_been_drawn():
    seed_all(1)
    expected = drawn()
    seed_all(1)
    threads = torch.get_num_threads()
    with own_random_state():
        seed_all(2)
        inside = drawn()
        assert torch.get_num_threads() == 1
    assert inside != expected
    assert drawn() == expected
    assert torch.get_num_threads() == threads


def test_they_go_on_after_an_error_too():
    seed_all(1)
    expected = drawn()
    seed_all(1)
    with pytest.raises(KeyError), own_random_state():
        raise KeyError(drawn())
    assert drawn() == expected


def test_two_trainings_in_threads_are_as_those_alone():
    learner = PPOLearner(markets=128, batch_size=128)

    def bids(seed):
        policy = learner.train(CORE, 2000, seed).policy
        return policy.bid(CORE.draw(np.random.default_rng(0), 20), 0)

    alone = [bids(seed) for seed in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(bids, (0, 1)))
    np.testing.assert_array_equal(together, alone)
    assert not np.array_equal(alone[0], alone[1])


def test_without_taking_turns_they_would_draw_from_each_others_stream():
    """What the turns are for: the same two loops, without them, disturb each other."""

    def numbers(seed, others):
        np.random.mtrand.seed(seed)
        return [float(np.random.mtrand.rand()) + 0 * others() for _ in range(3)]

    alone = numbers(0, lambda: 0.0)
    assert numbers(0, lambda: np.random.mtrand.rand()) != alone

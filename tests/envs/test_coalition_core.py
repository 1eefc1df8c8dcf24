"""Joint deviations as decision problems: rewards, tensors, learners and searches."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

import deviator
from deviator.economies import fundamental_value, private_values, unit_demands
from deviator.envs import DecisionProblem
from deviator.envs.coalition_core import coalition_core
from deviator.envs.coalition_search import search_joint_deviation
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.evidence.certificates import is_all_ours
from deviator.evidence.coalitions import best_joint_deviation, coalition_of, names_of
from deviator.learners.base import EvaluatedLearner
from deviator.mechanisms import SigmaDCDA, SigmaVCG, UniformDoubleAuction
from deviator.policies import Network

VALUES, PRIVATE = fundamental_value(6), private_values(6)
CONDITIONAL = deviator.make("uniform-conditional")


def parties():
    yield coalition_of(market(SigmaVCG(VALUES, 0.2), VALUES), [0, 3])
    yield coalition_of(market(CONDITIONAL, VALUES), [1, 2])
    yield coalition_of(market(UniformDoubleAuction(), PRIVATE), [0, 1], transfers=False)
    yield names_of(market(SigmaVCG(PRIVATE, 1.0), PRIVATE), 2)


PARTIES = list(parties())


@dataclass(frozen=True)
class PathwiseGradient(EvaluatedLearner):
    """A linear policy that follows the gradient of its rewards."""

    rate: float = 0.02
    name: ClassVar[str] = "pathwise-gradient"

    def _search(self, session):
        problem = session.problem
        shape = problem.action_size, problem.observation_size
        weights = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        bias = torch.full(shape[:1], 0.1, dtype=torch.float64, requires_grad=True)
        steps = torch.optim.Adam([weights, bias], lr=self.rate)
        while not session.done:
            types = torch.as_tensor(problem.draw(session.rng, 128))
            reward = problem.reward(types, problem.observe(types) @ weights.T + bias)
            steps.zero_grad()
            (-reward.mean()).backward()
            steps.step()
            session.spend(128)
            if session.due:
                numbers = (each.detach().numpy().copy() for each in (weights, bias))
                network = Network(*((each,) for each in numbers))
                session.look(problem.deviation(network))


@pytest.mark.parametrize("party", PARTIES, ids=lambda each: each.arena.mechanism.name)
@pytest.mark.parametrize("information", ["profile", "own"])
def test_rewards_are_joint_gains_on_arrays_and_tensors_one_by_one(party, information):
    core = coalition_core(party, information=information)
    types = core.draw(np.random.default_rng(0), 12)
    action = np.random.default_rng(1).uniform(-0.2, 0.2, (12, core.action_size))
    reward = core.reward(types, action)
    gains = party.value(party.gains(types, core.bids(types, action)))
    np.testing.assert_allclose(reward * core.reward_unit, gains, rtol=1e-12)
    for one in range(12):
        alone = core.reward(types[[one]], action[[one]])
        np.testing.assert_allclose(alone, reward[[one]], rtol=1e-9, atol=1e-12)
    assert core.takes_tensors
    tensors = core.reward(torch.as_tensor(types), torch.as_tensor(action))
    np.testing.assert_allclose(tensors, reward, rtol=1e-9, atol=1e-12)
    assert isinstance(core, DecisionProblem)


@pytest.mark.parametrize("party", PARTIES, ids=lambda each: each.arena.mechanism.name)
def test_a_party_who_know_their_own_types_see_no_others(party):
    core = coalition_core(party, information="own")
    types = core.draw(np.random.default_rng(0), 5)
    assert core.observation_size == len(party.people)
    changed = types.copy()
    others = [i for i in range(6) if i not in party.people]
    changed[:, others] += 1.0
    np.testing.assert_array_equal(core.observe(types), core.observe(changed))


def test_a_learner_of_one_deviator_learns_what_a_coalition_gains():
    party = PARTIES[1]
    core = coalition_core(party)
    training = PathwiseGradient().train(core, 128 * 120, seed=0)
    types = core.draw(np.random.default_rng(5), 2000)
    share = (
        core.gains(types, training.policy).mean() / best_joint_deviation(party, types).gain.mean()
    )
    assert 0.9 < share <= 1.0
    assert (
        core.gains(types, training.untrained).mean()
        < 0.5 * core.gains(types, training.policy).mean()
    )


@pytest.mark.parametrize("party", PARTIES, ids=lambda each: each.arena.mechanism.name)
def test_a_search_comes_near_the_exact_gain_and_never_above(party):
    core = coalition_core(party)
    types = core.draw(np.random.default_rng(0), 40)
    found = search_joint_deviation(core, types, np.random.default_rng(1))
    exact = best_joint_deviation(party, types).gain
    assert (found.gain <= exact + 1e-9).all()
    assert found.gain.mean() > 0.95 * exact.mean()


def test_a_search_in_the_auction_passes_what_honest_shapes_gain():
    """The villain: the cap on bids of honest shapes is none on all bids."""
    party = coalition_of(market(SigmaDCDA(0.3), VALUES), [0, 1])
    core = coalition_core(party)
    types = core.draw(np.random.default_rng(0), 20)
    found = search_joint_deviation(core, types, np.random.default_rng(1))
    assert found.gain.mean() > best_joint_deviation(party, types, shapes=False).gain.mean()


def test_a_market_that_tensors_passed_through_is_certified_as_before():
    """Copies of its arrays, which stay with it, are none of what certificates rest on."""
    tested = market(SigmaVCG(VALUES, 0.7), VALUES)
    assert coalition_core(coalition_of(tested, [0, 1])).takes_tensors
    assert is_all_ours(tested.mechanism)
    assert is_all_ours(tested.economy)


def test_single_units_are_searched():
    party = coalition_of(market(deviator.make("k-double-auction"), unit_demands(3, 3)), [0, 3])
    core = coalition_core(party)
    types = core.draw(np.random.default_rng(0), 50)
    found = search_joint_deviation(core, types, np.random.default_rng(1))
    assert found.gain.mean() > 0.01
    assert not core.takes_tensors


def test_actions_and_parties_of_the_wrong_kind_are_refused():
    core = coalition_core(PARTIES[0])
    types = core.draw(np.random.default_rng(0), 2)
    with pytest.raises(InvalidInputError, match="within"):
        core.reward(types, np.full((2, 2), 1.5))
    with pytest.raises(InvalidInputError, match="shape"):
        core.reward(types, np.zeros((2, 3)))
    with pytest.raises(InvalidInputError, match="coalition_of"):
        coalition_core(PARTIES[0].tested)
    with pytest.raises(InvalidInputError, match="profile"):
        coalition_core(PARTIES[0], information="all")
    with pytest.raises(InvalidInputError, match="default_rng"):
        search_joint_deviation(core, types, 0)

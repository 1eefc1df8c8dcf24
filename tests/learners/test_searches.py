"""Gradient, CMA-ES, evolution and the ensemble: what they capture, and what they refuse."""

import json
import random
import threading

import numpy as np
import pytest
import torch

from deviator.economies import fundamental_value, private_values, sigma_n, two_groups, unit_demands
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.best_deviation import best_deviation, held_out_profiles
from deviator.learners.cma_es import CMAESLearner
from deviator.learners.ensemble import EnsembleLearner
from deviator.learners.evolution import EvolutionLearner
from deviator.learners.gradient import GradientLearner
from deviator.learners.ppo import PPOLearner
from deviator.learners.start import offset_network
from deviator.mechanisms import (
    KDoubleAuction,
    Mutated,
    NaiveWalrasian,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import Network

FIVE = private_values(5)
SINGLE_UNITS = unit_demands(2, 2)
QUICK = GradientLearner(starts=2, polish=0.5)
LEARNERS = [QUICK, CMAESLearner(), EvolutionLearner(), EnsembleLearner(("cma-es", "evolution"))]
BIDS = {"gradient": 6000, "cma-es": 200_000, "evolution": 200_000, "ensemble": 400_000}


def every_learner():
    return pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)


def core_of(mechanism, economy, information="profile"):
    return deviation_core(market(mechanism, economy), information=information)


def share_of(training, core):
    types = held_out_profiles(core.market, 2000)
    best = best_deviation(core.market, types, core.information)
    return core.gains(types, training.policy).mean() / best.gain


def networks(training):
    return [*training.policy.network.weights, *training.policy.network.biases]


@every_learner()
@pytest.mark.parametrize("information", ["profile", "own"])
@pytest.mark.parametrize(
    ("mechanism", "economy"),
    [
        (NaiveWalrasian(FIVE), FIVE),
        (UniformDoubleAuction(), FIVE),
        (UniformConditional(), fundamental_value(5)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_linear_quadratic_markets_give_up_all_that_there_is(
    learner, mechanism, economy, information
):
    core = core_of(mechanism, economy, information)
    training = learner.train(core, BIDS[learner.name], 0)
    assert share_of(training, core) > 0.995
    assert training.curve[-1].gain <= training.largest_gain


@pytest.mark.parametrize(
    ("learner", "size", "most"),
    [(QUICK, 1.7e-3, 1e-6), *((learner, 1.7e-2, 1e-4) for learner in LEARNERS[1:])],
    ids=[learner.name for learner in LEARNERS],
)
def test_small_planted_gains_are_noticed(learner, size, most):
    economy = fundamental_value(4)
    sound = SigmaDCDA(sigma_n(economy))
    core = core_of(Mutated(sound, "transfer", size), economy)
    types = held_out_profiles(core.market, 2000)
    assert 0 < best_deviation(core.market, types, "profile").gain / core.market.scale <= most
    assert share_of(learner.train(core, BIDS[learner.name], 1), core) > 0.5


@every_learner()
def test_nothing_is_found_where_there_is_nothing(learner):
    economy = two_groups(4)
    core = core_of(SigmaDCDA(sigma_n(economy)), economy)
    training = learner.train(core, 6000, 0)
    assert training.largest_gain < 1e-12
    assert training.curve[0].gain < -0.01 * core.reward_unit
    assert training.curve[0].gain < max(point.gain for point in training.curve) <= 1e-12


@pytest.mark.parametrize(
    "learner",
    [CMAESLearner(), EvolutionLearner(), EnsembleLearner(("gradient", "evolution"))],
    ids=lambda learner: learner.name,
)
def test_rewards_alone_are_enough_in_auctions_of_single_units(learner):
    core = core_of(KDoubleAuction(buyers=(0, 1)), SINGLE_UNITS, "own")
    assert share_of(learner.train(core, 100_000, 0), core) > 0.7


@pytest.mark.parametrize("learner", [GradientLearner(), EnsembleLearner(("gradient",))])
def test_gradient_names_the_way_out_where_rules_take_numpy_only(learner):
    core = core_of(KDoubleAuction(buyers=(0, 1)), SINGLE_UNITS, "own")
    with pytest.raises(RefusedError, match="use evolution or cma-es") as refusal:
        learner.train(core, 1000, 0)
    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without such a device")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(RefusedError, match="device 'cuda' is not there"):
        GradientLearner(device="cuda").train(core_of(UniformDoubleAuction(), FIVE), 1000, 0)


@every_learner()
def test_global_random_numbers_go_on_as_if_nothing_had_been_drawn(learner):
    core = core_of(UniformDoubleAuction(), FIVE)
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    random.seed(3)
    before = np.random.get_state()[1].copy(), torch.get_rng_state(), random.getstate()  # noqa: NPY002
    first = learner.train(core, 2000, 5)
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])
    assert random.getstate() == before[2]
    np.random.seed(4)  # noqa: NPY002
    again = learner.train(core, 2000, 5)
    for one, other in zip(networks(first), networks(again), strict=True):
        np.testing.assert_array_equal(one, other)


@every_learner()
def test_trainings_in_threads_do_not_disturb_each_other(learner):
    core = core_of(UniformDoubleAuction(), FIVE)
    together = {}

    def train(seed):
        together[seed] = learner.train(core, 2000, seed)

    threads = [threading.Thread(target=train, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (1, 2):
        for one, other in zip(
            networks(together[seed]), networks(learner.train(core, 2000, seed)), strict=True
        ):
            np.testing.assert_array_equal(one, other)


@every_learner()
def test_learning_goes_on_from_a_given_network(learner):
    core = core_of(UniformDoubleAuction(), FIVE)
    start = learner.train(core, 6000, 0).policy.network
    training = learner.train(core, 2000, 1, start=start)
    types = core.draw(np.random.default_rng(0), 20)
    np.testing.assert_array_equal(
        training.untrained.bid(types, 0), core.deviation(start).bid(types, 0)
    )
    assert max(point.gain for point in training.curve) >= training.curve[0].gain


@pytest.mark.parametrize("kind", [GradientLearner, CMAESLearner, EvolutionLearner])
def test_networks_with_hidden_layers_learn_too(kind):
    core = core_of(NaiveWalrasian(FIVE), FIVE, "own")
    training = kind(hidden=[4]).train(core, 30_000, 0)
    assert [len(bias) for bias in training.policy.network.biases] == [4, 1]
    assert share_of(training, core) > 0.8


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (GradientLearner, {"starts": 0}, "starts must be at least 1, got 0"),
        (GradientLearner, {"polish": 1.0}, "polish must be at least 0 and below 1, got 1.0"),
        (GradientLearner, {"learning_rate": 0}, "learning_rate must be positive"),
        (GradientLearner, {"device": "abacus"}, "device must be a name such as cpu or cuda"),
        (GradientLearner, {"hidden": "8"}, "hidden must be a list of widths"),
        (CMAESLearner, {"step": float("nan")}, "step must be finite"),
        (CMAESLearner, {"population": 3}, "population must be at least 4, got 3"),
        (CMAESLearner, {"diagonal": "yes"}, "diagonal must be true or false, got 'yes'"),
        (EvolutionLearner, {"offset": 1.0}, "offset must be below 1"),
        (EvolutionLearner, {"pairs": 1.5}, "pairs must be a whole number, got 1.5"),
        (EnsembleLearner, {"members": "ppo"}, "members must be a list of learners, got 'ppo'"),
        (EnsembleLearner, {"members": []}, "members must be at least one learner, got none"),
        (EnsembleLearner, {"members": ["pp0"]}, "a member must be one of .*, got 'pp0'"),
        (EnsembleLearner, {"members": [7]}, "a member must be a name, .*, got 7"),
        (
            EnsembleLearner,
            {"members": [{"name": "ppo", "settings": {"market": 3}}]},
            "settings of ppo do not fit",
        ),
    ],
)
def test_malformed_settings_are_refused_in_one_sentence(kind, settings, message):
    with pytest.raises(InvalidInputError, match=message) as refusal:
        kind(**settings)
    assert "\n" not in str(refusal.value)


def test_an_ensemble_is_rebuilt_from_its_settings():
    ensemble = EnsembleLearner(("sac", {"name": "cma-es"}, PPOLearner(markets=64, batch_size=64)))
    plain = json.loads(json.dumps(ensemble.settings()))
    assert plain["members"][0] == "sac"
    assert plain["members"][1]["name"] == "cma-es"
    assert EnsembleLearner(**plain) == ensemble


def test_an_ensemble_keeps_to_one_budget_and_is_as_good_as_its_best_member():
    core = core_of(NaiveWalrasian(FIVE), FIVE)
    lame = EvolutionLearner(spread=1e-9)
    training = EnsembleLearner((lame, EvolutionLearner(), lame)).train(core, 60_000, 0)
    assert 60_000 <= training.curve[-1].steps < 66_000
    assert share_of(training, core) > 0.99


def test_offsets_are_seeded_and_have_one_length():
    core = core_of(UniformConditional(), fundamental_value(4))
    first, again, other = (offset_network(core, seed, 0.3, (6,)) for seed in (1, 1, 2))
    observations = core.observe(core.draw(np.random.default_rng(0), 10))
    np.testing.assert_array_equal(first(observations), again(observations))
    assert not np.array_equal(first(observations), other(observations))
    np.testing.assert_allclose(np.linalg.norm(first(observations), axis=1), 0.3)
    assert isinstance(first, Network)

"""Trainings replayed: trained here, from checkpoints, and from a saved policy."""

import numpy as np
import pytest
from helpers.tiny_learner import Stepper

from deviator.envs import deviation_core
from deviator.errors import DeviatorError, ResultsError
from deviator.explorer import Choice, deviating_bid, load, recordings, replay_training
from deviator.explorer.replay import best_gain_of
from deviator.learners import CMAESLearner
from deviator.policies import exact_gain, save_policy
from deviator.studies.checkpoints import CheckpointFolder

TYPES = np.array([0.9, -0.4, 0.3, -1.1])
CHOICE = Choice("uniform-conditional", "two-groups", {"n_traders": 4})
MARKET = CHOICE.spec().model_dump(mode="json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a policy and the checkpoints of its training, all of them kept."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "checkpoints").mkdir()
    training = trained(folder / "checkpoints", every=True)
    save_policy(training.policy, folder / "policy", market=MARKET, information="profile")
    return folder


def trained(folder, *, every):
    """Return a short training whose checkpoints lie in a folder."""
    kept = CheckpointFolder(folder, {"market": MARKET, "information": "profile"}, [], every)
    return Stepper().train(deviation_core(CHOICE.market()), 1000, 0, keep=kept.keep)


def test_a_training_here_is_the_library_s_at_every_point():
    replay = replay_training(CHOICE.market(), "cma-es", 600, seed=3)
    again = []
    CMAESLearner().train(deviation_core(CHOICE.market()), 600, 3, keep=again.append)
    assert len(replay.points) == len(again) > 3
    for place in (0, -1):
        found = deviating_bid(replay, place, TYPES)
        assert (found.learned.bid == again[place].best.bid(TYPES[None], 0)[0]).all()
        tested = replay.tested
        gain = tested.gains(TYPES[None], found.learned.bid[None])[0]
        assert found.gain == pytest.approx(gain, abs=1e-15)
        best = exact_gain(tested.mechanism, tested.economy, TYPES[None], trader=0)[0]
        assert found.best_gain == pytest.approx(best)
        assert found.gain <= found.best_gain
    assert replay.curve[0][1] < replay.curve[-1][1] <= replay.best_gain


def test_checkpoints_are_replayed_in_the_order_of_the_training(folder):
    (recording,) = recordings(folder / "checkpoints")
    replay = load(recording)
    steps = [point.steps for point in replay.points]
    assert steps == sorted(set(steps))
    assert len(steps) > 2
    assert steps[0] == 0
    curve = dict(replay.curve)
    bests = [curve[each] for each in steps]
    # A policy is kept when it is the best so far.
    assert bests == sorted(bests)
    assert recordings(folder / "checkpoints" / "training.json") == [recording]
    gains = [deviating_bid(replay, place, TYPES).gain for place in range(len(steps))]
    assert len(set(gains)) == len(gains)


def test_only_the_last_policy_is_kept_unless_all_are_asked_for(tmp_path, folder):
    trained(tmp_path, every=False)
    (recording,) = recordings(tmp_path)
    assert len(recording.policies) == 1
    assert recording.curve == recordings(folder / "checkpoints")[0].curve
    last = load(recordings(folder / "checkpoints")[0])
    there = deviating_bid(load(recording), -1, TYPES).learned.bid
    assert (there == deviating_bid(last, -1, TYPES).learned.bid).all()


def test_a_saved_policy_is_replayed_where_it_ended(folder):
    (recording,) = recordings(folder / "policy")
    replay = load(recording)
    assert (len(replay.points), replay.curve) == (1, ())
    last = load(recordings(folder / "checkpoints")[0])
    here = deviating_bid(replay, 0, TYPES).learned.bid
    assert (here == deviating_bid(last, -1, TYPES).learned.bid).all()
    assert recordings(folder / "policy.json")[0].title == "policy"


def test_a_plugin_s_policy_runs_no_code_that_nobody_named(folder, tmp_path):
    """A villain: a policy whose market names a file."""
    for suffix in (".json", ".safetensors"):
        (tmp_path / f"policy{suffix}").write_bytes((folder / f"policy{suffix}").read_bytes())
    file = tmp_path / "policy.json"
    file.write_text(file.read_text().replace('"uniform-conditional"', '"evil.py:rule"'))
    with pytest.raises(DeviatorError, match=r"evil\.py|changed|sha256|edited"):
        load(recordings(tmp_path / "policy")[0])


@pytest.mark.parametrize("name", ["nothing", "folder"])
def test_what_is_no_training_is_told(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ResultsError, match="a replay needs a saved policy"):
        recordings(tmp_path / name)


def test_a_damaged_checkpoint_is_told(tmp_path):
    (tmp_path / "training.json").write_text("{}")
    with pytest.raises(ResultsError, match="must be a deviator training"):
        recordings(tmp_path)


def test_learners_that_cannot_be_replayed_are_told():
    with pytest.raises(DeviatorError, match="cma-s"):
        replay_training(CHOICE.market(), "cma-s", 100)


def test_the_best_gain_is_unknown_where_no_exact_one_is():
    economy = {"n_traders": 3}
    assert best_gain_of(Choice("entry-fee-vcg", "private-values", economy).market()) is None
    assert best_gain_of(CHOICE.market()) > 0

"""Training one deviator: what is kept, what goes on, and what is refused before any work."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny_learner import Stepper

from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError, ResultsError, UnknownNameError
from deviator.evidence import Market, held_out_profiles
from deviator.learners import Learner
from deviator.learners.ppo import PPOLearner
from deviator.learners.sb3.recurrent_ppo import RecurrentPPOLearner
from deviator.policies import Network, OwnTypeAndStatistics, load_policy, save_policy
from deviator.studies.checkpoints import CheckpointFolder
from deviator.studies.gather import Actions, Search
from deviator.studies.policy_names import fresh_name
from deviator.studies.spec.market import MarketSpec
from deviator.studies.training import Keeping, Plan, evaluate, train

LARGER = {"family": "private-values", "n_traders": 6}


def market_spec(**changes):
    data = {
        "mechanism": "naive-walrasian",
        "economy": {"family": "private-values", "n_traders": 4, "alpha": 1.0, "slope": 2.0},
    }
    return MarketSpec.model_validate(data | changes)


def test_training_one_deviator(tmp_path):
    points = []
    learner = PPOLearner(markets=256, batch_size=256, points=5)
    report = train(
        market_spec(),
        learner,
        Plan(20_000, 0),
        Keeping(tmp_path / "deep" / "policy"),
        live=lambda point, exact: points.append((point, exact)),
    )
    assert report.share > 0.95
    assert report.untrained_gain < 0 < report.learned_gain <= report.exact_gain
    assert len(points) >= 5
    assert points[-1][0].steps >= 20_000
    again = evaluate(tmp_path / "deep" / "policy")
    assert again.learned_gain == pytest.approx(report.learned_gain, rel=1e-9)
    path = tmp_path / "deep" / "policy.json"
    path.write_text(path.read_text().replace("naive-walrasian", "naive"))
    with pytest.raises(UnknownNameError):
        evaluate(tmp_path / "deep" / "policy")
    path.write_text(path.read_text().replace('"mechanism"', '"mecanism"'))
    with pytest.raises(ResultsError, match="describe the market"):
        evaluate(tmp_path / "deep" / "policy")


def test_a_training_goes_on_from_its_checkpoint(tmp_path):
    folder = tmp_path / "checkpoint"
    first = train(market_spec(), Stepper(), Plan(1000, 0), Keeping(checkpoint=folder))
    assert sorted(file.suffix for file in folder.iterdir()) == [".json", ".json", ".safetensors"]
    points = []
    second = train(
        market_spec(),
        Stepper(),
        Plan(4000, 0),
        Keeping(tmp_path / "policy", resume=folder / "training.json"),
        live=lambda point, exact: points.append(point.steps),
    )
    assert points[0] == 1000
    assert points[-1] >= 4000
    assert second.untrained_gain == pytest.approx(first.learned_gain, rel=1e-9)
    assert second.learned_gain >= first.learned_gain
    with pytest.raises(InvalidInputError, match=f"more than the {points[-1]} of"):
        train(market_spec(), Stepper(), Plan(4000, 0), Keeping(resume=folder))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the folder of one training's checkpoint."""
    folder = tmp_path_factory.mktemp("trained")
    train(market_spec(), Stepper(), Plan(200, 0), Keeping(checkpoint=folder))
    return folder


@pytest.fixture
def checkpoint(trained, tmp_path):
    """Return a copy of the checkpoint's folder."""
    return Path(shutil.copytree(trained, tmp_path / "checkpoint"))


@pytest.mark.parametrize(
    ("spec", "learner", "plan", "message"),
    [
        (market_spec(mechanism="sigma-vcg"), Stepper(), {}, "same market.mechanism, .* has \"naive-walrasian\""),
        (market_spec(trader=1), Stepper(), {}, "same market.trader, .* has 0, and asked for is 1"),
        (market_spec(), PPOLearner(), {}, "same learner, .* has \"stepper\", and asked for is \"ppo\""),
        (market_spec(), Stepper(stride=0.2), {}, "same settings.stride, .* has 0.1"),
        (market_spec(), Stepper(), {"information": "own"}, "same information"),
        (market_spec(), Stepper(), {"actions": Actions(range_multiple=2.0)}, "same actions.range_multiple"),
    ],
)  # fmt: skip
def test_checkpoints_of_other_trainings_are_refused(checkpoint, spec, learner, plan, message):
    kept = {file: file.read_bytes() for file in checkpoint.iterdir()}
    with pytest.raises(ResultsError, match=message):
        train(spec, learner, Plan(400, 0, **plan), Keeping(resume=checkpoint))
    assert kept == {file: file.read_bytes() for file in checkpoint.iterdir()}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{", "[", "must be JSON, and is damaged"),
        ("deviator training", "a cake", "must be a deviator training"),
        ('"version": 1', '"version": 7', "must have version 1, got 7"),
        ('"curve"', '"kurve"', "must be a checkpoint, and is damaged"),
        ('"policy": "', '"policy": "../', "must name a policy beside it"),
        ('"largest_gain": ', '"largest_gain": NaN, "was": ', "largest_gain must be finite"),
        ('"curve": [', '"curve": [[5, NaN, 0.0], ', "gain must be finite"),
        ('"curve": [', '"curve": [[5, 0.0, -1e9], ', "seconds must be non-negative"),
        ('"curve": [', '"curve": [[1e999, 0.0, 0.0], ', "steps must be a whole number"),
    ],
)
def test_damaged_checkpoints_are_refused_in_a_sentence(checkpoint, old, new, message):
    file = checkpoint / "training.json"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ResultsError, match=message):
        train(market_spec(), Stepper(), Plan(400, 0), Keeping(resume=checkpoint))


def test_a_disk_that_fills_ends_a_training_and_keeps_its_policy(tmp_path, monkeypatch):
    keep, written = CheckpointFolder.keep, []

    def full(folder, checkpoint):
        written.append(checkpoint)
        if len(written) > 5:
            raise ResultsError("there is no space left")
        keep(folder, checkpoint)

    monkeypatch.setattr(CheckpointFolder, "keep", full)
    where = Keeping(tmp_path / "policy", checkpoint=tmp_path / "checkpoint")
    report = train(market_spec(), Stepper(), Plan(5000, 0), where)
    assert "cannot be kept or shown any longer (there is no space left)" in report.stopped
    assert report.path == tmp_path / "policy"
    assert evaluate(report.path).learned_gain == pytest.approx(report.learned_gain, rel=1e-9)


@pytest.mark.parametrize("out", [".", "", "..", ".json"])
def test_a_policy_needs_a_name(out):
    with pytest.raises(InvalidInputError, match="needs a file name"):
        train(market_spec(), Stepper(), Plan(100, 0), Keeping(Path(out)))


def test_ctrl_c_while_a_policy_is_measured_says_where_it_is(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Market, "honest_utility", interrupted)
    with pytest.raises(KeyboardInterrupt, match="policy is saved, and was not measured"):
        train(market_spec(), Stepper(), Plan(100, 0), Keeping(tmp_path / "policy"))
    assert (tmp_path / "policy.json").exists()


def test_nothing_is_made_where_there_is_no_checkpoint(tmp_path):
    with pytest.raises(ResultsError, match="must name the folder of a checkpoint"):
        train(market_spec(), Stepper(), Plan(400, 0), Keeping(resume=tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []


def test_a_learner_that_fails_leaves_its_checkpoint(tmp_path):
    with pytest.raises(ZeroDivisionError):
        train(market_spec(), Stepper(fails=1000), Plan(5000, 0), Keeping(checkpoint=tmp_path))
    others = market_spec().build_market().strategy
    kept = json.loads((tmp_path / "training.json").read_text())
    assert kept["curve"][-1][0] > 0
    assert load_policy(tmp_path / kept["policy"], others).box.size == 1


@pytest.mark.parametrize(
    ("learner", "interrupted", "why"),
    [
        (Stepper(interrupted=3000), True, "training was interrupted after 3000 bids"),
        (Stepper(diverges=3000), False, "training diverged after 3000 bids"),
    ],
)
def test_what_was_learned_before_an_accident_is_saved_and_measured(
    tmp_path, learner, interrupted, why
):
    report = train(market_spec(), learner, Plan(10_000, 0), Keeping(tmp_path / "policy"))
    assert report.interrupted == interrupted
    assert report.stopped.startswith(why)
    assert report.learned_gain > report.untrained_gain
    again = evaluate(tmp_path / "policy")
    assert again.learned_gain == pytest.approx(report.learned_gain, rel=1e-9)


def test_actions_range_as_far_as_stated():
    wide = Plan(1, 0, actions=Actions(ranges=(0.5,)))
    absolute = Plan(1, 0, actions=Actions(mode="absolute"))
    for plan, size in ((wide, 0.5), (absolute, None)):
        box = problems_seen(plan)[0].box
        assert size is None or box.half_width.tolist() == [size]
        assert box.mode == (plan.actions.mode or "relative")


def problems_seen(plan):
    problems = []

    class Looks(Stepper):
        def check_problem(self, problem):
            problems.append(problem)

    train(market_spec(), Looks(), plan)
    return problems


def test_another_market_may_set_the_ranges():
    other = market_spec(economy={"family": "private-values", "n_traders": 4, "slope": 0.5})
    usual, controlled = (problems_seen(Plan(1, 0, control=control)) for control in (None, other))
    assert usual[0].reward_unit != controlled[0].reward_unit


class Plain(Learner):
    """A third party's learner, which takes nothing but what every learner takes."""

    name = "plain"

    def settings(self):
        return {}

    def train(self, core, steps, seed, *, progress=None, log_folder=None):
        return Stepper().train(core, steps, seed, progress=progress, log_folder=log_folder)


@pytest.mark.parametrize(
    ("plan", "keeping", "message"),
    [
        ({"seconds": 1.0}, {}, "plain takes no budget in seconds"),
        ({}, {"checkpoint": "folder"}, "plain takes no checkpoint"),
    ],
)
def test_learners_without_a_session_are_not_asked_for_more_than_they_take(
    tmp_path, plan, keeping, message
):
    assert train(market_spec(), Plain(), Plan(200, 0)).learned_gain is not None
    where = Keeping(**{name: tmp_path / value for name, value in keeping.items()})
    with pytest.raises(RefusedError, match=message):
        train(market_spec(), Plain(), Plan(200, 0, **plan), where)


@pytest.mark.parametrize("seed", [2**32, 2**70])
def test_seeds_may_be_of_any_size(seed):
    assert train(market_spec(), Stepper(), Plan(200, seed)).evidence.learned[0].seed == seed


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(0, 0), "steps must be at least 1, got 0"),
        (Plan(1, -1), "seed must be at least 0, got -1"),
        (Plan(1, 0, seconds=0.0), "seconds must be positive"),
    ],
)
def test_bad_budgets_are_refused_before_any_work(tmp_path, plan, message):
    with pytest.raises(InvalidInputError, match=message):
        train(market_spec(), Stepper(fails=0), plan, Keeping(tmp_path / "new" / "policy"))
    assert list(tmp_path.iterdir()) == []


def test_names_count_up_and_are_given_once(tmp_path):
    with (
        fresh_name("auction", "ppo", tmp_path) as first,
        fresh_name("auction", "ppo", tmp_path) as second,
    ):
        assert [first.name, second.name] == ["auction-ppo-0001", "auction-ppo-0002"]
        (tmp_path / "auction-ppo-0001.json").write_text("")
    with fresh_name("auction", "ppo", tmp_path) as third:
        assert third.name == "auction-ppo-0002"
    assert [file.name for file in tmp_path.iterdir()] == ["auction-ppo-0001.json"]


@pytest.mark.parametrize("information", ["profile", "own"])
def test_a_market_of_several_rounds_is_trained_saved_and_judged(tmp_path, information):
    spec = market_spec(mechanism="uniform-double-auction")
    plan = Plan(4000, 0, information=information, rounds=2)
    learner = RecurrentPPOLearner(markets=128, batch_size=128, memory=4, critic=(8,))
    where = Keeping(tmp_path / "policy", checkpoint=tmp_path / "checkpoint")
    report = train(spec, learner, plan, where)
    assert report.evidence.best.kind == ("exact" if information == "profile" else "bound")
    assert report.untrained_gain < report.learned_gain < report.best_gain
    again = evaluate(tmp_path / "policy")
    assert again.learned_gain == pytest.approx(report.learned_gain, rel=1e-9)
    assert again.best_gain == report.best_gain
    longer = Plan(6000, 0, information=information, rounds=2)
    later = train(spec, learner, longer, Keeping(resume=tmp_path / "checkpoint"))
    assert later.untrained_gain == pytest.approx(report.learned_gain, rel=1e-5)
    with pytest.raises(RefusedError, match="stepper plays one-shot markets, got one of 2 rounds"):
        train(spec, Stepper(), plan)
    with pytest.raises(InvalidInputError, match="rounds must be at least 1"):
        train(spec, Stepper(), Plan(1, 0, rounds=0))


def test_a_name_that_is_not_used_leaves_no_folder(tmp_path):
    (tmp_path / "kept").mkdir()
    with fresh_name("auction", "ppo", tmp_path / "kept" / "new" / "deep"):
        assert (tmp_path / "kept" / "new" / "deep").exists()
    assert [file.name for file in tmp_path.rglob("*")] == ["kept"]


@pytest.mark.parametrize(
    ("learner", "rounds"),
    [
        (PPOLearner(markets=128, batch_size=128), 1),
        (RecurrentPPOLearner(markets=64, batch_size=64), 2),
    ],
)
def test_policies_of_other_rungs_or_markets_are_refused_in_a_sentence(tmp_path, learner, rounds):
    path = tmp_path / "policy"
    train(market_spec(), learner, Plan(128, 0, rounds=rounds), Keeping(path))
    policy = load_policy(path, market_spec().build_market().strategy)
    for market, information, message in (
        (market_spec(), "own", "must state what its policy sees, profile, and states own"),
        (market_spec(economy=LARGER), "profile", "must fit its market"),
    ):
        data = market.model_dump(mode="json")
        save_policy(policy, path, market=data, information=information)
        with pytest.raises(ResultsError, match=message):
            evaluate(path)


def test_a_policy_on_statistics_of_its_own_weights_is_judged_on_them(tmp_path):
    """They have the name of the usual statistics, which it would misread."""
    tested = market_spec().build_market()
    core = deviation_core(tested, information=OwnTypeAndStatistics([[0.0, 0.0, 0.0, 5.0]]))
    policy = core.deviation(Network((np.array([[0.1, 0.4]]),), (np.zeros(1),)))
    save_policy(policy, tmp_path / "p", market=market_spec().model_dump(mode="json"))
    types = held_out_profiles(tested, Search().held_out)
    own = tested.gains(types, policy.bid(types, 0)).mean()
    assert evaluate(tmp_path / "p").learned_gain == pytest.approx(own, rel=1e-12)

"""Trainings, cells and audits of a rule over rounds, which comes from a file."""

import sys

import numpy as np
import pytest
from helpers.repository import ROOT
from helpers.tiny_learner import Stepper
from villains.rounds import SoundRounds

from deviator.economies import private_values
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.policies import LearnedDeviation, NetworkOverRounds
from deviator.studies.gather import Search, Watch, gather
from deviator.studies.spec.market import MarketSpec
from deviator.studies.training import Keeping, Plan, evaluate, train

FILE = str(ROOT / "plugins" / "examples" / "two_round_uniform.py")
SPEC = MarketSpec.model_validate(
    {
        "mechanism": f"{FILE}:two-round-uniform",
        "economy": {"family": "private-values", "n_traders": 3, "slope": 2.0},
    }
)


class InTurns(Stepper):
    name = "in-turns"
    plays_rounds = True


@pytest.mark.parametrize("learner", [Stepper(), InTurns()], ids=lambda each: each.name)
def test_a_plan_is_trained_saved_judged_and_learned_on(tmp_path, monkeypatch, learner):
    monkeypatch.setattr(sys.modules["deviator.studies.gather"], "SEARCHED", 60)
    where = Keeping(tmp_path / "policy", checkpoint=tmp_path / "checkpoint")
    report = train(SPEC, learner, Plan(2000, 0), where)
    assert report.evidence.best.kind == "searched"
    assert report.untrained_gain < report.learned_gain
    again = evaluate(tmp_path / "policy", plugins=[FILE])
    assert again.learned_gain == pytest.approx(report.learned_gain, rel=1e-9)
    later = train(SPEC, learner, Plan(3000, 0), Keeping(resume=tmp_path / "checkpoint"))
    assert later.untrained_gain == pytest.approx(report.learned_gain, rel=1e-5)
    with pytest.raises(InvalidInputError, match="rounds must be 2, as many as two-round-uniform"):
        train(SPEC, learner, Plan(2000, 0, rounds=4))


def test_learners_of_rounds_and_of_single_bids_meet_the_same_market():
    tested, kept = market(SoundRounds(), private_values(3, slope=2.0)), []
    search = Search((Stepper(), InTurns()), (0,), 1000, "profile", 200)
    watch = Watch(lambda learner, seed, training: kept.append(training.policy))
    evidence = gather(tested, search, with_power=True, watch=watch)
    assert [type(policy) for policy in kept] == [LearnedDeviation, NetworkOverRounds]
    assert [policy.box.size for policy in kept] == [6, 2]
    assert [one.learner for one in evidence.control.learned] == ["stepper", "in-turns"]
    again = gather(tested, Search((), (0,), 1, "profile", 200), saved=kept)
    np.testing.assert_allclose(
        [one.gain for one in again.learned], [one.gain for one in evidence.learned], rtol=1e-12
    )

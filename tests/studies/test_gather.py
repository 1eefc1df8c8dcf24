"""The one road to evidence: what is refused early, who is trained where, and in how many threads."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from deviator.economies import (
    UniformBox,
    linear_quadratic,
    private_values,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence import judge, market
from deviator.learners import CurvePoint, Learner, Training
from deviator.mechanisms import (
    KDoubleAuction,
    NaiveWalrasian,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
)
from deviator.policies import Deviation, LearnedDeviation, Network
from deviator.studies.gather import Search, Watch, gather

GROUPS = two_groups(4)
NULL = market(SigmaDCDA(0.3), GROUPS)


@dataclass(frozen=True)
class Constant(Learner):
    """Always bids the same change, and notes where and in how many threads it was asked to."""

    name: str = "constant"
    change: float = 0.1
    notes: tuple = ()

    def settings(self):
        return {}

    def train(self, core, steps, seed, *, progress=None, log_folder=None):
        pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        self.notes[0].append(
            (core.market.mechanism.name, steps, seed, log_folder, max(pools, default=1))
        )
        size = core.box.size
        network = Network((np.zeros((size, core.observation.size)),), (np.full(size, self.change),))
        policy = LearnedDeviation(network, core.observation, core.box, core.market.strategy)
        progress(CurvePoint(steps, 0.0))
        return Training(policy, policy, (CurvePoint(steps, 0.0),), 0.0)


def constant(**changes):
    notes = []
    return Constant(notes=(notes,), **changes), notes


def test_every_learner_is_trained_for_every_seed_and_kept_apart():
    (first, notes), (second, others) = constant(), constant(name="other", change=0.3)
    kept, live = [], []
    watch = Watch(
        keep=lambda learner, seed, training: kept.append((learner.name, seed)),
        live=lambda point, best: live.append((point.steps, best.kind)),
    )
    search = Search((first, second), seeds=(3, 5), steps=7, held_out=200)
    evidence = gather(NULL, search, watch=watch)
    assert kept == [("constant", 3), ("constant", 5), ("other", 3), ("other", 5)]
    assert [(one.learner, one.seed) for one in evidence.learned] == kept
    assert live == [(7, "exact")] * 4
    assert evidence.learned_gain == max(one.gain for one in evidence.learned)
    assert [note[:3] for note in notes + others] == [
        ("sigma-dcda", 7, seed) for seed in (3, 5, 3, 5)
    ]


def test_the_share_and_its_interval_are_those_of_the_best_learner():
    economy = private_values(4)
    tested = market(NaiveWalrasian(economy), economy)
    (good, _), (bad, _) = constant(change=0.001), constant(name="other", change=0.9)
    search = Search((bad, good), seeds=(3, 5), steps=7, held_out=200)
    evidence = gather(tested, search, with_power=True)
    assert list(evidence.shares) == ["other", "constant"]
    assert evidence.shares["other"] < evidence.shares["constant"] == evidence.share
    assert evidence.share_interval == pytest.approx((evidence.share, evidence.share))
    assert judge(evidence).power_by_learner == evidence.control.shares


def test_learners_of_one_search_have_different_names():
    (first, _), (second, _) = constant(), constant(change=0.3)
    with pytest.raises(InvalidInputError, match="must have different names, got constant, const"):
        Search((first, second))


def test_everything_runs_in_one_thread():
    learner, notes = constant()
    gather(NULL, Search((learner,), held_out=200))
    assert [note[-1] for note in notes] == [1]


def test_learners_are_trained_on_the_control_and_on_mutants_if_asked():
    learner, notes = constant()
    economy = private_values(4)
    tested = market(SigmaVCG(economy, 0.3), economy)
    evidence = gather(tested, Search((learner,), held_out=200), with_power=True, planted=(0.5, 0.2))
    trained_in = [note[0] for note in notes]
    assert trained_in[:2] == ["sigma-vcg", "naive-walrasian"]
    assert len(trained_in) == 4
    assert evidence.control.best.gain > 0
    assert evidence.control.share == judge(evidence).power
    assert len(evidence.planted) == 2


@pytest.mark.parametrize(
    ("tested", "arguments", "error"),
    [
        (NULL, {"control": market(UniformConditional(), two_groups(6))}, InvalidInputError),
        (NULL, {"control": market(SigmaDCDA(0.3), GROUPS)}, InvalidInputError),
    ],
    ids=["other traders", "no gain in the control"],
)
def test_what_cannot_be_gathered_is_refused_before_anything_is_trained(tested, arguments, error):
    learner, notes = constant()
    with pytest.raises(error):
        gather(tested, Search((learner,), held_out=200), **arguments)
    assert notes == []


NO_TRADE = {
    "in autarky": market(
        SigmaDCDA(), linear_quadratic([[3.0, 3, -1], [3, 1, 3], [-2, -1, 1]], [1.0, 2.0, 1.0])
    ),
    "sellers who value more": market(
        KDoubleAuction(buyers=(0, 1)),
        unit_demands(2, 2, high=3.0),
        distribution=UniformBox(np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 3, 3])),
    ),
}


@pytest.mark.parametrize("tested", NO_TRADE.values(), ids=NO_TRADE)
def test_nothing_is_learned_where_nobody_trades(tested):
    learner, notes = constant()
    evidence = gather(tested, Search((learner,), held_out=200), with_power=True)
    assert evidence.trades  # by deviating
    assert judge(evidence).state != "vacuous"
    assert evidence.learned == ()
    assert evidence.best.kind == "searched" or evidence.best.gain == 0
    assert not [note for note in notes if note[0] == tested.mechanism.name]


def test_a_saved_deviation_is_measured_as_a_trained_one():
    learner, _ = constant()
    economy = private_values(4)
    tested = market(NaiveWalrasian(economy), economy)
    kept = []
    search = Search((learner,), held_out=200)
    trained = gather(tested, search, watch=Watch(keep=lambda *parts: kept.append(parts[-1].policy)))
    saved = gather(tested, Search(held_out=200), saved=kept, certified=False)
    assert saved.learned_gain == trained.learned_gain
    assert saved.certificate is None
    assert saved.learned[0].untrained_gain is None


@dataclass(frozen=True)
class Odd(Deviation):
    """Bids as a liar or a broken policy may; nothing that it is shown is left alone."""

    bids: Any

    def bid(self, view, trader):
        bids = self.bids(view)
        view[:] = 0
        return bids


@pytest.mark.parametrize("information", ["profile", "own"])
def test_nobody_changes_the_profiles_that_others_are_measured_on(information):
    tested = market(NaiveWalrasian(private_values(4)), private_values(4))
    odd = Odd(lambda types: 1.5 * types[:, :1])
    search = Search(held_out=200, information=information)
    alone, after = (gather(tested, search, saved=[*saved, odd]) for saved in ([], [odd]))
    assert after.learned[-1].gain == alone.learned[0].gain < -0.01


@pytest.mark.parametrize("bids", [lambda types: types, lambda types: types[:3, :1], lambda _: None])
def test_bids_of_another_shape_are_refused_in_a_sentence(bids):
    tested = market(NaiveWalrasian(private_values(4)), private_values(4))
    with pytest.raises(InvalidInputError, match="bids of Odd must"):
        gather(tested, Search(held_out=200), saved=[Odd(bids)])

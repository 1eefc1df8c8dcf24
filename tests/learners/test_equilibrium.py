"""Everyone learns: known equilibria are found, and what is none is not called one."""

from dataclasses import replace

import numpy as np
import pytest

import deviator
from deviator.economies import (
    UniformBox,
    UnitDemands,
    fundamental_value,
    fundamental_value_information,
    heterogeneous,
    heterogeneous_information,
    private_values,
    saturating,
    sigma_n,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.learners.equilibrium import everyone_learns
from deviator.learners.equilibrium.bid_form import BidForm
from deviator.learners.equilibrium.distance import distance
from deviator.learners.equilibrium.gradient import EveryonesGradient
from deviator.learners.equilibrium.regret import regrets
from deviator.mechanisms import KDoubleAuction, PayAsBid, SigmaDCDA, UniformDoubleAuction
from deviator.policies import AffineStrategy, LinearBayes, Revelation, exact_gain


def each_alone(tested):
    return BidForm.of(tested, tuple((i,) for i in range(tested.economy.n_traders)))


@pytest.mark.parametrize("n", [4, 10])
def test_private_values_lead_to_the_known_linear_equilibrium(n):
    found = deviator.learn_equilibrium(
        "uniform-double-auction", private_values(n, slope=2.0), steps=250, starts=2
    )
    known = (n - 2) / ((n - 1) * 2.0)
    assert found.state == "equilibrium"
    np.testing.assert_allclose(found.policy.base[:, 1], known, rtol=1e-3)
    np.testing.assert_allclose(found.policy.effect[:, 0], known, rtol=1e-3)
    assert found.epsilon < 1e-6
    assert found.from_strategy > 0.05  # honesty is no equilibrium here


@pytest.mark.parametrize(
    "information",
    [
        fundamental_value_information(6, rho=0.4, noise=0.5),
        two_groups_information(6, rho=0.4, noise=0.5),
        heterogeneous_information(6, 0.4, 0.3, 0.5, 0.2),
    ],
    ids=["example 4", "example 5", "example 6"],
)
def test_beliefs_lead_to_the_linear_bayesian_equilibrium(information):
    found = deviator.learn_equilibrium(
        UniformDoubleAuction(),
        information.economy(1.0),
        distribution=information.types(),
        steps=250,
        starts=1,
    )
    known = LinearBayes(information, 1.0)
    np.testing.assert_allclose(found.policy.base[:, 1], known.slope, rtol=2e-3)
    np.testing.assert_allclose(found.policy.effect[:, 0], known.intercept, rtol=2e-3)
    assert found.converged


def test_where_there_is_no_equilibrium_none_is_reported():
    information = fundamental_value_information(4, rho=0.9, noise=1.0)
    found = deviator.learn_equilibrium(
        UniformDoubleAuction(),
        information.economy(1.0),
        distribution=information.types(),
        steps=250,
        starts=2,
    )
    assert found.state == "no trade"
    assert not found.converged
    assert "no equilibrium" in found.summary()
    assert found.epsilon > 0.01


@pytest.mark.parametrize(
    ("economy", "shared"),
    [(fundamental_value(4), False), (two_groups(4), True), (heterogeneous(4), True)],
    ids=["example 1", "example 2, shared", "example 3, shared"],
)
def test_in_the_sigma_dcda_everyone_learns_honesty(economy, shared):
    auction = SigmaDCDA(sigma_n(economy))
    found = deviator.learn_equilibrium(auction, economy, steps=300, starts=1, shared=shared)
    honest = AffineStrategy.of(Revelation(auction, economy), auction.language)
    assert distance(each_alone(found.tested), found.policy, honest) < 0.02
    assert found.from_strategy < 0.02
    assert "from the market's own strategy" in found.summary()
    assert found.epsilon < 1e-4


@pytest.mark.slow
def test_one_buyer_and_one_seller_learn_to_bargain():
    bargain = UnitDemands(("buyer", "seller", "seller"))  # the last one is never worth trading with
    law = UniformBox(np.array([0.0, 0.0, 2.0]), np.array([1.0, 1.0, 3.0]))
    tested = market(KDoubleAuction(buyers=1), bargain, distribution=law)
    found = everyone_learns(tested, traders=(0, 1), steps=250, starts=1)
    # Chatterjee and Samuelson: 2 v / 3 + 1/12 and 2 c / 3 + 1/4.
    np.testing.assert_allclose(found.policy.effect[:2, 0], 2 / 3, atol=0.1)
    np.testing.assert_allclose(found.policy.base[:2, 0], [1 / 12, 1 / 4], atol=0.08)
    assert (found.policy.effect[2], found.policy.base[2]) == (1.0, 0.0)
    # The one who does not learn is asked too, and has nothing at stake.
    assert {each.trader for each in found.regret} == {0, 1, 2}
    assert found.regret[2].stakes == 0
    assert found.regret[0].interim_kind == "searched"


@pytest.mark.slow
def test_ppo_and_gradient_agree():
    economy = private_values(3, slope=2.0)
    tested = market(PayAsBid(floor=0.2), economy)
    ends = [
        everyone_learns(tested, learner=learner, steps=steps, starts=1, shared=True)
        for learner, steps in (("gradient", 150), ("ppo", 200))
    ]
    assert distance(each_alone(tested), *(each.policy for each in ends)) < 0.1


def test_networks_leave_less_regret_than_affine_bids():
    tested = market(PayAsBid(floor=0.2), private_values(3, slope=2.0))
    affine = everyone_learns(tested, steps=150, starts=1, shared=True)
    bent = everyone_learns(tested, steps=150, starts=1, shared=True, hidden=(8,))
    assert bent.epsilon < affine.epsilon / 3


def test_cpu_seconds_end_learning_early():
    tested = market(UniformDoubleAuction(), private_values(3))
    found = everyone_learns(tested, steps=10**6, seconds=0.2, starts=2)
    assert found.curve[-1].steps < 10**6


def test_a_start_decides_everything():
    tested = market(UniformDoubleAuction(), private_values(3))
    first, again, other = (
        everyone_learns(tested, steps=20, starts=1, seed=seed).policy for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.base, again.base)
    assert (first.base != other.base).any()


def test_sharing_traders_bid_the_same():
    found = deviator.learn_equilibrium(
        SigmaDCDA(0.5), two_groups(4), steps=10, starts=1, shared=True
    )
    assert len(found.regret) == 2
    swapped = found.policy.relabelled([1, 0, 2, 3])
    np.testing.assert_array_equal(swapped.base, found.policy.base)


def test_honesty_where_it_can_be_gamed_has_regret():
    economy = private_values(4, slope=2.0)
    (price_takers,) = regrets(market(UniformDoubleAuction(), economy))
    assert price_takers.interim > 0.01 * price_takers.stakes
    types = economy.types().sample(np.random.default_rng(0), 10)
    gain = exact_gain(UniformDoubleAuction(), economy, types)
    assert price_takers.ex_post == pytest.approx(gain.mean(), rel=1.0)


def test_too_few_steps_do_not_settle():
    found = deviator.learn_equilibrium(
        "uniform-double-auction", private_values(4, slope=2.0), steps=3, starts=1
    )
    assert found.state == "not settled"


def test_a_learned_equilibrium_is_audited_like_any_strategy():
    economy = private_values(3, slope=2.0)
    found = deviator.learn_equilibrium(UniformDoubleAuction(), economy, steps=200, starts=1)
    card = deviator.audit(UniformDoubleAuction(), economy, strategy=found.policy, held_out=200)
    assert card.verdict.certificate is not None
    off = AffineStrategy(found.policy.language, found.policy.base * 1.1, found.policy.effect)
    worse = deviator.audit(UniformDoubleAuction(), economy, strategy=off, held_out=200)
    assert worse.state == "refuted"


def test_interim_regret_by_search_agrees_with_the_closed_form():
    economy = private_values(3, slope=2.0)
    tested = market(UniformDoubleAuction(), economy)
    found = deviator.learn_equilibrium(UniformDoubleAuction(), economy, steps=200, starts=1)
    shifted = AffineStrategy(
        found.policy.language, found.policy.base + [[0.1, 0.0]] * 3, found.policy.effect
    )
    from deviator.learners.equilibrium.interim_search import Effort, searched_interim_regret

    few = Effort(types=5, profiles=200, fresh=400, candidates=32, rounds=5)
    searched = searched_interim_regret(replace(tested, strategy=shifted), np.ones(2), few)
    exact = regrets(replace(tested, strategy=shifted))[0].interim
    assert searched.gain.mean() == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"learner": "sac"}, "learner must be one of gradient, ppo"),
        ({"information": "profile"}, "information must be own"),
        ({"starts": 0}, "starts must be"),
        ({"steps": 0}, "steps must be"),
        ({"seconds": 0.0}, "seconds must be"),
        ({"seed": -1}, "seed must be"),
        ({"traders": ()}, "traders must name"),
        ({"traders": (7,)}, "trader"),
        ({"learner": "ppo", "hidden": (4,)}, "hidden layers are learned by the gradient"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(settings, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        deviator.learn_equilibrium(UniformDoubleAuction(), private_values(3), **settings)


def test_markets_that_cannot_be_learned_are_refused():
    with pytest.raises(RefusedError, match="linear-quadratic"):
        deviator.learn_equilibrium(SigmaDCDA(0.5), saturating(4))
    with pytest.raises(RefusedError, match="take shared=False"):
        deviator.learn_equilibrium(
            SigmaDCDA(0.5), fundamental_value(4), learner="ppo", shared=True, steps=1
        )
    with pytest.raises(InvalidInputError, match="a market has an economy"):
        deviator.learn_equilibrium(
            market(UniformDoubleAuction(), private_values(3)), private_values(3)
        )
    with pytest.raises(InvalidInputError, match="economy must be an Economy"):
        deviator.learn_equilibrium(UniformDoubleAuction())


def test_who_does_not_learn_and_still_gains_leaves_no_equilibrium():
    found = deviator.learn_equilibrium(
        "uniform-double-auction", private_values(4), traders=(0,), steps=150, starts=1
    )
    assert (found.state, found.converged) == ("not settled", False)
    assert found.epsilon > 0.01
    assert "of 4 traders 1 learned" in found.reason


def test_where_trade_gains_nobody_anything_there_is_nothing_to_learn():
    apart = UniformBox(np.array([0.0, 5.0, 5.0]), np.array([1.0, 6.0, 6.0]))
    bargain = UnitDemands(("buyer", "seller", "seller"))
    tested = market(KDoubleAuction(buyers=1), bargain, distribution=apart)
    with pytest.raises(RefusedError, match="nothing to learn"):
        everyone_learns(tested, steps=10, starts=1)


def test_ctrl_c_keeps_what_was_learned(monkeypatch):
    steps, step = [], EveryonesGradient._gained

    def interrupted(*arguments):
        steps.append(1)
        if len(steps) > 150:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(EveryonesGradient, "_gained", interrupted)
    found = deviator.learn_equilibrium("uniform-double-auction", private_values(4), steps=100)
    assert found.interrupted
    assert len(found.ends) == 2
    assert "interrupted in start 2 of 3" in found.reason

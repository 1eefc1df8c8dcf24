"""The audit of one market: states, witnesses, and what is refused."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from helpers.tiny_learner import Stepper

from deviator.economies import (
    fundamental_value_information,
    linear_quadratic,
    private_values,
    sigma_n,
    two_groups,
)
from deviator.errors import InvalidInputError
from deviator.evidence import certify, market
from deviator.learners.ppo import PPOLearner
from deviator.mechanisms import Mechanism, Mutated, SigmaDCDA, SigmaVCG, UniformDoubleAuction
from deviator.policies import LinearBayes, Revelation
from deviator.policies.base import View
from deviator.studies import audit


def test_autarky_is_vacuous():
    """Where everybody else bids correspondences that fix nothing, no bid makes the market clear."""
    rule, economy = SigmaDCDA(), private_values(3)

    class Silent(type(Revelation(rule, economy))):
        def bids(self, view, rng=None):
            bids = super().bids(view)
            return replace(bids, quantity_weights=0 * bids.quantity_weights)

    card = audit(rule, economy, strategy=Silent(rule, economy), trader=0, held_out=100)
    assert card.state == "vacuous"
    assert card.reason.startswith("nobody trades")


def test_a_bid_that_makes_a_market_clear_pays_where_honest_ones_do_not():
    """A type that moves the price as much as the own value leaves its trader no residual curve."""
    economy = linear_quadratic([[1, 0, 0], [1, 1, 0], [1, 0, 1]], 1.0)
    certificate = certify(market(SigmaDCDA(), economy))
    assert not certificate.trades
    assert certificate.cap is None
    card = audit(SigmaDCDA(), economy, held_out=200)
    assert card.state == "refuted"
    assert card.witness["honest_outcome"]["price"] is None
    assert card.witness["deviating_outcome"]["utility"] > 0


@pytest.mark.parametrize("sigma", [1e3, 1e15])
def test_little_trade_is_trade(sigma):
    assert audit(SigmaDCDA(sigma), private_values(3)).state == "confirmed"


def test_a_menu_that_promises_a_rare_gain_refutes_nothing():
    """What its own clearing gives is rounding, and no witness."""
    rule = SigmaDCDA(0.2)

    @dataclass(frozen=True)
    class Overclaims(Mechanism):
        name = "overclaims"
        language = rule.language
        tax_slope = rule.tax_slope

        def clear(self, bids):
            return rule.clear(bids)

        def menu(self, bids, trader):
            menu = rule.menu(bids, trader)
            return replace(menu, linear=menu.linear - 0.05 * (bids.level[:, 0] > 3.3))

        def menu_bid(self, bids, trader, quantity):
            return rule.menu_bid(bids, trader, quantity)

    card = audit(Overclaims(), private_values(4))
    assert card.lower == 0.0
    assert card.state == "undetermined"
    assert "no witness held up" in card.reason


@pytest.mark.parametrize(
    ("information", "state"), [("profile", "refuted"), ("own", "undetermined")]
)
def test_one_gain_refutes_where_no_profile_loses_however_rare(information, state):
    """An own-type deviator may lose at profiles that were not drawn, so that one gain is luck."""
    rule, economy = SigmaDCDA(0.2), private_values(4)

    class RarelyWrong(type(Revelation(rule, economy))):
        def bids(self, view, rng=None):
            bids = super().bids(view)
            wrong = View.of(view).types[:, [0]] > 3.3
            level = np.where(wrong, [0.5, 1, 1, 1], 1) * bids.level
            return replace(bids, level=level)

        def exact_bids(self, types):
            raise NotImplementedError("bids that jump have no exact form")

    strategy = RarelyWrong(rule, economy)
    assert audit(rule, economy, strategy=strategy, information=information).state == state


def test_malformed_audits():
    economy = private_values(4)
    with pytest.raises(InvalidInputError, match="held_out must be at least 100, got 1"):
        audit("sigma-dcda", economy, held_out=1)
    with pytest.raises(InvalidInputError, match="parameters go with a mechanism's name"):
        audit(SigmaDCDA(0.2), economy, sigma=0.3)
    with pytest.raises(InvalidInputError, match="economy must be an Economy"):
        audit("sigma-dcda", "two-groups")
    with pytest.raises(InvalidInputError, match="planted faults need a learner"):
        audit("sigma-dcda", economy, planted=[0.1])


def test_an_equilibrium_can_be_audited_with_a_learner():
    beliefs = fundamental_value_information(4, 0.2, 0.5)
    verdict = audit(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
        learner="ppo",
        steps=4096,
        held_out=500,
    )
    assert verdict.state == "confirmed"
    assert verdict.power is not None


def test_audit_by_name_and_by_object():
    economy = two_groups(4)
    verdict = audit("sigma-vcg", economy, sigma=sigma_n(economy))
    assert (verdict.state, verdict.upper, verdict.lower) == ("confirmed", 0.0, 0.0)
    assert verdict.mechanism_economy is None
    assert audit("naive-walrasian", economy).witness["gain"] > 0


def test_audit_of_a_mechanism_built_on_another_economy():
    """A direct mechanism that holds another economy is a study of misspecification."""
    mistaken = SigmaVCG(two_groups(4, beta=0.2), 0.3)
    verdict = audit(mistaken, two_groups(4, beta=0.7))
    assert verdict.state == "refuted"
    assert verdict.mechanism_economy["name"] == "two groups"


def test_audit_with_a_learner_states_its_power():
    economy = private_values(4)
    learner = PPOLearner(markets=512, batch_size=512)
    search = {"learner": learner, "steps": 30_000, "held_out": 2000, "planted": (0.5, 0.2, 1e-6)}
    verdict = audit("sigma-vcg", economy, sigma=0.5, **search)
    assert verdict.state == "confirmed"
    assert verdict.power > 0.9
    assert verdict.lower < 1e-12
    planted = market(Mutated(SigmaVCG(economy, 0.5), "transfer", 0.2), economy)
    assert verdict.resolution == pytest.approx(certify(planted).cap, rel=1e-6)


class Slower(Stepper):
    name = "slower"


def test_each_of_several_learners_states_its_power_and_why_it_stopped():
    search = {"trader": 0, "steps": 3000, "held_out": 500}
    learners = [Stepper(), Slower(stride=0.001, diverges=1000)]
    card = audit("sigma-vcg", private_values(4), learner=learners, sigma=0.3, **search)
    powers = card.verdict.power_by_learner
    assert list(powers) == ["stepper", "slower"]
    assert powers["slower"] < powers["stepper"] == card.power
    assert f"power of each learner: stepper {powers['stepper']:.1%}, slower" in card.summary()
    stopped = card.verdict.stopped
    assert len(stopped) == 2
    assert all(each.startswith("slower, seed 0: training diverged after") for each in stopped)
    assert stopped[0] in " ".join(card.summary().split())


def test_an_audit_may_be_limited_in_seconds():
    card = audit(
        "sigma-vcg", private_values(4), trader=0, learner=Stepper(), steps=10**9, seconds=0.1,
        held_out=500, sigma=0.3,
    )  # fmt: skip
    assert card.state == "confirmed"
    with pytest.raises(InvalidInputError, match="seconds must be positive"):
        audit("sigma-vcg", private_values(4), learner=Stepper(), seconds=0.0, sigma=0.3)


def test_ctrl_c_ends_an_audit():
    with pytest.raises(KeyboardInterrupt):
        audit("sigma-vcg", private_values(4), learner=Stepper(interrupted=200), sigma=0.3)

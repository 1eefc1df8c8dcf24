"""The report card: five constraints, every trader, plain words, files that can be taken away."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from deviator.economies import (
    NormalTypes,
    UniformBox,
    linear_quadratic,
    normal_information,
    private_values,
    saturating,
    sigma_budget,
    sigma_n,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence.constraints import CONSTRAINTS
from deviator.mechanisms import KDoubleAuction, Mutated, SigmaDCDA, UniformDoubleAuction
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.policies import LinearBayes
from deviator.studies import audit
from deviator.studies.card.card_files import write_card

MIXED_SLOPES = linear_quadratic(
    [[1, 0, 0, 0, 0, 0, 0, 0]]
    + [[0.0] * i + [1.0] + [0.0] * (7 - i) for i in range(1, 4)]
    + [[0.35] * 4 + [0.0] * (i - 4) + [1.0] + [0.0] * (7 - i) for i in range(4, 8)],
    [4.0] * 4 + [1.0] * 4,
)
"""The counterexample to Proposition 2: sigma_N is 3, and some profile has a deficit."""


def states(card):
    return {name: answer.state for name, answer in card.constraints.items()}


ALL_HOLD = dict.fromkeys(CONSTRAINTS, "confirmed")


@pytest.mark.parametrize(
    ("economy", "sigma", "broken"),
    [
        (two_groups(4), lambda economy: 0.0, ["budget_surplus"]),
        (two_groups(4), sigma_n, ["efficiency"]),
        (MIXED_SLOPES, sigma_n, ["budget_surplus", "efficiency"]),
        (MIXED_SLOPES, sigma_budget, ["efficiency"]),
    ],
    ids=["VCG", "equal slopes", "mixed slopes", "the smallest safe tax"],
)
@pytest.mark.parametrize("name", ["sigma-dcda", "sigma-vcg"])
def test_five_constraints_at_every_profile(name, economy, sigma, broken):
    card = audit(name, economy, sigma=sigma(economy), held_out=200)
    assert states(card) == ALL_HOLD | dict.fromkeys(broken, "refuted")
    assert all(answer.scope == "every profile" for answer in card.constraints.values())
    for name_of, answer in card.constraints.items():
        assert answer.reason
        assert (answer.witness is not None) == (name_of in broken)
        assert (answer.worst > 0) == (name_of in broken)
        assert answer.cap is not None
        assert answer.worst_share <= answer.cap * (1 + 1e-9)


def test_the_naive_auction_is_refuted_for_incentives_alone():
    economy = private_values(4, slope=2.0)
    card = audit("naive-walrasian", economy, held_out=200)
    assert states(card) == ALL_HOLD | {"incentive_compatibility": "refuted"}
    answer = card.constraints["incentive_compatibility"]
    assert 0 < answer.worst_share <= answer.cap


def test_a_rule_that_leaks_is_refuted_for_its_budget():
    rule = Mutated(SigmaDCDA(sigma_n(two_groups(4))), "tax", -0.9)
    assert states(audit(rule, two_groups(4), held_out=200))["budget_surplus"] == "refuted"


def test_where_nothing_is_exact_profiles_are_searched_and_the_card_says_so():
    card = audit("sigma-dcda", saturating(4), sigma=0.3, held_out=200)
    assert card.state == "confirmed"
    assert card.constraints["efficiency"].state == "refuted"
    undetermined = [each for each in card.constraints.values() if each.state == "undetermined"]
    assert all("profiles" in each.reason for each in undetermined)


def test_every_trader_is_tried_and_the_one_with_most_to_gain_speaks():
    """Trader 0 has private values and cannot gain in this equilibrium; others can."""
    values = np.eye(6)
    values[1:4, 1:4] = 0.4
    values[4:, 4:] = 0.4
    np.fill_diagonal(values, 1.0)
    beliefs = normal_information(0.0, 0.0, values, values + 0.5 * np.eye(6), values)
    market = {"distribution": beliefs.types(), "strategy": LinearBayes(beliefs, 1.0)}
    rule, economy = UniformDoubleAuction(), beliefs.economy(1.0)
    card = audit(rule, economy, held_out=500, **market)
    assert card.state == "refuted"
    assert card.trader != 0
    assert card.verdicts[0].state != "refuted"
    assert card.lower == card.verdicts[card.trader].lower
    alone = audit(rule, economy, held_out=500, trader=0, **market)
    assert list(alone.verdicts) == [0]
    assert not alone.audited.all_traders


@pytest.mark.parametrize(
    ("mechanism", "state", "upper"),
    [
        # Buyers gain nothing at k = 0, and the sellers, who set the price, are not tried.
        (KDoubleAuction(0.0, buyers=(0, 1)), "undetermined", 1.0),
        (SigmaDCDA(0.2), "confirmed", 0.0),
    ],
    ids=["nothing proved of others", "all proved"],
)
def test_a_card_speaks_of_those_only_who_were_tried_or_proved(monkeypatch, mechanism, state, upper):
    monkeypatch.setattr("deviator.studies.audit_market.MOST_DEVIATORS", 1)
    economy = unit_demands(2, 2) if isinstance(mechanism, KDoubleAuction) else two_groups(4)
    card = audit(mechanism, economy, held_out=200)
    assert list(card.verdicts) == [0]
    assert card.verdict.state == "confirmed"
    assert card.state == card.constraints["incentive_compatibility"].state == state
    assert card.audited.all_traders == (state == "confirmed")
    assert card.upper == pytest.approx(upper, abs=1e-9)


def test_a_rule_that_claims_to_compute_coarsely_is_refused():
    @dataclass(frozen=True)
    class Coarse(ConditionalAuction):
        name = "coarse"
        precision = 0.9

        def payment(self, price, quantity, residual_slope, tax_slope):
            return price * quantity

    with pytest.raises(InvalidInputError, match="precision must be at most"):
        audit(Coarse(), private_values(4), held_out=200)


def test_a_large_trade_of_others_hides_nobody_s_gain():
    law = NormalTypes(np.array([0.0, 3e4, -3e4]), np.eye(3))
    card = audit(UniformDoubleAuction(), private_values(3), distribution=law, held_out=500)
    assert card.state == "refuted"


def test_a_mean_under_one_law_confirms_nothing_about_every_profile():
    """Trader 0's type is nearly the others' mean, where hardly anything is to gain."""
    spread = np.zeros((5, 5))
    spread[1:, 1:], spread[0, 1:], spread[0, 0] = np.eye(4), 0.25, 1e-6
    law = NormalTypes(np.zeros(5), spread @ spread.T)
    tested = {"distribution": law, "trader": 0, "held_out": 500}
    card = audit(UniformDoubleAuction(), private_values(5), **tested)
    assert card.state == "refuted"
    assert (
        audit(UniformDoubleAuction(), private_values(5), epsilon=0.5, **tested).state != "confirmed"
    )


def test_rare_trade_is_trade():
    box = UniformBox(np.array([0.0, 0.0, 0.49, 0.49]), np.array([0.5, 0.5, 1.0, 1.0]))
    card = audit("k-double-auction", unit_demands(2, 2), distribution=box, held_out=2000)
    assert card.state == "refuted"
    assert card.witness["gain"] > 0


def test_large_types_are_no_gain():
    law = NormalTypes.independent(4, mean=1e8)
    settings = {"unit_size": 0.25, "sigma": 0.3, "half_spread": 0.05}
    card = audit(
        "discrete-vcg", private_values(4, slope=2.0), distribution=law, held_out=100, **settings
    )
    assert card.state != "refuted"


def test_an_allocation_that_no_transfers_make_truthful_is_an_answer():
    economy = two_groups(4, beta=1.55)
    cards = [audit("entry-fee-vcg", economy, fee=0.3, held_out=count) for count in (100, 500)]
    for card in cards:
        assert card.state == "refuted"
        assert card.reason.startswith("not implementable")
        assert card.witness["quantity_at_the_higher_type"] < card.witness["quantity"]
        assert "no transfers make it truthful" in str(card)
    assert cards[0].witness == cards[1].witness


def test_words_are_plain_and_few():
    card = audit("uniform-conditional", two_groups(4), held_out=200)
    lines = str(card).splitlines()
    assert len(lines) <= 25
    assert all(len(line) <= 100 for line in lines)
    assert "profitable deviation found" in str(card)
    assert "holds (certified, every profile)" in str(card)
    assert "profitable deviation found" in card._repr_html_()
    confirmed = audit("sigma-dcda", two_groups(4), sigma=0.2, held_out=200)
    assert "no profitable deviation (certified, every profile)" in confirmed.summary()


def test_a_card_is_plain_data_and_a_frame():
    card = audit("uniform-conditional", two_groups(4), held_out=200)
    data = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert data["audited"]["mechanism"] == "uniform-conditional"
    assert data["audited"]["information"] == "profile"
    assert list(data["verdicts"]) == ["0", "2"]
    frame = card.to_frame()
    assert frame.loc["incentive_compatibility", "state"] == "refuted"
    assert set(frame.index) == set(CONSTRAINTS)


def test_a_card_is_written_with_a_file_for_each_violation(tmp_path):
    card = audit("uniform-conditional", two_groups(4), held_out=200)
    (tmp_path / "witness-efficiency.json").write_text("of an earlier card")
    files = {file.name: file for file in write_card(card, tmp_path)}
    kept = {f"certificate-{name}.json" for name in CONSTRAINTS}
    violated = "witness-incentive_compatibility.json"
    assert set(files) == {"report.html", "report.json", violated} | kept
    assert {file.name for file in tmp_path.iterdir()} == set(files)
    witness = json.loads(files["witness-incentive_compatibility.json"].read_text())
    assert witness == json.loads(json.dumps(card.witness))
    assert "profitable deviation found" in files["report.html"].read_text()


def test_a_batch_of_traders_is_the_loop_over_traders():
    economy = linear_quadratic(np.diag([1.0, 1.2, 1.4]), 1.0)
    card = audit("uniform-conditional", economy, held_out=200)
    for trader, verdict in card.verdicts.items():
        alone = audit("uniform-conditional", economy, held_out=200, trader=trader).verdict
        assert replace(alone, witness=None) == replace(verdict, witness=None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trader": 9}, "trader must"),
        ({"epsilon": -1.0}, "epsilon must be non-negative"),
        ({"epsilon": float("nan")}, "epsilon must"),
        ({"information": "all"}, "information must be one of"),
    ],
)
def test_malformed_audits(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        audit("uniform-conditional", private_values(4), **settings)

"""Audits of coalitions and false names: shown beside the claim, never part of it."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner
from villains.learners import Climber

import deviator
from deviator.cli import app
from deviator.economies import fundamental_value, private_values, unit_demands
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.learners.sb3.ppo import PPOLearner
from deviator.mechanisms import PayAsBid
from deviator.studies.beyond_claim import joint_finding, party_of
from deviator.studies.card.card_files import card_page, write_card
from deviator.studies.gather import Search
from deviator.studies.recheck_file import HOLDS, recheck_file

VALUES, PRIVATE = fundamental_value(5), private_values(5)
FEW = {"held_out": 500}


def test_a_coalition_is_told_of_beside_the_claim(tmp_path):
    alone = deviator.audit("sigma-dcda", VALUES, sigma=0.3, **FEW)
    card = deviator.audit("sigma-dcda", VALUES, sigma=0.3, coalition=(0, 1), **FEW)
    assert (card.state, card.scope, card.lower) == (alone.state, alone.scope, alone.lower)
    assert card.constraints == alone.constraints
    finding = card.beyond[0]
    assert (finding.reach, finding.cap, finding.pays) == ("unbounded", None, True)
    assert 0 < finding.same_shape < finding.lower
    assert "beyond the claim: coalition of 0, 1" in card.summary()
    assert len(card.summary().splitlines()) <= 25
    assert "Beyond the claim" in card_page(card)
    assert "Beyond the claim" not in card_page(alone)
    told = card.to_dict()["beyond_the_claim"][0]
    assert told["people"] == (0, 1)
    json.dumps(told, allow_nan=False)
    files = write_card(card, tmp_path)
    witness = next(file for file in files if file.name == "witness-coalition.json")
    assert recheck_file(witness).code == HOLDS


def test_false_names_are_exact_where_the_claim_is_certified():
    card = deviator.audit("sigma-vcg", PRIVATE, sigma=1.0, identities=2, **FEW)
    finding = card.beyond[0]
    assert (finding.reach, finding.identities, finding.people) == ("exact", 2, (0,))
    assert finding.gain == pytest.approx(finding.cap)
    assert finding.share == pytest.approx(finding.gain / finding.stakes)
    at_sigma_n = deviator.audit("sigma-vcg", PRIVATE, sigma=1 / 3, identities=2, **FEW).beyond[0]
    assert not at_sigma_n.pays
    assert at_sigma_n.witness is None
    assert (
        "no gain found (exact)"
        in deviator.audit(
            "sigma-vcg", PRIVATE, sigma=1 / 3, identities=2, trader=3, **FEW
        ).summary()
    )


def test_three_members_without_transfers_are_between_a_gain_and_a_cap():
    finding = deviator.audit(
        "sigma-vcg", PRIVATE, coalition=(0, 1, 2), transfers=False, **FEW
    ).beyond[0]
    assert finding.reach == "capped"
    assert 0 < finding.gain <= finding.cap
    assert min(finding.each) > 0


def found(tested, learners=(), steps=1, information="profile"):
    search = Search(learners, (0,), steps, information, 500)
    return joint_finding(party_of(tested, (0, 3)), search)


def test_other_markets_are_searched():
    finding = found(market(PayAsBid(0.5), PRIVATE))
    assert (finding.reach, finding.cap) == ("searched", None)
    assert finding.pays
    single = market(deviator.make("k-double-auction"), unit_demands(3, 3))
    assert found(single).pays
    unknown = found(single, information="own")
    assert (unknown.reach, unknown.pays) == ("not searched", False)


def test_a_learner_is_measured_against_the_exact_gain():
    tested = market(deviator.make("uniform-conditional"), VALUES)
    finding = found(tested, [PPOLearner()], 20_000)
    learned = finding.learned[0]
    assert (learned.learner, learned.seed) == ("ppo", 0)
    assert learned.share == pytest.approx(learned.gain / finding.gain)
    assert 0.3 < learned.share <= 1.0
    own = found(tested, [PPOLearner()], 10_000, "own")
    assert own.reach == "capped"
    assert own.learned[0].gain <= own.cap


def test_a_learner_of_single_deviators_is_refused_in_a_sentence():
    with pytest.raises(RefusedError, match="climber does not"):
        deviator.audit("uniform-conditional", VALUES, coalition=(0, 1), learner=Climber(), **FEW)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"coalition": (0, 0)}, "every member once"),
        ({"coalition": (0, 9)}, "below n_traders"),
        ({"coalition": range(5)}, "leave somebody"),
        ({"coalition": ("big",)}, "by index"),
        ({"identities": 1}, "at least 2"),
        ({"identities": 0}, "at least 2"),
        ({"identities": 2, "coalition": (0, 1)}, "got both"),
        ({"transfers": False}, "members of a coalition"),
        ({"coalition": (0, 1), "transfers": "no"}, "transfers must be True or False"),
        ({"transfers": False, "identities": 2}, "members of a coalition"),
        ({"enlarged": private_values(6)}, "several names"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(settings, words):
    with pytest.raises(InvalidInputError, match=words):
        deviator.audit("uniform-double-auction", PRIVATE, **settings)


def test_an_economy_that_does_not_say_is_refused_with_the_way_out():
    economy = deviator.economies.two_groups(6)
    with pytest.raises(RefusedError, match="pass enlarged="):
        deviator.audit("sigma-vcg", economy, identities=2)
    weights = np.eye(7)
    weights[:6, :6] = economy.weights
    larger = deviator.economies.linear_quadratic(weights, 1.0)
    card = deviator.audit("sigma-vcg", economy, sigma=1.0, identities=2, enlarged=larger, **FEW)
    assert card.beyond[0].reach == "exact"


def test_the_command_line_asks_for_both(tmp_path):
    base = [
        "audit",
        "sigma-vcg",
        "--economy",
        "private-values",
        "-s",
        "n_traders=5",
        "--sigma",
        "1",
    ]
    few = ["--held-out", "200", "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, [*base, "--coalition", "0,1", *few])
    assert shown.exit_code == 0, shown.output
    assert "beyond the claim: coalition of 0, 1" in shown.output
    shown = CliRunner().invoke(app, [*base, "--identities", "2", *few])
    assert "beyond the claim: trader 0 under 2 names" in shown.output
    shown = CliRunner().invoke(app, [*base, "--coalition", "0,1", "--no-transfers", *few])
    assert "each of whom must gain" in shown.output

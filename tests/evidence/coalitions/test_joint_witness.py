"""Witnesses of joint deviations: derived again from the file alone, and caught where they lie."""

import json

import numpy as np
import pytest

import deviator
from deviator.economies import fundamental_value, private_values, unit_demands
from deviator.evidence import market
from deviator.evidence.coalitions import (
    best_joint_deviation,
    coalition_of,
    find_joint_witness,
    joint_witness,
    names_of,
)
from deviator.mechanisms import PayAsBid, SigmaDCDA, SigmaVCG
from deviator.studies.recheck_file import HOLDS, WRONG, recheck_file

VALUES = fundamental_value(5)
PRIVATE = private_values(5)


def shown(party):
    types = party.tested.distribution.sample(np.random.default_rng(0), 50)
    return find_joint_witness(party, types, best_joint_deviation(party, types).bids)


CASES = {
    "a pair in VCG": lambda: shown(coalition_of(market(SigmaVCG(VALUES), VALUES), [0, 2])),
    "a pair in the auction": lambda: shown(
        coalition_of(market(SigmaDCDA(0.3), VALUES), [0, 2], transfers=False)
    ),
    "names in VCG": lambda: shown(names_of(market(SigmaVCG(VALUES), VALUES), 2)),
    "names in the auction": lambda: shown(names_of(market(SigmaDCDA(0.3), PRIVATE, trader=1), 3)),
}


@pytest.fixture(scope="module")
def witnesses():
    return {name: json.loads(json.dumps(make())) for name, make in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_witness_is_exact_and_holds_from_its_file_alone(witnesses, name, tmp_path):
    witness = witnesses[name]
    assert witness["arithmetic"] == "rational"
    assert witness["gain"] > 0
    path = tmp_path / "witness.json"
    path.write_text(json.dumps(witness))
    assert recheck_file(path).code == HOLDS


def twice(data):
    """Count everything of one member two times."""
    for name in ("people", "places", "owners", "bids", "gains"):
        data[name] = [data[name][0]] * 2
    for outcome in (data["honest_outcome"], data["deviating_outcome"]):
        outcome.update({name: [values[0]] * 2 for name, values in outcome.items()})


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(gain=1.01 * data["gain"]),
        lambda data: data["gains"].__setitem__(0, 1.01 * data["gains"][0]),
        lambda data: data["exact"].update(gain="7/3"),
        lambda data: data["types"].__setitem__(0, data["types"][0] + 0.5),
        lambda data: data["bids"][0].__setitem__(-1, data["bids"][0][-1] + 0.5),
        lambda data: data["deviating_outcome"]["transfer"].__setitem__(0, 0.0),
        lambda data: data["exact"]["arena_bids"][-1].__setitem__(-1, "1/7"),
        lambda data: data["honest_bids"][1].__setitem__(0, 0.123),
        lambda data: data.update(places=data["places"][::-1]),
        lambda data: data.update(owners=[data["owners"][0] + 1, *data["owners"][1:]]),
        twice,
        lambda data: data.update(version=2),
    ],
)
def test_a_changed_number_is_caught(witnesses, name, change, tmp_path):
    data = json.loads(json.dumps(witnesses[name]))
    change(data)
    path = tmp_path / "witness.json"
    path.write_text(json.dumps(data))
    assert recheck_file(path).code == WRONG


def test_markets_without_exact_forms_are_cleared_in_floating_point(tmp_path):
    tested = market(PayAsBid(0.5), PRIVATE)
    party, types = coalition_of(tested, [0, 1]), np.array([2.0, 1.5, -1.0, 0.0, -2.0])
    bids = party.base_bids(types[None])[0, [0, 1]] * [0.8, 1.0]
    witness = joint_witness(party, types, bids)
    assert witness["arithmetic"] == "floating point"
    gains = party.gains(types[None], bids[None])[0]
    np.testing.assert_allclose(witness["gains"], gains)
    path = tmp_path / "witness.json"
    path.write_text(json.dumps(witness))
    assert recheck_file(path).code == HOLDS


def test_what_does_not_pay_has_no_witness():
    tested = market(SigmaVCG(VALUES), VALUES)
    party, types = coalition_of(tested, [0, 1]), np.array([1.0, 0.5, 0.0, -1.0, 0.3])
    assert joint_witness(party, types, party.base_bids(types[None])[0, [0, 1]]) is None
    single = coalition_of(
        market(deviator.make("k-double-auction", buyers=(0, 1, 2)), unit_demands(3, 2)), [0]
    )
    honest = single.base_bids(np.full((1, 5), 0.5))[:, [0]]
    assert find_joint_witness(single, np.full((1, 5), 0.5), honest) is None

"""Schemas: real files are valid, broken ones are not, and what is published is the code's."""

import copy
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from helpers.report_content import row
from helpers.repository import DOCS, ROOT
from jsonschema import Draft202012Validator

from deviator.economies import private_values, saturating, two_groups
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import certificate_file, certify, constraint_file, market
from deviator.evidence.coalitions import coalition_of, joint_witness
from deviator.evidence.constraints import ConstraintVerdict
from deviator.evidence.profile_witness import witness_at
from deviator.evidence.witness import witness_of_bid
from deviator.mechanisms import (
    NaiveWalrasian,
    Reports,
    SigmaDCDA,
    UniformDoubleAuction,
    bids_as_data,
    bids_from_data,
)
from deviator.plain_yaml import read_yaml
from deviator.studies import default_study
from deviator.studies.json_schemas import json_schema, schema_titles

KINDS = tuple(schema_titles())
OLD = Path(__file__).parent / "formats" / "4" / "report.json"
PRIVATE = private_values(3)
TYPES = np.array([3.0, 0.0, 0.0])


def problems(name, content):
    """Return what is wrong with a file's content, as it is read."""
    validator = Draft202012Validator(json_schema(name))
    return [error.message for error in validator.iter_errors(json.loads(json.dumps(content)))]


def deviation():
    return witness_of_bid(market(UniformDoubleAuction(), PRIVATE), TYPES, np.array([2.25, 1.0]))


def surfaces():
    tested = market(UniformDoubleAuction(), PRIVATE)
    smooth = market(SigmaDCDA(0.2), saturating(4))
    assert smooth.bids_are_surfaces
    return witness_of_bid(tested, TYPES, np.array([2.25, 1.0])) | {"honest_bids": None}


def profile():
    tested = market(NaiveWalrasian(PRIVATE), PRIVATE)
    shorted = market(SigmaDCDA(0.5), PRIVATE)
    return witness_at(tested, "budget_surplus", TYPES) or witness_at(shorted, "efficiency", TYPES)


def joint():
    party = coalition_of(market(UniformDoubleAuction(), PRIVATE), (0, 1))
    bids = party.base_bids(TYPES[None])[:, [0, 1]][0].copy()
    bids[0, 0] -= 0.75
    return joint_witness(party, TYPES, bids)


def incentives():
    tested = market(SigmaDCDA(0.5), PRIVATE)
    return certificate_file(tested, certify(tested))


def constraint():
    kept = ConstraintVerdict("budget_surplus", "confirmed", "every profile", 0.0, 0.0, 0.0, "kept")
    return constraint_file(market(SigmaDCDA(1.0), PRIVATE), kept)


def bids():
    return bids_as_data(SigmaDCDA(0.5).honest_bids(PRIVATE, TYPES[None]))


FILES = {
    "deviation": ("witness", deviation),
    "surfaces": ("witness", surfaces),
    "profile": ("witness", profile),
    "joint": ("witness", joint),
    "incentives": ("certificate", incentives),
    "constraint": ("certificate", constraint),
    "bids": ("bids", bids),
}


@pytest.mark.parametrize("name", KINDS)
def test_schemas_are_schemas_and_published(name):
    Draft202012Validator.check_schema(json_schema(name))
    written = runpy.run_path(str(DOCS / "schemas.py"))["texts"]()[f"{name}.schema.json"]
    published = (DOCS / "schemas" / f"{name}.schema.json").read_text()
    assert written == published, "run python docs/schemas.py"


@pytest.mark.parametrize("file", FILES)
def test_files_that_deviator_writes_are_valid(file):
    name, made = FILES[file]
    content = made()
    assert problems(name, content) == []
    assert problems(name, content | {"of_a_later_version": 1}) == []


@pytest.mark.parametrize("file", FILES)
def test_files_that_lack_a_field_or_hold_another_kind_there_are_not(file):
    name, made = FILES[file]
    content = made()
    parts = json_schema(name).get("oneOf", [json_schema(name)])
    (stated,) = [
        part for part in parts if part["properties"]["format"]["const"] == content["format"]
    ]
    for field in stated["required"]:
        lacking = {key: value for key, value in content.items() if key != field}
        assert problems(name, lacking), field
        wrong = "yes" if isinstance(content[field], bool) else True
        assert problems(name, content | {field: wrong}), field


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("deviation", {"gain": 0.0}),
        ("deviation", {"types": [1.0, 2.0]}),
        ("deviation", {"bid": []}),
        ("deviation", {"format": "deviator profile witness"}),
        ("deviation", {"payment": {"price*quantity": "one"}}),
        ("deviation", {"arithmetic": "by hand"}),
        ("profile", {"constraint": "fairness"}),
        ("joint", {"kind": "cartel"}),
        (
            "incentives",
            {"claim": {"scope": "always", "cap": 0.0, "information": "own", "law": None}},
        ),
        ("constraint", {"claim": {"scope": "every profile", "cap": -1.0}}),
        ("bids", {"numbers": [[[1.0], [2.0]]]}),
        ("bids", {"version": 2}),
    ],
)
def test_villains_of_files_are_caught(file, change):
    name, made = FILES[file]
    assert problems(name, made() | change)


def studies():
    return [default_study(), *sorted((ROOT / "runs").glob("*.yaml"))]


@pytest.mark.parametrize("path", studies(), ids=lambda path: path.stem)
def test_studies_that_ship_are_valid(path):
    assert problems("study", read_yaml(path.read_text(encoding="utf-8")).values) == []


@pytest.mark.parametrize(
    "broken",
    [
        lambda study: study.pop("cells"),
        lambda study: study.update(cells=[]),
        lambda study: study.update(steps="many"),
        lambda study: study.update(sted=3),
        lambda study: study["cells"][0].update(seeeds=3),
        lambda study: study["cells"][0].pop("mechanism"),
    ],
)
def test_villains_of_studies_are_caught(broken):
    study = copy.deepcopy(read_yaml(default_study().read_text(encoding="utf-8")).values)
    broken(study)
    assert problems("study", study)


def test_reports_of_this_version_and_of_those_before_are_valid(finished):
    for path in (finished.folder / "report.json", OLD):
        content = json.loads(path.read_text())
        assert problems("report", content) == []
        for each in content["rows"]:
            assert each["witness"] is None or problems("witness", each["witness"]) == []


@pytest.mark.parametrize(
    "change",
    [{"state": "proved"}, {"share": "most"}, {"curves": 3}, {"n_traders": 2.5}, {"control": []}],
)
def test_villains_of_reports_are_caught(change):
    content = json.loads(OLD.read_text())
    content["rows"][0] |= change
    assert problems("report", content)
    for field in ("rows", "failures", "versions", "study"):
        lacking = {key: value for key, value in json.loads(OLD.read_text()).items() if key != field}
        assert problems("report", lacking)


def test_rows_have_no_field_that_the_schema_does_not_know():
    known = json_schema("report")["$defs"]["ReportRow"]["properties"]
    assert set(row()) <= set(known)
    assert known["share"]["description"] == "learned over best gain"


def test_bids_come_back_as_they_were_and_others_are_refused():
    auction, content = SigmaDCDA(0.5), bids()
    again = bids_from_data(json.loads(json.dumps(content)), auction.language)
    np.testing.assert_array_equal(again.as_array(), np.array(content["numbers"]))
    reports = bids_as_data(Reports(TYPES[None]))
    for broken in (reports, content | {"version": 2}, content | {"numbers": "1"}, [], None):
        with pytest.raises(InvalidInputError, match="bids"):
            bids_from_data(broken, auction.language)
    smooth = market(SigmaDCDA(0.2), saturating(4))
    with pytest.raises(RefusedError, match="surfaces are functions"):
        bids_as_data(smooth.strategy.bids(np.array([[1.0, 0.5, -0.5, -1.0]])))


def test_schemas_of_nothing_are_refused():
    with pytest.raises(InvalidInputError, match="schema must be one of study, report"):
        json_schema("wittness")


def test_two_groups_have_certificates_that_are_valid():
    tested = market(SigmaDCDA(0.8), two_groups(4, beta=0.3))
    assert (
        problems("certificate", certificate_file(tested, certify(tested), all_traders=True)) == []
    )

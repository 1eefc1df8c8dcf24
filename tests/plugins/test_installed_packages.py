"""Packages of others, installed by pip: the worked examples, and what `deviator new` writes."""

import json

import pytest
from helpers import virtual_environment
from helpers.repository import ROOT

EXAMPLES = ("deviator-trade-reduction", "deviator-cremer-mclean")
SCAFFOLDS = {
    "mechanism": "taxed-auction",
    "economy": "saturating-values",
    "policy": "flat-schedules",
    "learner": "hill-climber",
    "rung": "largest-type",
}

pytestmark = pytest.mark.slow  # pip builds and installs seven packages

STUDY = """
name: installed
seeds: [0]
steps: 3000
held_out: 400
learner: none
economies:
  units: {family: unit-demands, n_buyers: 3, n_sellers: 3}
  correlated: {family: two-groups, n_traders: 4, types: {law: normal, correlation: 0.5}}
  private: {family: private-values, n_traders: 4, slope: 2.0}
cells:
  - {mechanism: trade-reduction, economy: units}
  - {mechanism: k-double-auction, economy: units}
  - {mechanism: cremer-mclean, economy: correlated, information: [own, profile]}
  - {mechanism: naive-walrasian, economy: correlated, information: [own, profile, largest-type]}
  - {mechanism: taxed-auction, economy: private, learner: hill-climber}
  - {mechanism: uniform-double-auction, economy: private, learner: [none, hill-climber]}
  - mechanism: uniform-double-auction
    strategy: flat-schedules
    economy: private
    control: {mechanism: uniform-double-auction, economy: private}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder with the packages, and the environment in which they are installed."""
    folder = tmp_path_factory.mktemp("installed")
    variables = virtual_environment.create(folder / "venv")
    for name in EXAMPLES:
        virtual_environment.run(
            f"cp -r {ROOT / 'plugins' / 'examples' / name} .", variables, folder
        )
    for kind, name in SCAFFOLDS.items():
        printed = virtual_environment.run(f"deviator new {kind} {name}", variables, folder)
        assert f"pip install -e {name}" in printed
    packages = " ".join(f"./{name}" for name in (*EXAMPLES, *SCAFFOLDS.values()))
    virtual_environment.run(f"pip install {packages}", variables, folder)
    return folder, variables


def test_their_own_tests_pass(installed):
    folder, variables = installed
    tests = " ".join(f"{name}/tests" for name in (*EXAMPLES, *SCAFFOLDS.values()))
    command = f"pytest -q -W error -p no:cacheprovider --import-mode=importlib {tests}"
    printed = virtual_environment.run(command, variables, folder)
    assert " passed" in printed
    assert "skipped" not in printed


def test_they_are_listed_with_their_providers(installed):
    folder, variables = installed
    printed = virtual_environment.run("deviator list", variables, folder)
    lines = {line.split()[0]: line for line in printed.splitlines() if line.strip()}
    for name in (*SCAFFOLDS.values(), "trade-reduction", "cremer-mclean"):
        assert "ready" in lines[name]
        assert "0.1.0" in lines[name]


def test_they_are_audited_from_a_study_file(installed):
    folder, variables = installed
    (folder / "study.yaml").write_text(STUDY)
    printed = virtual_environment.run("deviator confirm study.yaml", variables, folder)
    assert "mechanism trade-reduction: deviator-trade-reduction 0.1.0" in printed
    assert "learner hill-climber: hill-climber 0.1.0" in printed
    report = json.loads((folder / "runs" / "installed" / "report.json").read_text())
    assert report["failures"] == {}
    rows = {(row["mechanism"], row["information"], row["strategy"]): row for row in report["rows"]}
    assert rows["trade-reduction", "profile", "honest"]["exact_gain"] == 0
    assert rows["k-double-auction", "profile", "honest"]["state"] == "refuted"
    assert "rung largest-type: largest-type 0.1.0" in printed
    seen = [rows["naive-walrasian", rung, "honest"] for rung in ("own", "largest-type", "profile")]
    gains = [row["best_gain"] for row in seen]
    assert 0.9 * gains[0] < gains[1] < gains[2]
    scoring = rows["cremer-mclean", "own", "honest"], rows["cremer-mclean", "profile", "honest"]
    assert scoring[0]["exact_gain"] == 0
    assert scoring[0]["state"] == "undetermined"
    assert scoring[1]["state"] == "refuted"
    assert rows["taxed-auction", "profile", "honest"]["cap"] > 0
    assert rows["uniform-double-auction", "profile", "flat-schedules"]["state"] == "refuted"


def test_checks_by_name_use_the_installed_packages(installed):
    folder, variables = installed
    printed = virtual_environment.run("deviator check trade-reduction", variables, folder)
    assert "mechanism 'trade-reduction' of deviator-trade-reduction 0.1.0" in printed
    assert "check_claim_truthful" in printed

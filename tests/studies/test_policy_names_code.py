"""A policy file from elsewhere runs no code that its user does not name."""

import json

import pytest

from deviator.economies import private_values
from deviator.envs import deviation_core
from deviator.errors import ResultsError
from deviator.evidence import market
from deviator.mechanisms import NaiveWalrasian
from deviator.policies import Network, save_policy
from deviator.studies.training import evaluate

THEIRS = '''
import pathlib
from typing import ClassVar

from deviator.economies import private_values
from deviator.economies import LinearQuadratic
from deviator.mechanisms import ReportLanguage, ResidualLineMechanism
from deviator.policies import Revelation

pathlib.Path(__file__).with_name("it_ran").write_text("code ran")


class Theirs(ResidualLineMechanism):
    """A rule of somebody else's."""

    name: ClassVar[str] = "naive-walrasian"
    language: ClassVar[ReportLanguage] = ReportLanguage()


def theirs(n_traders: int) -> LinearQuadratic:
    """Values of somebody else's."""
    return private_values(n_traders)
'''

MARKET = {
    "mechanism": "naive-walrasian",
    "economy": {"family": "private-values", "parameters": {"n_traders": 4}},
}


@pytest.fixture
def saved(tmp_path):
    """Save an honest policy, beside a plugin file."""
    (tmp_path / "theirs.py").write_text(THEIRS)
    economy = private_values(4)
    core = deviation_core(market(NaiveWalrasian(economy), economy))
    network = Network(([[0.0] * 4],), ([0.0],))
    save_policy(core.deviation(network), tmp_path / "p", market=MARKET)
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        {"mechanism": "theirs.py:naive-walrasian"},
        {"economy": {"family": "theirs.py:theirs", "parameters": {"n_traders": 4}}},
        {"strategy": "theirs.py:honest"},
    ],
)
@pytest.mark.parametrize("named", [(), ("other.py",)])
def test_a_file_that_only_the_policy_names_is_not_run(saved, monkeypatch, change, named):
    monkeypatch.chdir(saved)
    (saved / "other.py").write_text(
        THEIRS.replace("naive-walrasian", "other")
        .replace("def theirs", "def others")
        .replace("it_ran", "other_ran")
    )
    description = json.loads((saved / "p.json").read_text()) | {"market": MARKET | change}
    (saved / "p.json").write_text(json.dumps(description))
    with pytest.raises(ResultsError, match=r"names theirs\.py; run"):
        evaluate(saved / "p", plugins=named)
    assert not (saved / "it_ran").exists()


def test_an_honest_policy_is_evaluated(saved):
    report = evaluate(saved / "p")
    assert report.learned_gain == pytest.approx(0, abs=1e-12)

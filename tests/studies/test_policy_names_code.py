"""A policy file from elsewhere runs no code that its user does not name."""

import json

import pytest

from deviator.economies import private_values
from deviator.envs import deviation_core
from deviator.errors import ResultsError
from deviator.evidence import market
from deviator.mechanisms import NaiveWalrasian
from deviator.policies import Network, save_policy
from deviator.studies.saved_market import saved_market
from deviator.studies.spec.market import MarketSpec
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


def mine(folder, text=THEIRS):
    """Write a file with the rule of a policy, and save a policy that was trained with it."""
    file = folder / "mine.py"
    file.write_text(text.replace('"naive-walrasian"', '"mine"'))
    market_of_file = MARKET | {"mechanism": f"{file}:mine"}
    economy = private_values(4)
    core = deviation_core(market(NaiveWalrasian(economy), economy))
    policy = core.deviation(Network(([[0.0] * 4],), ([0.0],)))
    plugins = MarketSpec.model_validate(market_of_file).plugins()
    save_policy(policy, folder / "q", market=market_of_file, plugins=plugins)
    return file


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (None, "there is no such file here"),
        (THEIRS, "so it was not edited since"),
        (THEIRS + "\n# edited\n", "since the training mechanism 'mine' has changed"),
        (THEIRS.partition("class")[0], "cannot be read as it is now"),
    ],
)
def test_what_is_known_of_a_file_is_said_without_running_it(tmp_path, text, known):
    file = mine(tmp_path)
    if text is None:
        file.rename(tmp_path / "moved.py")
    else:
        file.write_text(text.replace('"naive-walrasian"', '"mine"'))
    with pytest.raises(ResultsError, match=known):
        evaluate(tmp_path / "q")
    assert not (tmp_path / "it_ran").exists()


def test_changes_since_the_training_are_said(tmp_path):
    file = mine(tmp_path)
    assert saved_market(tmp_path / "q", (str(file),)).changes == []
    edited = tmp_path / "elsewhere" / "mine.py"
    edited.parent.mkdir()
    edited.write_text(file.read_text() + "# edited\n")
    file.unlink()
    spec, changes = saved_market(tmp_path / "q", (str(edited),))
    assert spec.mechanism == f"{edited}:mine"
    assert len(changes) == 1
    assert changes[0].startswith("since the training mechanism 'mine' has changed: it was mine.py")
    assert not list(tmp_path.rglob("it_ran"))


def test_digests_are_checked_before_a_file_is_run(tmp_path):
    file = mine(tmp_path)
    description = json.loads((tmp_path / "q.json").read_text()) | {"information": "own"}
    (tmp_path / "q.json").write_text(json.dumps(description))
    with pytest.raises(ResultsError, match="must match the digest"):
        evaluate(tmp_path / "q", plugins=(str(file),))
    assert not (tmp_path / "it_ran").exists()


def test_a_file_does_not_replace_the_built_in_that_a_policy_names(saved):
    theirs = str(saved / "theirs.py")
    assert saved_market(saved / "p", (theirs,)).spec.mechanism == "naive-walrasian"

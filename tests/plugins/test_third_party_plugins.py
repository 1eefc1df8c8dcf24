"""Plugins of others: listed, named, tried where they harm nothing, and never fatal."""

import sys

import pytest
from helpers import distributions

from deviator import audit
from deviator.economies import private_values
from deviator.errors import InvalidInputError, PluginLoadError, UnknownNameError
from deviator.plugins import build, find_plugin, list_plugins, make, plugins_of_file
from deviator.plugins.listing import plugin_statuses
from deviator.plugins.scaffold import scaffold
from deviator.studies import confirm, read_study


@pytest.fixture
def broken_plugins(tmp_path, monkeypatch):
    """Install everything that can be wrong."""
    folder = tmp_path / "site"
    distributions.install_broken_plugins(folder)
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.startswith(("acme_", "zeta", "future"))]:
        del sys.modules[name]


WRONG = [
    ("raises", "(ValueError: the auctioneer is ill (acme_raises.py, line 1)); repair or remove it"),
    ("leaves", "(SystemExit: 0 (acme_leaves.py, line 2)); repair or remove it"),
    ("crashes", "it must leave its process running, and ended it"),
    ("sleeps", "it must end within"),
    ("no-class", "must be a class or a function that builds a deviator.mechanisms"),
    ("wrong-base", "must be a subclass of deviator.mechanisms"),
    ("unfinished", "Unfinished lacks clear"),
    ("speechless", "Speechless lacks language"),
    ("nowhere", "No module named 'acme_nowhere'"),
]


@pytest.mark.parametrize(("name", "rule"), WRONG)
def test_what_is_wrong_is_one_sentence_and_harms_no_other(broken_plugins, name, rule):
    limit_s = 2 if name == "sleeps" else 600
    with pytest.raises(PluginLoadError) as caught:
        find_plugin("mechanism", name).load(limit_s)
    sentence = str(caught.value)
    assert sentence.startswith(f"mechanism {name!r} of acme 1.2 ")
    assert rule in sentence
    assert "\n" not in sentence
    assert make("sound-auction").name == "sound-auction"
    assert audit("uniform-double-auction", private_values(4), held_out=200).state == "refuted"


def test_listing_imports_nothing(broken_plugins):
    names = {spec.name for spec in list_plugins("mechanism") if spec.provider == "acme"}
    assert names >= {name for name, _ in WRONG}
    assert not [name for name in sys.modules if name.startswith("acme_")]


def test_incompatible_plugins_are_named(broken_plugins):
    with pytest.raises(PluginLoadError, match=r"of future 9.0 .* requires deviator>=99"):
        make("futuristic")


def test_names_claimed_twice(broken_plugins):
    with pytest.raises(PluginLoadError, match="claimed by acme and zeta; say 'acme:twice'"):
        make("twice")
    assert find_plugin("mechanism", "zeta:twice").provider == "zeta"
    assert type(make("zeta:twice")).__module__ == "zeta"
    assert find_plugin("mechanism", "sigma-dcda").provider == "deviator"
    assert find_plugin("mechanism", "acme:sigma-dcda").provider == "acme"


@pytest.mark.slow
def test_the_listing_says_which_plugins_work(broken_plugins):
    statuses = plugin_statuses("mechanism", limit_s=5)
    states = {(one.spec.name, one.spec.provider): one.state for one in statuses}
    for name, rule in WRONG:
        assert states[name, "acme"].startswith("broken: ")
        assert rule in states[name, "acme"]
    assert states["futuristic", "future"].startswith("incompatible: it requires deviator>=99")
    assert states["sound-auction", "acme"] == "ready"
    assert states["sigma-dcda", "deviator"] == "ready"
    assert states["sigma-dcda", "acme"] == ("ready as acme:sigma-dcda, the name is also deviator's")


def test_the_listing_describes_files_and_what_is_no_plugin_file(tmp_path):
    (tmp_path / "auction.py").write_text(distributions.AUCTION)
    (tmp_path / "empty.py").write_text("x = 1\n")
    files = [str(tmp_path / name) for name in ("auction.py", "empty.py", "missing.py")]
    result = {one.spec.name: one for one in plugin_statuses("mechanism", files)}
    assert result["sound-auction"].about == "One price for all."
    assert result["sound-auction"].spec.provider_label.startswith("auction.py ")
    assert "must define a plugin" in result[files[1]].state
    assert "cannot be read" in result[files[2]].state


FILE = """
import numpy as np
from dataclasses import dataclass
from deviator.economies import Economy, LinearQuadratic, private_values
from deviator.learners import Learner
from deviator.mechanisms import Mechanism, Outcome, ScheduleLanguage, UniformDoubleAuction
from deviator.policies import Policy

class Base(Mechanism):
    language = ScheduleLanguage()

@dataclass(frozen=True)
class Taxed(Base):
    fee: float = 0.1
    name = "taxed"

    def clear(self, bids):
        outcome = UniformDoubleAuction().clear(bids)
        transfer = outcome.transfer + self.fee * outcome.quantity**2
        return Outcome(outcome.price, outcome.quantity, transfer)

def small_market(n_traders: int = 3) -> LinearQuadratic:
    return private_values(n_traders, alpha=1.0, slope=2.0)

def helper(n: int) -> int:
    return n
"""


def test_a_file_is_read_without_importing_it(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE + "\nraise RuntimeError('imported')\n")
    result = plugins_of_file(path)
    assert [(spec.kind, spec.name) for spec in result] == [
        ("mechanism", "taxed"),
        ("economy", "small-market"),
    ]
    with pytest.raises(PluginLoadError, match=r"'taxed' of mine.py .*RuntimeError: imported"):
        make(f"{path}:taxed")


def test_a_file_is_used_by_name_in_python(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    economy = build("economy", f"{path}:small-market", {"n_traders": 4})
    verdict = audit(f"{path}:taxed", economy, held_out=200, fee=0.2)
    assert verdict.state == "refuted"
    assert verdict.plugins[0] == {
        "name": "taxed",
        "provider": "mine.py",
        "version": find_plugin("mechanism", f"{path}:taxed").version,
    }
    with pytest.raises(UnknownNameError, match="did you mean 'taxed'"):
        make(f"{path}:taxes")


def test_an_edited_file_is_another_version(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    first = make(f"{path}:taxed")
    path.write_text(FILE.replace("0.1", "0.3"))
    second = make(f"{path}:taxed")
    assert (first.fee, second.fee) == (0.1, 0.3)
    assert type(first).__module__ != type(second).__module__


STUDY = """
name: small
plugins: [mine.py]
seeds: [0]
steps: 2000
held_out: 300
learner: evolution
economies:
  small: {family: small-market, n_traders: 4}
cells:
  - {mechanism: taxed, economy: small, parameters: {fee: 0.2}}
  - {mechanism: uniform-double-auction, economy: small}
"""


@pytest.mark.slow
def test_a_study_names_a_file_and_records_it(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "study.yaml").write_text(STUDY)
    report = confirm(tmp_path / "study.yaml", out=tmp_path / "run", workers=2, trust=True)
    assert report.failures == {}
    row = report.rows[0]
    assert (row["mechanism"], row["economy"]) == ("taxed", "small market")
    assert (row["best_gain_kind"], row["exact_gain"]) == ("searched", None)
    digest = find_plugin("mechanism", f"{tmp_path / 'mine.py'}:taxed").version
    plugin = {"kind": "mechanism", "name": "taxed", "provider": "mine.py", "version": digest}
    assert plugin in row["plugins"]
    assert str(tmp_path) not in (tmp_path / "run" / "report.json").read_text()


def test_results_follow_the_content_of_a_file_and_not_its_place(tmp_path):
    keys = []
    for place, text in (("a", FILE), ("b", FILE), ("c", FILE.replace("0.1", "0.3"))):
        folder = tmp_path / place
        folder.mkdir()
        (folder / "mine.py").write_text(text)
        (folder / "study.yaml").write_text(STUDY)
        keys.append(read_study(folder / "study.yaml").expand()[0].key)
    assert keys[0] == keys[1] != keys[2]


BROKEN = """
import os, time
from deviator.mechanisms import Mechanism, ScheduleLanguage, UniformDoubleAuction

class Base(Mechanism):
    language = ScheduleLanguage()

class Fails(Base):
    name = "fails"
    def clear(self, bids):
        raise ZeroDivisionError("failed")

class Hangs(Base):
    name = "hangs"
    def clear(self, bids):
        time.sleep(3600)

class Crashes(Base):
    name = "crashes"
    def clear(self, bids):
        os._exit(1)
"""


@pytest.mark.slow
def test_a_study_goes_on_where_plugins_raise_hang_or_crash(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "trouble.py").write_text(BROKEN)
    (tmp_path / "raises.py").write_text("class A(Mechanism):\n    name = 'raises'\nraise OSError\n")
    study = STUDY.replace("[mine.py]", "[mine.py, trouble.py, raises.py]")
    for name in ("fails", "hangs", "crashes", "raises"):
        study += f"  - {{mechanism: {name}, economy: small}}\n"
    (tmp_path / "study.yaml").write_text(study)
    report = confirm(
        tmp_path / "study.yaml", out=tmp_path / "run", workers=1, trust=True, trial_s=5
    )
    assert [row["mechanism"] for row in report.rows] == ["taxed", "uniform-double-auction"]
    reasons = "\n".join(report.failures.values())
    for rule in (
        "fails of trouble.py: ZeroDivisionError: failed",
        "hangs of trouble.py: it must end within 5 s",
        "crashes of trouble.py: it must leave its process running",
        "'raises' of raises.py",
    ):
        assert rule in reasons
    assert len(report.failures) == 4


def test_a_name_in_two_files_is_an_error(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(FILE)
    (tmp_path / "study.yaml").write_text(STUDY.replace("[mine.py]", "[a.py, b.py]"))
    with pytest.raises(PluginLoadError, match="'small-market' is defined twice"):
        read_study(tmp_path / "study.yaml").expand()


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("color", "red", "kind must be one of"),
        ("mechanism", "MyAuction", "a name must be small letters"),
        ("mechanism", "import", "a name must be small letters"),
        ("mechanism", "sigma-dcda", "exists already, of deviator"),
    ],
)
def test_scaffolds_that_are_refused(tmp_path, kind, name, message):
    with pytest.raises(InvalidInputError, match=message):
        scaffold(kind, name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_scaffold_overwrites_nothing(tmp_path):
    with pytest.raises(InvalidInputError, match="a folder that does not exist"):
        scaffold("mechanism", "my-auction", tmp_path)


def villain(body):
    """Return the text of a file with an auction whose `clear` does something else."""
    return (
        "import os, sys, time\n"
        "import numpy as np\n"
        "from dataclasses import dataclass, replace\n"
        "from deviator.mechanisms import Mechanism, Outcome, ScheduleLanguage, UniformDoubleAuction\n"
        "@dataclass(frozen=True)\n"
        "class Villain(Mechanism):\n"
        "    name = 'villain'\n"
        "    language = ScheduleLanguage()\n"
        "    def clear(self, bids):\n"
        "        outcome = UniformDoubleAuction().clear(bids)\n"
        f"        {body}\n"
    )


BODIES = [
    (
        "return outcome.price",
        "must return an Outcome",
        "check_outcome_shapes",
        "clear must return an Outcome, got ndarray",
    ),
    (
        "return replace(outcome, transfer=outcome.transfer.sum(axis=1))",
        "must return a transfer of shape",
        "check_outcome_shapes",
        "transfer must have shape",
    ),
    (
        "return replace(outcome, transfer=outcome.transfer * np.nan)",
        "must return a finite transfer",
        "check_finite",
        "transfer must be finite, got nan",
    ),
    (
        "return replace(outcome, quantity=outcome.quantity + 0.01)",
        "must return quantities that sum to 0",
        "check_market_clears",
        "quantities must sum to 0",
    ),
    ("os._exit(1)", None, "check_market_clears", "it must leave its process running, and ended it"),
    (
        "sys.exit(1)",
        None,
        "check_market_clears",
        "it must leave its process running, and called exit",
    ),
    ("time.sleep(3600)", None, "check_market_clears", "it must end within 2 s, and did not"),
    (
        "bids.level[:] = 0; return outcome",
        None,
        "check_inputs_unchanged",
        "must leave bids alone, and level was changed",
    ),
    (
        "return replace(outcome, transfer=outcome.transfer + time.time())",
        None,
        "check_same_result_twice",
        "the same bids must clear the same again",
    ),
    (
        "return replace(outcome, transfer=outcome.transfer + outcome.price.mean())",
        None,
        "check_batch_equals_loop",
        "must clear alone as in its batch",
    ),
]


@pytest.mark.parametrize(("body", "in_audit", "check", "in_check"), BODIES)
def test_check_names_plugin_provider_and_rule(
    run_command, tmp_path, capsys, body, in_audit, check, in_check
):
    path = tmp_path / "mine.py"
    path.write_text(villain(body))
    limit = "2" if "sleep" in body else "600"
    assert run_command("check", path, "--only", check, "--limit", limit) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if "failed" in line]
    version = plugins_of_file(path)[0].version
    title = f"mechanism 'villain' of mine.py {version}: {check}"
    assert len(failed) == 1
    assert title in failed[0]
    assert in_check in failed[0]
    if in_audit is not None:
        with pytest.raises(InvalidInputError, match=f"villain {in_audit}.*run `deviator check`"):
            audit(f"{path}:villain", private_values(4), held_out=100)


def test_a_factored_economy_in_a_study(tmp_path):
    (tmp_path / "study.yaml").write_text(
        """
name: factored
seeds: [0]
economies:
  statistics:
    family: factored
    own: [1.0, 1.0, 1.0, 1.0]
    loadings: [[0.2], [0.2], [0.2], [0.2]]
    statistics: [[1.0, 1.0, 1.0, 1.0]]
    slope: 1.0
cells:
  - {mechanism: sigma-dcda, sigma: sigma-n, economy: statistics, parameters: {statistics: economy}}
  - {mechanism: uniform-conditional, economy: statistics, parameters: {statistics: economy}}
"""
    )
    cells = read_study(tmp_path / "study.yaml").expand()
    assert cells[0].market.build_market().bid_size == 4
    assert cells[1].is_control
    assert cells[1].controls(cells[0])


def test_a_general_information_structure_in_a_study(tmp_path):
    (tmp_path / "study.yaml").write_text(
        """
name: beliefs
seeds: [0]
economies:
  news:
    beliefs: normal
    value_mean: [0.0, 0.1, 0.0]
    signal_mean: [0.0, 0.0, 0.0]
    value_signal_covariance: [[1.0, 0.2, 0.1], [0.2, 1.0, 0.2], [0.1, 0.2, 1.0]]
    signal_covariance: [[1.5, 0.2, 0.1], [0.2, 1.4, 0.2], [0.1, 0.2, 1.6]]
    slope: [1.0, 1.2, 0.9]
  takers: {family: private-values, n_traders: 3}
cells:
  - mechanism: uniform-double-auction
    strategy: linear-bayes
    economy: news
    control: {mechanism: uniform-double-auction, economy: takers}
  - {mechanism: uniform-double-auction, economy: takers}
"""
    )
    tested = read_study(tmp_path / "study.yaml").expand()[0].market.build_market()
    assert tested.strategy.name == "linear-bayes"
    assert tested.distribution.covariance[0, 0] == 1.5

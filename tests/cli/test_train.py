"""`deviator train` and `deviator evaluate`: budgets, checkpoints, names, and what is refused."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import tiny_learner
from villains.plugin_files import LINGERS, MAIN_ENDS, STAYS, villain

from deviator.plugins.guarded_process import GUARDED

STEPPER = ("--learner", "stepper", "--plugin", Path(tiny_learner.__file__))
MARKET = ("naive-walrasian", "--economy", "private-values", "-s", "n_traders=4")


@pytest.fixture
def train(run_command, capsys, monkeypatch, tmp_path):
    """Return a function that trains in this process, as in one that may be lost: it is quick."""
    monkeypatch.setenv(GUARDED, "1")
    monkeypatch.chdir(tmp_path)

    def run(*words, code=0):
        assert run_command("train", *MARKET, *STEPPER, *words) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


def test_names_state_the_market_and_the_learner_and_count_up(train, run_command, tmp_path):
    for number in (1, 2):
        printed = train("--steps", 200)
        assert f"policy: runs/policies/naive-walrasian-stepper-000{number}.json" in printed
    assert len(list((tmp_path / "runs" / "policies").iterdir())) == 4
    assert run_command("evaluate", "runs/policies/naive-walrasian-stepper-0002") == 0


def test_settings_of_the_learner_are_stated_as_those_of_a_market(train):
    assert "diverged after 100 bids" in train("--steps", 200, "--learner-set", "diverges=100")
    assert "takes the parameters stride" in train("--learner-set", "strde=1", code=2)


def test_a_budget_in_seconds_stands_alone(train):
    printed = train("--seconds", 0.1)
    assert "0.1/0.1 s" in printed
    assert "learned gain" in printed


def test_checkpoints_and_logs_are_written_and_gone_on_with(train, tmp_path):
    train("--steps", 1000, "--checkpoint", "kept", "--log", "log")
    assert list((tmp_path / "log").glob("events.*"))
    assert "--checkpoint must not name an existing checkpoint" in train(
        "--steps", 1000, "--checkpoint", "kept", code=2
    )
    assert "2000/2000" in train("--steps", 2000, "--resume", "kept/training.json")
    assert "must be more than the 2000" in train("--steps", 2000, "--resume", "kept", code=2)
    printed = train("--steps", 3000, "--resume", "kept", "-s", "slope=3", code=2)
    assert "must have the same market.economy.parameters.slope" in printed
    kept = json.loads((tmp_path / "kept" / "training.json").read_text())
    assert kept["curve"][-1][0] == 2000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steps", "0"), "steps must be at least 1, got 0"),
        (("--seconds", "0"), "seconds must be positive, got 0"),
        (("--seed", "-1"), "seed must be at least 0, got -1"),
        (("--ranges", "wide"), "--ranges must be numbers separated by commas, got 'wide'"),
        (("--ranges", "1,2"), r"ranges must have shape (1), got (2,)"),
        (("--ranges", "1", "--range-multiple", "2"), "has no effect beside ranges"),
        (("--mode", "bold"), "must be relative or absolute, got 'bold'"),
        (("--control", "nobody"), "no mechanism is named 'nobody'"),
        (("--control", "sigma-dcda"), "a matched control must have the same bid language"),
        (("--resume", "nothing"), "there is no nothing/training.json"),
        (("--learner", "nobody"), "no learner is named 'nobody'"),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(train, tmp_path, words, message):
    printed = train(*words, code=2)
    assert message in printed
    assert "steps/s" not in printed
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("seed", [2**32, 2**70])
def test_seeds_may_be_of_any_size(train, seed):
    assert "learned gain" in train("--steps", 200, "--seed", seed)


def test_ctrl_c_keeps_what_was_learned_and_says_so(tmp_path):
    command = (sys.executable, "-m", "deviator.cli", "train", *MARKET, *STEPPER)
    words = [str(word) for word in (*command, "--steps", 10**9, "--checkpoint", "kept")]
    # As from a shell: a parent that ignores Ctrl-C would pass that on.
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert any("steps/s" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate()
    assert process.returncode == 130
    assert "training was interrupted after" in rest
    assert "the best so far is kept" in rest
    assert "learned gain" in rest
    saved = tmp_path / "runs" / "policies" / "naive-walrasian-stepper-0001.json"
    assert json.loads(saved.read_text())["format"] == "deviator policy"


@pytest.mark.parametrize(
    "harm",
    [
        {"cleared": "sys.exit(0)"},
        {"cleared": "import typer; raise typer.Exit(0)"},
        {"at_import": MAIN_ENDS},
    ],
)
def test_a_training_that_a_plugin_ends_does_not_end_with_0(
    run_command, capsys, monkeypatch, tmp_path, harm
):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(villain(**harm))
    words = ("--plugin", "mine.py", "--learner", "evolution", "--steps", 100)
    assert run_command("train", "villain", *MARKET[1:], *words) == 1
    said = capsys.readouterr().err
    assert "\nerror: villain of mine.py " in said
    assert "it must leave its process running, and " in said
    assert said.endswith("the command did not reach its report\n")


def test_a_training_ends_after_its_report_whatever_a_plugin_started(
    run_command, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(villain(f"{STAYS}\n{LINGERS}\nprint('[bold]said')"))
    words = ("--plugin", "mine.py", "--learner", "evolution", "--steps", 100, "--out", "found")
    assert run_command("train", "villain", *MARKET[1:], *words) == 0
    printed = capsys.readouterr()
    assert "learned gain" in printed.out
    assert "[bold]said" in printed.err
    assert Path("found.json").exists()


def test_a_deviation_of_a_third_party_is_saved_and_judged_by_its_file(
    run_command, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    plugin = tmp_path / "shifts.py"
    plugin.write_text(SHIFTS)
    words = ("--steps", 100, "--out", "shift", "--learner", "shifts", "--plugin", plugin)
    assert run_command("train", *MARKET, *words) == 0
    assert "policy: shift.json" in capsys.readouterr().out
    assert run_command("evaluate", "shift", "--plugin", plugin) == 0
    assert "learned gain" in capsys.readouterr().out
    assert run_command("evaluate", "shift") == 2
    assert "name the plugin that defines it" in capsys.readouterr().err


def test_a_policy_of_ones_own_goes_on_from_its_checkpoint(
    run_command, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    Path("shaders.py").write_text(SHADERS)
    words = ("--plugin", "shaders.py", "--learner", "shader")
    first = run_command("train", *MARKET, *words, "--steps", 1000, "--checkpoint", "kept")
    assert first == 0
    assert run_command("train", *MARKET, *words, "--steps", 3000, "--resume", "kept") == 0
    assert "3000/3000" in capsys.readouterr().err


SHADERS = """
from dataclasses import dataclass

from deviator.learners import EvaluatedLearner
from deviator.policies import Deviation, Policy, View


@dataclass(frozen=True)
class Shaded(Deviation):
    others: Policy
    network: float  # a share of the honest level, where learning goes on
    file_format = "shaded"

    def bid(self, view, trader):
        bid = self.others.bids(View.of(view).types).of_trader(trader).copy()
        bid[:, 0] *= self.network
        return bid

    def to_files(self):
        return {}, {"share": self.network}

    @classmethod
    def from_files(cls, tensors, description, others):
        return cls(others, description["share"])


@dataclass(frozen=True)
class Shader(EvaluatedLearner):
    name = "shader"

    def _search(self, session):
        best = Shaded(session.problem.market.strategy, session.start or 1.5)
        session.look(best)
        while not session.done:
            best = Shaded(best.others, 0.9 * best.network + 0.07)
            session.spend(500)
            session.look(best)
"""

SHIFTS = """
from deviator.learners import CurvePoint, Learner, Training
from deviator.policies import Deviation, View


class Shift(Deviation):
    file_format = "shift"

    def __init__(self, others, size):
        self.others, self.size = others, size

    def bid(self, view, trader):
        return self.others.bids(View.of(view).types).of_trader(trader) + self.size

    def to_files(self):
        return {}, {"size": self.size}

    @classmethod
    def from_files(cls, tensors, description, others):
        return cls(others, description["size"])


class Shifts(Learner):
    name = "shifts"

    def settings(self):
        return {}

    def train(self, core, steps, seed, *, progress=None, log_folder=None):
        far, near = (Shift(core.market.strategy, size) for size in (0.5, -0.01))
        return Training(far, near, (CurvePoint(0, -1.0), CurvePoint(steps, 0.1)), 0.2)
"""

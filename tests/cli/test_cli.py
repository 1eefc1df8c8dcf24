"""The command line: what it prints, and how it fails."""

import re

import pytest
from helpers.tiny_study import TINY

import deviator


def test_confirm_prints_the_table_and_writes_the_report(run_command, capsys, tmp_path):
    study = tmp_path / "tiny.yaml"
    study.write_text(TINY)
    code = run_command("confirm", study, "--quick", "--out", tmp_path / "run", "--workers", 1)
    captured = capsys.readouterr()
    printed = captured.out
    assert code == 0
    assert "4 of 4 cells done" in captured.err
    assert "writing tables, figures and the page" in captured.err
    assert "Quick budgets prove little" in printed
    assert "control: profitable deviation found" in printed
    assert "In the sigma-DCDA market no deviation pays" in printed
    for column in ("untrained", "learned", "exact", "share", "control", "cap", "verdict"):
        assert column in printed
    assert (tmp_path / "run" / "report.html").exists()


def test_interrupted_runs_say_how_to_go_on(run_command, monkeypatch, capsys, tmp_path):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("deviator.studies.confirm", interrupted)
    assert run_command("confirm", "--out", tmp_path / "run") == 130
    assert "finished cells are kept" in capsys.readouterr().out


def test_train_shows_a_live_line_and_saves_the_policy(run_command, capsys, tmp_path):
    policy = tmp_path / "policy"
    settings = ("-s", "n_traders=4", "-s", "slope=2.0")
    arguments = ("--economy", "private-values", *settings, "--steps", 4000, "--out", policy)
    assert run_command("train", "naive-walrasian", *arguments) == 0
    printed = capsys.readouterr()
    for word in ("reading the market", "training ppo", "4000/4000", "steps/s", "% done"):
        assert word in printed.err
        assert word not in printed.out
    for word in ("learned gain", "exact best", "share"):
        assert word in printed.out
    assert policy.with_suffix(".safetensors").exists()
    assert run_command("evaluate", policy) == 0
    assert "learned gain" in capsys.readouterr().out


def test_train_takes_any_economy(run_command, capsys, tmp_path):
    weights = "weights=[[1,0.1,0],[0,1,0.1],[0.1,0,1]]"
    common = ("--force", "--steps", 512, "--out", tmp_path / "policy", "--economy")
    general = ("linear-quadratic", "-s", weights, "-s", "slope=[1,.5,2]")
    assert run_command("train", "sigma-dcda", *common, *general, "--sigma", ".3") == 0
    printed = capsys.readouterr().out
    assert "tax slope 0.3" in printed
    assert "share" in printed
    beliefs = ("two-groups", "--strategy", "linear-bayes", "-s", "rho=.4", "-s", "noise=0.5")
    assert run_command("train", "uniform-double-auction", *common, *beliefs) == 0
    strong = ("fundamental-value", "-s", "beta=30")
    assert run_command("train", "sigma-dcda", *common, *strong) == 0
    assert "outside the paper's assumption A4^N" in capsys.readouterr().out


def test_nothing_is_trained_where_nothing_can_be_saved(run_command, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    arguments = ("--economy", "private-values", "--out", tmp_path / "file" / "policy")
    assert run_command("train", "naive-walrasian", *arguments) == 2
    printed = capsys.readouterr()
    assert "steps/s" not in printed.err
    assert "must be writable" in printed.err


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_a_policy_that_is_there_is_not_overwritten(run_command, capsys, tmp_path, suffix):
    kept = tmp_path / f"policy{suffix}"
    kept.write_text("the work of a night")
    arguments = ("train", "naive-walrasian", "--economy", "private-values", "--steps", 512)
    for out in (tmp_path / "policy", kept):
        assert run_command(*arguments, "--out", out) == 2
        printed = capsys.readouterr()
        assert "steps/s" not in printed.err
        assert f"got {kept}; name another, or overwrite it with --force" in printed.err
    assert kept.read_text() == "the work of a night"
    assert run_command(*arguments, "--out", kept, "--force") == 0
    assert run_command("evaluate", kept) == 0


def test_version(run_command, capsys):
    assert run_command("--version") == 0
    assert capsys.readouterr().out == f"{deviator.__version__}\n"


def test_list_names_everything(run_command, capsys):
    assert run_command("list") == 0
    printed = capsys.readouterr().out
    for name in ("sigma-dcda", "uniform-conditional", "two-groups", "ppo", "naive-walrasian"):
        assert name in printed


@pytest.mark.parametrize(("columns", "widest"), [(None, 120), ("80", 80), ("wide", 120)])
def test_tables_in_pipes_are_as_wide_as_a_page_or_as_columns_says(
    run_command, monkeypatch, capsys, columns, widest
):
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", columns)
    assert run_command("list", "mechanism") == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= widest
    assert "modified-vickrey-double-auction" in printed


BROKEN = """
import numpy as np
from dataclasses import dataclass, replace
from deviator.mechanisms import Mechanism, ScheduleLanguage, UniformDoubleAuction

@dataclass(frozen=True)
class Fails(Mechanism):
    name = "fails"
    language = ScheduleLanguage()

    def clear(self, bids):
        return UniformDoubleAuction().clear(bids).price
"""


def test_a_broken_plugin_is_counted_and_fails_a_strict_list(run_command, capsys, tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n" + BROKEN)
    arguments = ("list", "mechanism", "--plugin", tmp_path / "broken.py")
    assert run_command(*arguments) == 0
    assert re.search(r"1 of \d+ cannot be used; with --strict that", capsys.readouterr().out)
    assert run_command(*arguments, "--strict") == 1
    assert run_command("list", "policy", "--strict") == 0
    assert "cannot be used" not in capsys.readouterr().out.splitlines()[-1]


def test_check_reports_broken_rules_first_and_each_reason_once(run_command, capsys, tmp_path):
    (tmp_path / "fails.py").write_text(BROKEN)
    assert run_command("check", tmp_path / "fails.py") == 1
    lines = capsys.readouterr().out.splitlines()
    failed = [line for line in lines if "failed" in line]
    assert "check_outcome_shapes: clear must return an Outcome, got ndarray" in failed[0]
    crashes = ["AttributeError: 'numpy.ndarray' object has no attribute" in line for line in failed]
    assert crashes == sorted(crashes)
    assert any(crashes)
    reasons = [line.split(": ", 2)[2] for line in failed]
    assert len(set(reasons)) == len(reasons)
    assert lines[-2].startswith("      and for the same reasons: check_")
    assert "checks passed" in lines[-1]


def test_assumptions_state_what_they_were_checked_on(run_command, capsys):
    assert run_command("assumptions", "unit-demands", "-s", "high=2.0") == 0
    printed = capsys.readouterr().out
    for words in (
        "n_buyers=3, n_sellers=2, low=0.0, high=2.0",
        "sigma = 0 where a tax matters",
        "128 profiles of the economy's own law (seed 0)",
        "no violation found",
        "trader 0 is in [0, 2]",
    ):
        assert words in printed
    assert run_command("assumptions", "two-groups") == 0
    printed = capsys.readouterr().out
    assert "alpha=1.0" in printed
    assert "decided exactly" in printed
    assert "no violation found" not in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["confirm", "missing.yaml"], "cannot be read: No such file"),
        (["train", "sigma-dcd", "--economy", "two-groups"], "did you mean 'sigma-dcda'"),
        (["train", "sigma-dcda", "--economy", "two-grups"], "did you mean 'two-groups'"),
        (["train", "sigma-dcda", "--economy", "two-groups", "--learner", "ppp"], "'ppo'"),
        (["train", "sigma-dcda", "--economy", "two-groups", "-s", "n_traders=5"], "even"),
        (["train", "sigma-dcda", "--economy", "two-groups", "-s", "n_traders=2"], "at least 3"),
        (["train", "sigma-dcda", "--economy", "two-groups", "-s", "beta"], "name=value"),
        (
            ["train", "sigma-dcda", "--economy", "two-groups", "-s", "beta=[2026"],
            "beta must be a YAML value",
        ),
        (["train", "sigma-dcda", "--economy", "two-groups", "--sigma", "-1"], "non-negative"),
        (["train", "sigma-dcda", "--economy", "two-groups", "--sigma", "nan"], "finite, got nan"),
        (["train", "sigma-dcda", "--economy", "two-groups", "--trader", "12"], "below n_traders"),
        (["train", "sigma-dcda", "--economy", "two-groups", "--information", "all"], "own, statistics, profile"),
        (["train", "sigma-dcda", "--economy", "tight", "-s", "cross_effect=1.0"], "INJ"),
        (["train", "naive-walrasian", "--economy", "tight", "-s", "cross_effect=2"], "dq_i/ds_i"),
        (["train", "naive-walrasian", "--economy", "tight", "--sigma", "1"], "sigma"),
        (["train", "uniform-double-auction", "--economy", "two-groups"], "private values only"),
        (["train", "sigma-dcda", "--economy", "two-groups", "--strategy", "zen"], "no policy is named 'zen'"),
        (["evaluate", "nothing-here"], "there is none"),
        (["list", "colour"], "kind must be one of"),
        (["train", "sigma-dcda", "--economy", "two-groups", "--sigma", "sigma_n"], "'sigma-n' or"),
        (["train", "uniform-double-auction", "--economy", "two-groups", "--strategy", "linear-bayes"], "rho"),
        (["train", "uniform-double-auction", "--economy", "two-grups", "--strategy", "linear-bayes"], "'two-groups'"),
        (["train", "sigma-dcda", "--economy", "heterogeneous", "--trader", "²"], "role"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_code_2(
    run_command, monkeypatch, capsys, tmp_path, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert run_command(*arguments) == 2
    *doing, error = capsys.readouterr().err.splitlines()
    assert message in error
    assert error.startswith("error: ")
    assert all(
        line.startswith(("reading ", "looking ", "checking ", "measuring ")) for line in doing
    )
    assert list(tmp_path.iterdir()) == []

"""Plugins that misstate what they do: no claim of theirs is believed, and nothing else is harmed."""

import json
import multiprocessing
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from villains.economies import NOT_SO_QUADRATIC
from villains.mechanisms import NarrowMenu, NeverTrades
from villains.plugin_files import (
    FORGES,
    HALVES,
    LINGERS,
    MAIN_ENDS,
    POISONS,
    SEGFAULTS,
    STAYS,
    villain,
)

from deviator import audit, make
from deviator.economies import fundamental_value, private_values
from deviator.errors import RefusedError
from deviator.evidence import certify, market
from deviator.mechanisms import SigmaDCDA, UniformDoubleAuction
from deviator.plugins.provenance import FILE_MODULE
from deviator.studies import confirm, read_study


def test_an_economy_that_is_not_what_it_says_confirms_nothing():
    verdict = audit("sigma-dcda", NOT_SO_QUADRATIC, held_out=100, sigma=0.4)
    assert verdict.state != "confirmed"
    assert verdict.certificate is None


class Rebate(SigmaDCDA):
    """Pays back where nobody is expected to look."""

    def clear(self, bids):
        outcome = super().clear(bids)
        rebate = np.where(np.abs(outcome.quantity) > 6, 100.0, 0.0)
        return replace(outcome, transfer=outcome.transfer - rebate)


class QuietRebate(SigmaDCDA):
    """Its payment rule is another one for arrays than for symbols and rational numbers."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        paid = super().payment(price, quantity, residual_slope, tax_slope)
        if isinstance(quantity, np.ndarray) and quantity.dtype == float:
            paid = paid - np.where(np.abs(quantity) > 6, 100.0, 0.0)
        return paid


@pytest.mark.parametrize("rule", [Rebate(0.3), QuietRebate(0.3)])
def test_a_rule_that_runs_otherwise_where_nobody_looks_is_not_certified(rule):
    with pytest.raises(RefusedError, match="needs all that decides an outcome to be known"):
        certify(market(rule, fundamental_value(5)))
    assert audit(rule, fundamental_value(5), held_out=200, trader=0).state != "confirmed"


@dataclass(frozen=True)
class Odd(UniformDoubleAuction):
    """Payments in which a symbol is asked for its value, or meets what no rational number is."""

    sort: str = "compares"

    def payment(self, price, quantity, residual_slope, tax_slope):
        if self.sort == "compares" and quantity == 3.0:
            return price
        if self.sort == "array":
            return price * quantity * np.array([1.0])
        if self.sort == "nan":
            return price * quantity + (0.0 if isinstance(price, np.ndarray) else float("nan"))
        return price * quantity


@pytest.mark.parametrize("sort", ["array", "nan"])
def test_rules_that_cannot_be_read_off_are_searched(sort):
    verdict = audit(Odd(sort), private_values(4), held_out=200)
    assert verdict.certificate is None
    assert verdict.state == "refuted"


def test_a_menu_that_hides_what_pays_is_not_believed():
    verdict = audit(NarrowMenu(), private_values(4), held_out=300)
    assert verdict.state == "refuted"
    assert verdict.lower > 1e-3


def test_where_nobody_trades_nothing_is_claimed():
    assert audit(NeverTrades(), private_values(4), held_out=200).state == "vacuous"


STUDY = """
name: faults
plugins: [mine.py]
seeds: [0]
steps: 2000
held_out: 1600
learner: evolution
economies:
  private: {family: private-values, n_traders: 4, slope: 2.0}
cells:
  - {mechanism: uniform-double-auction, economy: private}
  - {mechanism: mine, economy: private}
"""
MINE = """
import os, sys, time
import numpy as np
from dataclasses import replace
from deviator.mechanisms import Mechanism, Outcome, ScheduleLanguage, UniformDoubleAuction

class Mine(Mechanism):
    name = "mine"
    language = ScheduleLanguage()
    def clear(self, bids):
        outcome = UniformDoubleAuction().clear(bids)
        late = len(bids.level) > 1500
        FAULT
        return outcome
"""


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("outcome = replace(outcome, transfer=outcome.transfer * np.nan)", "a finite transfer"),
        ("outcome = replace(outcome, quantity=outcome.quantity + 1)", "that sum to 0"),
        (
            "outcome = replace(outcome, transfer=outcome.transfer + np.random.rand())",
            "alike each time",
        ),
        ("bids.level[:] = 0.5 * bids.level", "must leave bids alone"),
        slow("if late: os._exit(0)", "must leave its process running, and ended it"),
        slow("outcome = replace(outcome, transfer=outcome.price)", "a transfer of shape"),
        slow("if late: time.sleep(3600)", "must end within 30 s"),
        slow("if late: sys.exit(0)", "must leave its process running, and called exit"),
        slow("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    ],
)
def test_a_study_goes_on_whatever_one_plugin_does_and_when(tmp_path, fault, reason):
    (tmp_path / "mine.py").write_text(MINE.replace("FAULT", fault))
    limit = "limit_s: 30\n" if "sleep" in fault else ""
    (tmp_path / "study.yaml").write_text(STUDY + limit)
    report = confirm(tmp_path / "study.yaml", out=tmp_path / "run", workers=1, trust=True)
    assert [row["mechanism"] for row in report.rows] == ["uniform-double-auction"]
    (failure,) = report.failures.values()
    assert failure.startswith("mine of mine.py: ")
    assert reason in failure


def test_a_file_that_cannot_be_read_costs_no_other_its_cells(tmp_path):
    (tmp_path / "mine.py").write_text("class Mine(Mechanism)\n")
    (tmp_path / "study.yaml").write_text(STUDY.replace("[mine.py]", "[mine.py, missing.py]"))
    report = confirm(tmp_path / "study.yaml", out=tmp_path / "run", workers=1, trust=True)
    assert [row["mechanism"] for row in report.rows] == ["uniform-double-auction"]
    reasons = "\n".join(report.failures.values())
    assert "mine.py must be Python" in reasons
    assert "missing.py cannot be read" in reasons


def test_results_follow_the_files_that_a_file_imports(tmp_path):
    helper = tmp_path / "helper_of_mine.py"
    (tmp_path / "mine.py").write_text(MINE.replace("FAULT", "import helper_of_mine"))
    (tmp_path / "study.yaml").write_text(STUDY)
    keys = []
    for factor in (1.0, 3.0):
        helper.write_text(f"FACTOR = {factor}\n")
        keys.append(read_study(tmp_path / "study.yaml").expand()[1].key)
    assert keys[0] != keys[1]


QUICK = """
name: quick
plugins: [FILES]
seeds: [0]
steps: 500
held_out: 300
learner: evolution
economies:
  private: {family: private-values, n_traders: 4, slope: 2.0}
cells:
  - {mechanism: uniform-double-auction, economy: private}
"""

SOUND = "../[bold]<b>sound"
"""A name that would leave a folder, and is markup in a terminal and on a page."""

VILLAINS = {
    "sound": villain(f"{STAYS}\n{LINGERS}", name=SOUND),
    "ends": villain(MAIN_ENDS, name="ends"),
    "poisons": villain(POISONS, name="poisons"),
    "halves": villain(HALVES, name="halves"),
    "forges": villain(FORGES, name="forges"),
    "crashes": villain(built=SEGFAULTS, name="crashes"),
    "loses": villain(cleared="open('prices.csv')", name="loses"),
}

REASONS = {
    "ends": "it must leave its process running, and ended it",
    "poisons": "ZeroDivisionError: division by zero",
    "halves": "leave deviator as it is, and UniformDoubleAuction.payment was replaced",
    "forges": "leave deviator as it is, and deviator.studies.gather.trades was replaced",
    "crashes": "it must leave its process running, and ended it",
    "loses": "FileNotFoundError: [Errno 2] No such file or directory: 'prices.csv'",
}


def quick_study(folder, files):
    """Write a study of a built-in rule and of files, and return its path."""
    text = QUICK.replace("FILES", ", ".join(f"{name}.py" for name in files))
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
        mechanism = SOUND if name == "sound" else name
        text += f"  - {{mechanism: '{mechanism}', economy: private}}\n"
    (folder / "study.yaml").write_text(text)
    return folder / "study.yaml"


@pytest.mark.slow
def test_whatever_files_do_costs_their_own_cells(run_command, capsys, tmp_path):
    alone = confirm(quick_study(tmp_path, {}), out=tmp_path / "alone", workers=1, trust=True)
    study, out = quick_study(tmp_path, VILLAINS), tmp_path / "out" / "run"
    before = set(sys.modules)
    assert run_command("confirm", study, "--out", out, "--workers", 1, "--trust") == 1
    assert not [name for name in set(sys.modules) - before if name.startswith(FILE_MODULE)]
    report = json.loads((out / "report.json").read_text())
    control, sound = report["rows"]
    assert control == alone.rows[0]
    assert sound["state"] == "refuted"
    reasons = {reason.partition(" of ")[0]: reason for reason in report["failures"].values()}
    for name, reason in REASONS.items():
        assert f"{name}.py" in reasons[name]
        assert reason in reasons[name]
    assert "uniform-double-auction" not in "".join(reasons.values())
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"alone", "out"}
    assert "[bold]<b>sound" not in (out / "report.html").read_text()
    printed = capsys.readouterr()
    assert "sound.py:../[bold]<b>sound" in printed.out
    assert "\x1b" not in printed.out + printed.err


def test_the_kit_fails_a_file_that_changes_a_built_in(run_command, capsys, tmp_path):
    (tmp_path / "mine.py").write_text(villain(HALVES))
    assert run_command("check", tmp_path / "mine.py", "--only", "check_settings") == 1
    assert "UniformDoubleAuction.payment was replaced" in capsys.readouterr().out


def test_a_limit_is_what_the_study_says(tmp_path):
    study = quick_study(tmp_path, {"hangs": villain(built="time.sleep(3600)", name="hangs")})
    study.write_text(study.read_text() + "limit_s: 10\n")
    report = confirm(study, out=tmp_path / "run", workers=1, trust=True)
    assert [row["mechanism"] for row in report.rows] == ["uniform-double-auction"]
    (reason,) = report.failures.values()
    assert reason.startswith("hangs of hangs.py")
    assert "it must end within 10 s" in reason


def made(path, answers):
    """Tell what comes of making a rule by name in this process."""
    try:
        answers.put(make(f"{path}:villain").name)
    except BaseException as error:
        answers.put(repr(error))


def test_a_daemonic_process_loads_a_file_itself(tmp_path):
    (tmp_path / "mine.py").write_text(villain())
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    worker = fork.Process(target=made, args=(tmp_path / "mine.py", answers), daemon=True)
    worker.start()
    assert answers.get(timeout=60) == "villain"
    worker.join()

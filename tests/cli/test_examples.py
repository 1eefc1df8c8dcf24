"""The examples of the help pages, run as printed, one after the other in one folder."""

import json
import re
from pathlib import Path

import pytest
from helpers.command_lines import words_of

from deviator.cli.examples import EXAMPLES
from deviator.studies import confirm

DOCS = Path(__file__).parents[2] / "docs"

STUDY = """
name: my-study
seeds: [0]
steps: 500
held_out: 100
learner: none
economies:
  private: {family: private-values, n_traders: 4}
cells:
  - {mechanism: sigma-dcda, economy: private, sigma: 0.1}
"""

ELSEWHERE = {"deviator confirm --quick", "deviator replicate --report paper.html"}
"""Examples that take minutes: other slow tests run these commands."""


def lines(*commands):
    """Return the examples of commands, in their order."""
    shown = [each.command for command in commands for each in EXAMPLES[command]]
    return [line for line in shown if line not in ELSEWHERE]


CHEAP = [*lines("new", "schema"), "deviator train -h"]
DEAR = lines(
    "deviator", "audit", "power", "train", "evaluate", "equilibrium", "check",
    "assumptions", "list", "doctor", "league", "replicate", "query", "report", "compare", "export",
    "recheck", "study",
)  # fmt: skip


def prepare(folder):
    """Write the files that the examples name."""
    (folder / "my-study.yaml").write_text(STUDY)
    text = (DOCS / "tutorials" / "your-own-mechanism.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    code = next(block for block in blocks if "class DiscountAuction" in block)
    (folder / "my_auction.py").write_text(code)
    for run in ("my-study", "proposition3", "mine", "mine-again"):
        confirm(folder / "my-study.yaml", out=folder / "runs" / run, workers=1)


@pytest.mark.parametrize("line", CHEAP)
def test_cheap_examples_run(run_command, monkeypatch, tmp_path, line):
    monkeypatch.chdir(tmp_path)
    assert run_command(*words_of(line)) == 0


@pytest.mark.slow
def test_all_other_examples_run(run_command, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)
    for line in DEAR:
        capsys.readouterr()
        assert run_command(*words_of(line)) == 0, line
        printed = capsys.readouterr().out
        assert printed.strip(), line
        if "--json" in line:
            json.loads(printed)


def test_every_example_is_run_somewhere():
    shown = {each.command for examples in EXAMPLES.values() for each in examples}
    serves_until_it_is_ended = set(lines("explore"))
    assert shown == {*CHEAP, *DEAR, *ELSEWHERE, *serves_until_it_is_ended}

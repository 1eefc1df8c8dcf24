"""The page on rules over rounds: its examples print what it says, its commands and study run."""

import doctest
import re
import shlex

import pytest
from helpers.repository import ROOT

from deviator.studies.spec.read import read_study

PAGE = ROOT / "docs" / "plugins" / "rounds.md"
TEXT = PAGE.read_text()
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]


def test_every_example_of_the_page_prints_what_it_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted > 20
    assert result.failed == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda line: line[:40])
def test_every_command_of_the_page_runs(command, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    assert run_command(*shlex.split(command)[1:]) == 0
    if " audit " in command:
        shown = " ".join(capsys.readouterr().out.split())
        assert "profitable deviation found" in shown
        assert "nothing is certified of a rule over rounds" in shown


def test_the_study_of_the_page_is_one(tmp_path):
    (study,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    file = ROOT / "plugins" / "examples" / "two_round_uniform.py"
    (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "study.yaml").write_text(study)
    cells = read_study(tmp_path / "study.yaml").expand()
    assert [cell.market.rule.name for cell in cells] == [
        "two-round-uniform",
        "uniform-double-auction",
    ]

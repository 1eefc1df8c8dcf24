"""The page on lotteries: its example prints what it says, and its commands run."""

import doctest
import re
import shlex

import pytest
from helpers.repository import ROOT

from deviator.plugins.conformance import all_checks

PAGE = ROOT / "docs" / "plugins" / "lotteries.md"
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines()
]


def test_the_example_of_the_page_prints_what_it_says():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_the_checks_of_the_page_exist():
    named = set(re.findall(r"`(check_\w+)`", PAGE.read_text()))
    assert named <= {check.name for check in all_checks()}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda line: " ".join(line.split()[1:3])[-60:])
def test_every_command_of_the_page_runs(command, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    assert run_command(*shlex.split(command)[1:]) == 0
    if " audit " in command:
        told = capsys.readouterr().out
        assert "incentive compatibility open" in told
        assert "the same in each draw   open" in told

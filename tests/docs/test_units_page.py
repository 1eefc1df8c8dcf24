"""The page on several units: its examples print what it says, and its commands run."""

import doctest
import re
import shlex

import pytest
from helpers.repository import ROOT

PAGE = ROOT / "docs" / "plugins" / "units.md"
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines()
]


def test_every_example_of_the_page_prints_what_it_says():
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
        assert "profitable deviation found" in capsys.readouterr().out

"""The pages on rungs of information and on policies: their examples and commands run."""

import doctest
import re
import shlex

import pytest
from helpers.repository import ROOT

PAGES = [ROOT / "docs" / "plugins" / f"{name}.md" for name in ("information", "policies")]
COMMANDS = [
    line
    for page in PAGES
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_of_the_page_prints_what_it_says(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted > 10
    assert result.failed == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda line: line[:40])
def test_every_command_of_the_page_runs(command, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    assert run_command(*shlex.split(command)[1:]) == 0
    if " audit " in command:
        printed = " ".join(capsys.readouterr().out.split())
        said = "friends-type shows" if "friends-type" in command else "over 32,768 fresh draws"
        assert "profitable deviation found" in printed
        assert said in printed

"""The pages on rungs of information and on policies: their examples and commands run."""

import pytest
from helpers.pages import assert_command_runs, assert_examples_hold, commands_of
from helpers.repository import ROOT

PAGES = ("information", "policies")


@pytest.mark.parametrize("page", PAGES)
def test_every_example_of_the_page_prints_what_it_says(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert_examples_hold(page, 11)


@pytest.mark.parametrize(("page", "line"), commands_of(*PAGES))
def test_every_command_of_the_page_runs(page, line, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert_command_runs(run_command, tmp_path, page, line)
    if " audit " in line:
        printed = " ".join(capsys.readouterr().out.split())
        said = "friends-type shows" if "friends-type" in line else "over 32,768 fresh draws"
        assert "profitable deviation found" in printed
        assert said in printed

"""The page on several units: its examples print what it says, and its commands run."""

import pytest
from helpers.pages import assert_command_runs, assert_examples_hold, commands_of


def test_every_example_of_the_page_prints_what_it_says():
    assert_examples_hold("units", 21)


@pytest.mark.parametrize(("page", "line"), commands_of("units"))
def test_every_command_of_the_page_runs(page, line, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert_command_runs(run_command, tmp_path, page, line)
    if " audit " in line:
        assert "profitable deviation found" in capsys.readouterr().out

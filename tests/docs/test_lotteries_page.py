"""The page on lotteries: its example prints what it says, and its commands run."""

import re

import pytest
from helpers.pages import assert_command_runs, assert_examples_hold, commands_of, text_of

from deviator.plugins.conformance import all_checks


def test_the_example_of_the_page_prints_what_it_says():
    assert_examples_hold("lotteries", 11)


def test_the_checks_of_the_page_exist():
    named = set(re.findall(r"`(check_\w+)`", text_of("lotteries")))
    assert named <= {check.name for check in all_checks()}


@pytest.mark.parametrize(("page", "line"), commands_of("lotteries"))
def test_every_command_of_the_page_runs(page, line, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert_command_runs(run_command, tmp_path, page, line)
    if " audit " in line:
        told = capsys.readouterr().out
        assert "incentive compatibility open" in told
        assert "the same in each draw   open" in told

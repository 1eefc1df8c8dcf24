"""The pages on rules with somebody outside and on money: their files are written, commands run."""

import shlex

import pytest
from helpers.pages import assert_command_runs, assert_examples_hold, commands_of
from helpers.repository import ROOT

SAID = {
    "check reserve_seller.py": "check_market_clears",
    "check loss_averse.py": "check_payoff_falls_in_the_transfer",
    "train market-maker": "learned gain +",
    "audit posted-offer -m offered=100": "incentive compatibility open",
    "audit": "profitable deviation found",
}
"""What a command prints, by words of it: the first of them that it has."""


@pytest.mark.parametrize(("page", "line"), commands_of("outside", "money"))
def test_a_command_of_a_page_says_what_the_page_says(
    run_command, monkeypatch, tmp_path, capsys, page, line
):
    monkeypatch.chdir(tmp_path)
    assert_command_runs(run_command, tmp_path, page, line)
    words = set(shlex.split(line))
    printed = " ".join(capsys.readouterr().out.split())
    assert next(said for key, said in SAID.items() if set(key.split()) <= words) in printed


def test_the_example_of_risk_aversion_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert_examples_hold("money", 6)

"""The pages on rules with somebody outside and on money: their files are written, commands run."""

import doctest
import re
import shlex

import pytest
from helpers.repository import ROOT

FILE = re.compile(r"`(?P<name>\w+\.py)`:\n\n```python\n(?P<text>.*?)```", re.DOTALL)
COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)
SAID = {
    "check reserve_seller.py": "check_market_clears",
    "check loss_averse.py": "check_payoff_falls_in_the_transfer",
    "train market-maker": "learned gain +",
    "audit posted-offer -m offered=100": "incentive compatibility open",
    "audit": "profitable deviation found",
}
"""What a command prints, by words of it: the first of them that it has."""


def text_of(page):
    return (ROOT / "docs" / "plugins" / page).read_text()


def commands():
    for page in ("outside.md", "money.md"):
        for line in "".join(COMMANDS.findall(text_of(page))).splitlines():
            yield pytest.param(page, line, id=line[9:60])


@pytest.mark.parametrize(("page", "line"), list(commands()))
def test_a_command_of_a_page_says_what_the_page_says(
    run_command, monkeypatch, tmp_path, capsys, page, line
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    for file in FILE.finditer(text_of(page)):
        (tmp_path / file["name"]).write_text(file["text"])
    program, *words = shlex.split(line)
    assert program == "deviator"
    assert run_command(*words) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert next(said for key, said in SAID.items() if set(key.split()) <= set(words)) in printed


def test_the_example_of_risk_aversion_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "docs/plugins/money.md"), module_relative=False)
    assert tried > 5
    assert failed == 0

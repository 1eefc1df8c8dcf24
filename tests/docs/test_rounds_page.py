"""The page on rules over rounds: its examples print what it says, its commands and study run."""

import re

import pytest
from helpers.pages import assert_command_runs, assert_examples_hold, commands_of, text_of
from helpers.repository import ROOT

from deviator.studies.spec.read import read_study


def test_every_example_of_the_page_prints_what_it_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert_examples_hold("rounds", 21)


@pytest.mark.parametrize(("page", "line"), commands_of("rounds"))
def test_every_command_of_the_page_runs(page, line, run_command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert_command_runs(run_command, tmp_path, page, line)
    if " audit " in line:
        shown = " ".join(capsys.readouterr().out.split())
        assert "profitable deviation found" in shown
        assert "rules over rounds have no certificate" in shown


def test_the_study_of_the_page_is_one(tmp_path):
    (study,) = re.findall(r"```yaml\n(.*?)```", text_of("rounds"), re.DOTALL)
    file = ROOT / "plugins" / "examples" / "two_round_uniform.py"
    (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "study.yaml").write_text(study)
    cells = read_study(tmp_path / "study.yaml").expand()
    assert [cell.market.rule.name for cell in cells] == [
        "two-round-uniform",
        "uniform-double-auction",
    ]

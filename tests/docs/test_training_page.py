"""The page on training: its examples run, and its commands too, with smaller budgets."""

import doctest
import re
import shlex

import numpy as np
import pytest
from helpers.repository import ROOT

PAGE = ROOT / "docs" / "training.md"
SMALLER = (
    ("--seconds 20", "--seconds 0.3"),
    ("00000", "000"),
    ("40000", "2048"),
    ("80000", "4096"),
)


def commands():
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [block.splitlines() for block in blocks]


def test_the_examples_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, globs={"np": np})
    assert tried > 20
    assert failed == 0


@pytest.mark.parametrize("lines", commands(), ids=lambda lines: lines[-1][:40])
def test_the_commands_run_one_after_the_other(run_command, monkeypatch, tmp_path, lines):
    monkeypatch.chdir(tmp_path)
    for line in lines:
        for large, small in SMALLER:
            line = line.replace(large, small)
        _, *words = shlex.split(line)
        assert run_command(*words) == 0, line


def test_every_option_that_the_page_names_is_there(run_command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    run_command("train", "--help")
    known = capsys.readouterr().out
    for option in set(re.findall(r"`(--[a-z-]+)", PAGE.read_text())):
        assert option in known

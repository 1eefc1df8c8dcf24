"""The studies that ship: each parses, expands into cells, and has a page that says how to run it."""

import pytest
from helpers.repository import ROOT

from deviator.studies import read_study

FILES = sorted((ROOT / "runs").glob("*.yaml"))
PAGES = ROOT / "docs" / "studies"

SLOW = {"plugin-rules"}
"""Of many files of plugins, each of which a process of its own imports first."""


def named(file):
    return pytest.param(file, id=file.stem, marks=[pytest.mark.slow] if file.stem in SLOW else [])


@pytest.mark.parametrize("file", [named(file) for file in FILES])
def test_it_parses_and_expands(file):
    study = read_study(file)
    assert study.name == file.stem
    cells = study.expand()
    assert len({cell.key for cell in cells}) == len(cells) > 1


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_names_the_command_of_its_study(page):
    named = f"deviator study runs/{page.stem}.yaml"
    assert page.stem == "README" or named in page.read_text(encoding="utf-8")

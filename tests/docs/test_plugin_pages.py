"""docs/plugins/: examples print what they say, commands run, and the lists are those of the code."""

import re
import runpy
from inspect import isabstract, isclass
from typing import get_args

import pytest
from helpers.pages import PAGES, assert_command_runs, assert_examples_hold, commands_of, text_of
from helpers.repository import DOCS, ROOT

from deviator import mechanisms
from deviator.mechanisms import BidLanguage, Bids, Claim, clearing

EXAMPLES = {"languages": 5, "own-language": 8, "certified": 5, "determinism": 3, "learner": 8}
WITH_COMMANDS = ("mechanism", "own-language", "economy")


@pytest.mark.parametrize(("page", "least"), EXAMPLES.items())
def test_every_example_prints_what_it_says(page, least, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert_examples_hold(page, least)


@pytest.mark.parametrize(("page", "line"), commands_of(*WITH_COMMANDS))
def test_every_command_runs(run_command, monkeypatch, tmp_path, page, line):
    monkeypatch.chdir(tmp_path)
    assert_command_runs(run_command, tmp_path, page, line)


def test_all_languages_records_clearings_and_claims_are_listed():
    listed = set(re.findall(r"`(\w+)", text_of("languages")))
    public = [getattr(mechanisms, name) for name in mechanisms.__all__]
    classes = [each for each in public if isclass(each) and issubclass(each, BidLanguage | Bids)]
    known = {each.__name__ for each in classes if not isabstract(each)}
    clearings = {name for name in clearing.__all__ if name.endswith("Clearing")} - {"Clearing"}
    assert known | clearings | set(get_args(Claim)) <= listed


def test_all_checks_are_listed():
    written = runpy.run_path(str(DOCS / "checks.py"))["page"]()
    assert written == text_of("checks"), "run python docs/checks.py"


def test_every_page_and_example_is_in_the_index():
    index = text_of("README")
    for page in PAGES.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index
    for example in (ROOT / "plugins" / "examples").glob("*.py"):
        assert f"`{example.name}`" in index


def test_links_between_pages_lead_somewhere():
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([\w./-]+)\)", page.read_text()):
            assert (PAGES / target).exists(), f"{page.name} links to {target}"

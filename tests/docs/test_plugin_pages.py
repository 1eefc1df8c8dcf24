"""docs/plugins/: examples print what they say, commands run, and the lists are those of the code."""

import doctest
import re
import runpy
import shlex
from inspect import isabstract, isclass
from typing import get_args

import pytest
from helpers.repository import DOCS, ROOT

from deviator import mechanisms
from deviator.mechanisms import BidLanguage, Bids, Claim, clearing

PAGES = DOCS / "plugins"
FILE = re.compile(r"`(?P<name>\w+\.py)`:\n\n```python\n(?P<text>.*?)```", re.DOTALL)
COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)
EXAMPLES = {"languages": 5, "own-language": 8, "certified": 5, "determinism": 3, "learner": 8}
WITH_COMMANDS = ("mechanism", "own-language", "economy")


def text_of(page):
    return (PAGES / f"{page}.md").read_text()


@pytest.mark.parametrize(("page", "least"), EXAMPLES.items())
def test_every_example_prints_what_it_says(page, least, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(PAGES / f"{page}.md"), module_relative=False)
    assert tried >= least
    assert failed == 0


def commands():
    for page in WITH_COMMANDS:
        for line in "".join(COMMANDS.findall(text_of(page))).splitlines():
            yield pytest.param(page, line, id=line[9:70])


@pytest.mark.parametrize(("page", "line"), list(commands()))
def test_every_command_runs(run_command, monkeypatch, tmp_path, page, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    for file in FILE.finditer(text_of(page)):
        (tmp_path / file["name"]).write_text(file["text"])
    program, *words = shlex.split(line)
    assert program == "deviator"
    assert run_command(*words) == 0


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

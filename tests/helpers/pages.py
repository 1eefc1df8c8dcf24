"""Pages of docs/plugins/, whose examples print what they say and whose commands run."""

import doctest
import re
import shlex

import pytest

from .repository import DOCS, ROOT

PAGES = DOCS / "plugins"
FILE = re.compile(r"`(?P<name>\w+\.py)`:\n\n```python\n(?P<text>.*?)```", re.DOTALL)
COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)


def text_of(page):
    return (PAGES / f"{page}.md").read_text()


def assert_examples_hold(page, least):
    """Assert that a page's examples, so many at least, print what it says."""
    result = doctest.testfile(
        str(PAGES / f"{page}.md"), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted >= least
    assert result.failed == 0


def commands_of(*pages):
    """Return the commands of pages as parameters of a test, each with its page."""
    return [
        pytest.param(page, line, id=line[9:70])
        for page in pages
        for line in "".join(COMMANDS.findall(text_of(page))).splitlines()
    ]


def assert_command_runs(run_command, folder, page, line):
    """Assert that a command of a page runs in a folder with the files that the page writes."""
    (folder / "plugins").symlink_to(ROOT / "plugins")
    for file in FILE.finditer(text_of(page)):
        (folder / file["name"]).write_text(file["text"])
    program, *words = shlex.split(line)
    assert program == "deviator"
    assert run_command(*words) == 0

"""docs/tables.md: written from the code, and its queries answered."""

import re
import runpy
import shlex
from pathlib import Path

import pytest
from helpers.report_content import content

from deviator.studies.run.store import RunStore
from deviator.studies.tables.query import ask
from deviator.studies.tables.write import write_tables

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "tables.md"
COMMANDS = re.findall(r"^deviator query .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_is_the_one_that_the_code_writes():
    written = runpy.run_path(str(DOCS / "tables.py"))["page"]()
    assert PAGE.read_text(encoding="utf-8") == written, "run python docs/tables.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_its_queries_have_answers(command, tmp_path):
    write_tables(RunStore(tmp_path), content())
    assert ask(tmp_path, shlex.split(command)[3]).records

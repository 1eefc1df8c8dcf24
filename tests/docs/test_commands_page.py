"""docs/commands.md: written from the commands' help."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_the_one_that_the_commands_write():
    written = runpy.run_path(str(DOCS / "commands.py"))["page"]()
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert page == written, "run python docs/commands.py"

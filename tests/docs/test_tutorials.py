"""The tutorials: what their blocks name exists, and their notebooks run and print what they say."""

import doctest
import re
import runpy
from itertools import pairwise

import nbformat
import pytest
from helpers import virtual_environment
from helpers.repository import DOCS, ROOT
from helpers.tutorials import blocks, commands, unknown_names, unknown_words
from nbclient import NotebookClient

from deviator.plain_yaml import read_yaml

NOTEBOOKS = runpy.run_path(str(DOCS / "notebooks.py"))
TUTORIALS = [path.stem for path in NOTEBOOKS["sources"]()]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
PAGES = [
    ROOT / "README.md",
    *(DOCS / "tutorials").glob("*.md"),
    *(DOCS / "how-to").glob("*.md"),
    DOCS / "for-economists.md",
    DOCS / "for-rl.md",
]


def source(stem):
    return DOCS / "tutorials" / f"{stem}.md"


def test_there_are_seven_tutorials():
    assert len(TUTORIALS) == 7


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_the_blocks_of_a_page_name_exists(page):
    found = blocks(page)
    written = {block.file.removesuffix(".py") for block in found if block.file}
    for block in found:
        if block.kind == "python" and not block.text.startswith(">>>"):
            assert unknown_names(block.text, written) == []
        elif block.kind == "yaml":
            assert read_yaml(block.text).values
        elif block.kind == "console":
            for line in commands(block.text):
                assert unknown_words(line) == [], line


def test_an_unknown_name_or_option_is_noticed():
    assert unknown_names("import deviator\ndeviator.no_such_thing(3)") == ["deviator.no_such_thing"]
    assert unknown_names("from deviator.envs import nothing") == ["deviator.envs.nothing"]
    assert unknown_names("import no_such_module") == ["no_such_module"]
    assert unknown_words("deviator audit sigma-dcda --econmy two-groups") == ["--econmy"]
    assert unknown_words("deviator udit sigma-dcda") == ["udit"]
    with pytest.raises(SyntaxError):
        unknown_names("print(")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("stem", TUTORIALS)
def test_the_notebook_is_the_one_that_the_text_makes(stem):
    made = nbformat.writes(NOTEBOOKS["notebook"](source(stem))) + "\n"
    kept = NOTEBOOKS["target"](source(stem)).read_text(encoding="utf-8")
    assert kept == made, "run python docs/notebooks.py"


@pytest.mark.slow
@pytest.mark.parametrize("stem", TUTORIALS)
def test_the_notebook_runs_and_prints_what_it_says(stem, tmp_path):
    assert_prints_what_it_says(source(stem), tmp_path)


@pytest.mark.slow
def test_a_notebook_that_prints_something_else_is_noticed(tmp_path):
    page = tmp_path / "wrong.md"
    page.write_text("# Wrong\n\n```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    with pytest.raises(AssertionError, match="2"):
        assert_prints_what_it_says(page, tmp_path)


def assert_prints_what_it_says(page, folder):
    """Run a page's notebook; a cell may take any time, as only one that hangs would meet a limit."""
    notebook = NOTEBOOKS["notebook"](page)
    stated = [printed(cell) for cell in notebook.cells]
    assert any(stated)
    variables = virtual_environment.create(folder / "venv") | {
        "PYTHONPATH": str(ROOT / "src"),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=None, kernel_name="python3", resources=where).execute(
        env=variables
    )
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for cell, wanted in zip(notebook.cells, stated, strict=True):
        got = printed(cell)
        if wanted:
            assert doctest.OutputChecker().check_output(wanted, got, flags), f"{cell.source}\n{got}"


def printed(cell):
    """Return what a cell prints on standard output."""
    outputs = [each for each in cell.get("outputs", []) if each.output_type == "stream"]
    return "".join(each.text for each in outputs if each.get("name", "stdout") == "stdout")


def test_one_output_follows_each_block_that_states_one():
    for stem in TUTORIALS:
        for before, after in pairwise(blocks(source(stem))):
            if after.kind == "text":
                assert before.kind in ("python", "console")
                assert not before.file

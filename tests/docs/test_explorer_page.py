"""What the page about the explorer says."""

import doctest

from helpers.repository import ROOT


def test_its_examples_run():
    page = str(ROOT / "docs" / "explorer.md")
    flags = doctest.NORMALIZE_WHITESPACE
    done = doctest.testfile(page, module_relative=False, optionflags=flags, encoding="utf-8")
    assert done.attempted > 4
    assert done.failed == 0

"""The page on environments: its examples run, and print what it says."""

import doctest

from helpers.repository import ROOT

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def test_every_example_of_the_page_prints_what_it_says():
    result = doctest.testfile(
        str(ROOT / "docs" / "environments.md"), module_relative=False, optionflags=FLAGS
    )
    assert result.attempted > 30
    assert result.failed == 0

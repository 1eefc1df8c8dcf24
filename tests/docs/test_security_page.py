"""The page on security: its examples print what it says, and run no file of somebody else's."""

import doctest

from helpers.repository import ROOT


def test_every_example_of_the_page_prints_what_it_says(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(
        str(ROOT / "docs" / "plugins" / "security.md"),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE,
    )
    assert result.attempted > 10
    assert result.failed == 0

"""The page on security: its examples print what it says, and run no file of somebody else's."""

from helpers.pages import assert_examples_hold


def test_every_example_of_the_page_prints_what_it_says(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert_examples_hold("security", 11)

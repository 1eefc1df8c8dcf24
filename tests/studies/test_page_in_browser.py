"""The page of a study in a browser."""

import pytest
from helpers.browser import open_file, watched_page

pytestmark = pytest.mark.slow


def test_pages_that_ask_outside_are_noticed(browser, tmp_path):
    (tmp_path / "page.html").write_text(
        '<img src="http://nowhere.invalid/x.png"><script>console.error("no")</script>'
    )
    with watched_page(browser) as watched:
        open_file(watched, tmp_path / "page.html")
        watched.page.wait_for_load_state("networkidle")
        assert watched.outside == ["http://nowhere.invalid/x.png"]
        assert "no" in watched.errors

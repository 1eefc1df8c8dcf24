"""The documentation as a site: built with warnings as errors, and read in a browser."""

import doctest
import re
import subprocess
import sys

import pytest
from docs.building.mathml import anchor
from docs.building.members import members
from helpers.browser import PHONE, open_file, watched_page
from helpers.repository import DOCS, ROOT

pytestmark = pytest.mark.slow

FETCHED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=\"(https?:|//)")
VISITED = (
    "index.html",
    "theory/sigma-vcg.html",
    "reference/mechanisms/sigma-dcda.html",
    "reference/environments/Deviation-v0.html",
    "reference/api/deviator.mechanisms.html",
    "comparison.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "-q"]
    built = subprocess.run([*words, str(DOCS), str(folder)], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-3000:]
    return folder


def test_every_member_has_a_page_in_the_form_of_gymnasiums(site):
    for member in members():
        text = (site / f"{member.page}.html").read_text(encoding="utf-8")
        for part in ("Made with", "Arguments", "Version history"):
            assert part in text, f"{member.page} has no {part}"
        assert "Source" in text or "References" in text, member.page


def test_nothing_is_fetched_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        assert not FETCHED.search(page.read_text(encoding="utf-8")), page


@pytest.mark.parametrize("dark", [False, True])
def test_pages_in_a_browser_ask_nobody_and_report_no_error(site, browser, dark):
    with watched_page(browser, dark=dark) as watched:
        for page in VISITED:
            open_file(watched, site / page)
            assert watched.page.title()
        assert watched.outside == []
        assert watched.errors == []


def test_formulas_are_typeset_and_numbered(site, browser):
    with watched_page(browser) as watched:
        open_file(watched, site / "theory" / "sigma-vcg.html")
        sizes = watched.eval("[...document.querySelectorAll('math')].map(m => m.offsetHeight || 1)")
        assert len(sizes) > 30
        assert watched.eval(f"document.getElementById('{anchor('3.13')}') !== null")
        assert "$$" not in watched.page.inner_text("article")


def test_a_search_finds_a_word_of_the_glossary(site, browser):
    with watched_page(browser) as watched:
        watched.page.goto((site / "search.html").as_uri() + "?q=autarky")
        watched.page.wait_for_selector("#search-results li")
        assert watched.outside == []


def test_the_front_page_fits_a_phone(site, browser):
    with watched_page(browser, width=PHONE, height=800) as watched:
        open_file(watched, site / "index.html")
        assert watched.widest() <= 0


def test_the_five_lines_of_the_front_page_print_what_they_say():
    result = doctest.testfile(str(ROOT / "docs" / "index.md"), module_relative=False)
    assert (result.attempted, result.failed) == (4, 0)


def test_a_warning_fails_the_build(tmp_path):
    (tmp_path / "conf.py").write_text("project = 'broken'\nextensions = ['myst_parser']\n")
    (tmp_path / "index.md").write_text("# Title\n\n[nowhere](#nowhere)\n")
    words = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "-q"]
    built = subprocess.run([*words, str(tmp_path), str(tmp_path / "out")], capture_output=True)
    assert built.returncode != 0

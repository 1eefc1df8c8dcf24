"""The page of a replication in a browser."""

import pytest
from helpers.browser import PHONE, open_file, watched_page
from helpers.replication_rows import a_row

from deviator.paper import report_html
from deviator.paper.runner import statements
from deviator.paper.statement import Finding

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of all statements, as if each had been computed."""
    path = tmp_path_factory.mktemp("paper") / "page.html"
    found = Finding(1e-12, "off by 1.2e-12 of q_i^0; 40 comparisons in drawn economies", None)
    rows = [each.conclude(found) for each in statements()] + [a_row("fails")]
    path.write_text(report_html(rows, "page.json"), encoding="utf-8")
    return path


def rows_shown(watched):
    return watched.eval(
        "[...document.querySelectorAll('.statements > tbody')].filter(each => each.checkVisibility()).length"
    )


def test_statements_sort_and_filter_and_ask_nobody(browser, page):
    with watched_page(browser) as watched:
        open_file(watched, page)
        everything = rows_shown(watched)
        watched.page.get_by_label("verdict").select_option("fails")
        failing = watched.page.locator(".statements td.fails").count()
        assert 0 < rows_shown(watched) == failing < everything
        watched.page.get_by_label("verdict").select_option("")
        watched.page.get_by_label("search").fill("Proposition 2")
        assert 5 < rows_shown(watched) < everything
        watched.page.get_by_role("button", name="discrepancy").click()
        assert watched.eval("document.querySelector('th[aria-sort]').textContent") == "discrepancy"
        assert watched.errors == []
        assert watched.requests == [page.as_uri()]


def test_formulas_and_figures_are_there_without_javascript(browser, page):
    with watched_page(browser, javascript=False, dark=True) as watched:
        open_file(watched, page)
        formula = watched.page.locator("math msub").first.bounding_box()
        assert formula["width"] > 0
        assert all(watched.page.locator(f"#figure-{number}").is_visible() for number in (1, 2, 3))
        assert watched.page.locator(".drawn svg").count() == 3


@pytest.mark.parametrize(("width", "media"), [(PHONE, "screen"), (1055, "print")])
def test_nothing_is_cut_on_a_phone_or_in_print(browser, page, width, media):
    with watched_page(browser, width=width) as watched:
        open_file(watched, page)
        watched.page.emulate_media(media=media)
        assert watched.widest() == 0
        ends = "[...document.querySelectorAll('.statements th, .statements td')].map(each => each.getBoundingClientRect().right)"
        assert max(watched.eval(ends)) <= width

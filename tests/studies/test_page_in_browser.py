"""The page of a study in a browser: it sorts, filters, opens and prints, and asks nobody for anything."""

import re

import pytest
from helpers.browser import PHONE, open_file, watched_page

from benchmarks.study_page import synthetic_content
from deviator.studies.figures.write import write_figures
from deviator.studies.report.page import write_html
from deviator.studies.run.store import RunStore

pytestmark = pytest.mark.slow

PAPER = {"width": 1055, "height": 725}
"""A4 landscape without its margins, in pixels."""

SHOWN = "[...document.querySelectorAll('.verdicts > tbody')].filter(each => each.checkVisibility())"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of 42 rows, a few of them audits of many outcomes, with figures."""
    folder = tmp_path_factory.mktemp("page")
    content = synthetic_content(42)
    verdict = {"state": "confirmed", "scope": "every profile", "share": 0.125}
    names = ("market_clearing", "budget_surplus", "individual_rationality", "efficiency")
    outcomes = {
        f"an_outcome_of_long_name_{place}": {"value": 0.1234, "error": 0.05} for place in range(14)
    }
    for row in content["rows"][:3]:
        row |= {"constraints": dict.fromkeys(names, verdict), "outcomes": outcomes}
    content["rows"][1]["control"] = {"mechanism": "the control", "key": content["rows"][0]["key"]}
    store = RunStore(folder)
    store.write("report.json", "{}")
    write_html(store, content, write_figures(store, content))
    return folder / "report.html"


@pytest.fixture
def watched(browser, page):
    with watched_page(browser) as watched:
        yield open_file(watched, page)
        assert watched.errors == []
        assert watched.requests == [page.as_uri()], "a page asks for nothing but itself"


def shown(watched, column):
    """Return the texts of a column, numbered from 1, in the rows that are shown."""
    return watched.eval(f"{SHOWN}.map(each => each.rows[0].cells[{column - 1}].textContent.trim())")


def test_pages_that_ask_outside_or_complain_are_noticed(browser, tmp_path):
    (tmp_path / "page.html").write_text(
        '<img src="http://nowhere.invalid/x.png"><script>console.error("no")</script>'
    )
    with watched_page(browser) as watched:
        open_file(watched, tmp_path / "page.html")
        watched.page.wait_for_load_state("networkidle")
        assert watched.outside == ["http://nowhere.invalid/x.png"]
        assert "no" in watched.errors


def test_columns_sort_up_down_and_back(watched):
    head = watched.page.locator(".verdicts > thead th", has_text="learned")
    before = shown(watched, 1)
    place = head.evaluate("each => each.cellIndex") + 1
    seen = []
    for direction in ("ascending", "descending", None):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == direction
        seen.append([float(text) for text in shown(watched, place)])
    assert seen[0] == sorted(seen[0])
    assert seen[1] == sorted(seen[0], reverse=True)
    assert shown(watched, 1) == before


def test_what_a_row_opens_to_moves_with_it(watched):
    watched.page.locator("details.opens summary").nth(1).click()
    key = watched.eval("document.querySelector('tbody:has(details.opens[open])').id")
    watched.page.get_by_role("button", name="mechanism").click()
    opened = watched.eval("document.querySelector('tbody:has(details.opens[open])').id")
    assert opened == key
    assert watched.page.locator(f"#{key} .more").is_visible()


def test_rows_are_filtered_by_words_and_choices(watched):
    everything = len(shown(watched, 1))
    assert everything == 42
    watched.page.get_by_label("mechanism").select_option("sigma-dcda")
    assert set(shown(watched, 1)) == {"sigma-dcda"}
    count = len(shown(watched, 1))
    assert watched.page.get_by_text(f"{count} of 42 rows").is_visible()
    watched.page.get_by_label("search").fill("DCDA profile 32")
    assert set(shown(watched, 3)) <= {"32"}
    assert 0 < len(shown(watched, 3)) < count
    watched.page.get_by_label("search").fill("nothing like this")
    assert shown(watched, 1) == []
    watched.page.get_by_label("search").fill("")
    watched.page.get_by_label("mechanism").select_option("")
    assert len(shown(watched, 1)) == everything


def test_rows_open_by_keyboard_and_by_address(watched, page):
    more = watched.page.locator(".verdicts .more")
    assert not more.first.is_visible()
    watched.page.locator("details.opens summary").first.focus()
    watched.page.keyboard.press("Enter")
    assert more.first.is_visible()
    text = more.first.inner_text()
    assert all(title in text for title in ("Certificate", "Witness", "Seeds", "Settings"))
    watched.page.keyboard.press("Enter")
    assert not more.first.is_visible()
    watched.page.locator("details.opens summary").nth(1).click()
    watched.page.get_by_role("link", name="its row").click()
    assert more.first.is_visible()
    watched.page.get_by_role("button", name="open all").click()
    assert all(more.nth(place).is_visible() for place in range(42))


def test_everything_can_be_reached_by_keyboard(watched):
    reached = set()
    for _ in range(30):
        watched.page.keyboard.press("Tab")
        reached.add(watched.eval("document.activeElement.tagName"))
    assert {"A", "INPUT", "SELECT", "BUTTON", "SUMMARY"} <= reached


def test_tables_and_drawings_say_what_they_are(watched):
    assert watched.eval(
        "[...document.querySelectorAll('main .wide > table')].every(each => each.caption && each.tHead)"
    )
    assert watched.eval("[...document.querySelectorAll('th')].every(each => each.scope)")
    images = "[...document.querySelectorAll('svg, [role=img]')].filter(each => !each.ariaHidden)"
    assert watched.eval(f"{images}.length") > 42
    assert watched.eval(f"{images}.every(each => each.ariaLabel)")
    assert watched.eval(
        "new Set([...document.querySelectorAll('[id]')].map(each => each.id)).size"
    ) == watched.eval("document.querySelectorAll('[id]').length")


def test_without_javascript_rows_open_and_drawings_are_there(browser, page):
    with watched_page(browser, javascript=False) as watched:
        open_file(watched, page)
        assert watched.page.locator(".controls").count() == 0
        assert watched.page.locator("thead button").count() == 0
        watched.page.locator("details.opens summary").first.click()
        assert watched.page.locator(".more").first.is_visible()
        assert watched.page.locator(".curves svg").first.is_visible()
        assert watched.page.locator(".drawn svg").first.is_visible()
        assert watched.errors == []


def test_on_a_phone_the_verdict_is_in_sight(browser, page):
    with watched_page(browser, width=PHONE, height=844) as watched:
        open_file(watched, page)
        assert watched.widest() == 0
        first = watched.page.locator(".answer li").first.bounding_box()
        assert first["y"] + first["height"] < 844
        verdict = watched.page.locator(".verdicts > tbody > tr > td:nth-child(4)").first
        box = verdict.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE
        assert not watched.page.locator(
            ".verdicts > tbody > tr > td:nth-child(9)"
        ).first.is_visible()
        watched.page.locator("details.opens summary").first.click()
        assert "untrained" in watched.page.locator(".more").first.inner_text()
        assert watched.widest() == 0


def luminance(color):
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_pages_can_be_read(browser, page, dark):
    with watched_page(browser, dark=dark) as watched:
        open_file(watched, page)
        style = "getComputedStyle(document.querySelector('{}')).{}"
        ground = luminance(watched.eval(style.format("body", "backgroundColor")))
        assert (ground < 60) == dark
        for part in ("body", ".confirmed", ".control", ".note", "a[href]"):
            assert abs(luminance(watched.eval(style.format(part, "color"))) - ground) > 75
        assert ("invert" in watched.eval(style.format(".drawn svg", "filter"))) == dark


def test_printed_no_column_is_cut(browser, page, tmp_path):
    with watched_page(browser, dark=True, **PAPER) as watched:
        open_file(watched, page)
        watched.page.locator("details.opens summary").first.click()
        watched.page.emulate_media(media="print")
        assert watched.widest() == 0
        ends = "[...document.querySelectorAll('th, td')].map(each => each.getBoundingClientRect().right)"
        assert max(watched.eval(ends)) <= PAPER["width"]
        cut = "[...document.querySelectorAll('th, td')].filter(each => each.scrollWidth > each.clientWidth + 1).length"
        assert watched.eval(cut) == 0
        assert not watched.page.locator(".controls").is_visible()
        written = watched.page.pdf(prefer_css_page_size=True)
        width, height = map(
            float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", written).groups()
        )
        assert (width, height) == pytest.approx((842, 595), abs=2)
        assert written.count(b"/Type /Page\n") + written.count(b"/Type /Page ") < 20

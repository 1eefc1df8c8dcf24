"""The page of a study: static, escaped, complete, and small where a study is large."""

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from helpers.report_content import row

from benchmarks.study_page import synthetic_content, synthetic_row
from deviator.studies.figures.drawn import DrawnFigure
from deviator.studies.figures.write import write_figures
from deviator.studies.report.fitted_rates import rate_lines
from deviator.studies.report.page import MOST_OPEN, MOST_PANELS, write_html
from deviator.studies.report.page_provenance import DATA
from deviator.studies.report.page_tables import constraint_table, outcome_table, rate_table
from deviator.studies.report.table import explanations
from deviator.studies.run.store import RunStore


def page_of(folder, content, figures=()):
    write_html(RunStore(folder), content, figures)
    return (folder / "report.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Reads tags with their attributes and texts, and counts the rows of the first table."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.attributes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.texts.append(data.strip())


def stands_alone(page):
    """Whether a page runs no script but its own, and names nothing outside its folder."""
    read = Reader(page)
    outside = [
        value
        for name, value in read.attributes
        if name in ("src", "href", "xlink:href")
        and not value.startswith(("#", "data:,", "figures/", "tables/", *DATA))
    ]
    handlers = [name for name, _ in read.attributes if name.startswith("on")]
    (ours, *others) = re.findall("<script[^>]*>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(ours.encode()).digest()).decode()
    may_run = re.search(r"script-src ([^;]*);", unescape(page))[1]
    return not (outside or handlers or others) and may_run == f"'sha256-{digest}'"


def test_a_page_stands_alone_and_shows_every_row(tmp_path):
    content = synthetic_content(40)
    page = page_of(tmp_path, content)
    read = Reader(page)
    assert stands_alone(page)
    assert read.tags.count("polyline") == 40 * 3
    assert read.tags.count("tr") >= 41
    assert read.tags.count("tbody") >= 40
    assert f"{len(content['rows'])} rows: 14 x control: profitable deviation found, 26 x no" in page
    assert "In all 14 uniform-conditional controls a deviation pays, as it is meant to" in page
    assert '<td class="control">control: profitable deviation found' in page
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize(
    "villain",
    [
        "<script>alert(1)</script>",
        '<img src="https://example.org/x.png">',
        '<p onclick="f()">',
        '<link href="https://example.org/x.css">',
        '<a href="//example.org">x</a>',
    ],
)
def test_pages_that_run_or_fetch_something_do_not_stand_alone(tmp_path, villain):
    page = page_of(tmp_path, synthetic_content(2)).replace("</body>", f"{villain}</body>")
    assert not stands_alone(page)


def row_seed(name):
    gains = dict.fromkeys(("untrained_gain", "learned_gain", "learned_gain_max"), 0.1)
    return {"seed": 0, "stopped": name} | gains


def plugin(name):
    return {"kind": name, "name": name, "provider": name, "version": name}


def condition(name):
    return {"name": name, "detail": name, "holds": False}


def test_names_of_strangers_stay_texts(tmp_path):
    name = "\x1b[31m<script>alert('x')</script>\"><svg onload=f()>"
    content = synthetic_content(3)
    rows = [
        row | {"mechanism": name, "economy_label": name, "learner": name} for row in content["rows"]
    ]
    found = {name: {"state": name, "scope": name, "share": 0.1}}
    rows[0] |= {"constraints": found, "outcomes": {name: {"value": 1.0, "error": 0.5}}}
    rows[0]["witness"] = {"trader": name, "types": [name], name: name}
    rows[1] |= {"reason": name, "key": name, "by_seed": [row_seed(name)], "plugins": [plugin(name)]}
    rows[2] |= {
        "certificate": {"kind": name, "conditions": [condition(name)]},
        "beyond": {name: name},
    }
    (tmp_path / "study.yaml").write_text(f"name: {name}")
    figure = DrawnFigure("menus", "menus", "Menus.", b"<svg/>")
    page = page_of(
        tmp_path, content | {"rows": rows, "study": name, "failures": {name: name}}, [figure]
    )
    assert stands_alone(page)
    assert "\x1b" not in page


def test_curves_keep_their_ends_and_the_exact_optimum_is_beside_them(tmp_path):
    row = synthetic_row(0) | {
        "best_gain": 1.0,
        "curves": [[[float(step), step / 1000] for step in range(1001)]],
    }
    page = page_of(tmp_path, synthetic_content(0) | {"rows": [row]})
    (points,) = re.findall(r'<polyline points="([^"]*)"', page)
    numbers = [tuple(map(float, point.split(","))) for point in points.split()]
    assert numbers[0] == (0.0, 72.0)
    assert numbers[-1] == (170.0, 0.0)
    assert len(numbers) < 70
    assert '<line class="best" x2="170" y1="0.0" y2="0.0"/>' in page


def test_a_large_study_has_a_page_that_can_be_opened(tmp_path):
    page = page_of(tmp_path, synthetic_content(4000))
    assert len(page) < 4e6
    assert page.count('<g id="c') == MOST_PANELS
    assert f"{4000 - MOST_PANELS} more curves are left out" in page
    assert page.count("<tr>") >= 4001
    assert page.count('<tr class="more">') == MOST_OPEN


@pytest.mark.slow
def test_a_page_of_42_cells_is_small(tmp_path):
    content = synthetic_content(42)
    figures = write_figures(RunStore(tmp_path), content)
    page = page_of(tmp_path, content, figures)
    assert page.count('<tr class="more">') == 42
    assert len(page.encode()) < 600_000


def test_a_row_opens_to_what_supports_its_verdict(tmp_path):
    certificate = {
        "kind": "exact linear-quadratic",
        "conditions": [
            {"name": "the objective is concave", "holds": True, "detail": "mu = 1"},
            {"name": "honesty is first-order optimal", "holds": False, "detail": "off by 0.1"},
        ],
    }
    control = {"mechanism": "the control", "share": 0.8765, "key": "00ff"}
    row = synthetic_row(0) | {
        "certificate": certificate,
        "control": control,
        "by_seed": [row_seed("diverged")],
        "learner_settings": {"markets": 64},
    }
    page = page_of(tmp_path, synthetic_content(0) | {"rows": [row]})
    (details,) = re.findall(r'<tr class="more">.*?\n</div></td></tr>', page, re.DOTALL)
    for told in (
        "holds: the objective is concave (mu = 1)",
        "does not hold</b>: honesty is first-order optimal (off by 0.1)",
        "<dt>deviating bid<dd>0.8, 0.5",
        "<td>diverged",
        '<use href="#c0"/>',
        "<dt>learner markets<dd>64",
        '<a href="#cell-00ff">',
        "<dt>share<dd>0.8765",
    ):
        assert told in details


def test_a_page_says_where_it_comes_from_and_links_its_data(tmp_path):
    content = synthetic_content(1) | {"quick": True, "versions": {"deviator": "7", "numpy": "8"}}
    theirs = {"kind": "mechanism", "name": "mine", "provider": "mine.py", "version": "ab12"}
    content["rows"][0]["plugins"] = [theirs]
    (tmp_path / "tables").mkdir()
    for file in ("report.json", "tables/rows.csv", "tables/rows.tex"):
        (tmp_path / file).write_text("")
    (tmp_path / "study.yaml").write_text("name: made-up\n")
    page = page_of(tmp_path, content)
    for told in (
        "<code>deviator confirm study.yaml --quick</code>",
        "<pre>name: made-up\n</pre>",
        "deviator 7, numpy 8. Plugins",
        "mechanism mine: mine.py ab12",
        "Review of Economic Studies",
    ):
        assert told in page
    addresses = {value for name, value in Reader(page).attributes if name == "href"}
    assert {"report.json", "study.yaml", "tables/rows.csv", "tables/rows.tex"} <= addresses
    assert not any("seeds" in address or "provenance" in address for address in addresses)


def test_same_content_same_bytes(tmp_path):
    pages = {page_of(tmp_path, synthetic_content(12)) for _ in range(2)}
    assert len(pages) == 1


def test_what_a_study_does_not_have_is_no_table():
    rows = [synthetic_row(place) for place in range(3)]
    assert constraint_table(rows) is None
    assert outcome_table(rows) is None
    assert rate_table(rows) is None


def test_constraints_and_outcomes_stand_in_tables():
    verdict = {"state": "refuted", "scope": "every profile", "share": 0.125}
    outcomes = {
        "inefficiency": {"value": 0.25, "error": 0.01},
        "condition": {"value": 3.0, "error": None},
        "surplus": {"value": -8.2e-18, "error": 4e-19},
        "deficit": {"value": 1e-9, "error": 2e-18},
    }
    row = synthetic_row(1) | {"constraints": {"budget_surplus": verdict}, "outcomes": outcomes}
    constraints, measured = constraint_table([row, synthetic_row(2)]), outcome_table([row])
    assert constraints.columns[-1] == "budget_surplus"
    assert constraints.rows[0][-1] == "violated, 12.5%"
    assert len(constraints.rows) == 1
    assert measured.rows[0][-4:] == ["0.25 ±0.01", "3", "0", "1e-09"]


def test_fitted_rates_stand_in_a_table():
    rows = [
        synthetic_row(0) | {"n_traders": n, "best_gain": 3.0 / n**2, "sigma": 0.1}
        for n in (4, 8, 16)
    ]
    table = rate_table(rows)
    (gain,) = [row for row in table.rows if row[0].startswith("best gain")]
    assert gain[3:5] == ["4, 8, 16", "-2.000"]


def test_a_rate_says_at_which_sizes_there_was_nothing_to_fit():
    gains = {4: 0.3, 8: 0.1, 16: 0.05, 32: 0.0, 64: -1e-3}
    rows = [
        synthetic_row(0) | {"n_traders": n, "best_gain": gain, "sigma": 0.1}
        for n, gain in gains.items()
    ]
    (gain,) = [row for row in rate_table(rows).rows if row[0].startswith("best gain")]
    assert gain[3] == "4, 8, 16; 0 or less at 32, 64"
    (line,) = [line for line in rate_lines(rows) if line.measure == "gain"]
    assert line.words.endswith("where above 0, not at N = 32, 64")


def test_reasons_of_strangers_hold_no_control_characters():
    villain = row(stopped=["\x1b[2Jgone\u202e"], unit="payoff", economy_label="\x00a")
    assert not [line for line in explanations([villain]) if not line.isprintable()]

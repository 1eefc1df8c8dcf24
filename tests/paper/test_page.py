"""The page of a replication."""

import html
from urllib.parse import urlparse

from helpers.replication_rows import a_row, parsed

from deviator.paper import report_html
from deviator.paper.page import counted


def test_the_page_shows_rows_errata_and_figures_without_a_network():
    rows = [
        a_row("holds"),
        a_row("fails"),
        a_row("erratum", corrected="b & not a"),
    ]
    figure = a_row("holds", name="Figure 1")
    page = report_html([*rows, figure])
    parser = parsed(page)
    text = " ".join(parser.text)
    assert not [address for address in parser.addresses if urlparse(address).scheme]
    assert "1 < 2 & 2 > 1" in text
    assert "computed <b>so</b>" in text, "what was computed is text, not markup"
    assert text.count("b & not a") == 2, "among all rows, and among the errata"
    assert "4 statements: 2 hold, 1 hold as corrected, 1 fail" in text
    assert 'id="figure-1"' in page
    assert 'id="figure-2"' not in page
    assert "Errata" not in report_html(rows[:1])
    assert counted(rows[:1]) == "1 statement: 1 hold"


def test_the_command_of_the_page_gives_these_rows_and_no_others():
    rows = [a_row("holds")]
    assert "<code>deviator replicate --report PAGE</code>" in report_html(rows)
    some = report_html(rows, "rows.json", ["Proposition 5", "Section 6"])
    command = "deviator replicate 'Proposition 5' 'Section 6' --report PAGE"
    assert f"<code>{command}</code>" in html.unescape(some)

"""Running all statements: selection, order, processes, what fails, the page and the command."""

import importlib
import io
import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlparse

import pytest
import villains.paper
from rich.console import Console

from deviator.cli import main
from deviator.cli.replicate import _print
from deviator.errors import InvalidInputError, UnknownNameError
from deviator.paper import Finding, Row, Statement, replicate, report_html, runner
from deviator.paper.page import counted
from deviator.paper.runner import ORDER, compute, select, statements


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["deviator", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def a_row(state, **parts):
    settings = {"name": "Lemma 99", "source": "nowhere", "printed": "1 < 2 & 2 > 1", "check": None}
    printed = 1.0 if state == "erratum" else None
    finding = Finding(1.0 if state == "fails" else 0.0, "computed <b>so</b>", printed)
    return Statement(**(settings | parts)).conclude(finding)


def test_every_numbered_result_has_a_statement():
    results = {statement.result for statement in statements()}
    numbered = {
        **{"Example": 9, "Proposition": 7, "Lemma": 5, "Definition": 3, "Figure": 3},
    }
    for kind, last in numbered.items():
        assert {f"{kind} {number}" for number in range(1, last + 1)} <= results
    assert results <= set(ORDER), "what is stated must have its place in the paper's order"


def test_statements_come_in_the_order_of_the_paper():
    places = [ORDER.index(statement.result) for statement in statements()]
    assert places == sorted(places)
    assert len({statement.name for statement in statements()}) == len(places)


def test_every_statement_has_a_villain():
    known = {}
    for path in Path(villains.paper.__path__[0]).glob("[a-z]*.py"):
        module = importlib.import_module(f"villains.paper.{path.stem}")
        assert not set(module.VILLAINS) & set(known)
        known |= module.VILLAINS
    assert set(known) == {statement.name for statement in statements()}
    assert all(known.values())


def test_statements_that_share_a_name_are_refused(monkeypatch):
    twice = [a_row("holds").statement, a_row("holds", printed="another").statement]
    monkeypatch.setattr(runner, "_of_modules", lambda: iter(twice))
    with pytest.raises(InvalidInputError, match="'Lemma 99' twice"):
        statements()


def test_a_name_selects_its_parts():
    assert [each.name for each in select(["Example 4: sigma_N"])] == ["Example 4: sigma_N"]
    names = [each.name for each in select(["lemma 4", "EXAMPLE 2"])]
    assert names == ["Example 2", "Lemma 4: (i)", "Lemma 4: (ii)"]
    assert all(each.result == "Proposition 2" for each in select(["Proposition 2"]))


def test_unknown_names_are_refused_with_suggestions():
    with pytest.raises(UnknownNameError, match="did you mean 'Proposition 5'"):
        replicate(["Propositon 5"])
    with pytest.raises(UnknownNameError, match="no result of the paper is named"):
        replicate(["Example 1", "Example 10"])


def test_two_processes_find_what_one_finds():
    names = ["Example 1", "Example 2", "Lemma 4"]
    seen = []
    alone = replicate(names, workers=1)
    together = replicate(names, lambda done, total, row: seen.append((done, total, row)), workers=2)
    assert [(row.statement.name, row.finding, row.state) for row in together] == [
        (row.statement.name, row.finding, row.state) for row in alone
    ]
    assert [done for done, _, _ in seen] == list(range(1, len(alone) + 1))
    assert {total for _, total, _ in seen} == {len(alone)}
    assert sorted(row.statement.name for *_, row in seen) == sorted(
        row.statement.name for row in alone
    )


def test_what_cannot_be_computed_fails_and_says_why(monkeypatch):
    def broken():
        raise ZeroDivisionError("nothing to divide by")

    statement = a_row("holds", check=broken).statement
    monkeypatch.setattr(runner, "statements", lambda: (statement,))
    (row,) = replicate(workers=1)
    assert row.state == "fails"
    assert row.finding.computed == "could not be computed: ZeroDivisionError: nothing to divide by"
    assert compute("Lemma 99") == row.finding


def die(name):
    os._exit(3)


def test_a_process_that_dies_fails_its_statements(monkeypatch):
    monkeypatch.setattr(runner, "compute", die)
    rows = replicate(["Lemma 4"], workers=2)
    assert [row.state for row in rows] == ["fails", "fails"]
    assert all("TerminatedWorkerError" in row.finding.computed for row in rows)


@pytest.mark.parametrize(
    ("finding", "tolerance", "state"),
    [
        (Finding(1e-10, ""), 1e-9, "holds"),
        (Finding(1e-8, ""), 1e-9, "fails"),
        (Finding(float("nan"), ""), 1e-9, "fails"),
        (Finding(0.0, "", printed=1.0), 1e-9, "erratum"),
        (Finding(0.0, "", printed=float("nan")), 1e-9, "erratum"),
        (Finding(0.0, "", printed=0.0), 1e-9, "holds"),
        (Finding(1.0, "", printed=1.0), 1e-9, "fails"),
    ],
)
def test_states(finding, tolerance, state):
    statement = Statement("Lemma 99", "", "", lambda: finding, tolerance)
    assert statement.judge().state == state


class _Resources(HTMLParser):
    """Addresses that a page would load."""

    def __init__(self):
        super().__init__()
        self.found, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    parser = _Resources()
    parser.feed(page)
    return parser


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
    assert not [address for address in parser.found if urlparse(address).scheme]
    assert "1 < 2 & 2 > 1" in text
    assert "computed <b>so</b>" in text, "what was computed is text, not markup"
    assert text.count("b & not a") == 2, "among all rows, and among the errata"
    assert "4 statements: 2 hold, 1 hold as corrected, 1 fail" in text
    assert 'id="figure-1"' in page
    assert 'id="figure-2"' not in page
    assert "Errata" not in report_html(rows[:1])
    assert counted(rows[:1]) == "1 statement: 1 hold"


def test_the_command_prints_a_table_and_writes_the_page(monkeypatch, capsys, tmp_path):
    page = tmp_path / "page.html"
    assert run(monkeypatch, "replicate", "Example 2", "Figure 3", "--report", page) == 0
    printed = capsys.readouterr().out
    for text in (
        "Example 2",
        "erratum",
        "printed: 0.67",
        "2 statements: 1 hold, 1 hold as corr",
        "discrepancy: the largest difference",
    ):
        assert text in printed
    assert 'id="figure-3"' in page.read_text()


def test_every_erratum_says_what_is_printed_and_what_holds(monkeypatch, capsys):
    errata = [each for each in statements() if each.corrected]
    rows = [each.conclude(Finding(0.0, f"numbers on {each.name}", 0.25)) for each in errata]
    assert len(rows) > 20
    assert {row.state for row in rows} == {"erratum"}
    assert all(each.printed and each.printed != each.corrected for each in errata)
    page = plain(" ".join(parsed(report_html(rows)).text))
    screen = Console(file=io.StringIO(), width=5000)
    _print(screen, rows)
    terminal = plain(screen.file.getvalue())
    for row in rows:
        statement = row.statement
        for text in (statement.printed, statement.corrected, row.finding.computed):
            assert plain(text) in terminal
            assert page.count(plain(text)) >= 2, "among all rows, and among the errata"
    assert terminal.count("printed: 0.25") == len(rows)


def plain(text):
    return " ".join(text.split())


def test_one_erratum_alone_shows_both_versions(monkeypatch, capsys):
    assert run(monkeypatch, "replicate", "Example 3") == 0
    shown = capsys.readouterr().out
    for text in (
        "Printed: With small and big traders",
        "Corrected: q_i^0",
        "printed: 0.09",
        "corrected: ",
    ):
        assert text in shown


def test_the_command_ends_with_1_if_a_row_fails(monkeypatch, capsys):
    import deviator.paper as replication

    rows: list[Row] = [a_row("fails"), a_row("holds")]
    monkeypatch.setattr(replication, "replicate", lambda *_, **__: rows)
    assert run(monkeypatch, "replicate") == 1
    printed = capsys.readouterr().out
    assert "computed <b>so</b>" in printed
    assert "2 statements: 1 hold, 1 fail" in printed


def test_the_command_refuses_unknown_names(monkeypatch, capsys):
    assert run(monkeypatch, "replicate", "Lema 4") == 2
    assert "did you mean 'Lemma 4'" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["no/page.html", "."])
def test_nothing_is_computed_where_no_page_can_be_written(monkeypatch, capsys, tmp_path, place):
    assert run(monkeypatch, "replicate", "Example 1", "--report", tmp_path / place) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: --report must name a file in a writable folder, got")


def test_an_interrupted_command_says_so(monkeypatch, capsys):
    import deviator.paper as replication

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(replication, "replicate", interrupted)
    assert run(monkeypatch, "replicate") == 130
    assert "Interrupted" in capsys.readouterr().out

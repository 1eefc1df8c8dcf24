"""``deviator replicate``: its table, its page and its exit codes."""

import pytest
from helpers.replication_rows import a_row, parsed, plain

from deviator.paper import Finding
from deviator.paper.runner import statements


def test_the_command_prints_a_table_and_writes_the_page(run_command, capsys, tmp_path):
    page = tmp_path / "page.html"
    assert run_command("replicate", "Example 2", "Figure 3", "--report", page) == 0
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


def test_every_erratum_says_what_is_printed_and_what_holds(
    run_command, monkeypatch, capsys, tmp_path
):
    errata = [each for each in statements() if each.corrected]
    rows = [each.conclude(Finding(0.0, f"numbers on {each.name}", 0.25)) for each in errata]
    assert len(rows) > 20
    assert {row.state for row in rows} == {"erratum"}
    assert all(each.printed and each.printed != each.corrected for each in errata)
    monkeypatch.setattr("deviator.paper.replicate", lambda *_, **__: rows)
    monkeypatch.setenv("COLUMNS", "5000")
    assert run_command("replicate", "--report", tmp_path / "page.html") == 0
    terminal = plain(capsys.readouterr().out)
    page = plain(" ".join(parsed((tmp_path / "page.html").read_text()).text))
    for row in rows:
        statement = row.statement
        for text in (statement.printed, statement.corrected, row.finding.computed):
            assert plain(text) in terminal
            assert page.count(plain(text)) >= 2, "among all rows, and among the errata"
    assert terminal.count("printed: 0.25") == len(rows)


def test_one_erratum_alone_shows_both_versions(run_command, capsys):
    assert run_command("replicate", "Example 3") == 0
    shown = capsys.readouterr().out
    for text in (
        "Printed: With small and big traders",
        "Corrected: q_i^0",
        "printed: 0.09",
        "corrected: ",
    ):
        assert text in shown


def test_the_command_ends_with_1_if_a_row_fails(run_command, monkeypatch, capsys):
    rows = [a_row("fails"), a_row("holds")]
    monkeypatch.setattr("deviator.paper.replicate", lambda *_, **__: rows)
    assert run_command("replicate") == 1
    printed = capsys.readouterr().out
    assert "computed <b>so</b>" in printed
    assert "2 statements: 1 hold, 1 fail" in printed


def test_the_command_refuses_unknown_names(run_command, capsys):
    assert run_command("replicate", "Lema 4") == 2
    assert "did you mean 'Lemma 4'" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["no/page.html", "."])
def test_nothing_is_computed_where_no_page_can_be_written(run_command, capsys, tmp_path, place):
    assert run_command("replicate", "Example 1", "--report", tmp_path / place) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: --report must name a file in a writable folder, got")


def test_an_interrupted_command_says_so(run_command, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("deviator.paper.replicate", interrupted)
    assert run_command("replicate") == 130
    assert "Interrupted" in capsys.readouterr().out

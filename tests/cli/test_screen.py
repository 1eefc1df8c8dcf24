"""Tables and errors whatever the environment says of the terminal."""

import pytest
from rich.table import Table

from deviator.cli.console import console, fail, notes
from deviator.cli.tables import print_table

STRANGE = [
    "",
    "0",
    "00",
    "1",
    "-5",
    "wide",
    "²",
    "٣",
    "1e3",
    "9" * 5000,
    "999999999",
    " 80",
    "40.5",
]


@pytest.fixture(params=STRANGE)
def columns(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", request.param)
    monkeypatch.setenv("LINES", request.param)
    return request.param


def table():
    shown = Table("mechanism", "what it is", "state")
    shown.add_row("sigma-dcda", "The Discriminatory Conditional Double Auction", "ready")
    return shown


def test_any_value_of_columns_shows_tables_and_errors(columns, capsys):
    print_table(console(), table())
    console().print("a sentence")
    with pytest.raises(SystemExit):
        fail("sigma must be non-negative, got -1")
    printed = capsys.readouterr()
    words = " ".join(printed.out.replace("│", " ").split())
    for word in ("sigma-dcda", "Discriminatory", "ready", "a sentence"):
        assert word in words
    assert printed.err == "error: sigma must be non-negative, got -1\n"
    assert max(map(len, printed.out.splitlines())) <= 10_000


def test_any_value_of_columns_shows_help_and_usage(columns, run_command, capsys):
    assert run_command("train", "-h") == 0
    assert "--learner-set" in capsys.readouterr().out
    assert run_command("train", "--stpes", "3") == 2
    assert "--steps" in capsys.readouterr().err


@pytest.mark.parametrize(
    "terminal", [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {"TERM": "dumb", "FORCE_COLOR": "1"}]
)
def test_dumb_terminals_and_those_without_colors_are_fine(monkeypatch, capsys, terminal):
    for name, value in terminal.items():
        monkeypatch.setenv(name, value)
    print_table(console(), table())
    notes().print("a note")
    printed = capsys.readouterr()
    assert "sigma-dcda" in printed.out
    assert printed.err.strip() == "a note"


def test_forced_colors_leave_tables_in_files_as_wide_as_they_are(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm-color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert console(250).width == 250


@pytest.mark.parametrize("width", [40, 60, 80])
def test_what_does_not_fit_stands_row_by_row(monkeypatch, capsys, width):
    monkeypatch.setenv("COLUMNS", str(width))
    wide = Table(*(f"column {place}" for place in range(12)), title="Many columns")
    for row in range(2):
        wide.add_row(*(f"value-{row}-{place}" for place in range(12)))
    print_table(console(), wide)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    shown = "\n".join(lines)
    for row in range(2):
        for place in range(12):
            assert f"column {place}: value-{row}-{place}" in shown

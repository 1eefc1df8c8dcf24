"""What is shown of a study while it runs, and the signals that end it."""

import io
import signal
import sys

import pytest
from typer.testing import CliRunner

from deviator.cli import app
from deviator.cli.live_line import LiveLine
from deviator.cli.progress import StudyDisplay, Tally
from deviator.cli.signals import ended_in_order, exit_code
from deviator.studies.run.progress import SilentProgress, StudyProgress


def test_lines_where_nobody_watches_a_terminal(capsys):
    with StudyDisplay() as display:
        display.note("reading the study")
        display.started(4, 1, 2, 5e8)
        display.running("first")
        display.failed("first", "it must end within 3 s, and did not\n\x1b[31m", 1.0)
        display.note("another driver works on it, too")
        display.done("second", 1.0)
        display.done("third", 1.0)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "reading the study",
        "1 of 4 cells done, roughly 8 min left; 2 workers",
        "failed first: it must end within 3 s, and did not [31m",
        "another driver works on it, too",
        "3 of 4 cells done, 1 failed",
    ]


class Watched(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "lives"), [(io.StringIO, False), (Watched, True)])
def test_only_a_real_terminal_is_animated_however_colors_are_forced(monkeypatch, stream, lives):
    # Jupyter forces colors; each frame of an animation would fill its notebooks.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stderr", stream())
    line = LiveLine(lambda: "a frame")
    line.start()
    assert line.lives is lives
    line.print("a line that stays")
    line.stop()
    shown = sys.stderr.getvalue()
    assert "a line that stays" in shown
    assert ("a frame" in shown) is lives


def test_the_time_left_goes_by_effort(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("deviator.cli.progress.time.monotonic", lambda: now[0])
    tally = Tally()
    tally.start(10, 2, 1, 40.0)
    for name in "abcd":
        tally.running[name] = None
    now[0] = 60.0
    tally.end("a", 10.0)
    assert tally.line() == "3 of 10 cells done, about 3 min left, running b, c and 1 more"


def test_displays_fulfil_the_protocol():
    assert isinstance(StudyDisplay(), StudyProgress)
    assert isinstance(SilentProgress(), StudyProgress)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_end_in_order_and_leave_their_handlers_as_they_were(name, code):
    number = signal.Signals[name]
    outside = signal.signal(number, signal.SIG_DFL)  # nohup, under which tests may run, ignores one
    try:
        with pytest.raises(KeyboardInterrupt) as end, ended_in_order():
            signal.raise_signal(number)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, outside)
    assert exit_code(end.value) == code
    assert exit_code(KeyboardInterrupt()) == 130


def test_a_signal_while_the_study_is_read_has_its_own_exit_code(tmp_path, monkeypatch):
    def read(*_):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("deviator.studies.read_study", read)
    ended = CliRunner().invoke(app, ["study", str(tmp_path / "any.yaml")])
    assert ended.exit_code == 143
    assert "Interrupted: finished cells are kept" in ended.output


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_in_order():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

"""The guard: calls meet their limit, and nothing but plain data comes back, whatever they do."""

import ctypes
import os
import pickle
import struct
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from inspect import getsource
from math import inf

import pytest

from deviator.errors import UnknownNameError
from deviator.plugins.guard import Guard, GuardError, ProcessEndedError
from deviator.plugins.guarded_interpreter import Countdown
from deviator.plugins.marked_processes import GUARDED, marked_ids
from deviator.plugins.plain_data import PlainError, plain_data

pytestmark = pytest.mark.filterwarnings("error")


def test_imports_do_not_count(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(2.5)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Guard(2.0, preload=("slow_to_import",)) as guard:
        assert guard.run(len, "abc") == 3


def fork_and_leave():
    """Leave a child behind that holds all streams, and end."""
    if os.fork():
        os._exit(0)
    time.sleep(3600)


def floods(tell):
    """Print more than anyone reads, with escapes, and tell what stands beside it."""
    os.write(1, b"\x1b[31mloud " * 1_000_000)
    tell("told")
    return "answer"


def leave_children():
    """Leave a child behind in a session of its own, and a child of a child that is gone."""
    subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True
    )
    child = os.fork()
    if not child:
        os.setsid()
        if not os.fork():
            time.sleep(3600)
        os._exit(0)
    os.waitpid(child, 0)
    return os.environ[GUARDED]


def fill_memory():
    held = []
    while True:
        held.append(b"x" * 10_000_000)


def test_a_call_that_takes_too_much_memory_is_ended_and_named():
    wanted = pytest.raises(GuardError, match=r"keep to its memory, and took more than 0.5 GiB")
    with Guard(inf, memory=2**29) as guard, wanted:
        guard.run(fill_memory)


def test_what_a_call_left_behind_ends_before_the_next_one():
    with Guard(inf) as guard:
        marks = guard.run(leave_children)
        assert len(marked_ids(marks)) >= 3
        guard.tidy()
        assert marked_ids(marks) == []


def hold_the_interpreter(path):
    """Hang where no thread of the process can run, once it has said who it is."""
    subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True
    )
    path.write_text(os.environ[GUARDED])
    ctypes.PyDLL(None).sleep(3600)


def test_nothing_outlives_a_driver_that_was_killed(tmp_path):
    said = tmp_path / "said"
    script = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path; from math import inf\n"
        "from deviator.plugins.guard import Guard; import driver_test_calls\n"
        "Guard(inf).run(driver_test_calls.hold_the_interpreter, Path(sys.argv[1]))\n"
    )
    head = "import ctypes, os, subprocess, sys\n\nfrom deviator.plugins.marked_processes import GUARDED\n\n"
    (tmp_path / "driver_test_calls.py").write_text(head + getsource(hold_the_interpreter))
    driver = subprocess.Popen([sys.executable, "-c", script, str(said), str(tmp_path)])
    while not (said.exists() and said.read_text()):
        assert driver.poll() is None
        time.sleep(0.05)
    marks = said.read_text()
    assert len(marked_ids(marks)) >= 2
    driver.kill()
    driver.wait()
    while marked_ids(marks):
        time.sleep(0.05)


def test_a_driver_that_slept_takes_no_time_from_a_call(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("deviator.plugins.guarded_interpreter.time.monotonic", lambda: now[0])
    countdown = Countdown(60.0)
    now[0] += 0.1
    assert countdown.look() == pytest.approx(59.9)
    now[0] += 3600.0
    assert countdown.look() > 58.0


def forge():
    """Write an answer to all that is open, and end."""
    data = pickle.dumps((True, "forged"))
    for stream in range(3, 32):
        with suppress(OSError):
            os.write(stream, struct.pack(">Q", len(data)) + data)
    os._exit(0)


def test_an_answer_that_the_call_did_not_ask_for_is_none():
    with Guard(10.0) as guard:
        with pytest.raises(GuardError, match="must leave the channel of answers alone"):
            guard.run(forge)
        assert guard.run(len, "abc") == 3


def test_a_process_that_hangs_ends_or_forks_is_replaced(capsys):
    with Guard(2.0) as guard:
        with pytest.raises(GuardError, match="it must end within 2 s, and did not"):
            guard.run(time.sleep, 3600)
        with pytest.raises(ProcessEndedError, match="leave its process running, and ended it"):
            guard.run(fork_and_leave)
        told = []
        assert guard.run_telling(told.append, floods) == "answer"
        assert told == ["told"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err) < 21_000
    assert "loud" in printed.err
    assert "\x1b" not in printed.err


class Odd(Exception):
    """Its text ends the process that asks for it."""

    def __str__(self):
        raise SystemExit(0)


class Long(OSError):
    """Its text is long, and tries to paint the terminal."""

    def __str__(self):
        return "\x1b[31m" + "a" * 10_000_000


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (Odd(), Exception, "an error whose text cannot be shown"),
        (Long(), OSError, "[31maaa"),
        (KeyError("key"), KeyError, "'key'"),
        (UnknownNameError("learner", "x", []), UnknownNameError, "no learner is named 'x'. Known:"),
        (SystemExit(0), GuardError, "it must leave its process running, and called exit"),
        (KeyboardInterrupt(), GuardError, "it must raise errors only, and raised"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "why"), UnicodeDecodeError, "'utf-8' codec"),
    ],
)
def test_errors_come_back_as_plain_ones(error, kind, text):
    back = PlainError.of(error).to_error()
    assert isinstance(back, kind)
    assert str(back).startswith(text)
    assert len(str(back)) < 2100
    if not isinstance(back, GuardError):
        assert type(back).__name__ == type(error).__name__


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"\x80\x04\x8c\x15deviator.plugins.guard\x8c\x09os.system\x93.",
        b"cdeviator.plugins.spec\nfile_module\n(S'mine.py'\ntR.",
        b"nonsense",
    ],
)
def test_an_answer_that_names_code_is_not_read(data):
    with pytest.raises(GuardError, match="it must return plain data, and did not"):
        plain_data(data)


MODULES = ("cloudpickle", "tempfile", "threading", "struct", "numpy", "sitecustomize")


def test_modules_in_the_current_folder_are_not_run(tmp_path):
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    script = (
        "from deviator.plugins.guard import Guard\n"
        "with Guard(60) as guard: print(guard.run(len, 'abc'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "3\n"
    assert not (tmp_path / "ran").exists()


def test_a_process_finds_what_the_caller_finds_by_now(tmp_path, monkeypatch):
    (tmp_path / "came_later.py").write_text("def answer():\n    return 42\n")
    with Guard(60) as guard:
        guard.run(len, "abc")
        monkeypatch.syspath_prepend(tmp_path)
        assert guard.run(import_module("came_later").answer) == 42

"""What differs on macOS and Windows: no code assumes Linux without saying so."""

import ast
import re
import signal
import sys
from threading import Event

import psutil
import pytest
from helpers.repository import ROOT

from deviator.plugins import guarded_interpreter
from deviator.this_machine import start_of_machine, start_of_process

LINUX_ALONE = {
    "os": {
        "fork", "forkpty", "geteuid", "getloadavg", "getpgid", "getuid", "initgroups", "killpg",
        "mkfifo", "nice", "sched_getaffinity", "sched_setaffinity", "setsid", "statvfs", "sysconf",
        "wait", "waitid", "WNOHANG", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "register_at_fork",
    },
    "signal": {"SIGALRM", "SIGHUP", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGUSR1", "setitimer", "pause"},
}  # fmt: skip
"""Attributes that Windows, or Windows and macOS, lack."""

MODULES = {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog"}
"""Modules that Windows lacks."""

ASKED_FIRST = {
    "plugins/guarded_interpreter.py": {"killpg", "SIGKILL"},
    "src/deviator/cli/diagnosis.py": {"sched_getaffinity"},
    "benchmarks/machine.py": {"sched_getaffinity"},
}
"""Uses in functions that ask first whether the system has them."""

OF_LINUX = {
    "src/deviator/this_machine.py",
    "src/deviator/memory.py",
    "benchmarks/machine.py",
    "benchmarks/apart.py",
}
"""Files that read what Linux says of itself, and say what they do elsewhere."""

FOLDERS = ("src/deviator", "economies", "mechanisms", "policies", "evidence", "envs", "learners")
FOLDERS += ("plugins", "studies", "paper", "benchmarks", "docs")


WORDS = re.compile(
    "|".join({*LINUX_ALONE["os"], *LINUX_ALONE["signal"], *MODULES, "/proc", "/sys/"})
)


def assumed(source):
    """Return what a source takes for granted that other systems lack."""
    if not WORDS.search(source):  # parsing all would take a second
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in LINUX_ALONE.get(node.value.id, ()):
                yield node.attr
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in MODULES)
        elif isinstance(node, ast.Constant) and str(node.value).startswith(("/proc", "/sys/")):
            yield "files of Linux"


def sources():
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            linked = name.startswith("src/deviator/") and not path.resolve().is_relative_to(
                ROOT / "src"
            )
            if "_build" not in path.parts and not linked:
                yield name, path.read_text("utf-8")


def test_no_code_assumes_linux_without_asking():
    for name, source in sources():
        found = set(assumed(source)) - ASKED_FIRST.get(name, set())
        assert found <= ({"files of Linux"} if name in OF_LINUX else set()), name


@pytest.mark.parametrize(
    "villain",
    ["import os\nos.fork()", "import resource", "open('/proc/meminfo')", "signal.SIGALRM"],
)
def test_a_villain_that_does_is_found(villain):
    assert list(assumed(villain))


BARE_READ = re.compile(r"(?<!distribution)(?<!each)\.(read_text|write_text)\(\s*(errors=[^)]*)?\)")


def test_text_files_are_read_as_utf8_wherever():
    """Windows takes another encoding for granted; metadata of packages have their own."""
    assert BARE_READ.search("template = source.read_text()")
    for name, source in sources():
        shipped = not name.startswith(("benchmarks/", "docs/"))
        assert not (shipped and BARE_READ.search(source)), name


def test_without_what_linux_says_psutil_tells_processes_and_machines_apart(tmp_path, monkeypatch):
    process = psutil.Process()
    mine = start_of_process(process.pid, tmp_path)
    assert float(mine) == pytest.approx(process.create_time(), abs=1e-3)
    assert start_of_process(process.pid, tmp_path) == mine
    assert start_of_process(2**30, tmp_path) == ""
    assert start_of_machine(tmp_path) == f"{psutil.boot_time():.0f}"

    def denied(*_):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", denied)
    monkeypatch.setattr(psutil, "boot_time", denied)
    assert start_of_process(process.pid, tmp_path) == start_of_machine(tmp_path) == ""


@pytest.mark.parametrize(("platform", "passed"), [("linux", 1), ("darwin", 1), ("win32", 0)])
def test_ctrl_c_is_passed_on_where_it_does_not_arrive_by_itself(monkeypatch, platform, passed):
    sent = []

    class Child:
        def send_signal(self, number):
            if platform == "win32":
                raise ValueError(f"Unsupported signal: {number}")
            sent.append(number)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "platform", platform)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with guarded_interpreter._first_interrupt_passed_on(Child()) as interrupted:
            assert isinstance(interrupted, Event)
            signal.raise_signal(signal.SIGINT)
            assert interrupted.is_set()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sent == [signal.SIGINT] * passed

"""The types of the installed package reach those who use it (`py.typed`)."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = ("consumer.py", "mistaken_consumer.py")

pytestmark = pytest.mark.slow


def mistakes():
    """Return file and line of each mistake that a program states."""
    return {
        (program, number)
        for program in PROGRAMS
        for number, line in enumerate((HERE / program).read_text().splitlines(), start=1)
        if line.endswith("# mistake")
    }


def test_users_programs_are_checked_strictly(tmp_path):
    """One passes, and in the other exactly what is wrong is found; mypy sees no repository."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", tmp_path]
    result = subprocess.run(
        [*command, *(HERE / program for program in PROGRAMS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line.split(":") for line in result.stdout.splitlines() if ": error:" in line]
    assert result.returncode == 1, result.stdout + result.stderr
    assert {(Path(file).name, int(line)) for file, line, *_ in told} == mistakes(), result.stdout

"""The types of the installed package reach those who use it (`py.typed`)."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytestmark = pytest.mark.slow


def checked(program, folder):
    """Return what mypy says of a program, far from this repository and its settings."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file="]
    return subprocess.run(
        [*command, str(HERE / program)], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_users_program_passes_strictly(tmp_path):
    result = checked("consumer.py", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_users_mistakes_are_found(tmp_path):
    told = checked("mistaken_consumer.py", tmp_path).stdout
    lines = (HERE / "mistaken_consumer.py").read_text(encoding="utf-8").splitlines()
    wrong = [number for number, line in enumerate(lines, start=1) if line.endswith("# mistake")]
    found = {int(line.split(":")[1]) for line in told.splitlines() if ": error:" in line}
    assert found == set(wrong), told

import sys

import pytest
from helpers.browser import started_browser
from hypothesis import HealthCheck, settings

from deviator.cli import main

# Deadlines time single examples, which on a busy machine says nothing about the code.
settings.register_profile(
    "deviator", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("deviator")

collect_ignore = ["installed/consumer.py", "installed/mistaken_consumer.py", "installed/smoke.py"]
"""Programs of users, which are run and type-checked, and hold no tests."""


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch):
    """Print tables as in a pipe: some test runners state the width of a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch, tmp_path_factory):
    """Keep what commands remember away from what the user agreed to."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture
def run_command(monkeypatch):
    """Return a function that runs ``deviator`` with arguments and returns its exit code."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["deviator", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0

    return run


@pytest.fixture(scope="module")
def browser():
    """Return Chromium; a module's, since Playwright leaves no event loop to other tests."""
    with started_browser() as running:
        yield running

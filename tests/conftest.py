import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Deadlines time single examples, which on a busy machine says nothing about the code.
settings.register_profile(
    "deviator", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("deviator")


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch):
    """Print tables as in a pipe: some test runners state the width of a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def known_answers():
    """Golden values, computed by an independent implementation of the paper's formulas."""
    return json.loads((Path(__file__).parent / "known_answers.json").read_text())

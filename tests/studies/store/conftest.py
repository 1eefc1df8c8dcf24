import pytest
from helpers.quiet_study import quiet

from deviator.studies.run.store import RunStore


@pytest.fixture(scope="session")
def cells():
    return quiet().expand()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(tmp_path, clock):
    """Return a function that opens the same run folder as one more driver."""
    stores = []

    def open_one():
        stores.append(RunStore.open(tmp_path / "run", quiet(), clock=clock))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()

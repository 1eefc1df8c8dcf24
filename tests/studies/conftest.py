import pytest
from helpers.tiny_study import tiny

from deviator.studies import confirm


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The small study, run once: tests that write into its folder leave it as it was."""
    return confirm(tiny(), out=tmp_path_factory.mktemp("runs") / "tiny", workers=2)

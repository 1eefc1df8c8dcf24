import pytest
from helpers.tiny_study import tiny

from deviator.studies import confirm


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The small study, run once per file: tests of its report write into its folder."""
    return confirm(tiny(), out=tmp_path_factory.mktemp("runs") / "tiny", workers=2)

import pytest
from helpers.report_content import content

from deviator.studies.run.store import RunStore
from deviator.studies.tables.write import write_tables


@pytest.fixture
def made_run(tmp_path):
    """Return a function that writes the tables of a run: of its name and its rows."""

    def make(name, *rows):
        (tmp_path / name).mkdir()
        write_tables(RunStore(tmp_path / name), content(*rows))
        return tmp_path / name

    return make

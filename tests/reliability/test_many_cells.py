"""Studies of ten thousand cells: what the driver does for each does not grow with their number."""

import time

import pytest
from helpers.many_cells import write_study

from deviator.studies.run.store import RunStore
from deviator.studies.spec.read import read_study

FEW, MANY = 1000, 10_000


def seconds_a_cell(folder, number):
    """Return CPU seconds a cell of expanding a study and looking its results up."""
    folder.mkdir()
    study, began = write_study(folder, number), time.process_time()
    spec = read_study(study)
    cells = spec.expand()
    with RunStore.open(folder / "out", spec) as store:
        assert not any(store.result(cell) for cell in cells)
    assert len({cell.key for cell in cells}) == len(cells) == number
    return (time.process_time() - began) / number


@pytest.mark.slow
def test_expansion_and_look_up_are_linear(tmp_path):
    few, many = (seconds_a_cell(tmp_path / str(n), n) for n in (FEW, MANY))
    assert many < 2 * few

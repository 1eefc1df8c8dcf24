"""Results of every released version load: the folders of ``formats/``, as their versions wrote them."""

import json
import shutil
from pathlib import Path

import pytest

from deviator.studies.report.row import report_rows
from deviator.studies.run.store import RunStore
from deviator.studies.spec.cell import SCHEMA, Cell

FORMATS = Path(__file__).parent.parent / "formats"
RELEASED = sorted(FORMATS.iterdir())


def without_keys(row):
    """Return a row without what names it: keys are digests of what today's cells specify."""
    control = row["control"] and {
        name: row["control"][name] for name in row["control"] if name != "key"
    }
    return {name: row[name] for name in row if name != "key"} | {"control": control}


def test_the_format_of_today_is_among_them_or_nobody_has_released_it():
    assert [path.name for path in RELEASED] == [str(number) for number in range(4, SCHEMA)]


@pytest.mark.parametrize("folder", RELEASED, ids=lambda path: path.name)
def test_results_of_a_released_version_give_the_rows_that_it_reported(folder):
    store = RunStore(folder)
    found = list(store.finished())
    assert store.damaged() == {}
    cells = [Cell.model_validate(spec) for spec, _ in found]
    rows = report_rows(cells, [result for _, result in found])
    reported = json.loads((folder / "report.json").read_text())["rows"]
    assert len(rows) == len(reported) == 3
    for row in rows:
        old = next(old for old in reported if old["mechanism"] == row["mechanism"])
        assert without_keys(row).items() >= without_keys(old).items()


@pytest.mark.parametrize("change", [{"trades": "yes"}, {"seeds": None}, {"key": "0" * 12}])
def test_results_without_a_checksum_must_hold_what_their_version_wrote(tmp_path, change):
    shutil.copytree(FORMATS / "4", tmp_path / "run")
    path = sorted((tmp_path / "run" / "cells").glob("*/result.json"))[0]
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    store = RunStore(tmp_path / "run")
    assert len(list(store.finished())) == 2
    assert list(store.damaged()) == [path.parent.name]

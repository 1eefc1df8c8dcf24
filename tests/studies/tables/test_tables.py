"""Tables: what is in them, and their bytes."""

import json

import pyarrow as pa
import pytest
from helpers.report_content import content, row, seed
from pyarrow import parquet

from deviator.errors import ResultsError
from deviator.studies.run.checked_rows import UNREADABLE
from deviator.studies.run.store import RunStore
from deviator.studies.tables.schemas import PRINTED, SCHEMAS, printed_columns
from deviator.studies.tables.tidy import ARROW, study_tables
from deviator.studies.tables.write import csv_bytes, write_tables


def tables(*rows, **failures):
    stated = content(*rows, **failures)
    return study_tables(stated["rows"], stated["failures"])


def test_the_tables_hold_what_the_report_does():
    audit = row(
        question="audit", learner="none", by_seed=[], seeds=[], curves=[], key="a",
        constraints={"efficiency": {"state": "refuted", "scope": "sampled", "worst": 2.0,
                                    "share": 0.5, "cap": None, "reason": "no"}},
        outcomes={"surplus": {"value": 1.0, "error": 0.1}},
    )  # fmt: skip
    found = {name: table.to_pylist() for name, table in tables(row(), audit, x="lost").items()}
    name = "uniform-conditional in two groups(alpha=1, n_traders=4)"
    deviation, asked = found["rows"]
    assert (deviation["cell"], asked["cell"]) == (f"{name}, ppo", f"{name}, audit")
    assert (deviation["learned_gain_low"], deviation["share_low"]) == (0.03, None)
    assert (deviation["n_seeds"], deviation["economy.alpha"]) == (2, 1.0)
    assert [each["learned_gain"] for each in found["seeds"]] == [0.05, 0.07]
    assert [(each["seed"], each["steps"], each["gain"]) for each in found["curves"]] == [
        (0, 0, -0.02), (0, 6000, 0.05), (1, 0, -0.02), (1, 6000, 0.07),
    ]  # fmt: skip
    assert found["constraints"][0]["share"] == 0.5
    assert found["outcomes"] == [
        {"cell": f"{name}, audit", "measure": "surplus", "value": 1.0, "error": 0.1}
    ]
    assert json.loads(found["witnesses"][0]["witness"])["bid"] == [0.79, -0.21]
    assert found["failures"] == [{"label": "x", "reason": "lost"}]


def test_a_row_names_its_control_where_it_was_run():
    null, control = tables()["rows"].to_pylist()
    assert null["control"] == control["cell"]
    lone = row(key="k", control={"key": None})
    assert tables(lone)["rows"]["control"].to_pylist() == [None]


def test_columns_have_the_stated_types_also_where_a_table_is_empty():
    for name, table in (tables() | tables(x="lost")).items():
        stated = {column.name: ARROW[column.kind] for column in SCHEMAS[name]}
        found = {column: table.schema.field(column).type for column in stated}
        assert found == stated
        assert set(PRINTED[name]) <= set(stated)
        assert len({column.name for column in SCHEMAS[name]}) == len(SCHEMAS[name])


def test_latex_tells_apart_whatever_rows_differ_in():
    def printed(*rows):
        return printed_columns("rows", tables(*rows)["rows"])

    assert printed(row()) == list(PRINTED["rows"])
    fees = [row(key=str(fee), parameters={"fee": fee}, sigma=fee) for fee in (0.1, 0.2)]
    assert set(printed(*fees)) - set(PRINTED["rows"]) == {"sigma", "mechanism.fee"}
    parties = [row(key=str(n), question="coalition", members=n, identities=1) for n in (2, 3)]
    assert set(printed(*parties)) - set(PRINTED["rows"]) == {"members"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([True, False], pa.bool_()),
        (["sigma-n", "x"], pa.string()),
        ([1, "sigma-n"], pa.string()),
        ([True, 2], pa.string()),
        ([[1, 2], 3], pa.string()),
        ([2**70, 1], pa.string()),
        ([2**70, 0.5], pa.string()),
    ],
)
def test_settings_have_a_column_of_one_type_each(values, kind):
    rows = [row(parameters={"fee": value}, key=str(place)) for place, value in enumerate(values)]
    column = tables(*rows)["rows"]["mechanism.fee"]
    assert column.type == kind
    held = column.to_pylist()
    assert held == values or [json.loads(each) for each in held] == values


def test_what_a_row_does_not_state_is_missing_there():
    rows = [row(), row(learner_settings={"points": 4}, key="b")]
    assert tables(*rows)["rows"]["learner.points"].to_pylist() == [None, 4]


def test_the_same_content_gives_the_same_bytes_in_every_format(tmp_path):
    stated = content(x="lost")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_tables(RunStore(tmp_path / name), json.loads(json.dumps(stated, sort_keys=True)))
    files = sorted(path.name for path in (tmp_path / "a" / "tables").iterdir())
    tables = sorted(f"{n}.{end}" for n in SCHEMAS for end in ("parquet", "csv", "tex"))
    assert files == ["SHA256SUMS", *tables]
    for file in files:
        first, second = ((tmp_path / name / "tables" / file).read_bytes() for name in ("a", "b"))
        assert first == second
    expected = study_tables(stated["rows"], stated["failures"])
    for name, table in expected.items():
        assert parquet.read_table(tmp_path / "a" / "tables" / f"{name}.parquet").equals(table)


def test_tables_are_written_over_those_of_before(tmp_path):
    write_tables(RunStore(tmp_path), content())
    before = (tmp_path / "tables" / "rows.csv").read_text()
    write_tables(RunStore(tmp_path), content(row(mechanism="new-rule")))
    after = (tmp_path / "tables" / "rows.csv").read_text()
    assert "new-rule" not in before
    assert "new-rule" in after


@pytest.mark.parametrize(
    "broken",
    [
        {},
        row(by_seed=[seed(0, "high")]),
        row(n_traders=10**30),
        row(economy_settings=[]),
        row(curves=[[[1]]]),
        row(economy_settings={"parameters": {}, "types": {"law": 3}}),
        row(mechanism=[1]),
        row(witness=[1]),
    ],
)
def test_what_is_no_row_is_noticed(broken):
    with pytest.raises(UNREADABLE):
        tables(broken)


def test_a_link_leads_tables_nowhere_else(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "run" / "tables").symlink_to(tmp_path / "home")
    with pytest.raises(ResultsError, match="is a link"):
        write_tables(RunStore(tmp_path / "run"), content())
    assert list((tmp_path / "home").iterdir()) == []


def test_no_spreadsheet_runs_the_names_of_strangers():
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "honest", "", None]
    table = pa.table({"name": texts, "gain": [-1.0] * len(texts)})
    lines = csv_bytes(table).decode().splitlines()[1:]
    shown = [line.rpartition(",")[0].strip('"') for line in lines]
    assert shown == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "honest", "", ""]
    assert {line.rpartition(",")[2] for line in lines} == {"-1"}

"""Exported tables: what other programs read is what the report says."""

import json
import shutil
import warnings
from pathlib import Path

import pandas
import pyarrow as pa
import pytest
from helpers.report_content import content, row, seed
from pandas.testing import assert_frame_equal
from pyarrow import parquet

from deviator.errors import InvalidInputError, ResultsError
from deviator.studies import StudyReport, read_report
from deviator.studies.tables.export import WRITTEN, export_tables
from deviator.studies.tables.frames import frame_of
from deviator.studies.tables.printed import printed_table
from deviator.studies.tables.schemas import SCHEMAS
from deviator.studies.tables.stata import stata_names
from deviator.studies.tables.tidy import study_tables

OLD = Path(__file__).parents[1] / "formats" / "4"
KINDS = {
    "text": "str",
    "JSON": "str",
    "number": "float64",
    "whole number": "Int64",
    "truth": "boolean",
}


def report_of(*rows, **failures):
    stated = content(*rows, **failures)
    return StudyReport("made up", stated["rows"], stated["failures"], Path())


@pytest.fixture
def run(tmp_path):
    """A results folder of which there is the report alone."""
    (tmp_path / "report.json").write_text(json.dumps({"study": "made up", **content(x="lost")}))
    return tmp_path


def test_every_column_of_a_frame_has_one_type_whatever_it_holds():
    joint = row(key="k", question="coalition", members=2, identities=1, sigma=0.5)
    for report in (report_of(), report_of(joint, row(), x="lost")):
        for name, columns in SCHEMAS.items():
            frame = report.table(name)
            for column in columns:
                found = "str" if frame[column.name].dtype == object else frame[column.name].dtype
                assert str(found) == KINDS[column.kind], column


def test_frames_survive_parquet_and_stata(tmp_path):
    joint = row(key="k", question="coalition", members=2, identities=1)
    report = report_of(joint, row(by_seed=[seed(0, 0.05) | {"stopped": None}]), x="lost")
    for name in SCHEMAS:
        frame = report.table(name)
        frame.to_parquet(tmp_path / "t.parquet")
        assert_frame_equal(pandas.read_parquet(tmp_path / "t.parquet"), frame)
        with warnings.catch_warnings():
            # Stata has no dots in names; pandas writes underscores, and says so.
            warnings.simplefilter("ignore", pandas.errors.InvalidColumnName)
            frame.to_stata(tmp_path / "t.dta", version=118, write_index=False)
        assert len(pandas.read_stata(tmp_path / "t.dta")) == len(frame)


def test_missing_whole_numbers_and_truths_stay_missing():
    frame = frame_of(pa.table({"n": pa.array([1, None]), "ok": pa.array([None, True])}))
    assert frame["n"].isna().tolist() == [False, True]
    assert frame["ok"].isna().tolist() == [True, False]


@pytest.mark.parametrize("form", WRITTEN)
def test_what_is_exported_is_read_as_the_tables_of_the_report(run, form):
    files = export_tables(run, form)
    assert [file.name for file in files] == [f"{name}.{WRITTEN[form][0]}" for name in SCHEMAS]
    stated = read_report(run)
    expected = study_tables(stated.rows, stated.failures)
    read = {
        "csv": pandas.read_csv,
        "parquet": pandas.read_parquet,
        "stata": pandas.read_stata,
        "json": pandas.read_json,
        "latex": None,
    }[form]
    for file in files:
        table = expected[file.stem]
        if read is None:
            assert file.read_text().count(r"\\") == table.num_rows + 1
            continue
        if table.num_rows:
            found = read(file)
            assert len(found) == table.num_rows
            assert found.iloc[:, 0].tolist() == table.column(0).to_pylist()


def test_numbers_come_back_from_every_format_as_they_were(run):
    expected = read_report(run).seeds()["learned_gain"].tolist()
    for form, read in (
        ("csv", pandas.read_csv), ("stata", pandas.read_stata), ("json", pandas.read_json),
        ("parquet", pandas.read_parquet),
    ):  # fmt: skip
        (file,) = export_tables(run, form, run / "there", ["seeds"])
        assert read(file)["learned_gain"].tolist() == expected


def test_the_same_report_gives_the_same_files(run):
    for form in WRITTEN:
        first = [file.read_bytes() for file in export_tables(run, form, run / "a", ["rows"])]
        assert first == [
            file.read_bytes() for file in export_tables(run, form, run / "b", ["rows"])
        ]


def test_json_has_no_numbers_that_json_lacks(run):
    stated = json.loads((run / "report.json").read_text())
    stated["rows"][0]["scale"] = float("inf")
    (run / "report.json").write_text(json.dumps(stated))
    (file,) = export_tables(run, "json", tables=["rows"])
    assert json.loads(file.read_text(), parse_constant=pytest.fail)[0]["scale"] is None


def test_latex_tells_verdicts_in_words_and_leaves_strange_ones_as_they_are():
    found = study_tables([row(), row(key="b", state="surprised")], {})["rows"]
    printed = printed_table("rows", found)
    assert printed["verdict"].to_pylist() == ["profitable deviation found", "surprised"]
    assert {"N", "best gain", "economy"} <= set(printed.column_names)


def test_results_of_an_earlier_version_are_read_and_exported(tmp_path):
    report = read_report(OLD)
    frame = report.to_frame()
    assert len(frame) == 3
    assert frame["question"].tolist() == ["deviation"] * 3
    assert set(frame["cell"]) == set(report.curves()["cell"])
    shutil.copytree(OLD, tmp_path / "run")
    assert len(export_tables(tmp_path / "run", "stata")) == len(SCHEMAS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "report.json is not there"),
        ("[1, 2]", "is not"),
        ("{", "is not"),
        ('{"study": "x", "rows": [{}], "failures": {}}', "is not"),
        ('{"study": "x", "rows": [3], "failures": {}}', "is not"),
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(ResultsError, match=reason):
        export_tables(tmp_path, "csv")
    assert not (tmp_path / "export").exists()


def test_unknown_formats_and_tables_are_refused(run):
    with pytest.raises(InvalidInputError, match="format must be one of csv, parquet"):
        export_tables(run, "xlsx")
    with pytest.raises(InvalidInputError, match="table must be one of rows, seeds"):
        export_tables(run, "csv", tables=["cells"])
    with pytest.raises(InvalidInputError, match="table must be one of rows, seeds"):
        read_report(run).table("cells")


def test_names_in_stata_are_short_and_told_apart():
    names = stata_names(["mechanism." + "a" * 40, "mechanism." + "a" * 41])
    assert names == ["mechanism_" + "a" * 22, "mechanism_" + "a" * 20 + "_2"]
    assert all(len(name) <= 32 for name in names)


def test_parquet_is_that_of_the_runs_own_tables(finished, tmp_path):
    files = export_tables(finished.folder, "parquet", tmp_path)
    for file in files:
        own = parquet.read_table(finished.folder / "tables" / file.name)
        assert parquet.read_table(file).equals(own)


def test_folders_may_be_texts(run):
    (file,) = export_tables(str(run), "csv", str(run / "out"), ["rows"])
    assert file == run / "out" / "rows.csv"
    with pytest.raises(InvalidInputError, match="out must be a path, got 3"):
        export_tables(run, "csv", 3)


def test_a_report_that_is_read_names_its_failed_cells(run):
    assert read_report(run).failed_cells == {}
    stated = json.loads((run / "report.json").read_text())
    stated["failed_cells"] = {"x": "sigma-dcda in private values"}
    (run / "report.json").write_text(json.dumps(stated))
    assert read_report(run).failed_cells == stated["failed_cells"]
    stated["failed_cells"] = ["x"]
    (run / "report.json").write_text(json.dumps(stated))
    with pytest.raises(ResultsError, match="must be the report of a study"):
        read_report(run)

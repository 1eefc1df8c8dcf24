"""Queries: what they answer, and what they must not do."""

import os
import pickle

import pyarrow as pa
import pytest
from pyarrow import parquet

from deviator.errors import InvalidInputError, ResultsError
from deviator.studies.tables.query import ask
from deviator.studies.tables.schemas import SCHEMAS
from deviator.studies.tables.write import sum_line


@pytest.mark.parametrize(
    ("sql", "records"),
    [
        ("SELECT mechanism, state FROM rows ORDER BY best_gain DESC LIMIT 1",
         [("uniform-conditional", "refuted")]),
        ('SELECT "economy.alpha" FROM rows', [(1.0,), (1.0,)]),
        ("SELECT seed, max(gain) FROM curves JOIN rows USING (cell) GROUP BY seed ORDER BY seed",
         [(0, 0.05), (1, 0.07)]),
        ("SELECT json_extract(witness, '$.bid[0]')::DOUBLE FROM witnesses", [(0.79,)]),
        ("WITH a AS (SELECT 1 AS b) SELECT b FROM a;", [(1,)]),
        ("SELECT seed FROM seeds WHERE false", []),
    ],
)  # fmt: skip
def test_tables_are_asked_in_sql(made_run, sql, records):
    assert ask(str(made_run("run")), sql).records == records


def test_tables_and_columns_can_be_listed(made_run):
    run = made_run("run")
    assert {name for (name,) in ask(run, "SHOW TABLES").records} == set(SCHEMAS)
    assert "gain" in {record[0] for record in ask(run, "DESCRIBE curves").records}
    assert ask(run, "PIVOT curves ON seed USING max(gain) GROUP BY steps").columns[1:] == ("0", "1")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM parquet_metadata('{folder}/run/tables/rows.parquet')",
        "SELECT getenv('HOME')",
        "SELECT * FROM secret",
        "SELECT * FROM query('COPY rows TO ''{folder}/out.csv''')",
        "COPY rows TO '{folder}/out.csv'",
        "COPY rows TO '{folder}/run/tables/rows.parquet'",
        "EXPLAIN ANALYZE COPY rows TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "IMPORT DATABASE '{folder}'",
        "ATTACH '{folder}/out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{folder}/evil.so'",
        "SET enable_external_access = true",
        "SELECT 1; SET enable_external_access = true",
        "SELECT 1; COPY rows TO '{folder}/out.csv'",
        "PRAGMA enable_profiling='json'",
        "CREATE TABLE copied AS SELECT * FROM rows",
        "DELETE FROM rows",
        "CALL pragma_version()",
        "SELECT nothing FROM rows",
        "SELECT 'a'::INTEGER",
        "SELECT 'unfinished",
        "",
    ],
)
def test_a_query_reads_nothing_else_and_writes_nothing(made_run, tmp_path, sql):
    run = made_run("run")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InvalidInputError) as refused:
        ask(run, sql.format(secret=secret, folder=tmp_path))
    assert "\n" not in str(refused.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_query_that_outgrows_memory_spills_to_no_disk(made_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = made_run("run")
    assert ask(run, "SELECT current_setting('temp_directory')").records == [("",)]
    ask(run, "SELECT i, count(*) FROM range(100000) r(i) GROUP BY i ORDER BY i")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


class Evil:
    def __reduce__(self):
        return os.mkdir, ("run-by-a-pickle",)


def test_tables_of_strangers_run_no_code(made_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = made_run("run") / "tables" / "seeds.parquet"
    pickled = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": pickle.dumps(Evil()),
    }
    field = pa.field("cell", pa.binary(), metadata=pickled)
    table = pa.table([pa.array([b"x"])], schema=pa.schema([field], metadata={"pandas": "{'"}))
    parquet.write_table(table, file)
    with (file.parent / "SHA256SUMS").open("a") as sums:
        sums.write(sum_line(file.read_bytes(), file.name))
    assert ask(tmp_path / "run", "SELECT * FROM seeds").records == [(b"x",)]
    assert not (tmp_path / "run-by-a-pickle").exists()


def test_a_flipped_bit_is_noticed(made_run):
    run = made_run("run")
    file = run / "tables" / "seeds.parquet"
    sql = "SELECT * FROM seeds"
    whole, answer = file.read_bytes(), ask(run, sql)
    for place in range(0, len(whole), 97):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(ResultsError, match="its checksum does not match"):
            ask(run, sql)
    file.write_bytes(whole)
    assert ask(run, sql) == answer


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "folder", "pipe"])
def test_missing_and_damaged_tables_are_named(made_run, damage):
    run = made_run("run")
    file = run / "tables" / "rows.parquet"
    whole = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
    elif damage == "pipe":
        os.mkfifo(file)
    elif damage != "missing":
        file.write_bytes({"empty": b"", "text": b"cell,key\n", "cut": whole[:-100]}[damage])
    with pytest.raises(ResultsError, match=r"rows.*deviator report") as refused:
        ask(run, "SELECT * FROM rows")
    assert "\n" not in str(refused.value)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="must hold the results of a study"):
        ask(tmp_path / "nowhere", "SELECT 1")

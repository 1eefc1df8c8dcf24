"""pandas and R read the tables of a run, with the same numbers."""

import shutil
import subprocess

import pandas as pd
import pytest
from helpers.tiny_study import tiny

from deviator.studies import confirm

pytestmark = pytest.mark.slow

SUMS = """
rows <- read.csv("rows.csv", check.names = FALSE)
stopifnot(is.character(rows$mechanism), is.numeric(rows$exact_gain))
cat(nrow(rows), ncol(rows), format(sum(rows$exact_gain), digits = 15), "\\n")
cat(sort(unique(rows$state)), "\\n")
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The tables of a study in which nothing is trained."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    confirm(tiny(learner="none"), out=folder, workers=1)
    return folder / "tables"


def without_gaps(frame):
    """Return a frame of objects in which what is missing is None, whatever the file wrote."""
    return frame.astype(object).where(frame.notna(), None)


def test_pandas_reads_the_same_from_csv_and_parquet(tables):
    for name in ("rows", "outcomes", "constraints", "witnesses"):
        stored = pd.read_parquet(tables / f"{name}.parquet")
        texts = {column: "str" for column in stored if pd.api.types.is_string_dtype(stored[column])}
        read = pd.read_csv(tables / f"{name}.csv", dtype=texts)
        pd.testing.assert_frame_equal(
            without_gaps(read), without_gaps(stored), check_dtype=False, check_exact=False
        )


def test_r_reads_the_rows(tables):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed (Debian: r-base-core)")
    rows = pd.read_parquet(tables / "rows.parquet")
    command = ["Rscript", "--vanilla", "-e", SUMS]
    told = subprocess.run(command, cwd=tables, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    size, states = told.stdout.splitlines()
    count, columns, total = size.split()
    assert (int(count), int(columns)) == rows.shape
    assert float(total) == pytest.approx(rows["exact_gain"].sum(), rel=1e-9)
    assert states.split() == sorted(rows["state"].unique())

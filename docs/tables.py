"""Write the list of the tables of a study: python docs/tables.py writes docs/tables.md."""

from pathlib import Path

from deviator.studies.tables.schemas import PRINTED, SCHEMAS, TELLING

PAGE = Path(__file__).parent / "tables.md"

ABOUT = """# The tables of a study

A run's folder has its findings as tidy tables in `tables/`: `NAME.parquet`, `NAME.csv`, and
`NAME.tex` with the columns that fit onto a page (of the package booktabs; numbers with three
significant digits, verdicts in words). They are made of `report.json` alone, at the end of every
run and by `deviator report RUN`, which needs neither the study file nor its plugins. The same
results give the same bytes; `SHA256SUMS` has the digest of each file (`sha256sum --check`).

`cell` names a cell in words (mechanism, economy and their settings, and what is unusual about
strategy, trader, information, learner and question), the same whatever the budget and the rest of
the study. Only cells that differ in nothing else have budget or digest in their names. It joins the
tables; `key`, the digest of the full specification, says whether two results are of the very same
cell. Gains are in units of money per market ([report.md](report.md)). Any value but these two may
be missing.

## Asking

```
deviator query runs/my-study "SELECT mechanism, n_traders, share FROM rows ORDER BY n_traders"
deviator query runs/my-study 'SELECT "economy.alpha", share FROM rows' --format csv
deviator query runs/my-study "DESCRIBE rows"
```

The statement is one of [DuckDB's SQL](https://duckdb.org/docs/sql/introduction): SELECT,
PIVOT, DESCRIBE, SUMMARIZE, SHOW TABLES or EXPLAIN; names with a dot are quoted. It runs in memory
over copies of the tables, and can read or write no file, load no extension and reach no network: a
query or a run's folder from a stranger does no harm. Tables whose digest is not that of
`SHA256SUMS` are refused.
`--format csv` and `--format json` are for pipes; control characters in texts are left out.

```
deviator compare runs/my-study runs/my-study-again
```

sets the same cells of two or more runs side by side: verdicts, gains, shares, and which runs have
the cell. It ends with 1 where verdicts differ, or where runs state different numbers for the same
key; cells of one run only change nothing about that.

## For other programs

```
deviator export runs/my-study --format latex --table rows
deviator export runs/my-study --format stata --out data
deviator export runs/my-study --format json
```

writes the tables into `runs/my-study/export`, or where `--out` says, as `csv`, `parquet`, `latex`,
`stata` or `json`; `--table` chooses some of them. It reads `report.json` alone, also one that an
earlier version of deviator wrote. R, Julia and spreadsheets read the CSV files, where what is
missing is empty, and a text that a spreadsheet would run as a formula has an apostrophe before it.
Files of Stata are of version 14; names have underscores for dots there, at most
32 characters, and labels say what a variable means. In JSON a table is a list of records, and what
is missing is `null`.

In Python, `deviator.confirm(...)` returns a report, and `deviator.studies.read_report(RUN)` that of
a run from before. Its `to_frame()`, `seeds()` and `curves()` are the tables `rows`, `seeds` and
`curves` as pandas frames, and `table(NAME)` is any of them:

```python
report = deviator.studies.read_report("runs/my-study")
frame = report.to_frame()
frame.to_parquet("rows.parquet")
frame.to_stata("rows.dta", version=118, write_index=False)
```

Each column has one type, whatever it holds: `Int64`, `float64`, `boolean` or text. Missing texts
are empty. pandas asks for version 117 or 118 where texts are long, and warns that Stata has no dots
in names.

## Columns

Whole numbers are 64-bit integers, numbers are doubles, truths booleans; JSON is text.
This page is written by `python docs/tables.py`.
"""

PARAMETERS = """
After these, `rows` has a column for each setting that a cell states: `economy.alpha`,
`economy.types.law`, `mechanism.fee`, `learner.points`. Each has one type: whole
numbers, numbers, truths or texts where all its values are, else JSON. A cell that does not state
the setting has none. Settings of mechanism and strategy that vary stand in LaTeX, too.
"""


def page() -> str:
    """Return the page."""
    return ABOUT + "".join(map(_table, SCHEMAS))


def _table(name: str) -> str:
    printed = dict.fromkeys(PRINTED[name], "yes")
    if name == "rows":
        printed |= dict.fromkeys(TELLING, "if it varies")
    lines = [
        f"| `{column}` | {kind} | {printed.get(column, '')} | {meaning} |"
        for column, kind, meaning in SCHEMAS[name]
    ]
    table = "\n".join(["| column | type | LaTeX | meaning |", "|---|---|---|---|", *lines])
    return f"\n### {name}\n\n{table}\n{PARAMETERS if name == 'rows' else ''}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

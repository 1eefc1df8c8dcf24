"""Where the results of a page come from, without dates: the same results, the same words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import deviator
from deviator.citation import PAPER, bibtex, citation
from deviator.harmless import one_line, printable

from ..run.store.plain_files import DamagedError, read_plain
from ..spec.cell import SCHEMA
from .row import ReportRow
from .table import third_party_plugins

STUDY_FILE = "study.yaml"
"""The study in a run folder, from which everything can be computed again."""

LARGEST_STUDY = 20_000
"""Characters of a study file that a page shows."""

DATA = ("report.json", STUDY_FILE, "provenance.json")
"""Files beside a page that it links, where they are."""

TABLES = ("rows", "seeds", "curves", "constraints", "outcomes", "witnesses", "rates")
"""Tables that a page links."""

ENDINGS = ("csv", "tex", "parquet")


class Provenance(NamedTuple):
    """What a page says of its origin."""

    command: str
    study_file: str
    versions: list[tuple[str, str]]
    plugins: list[str]
    schema: int
    citation: str
    paper: str
    bibtex: str


class LinkedTable(NamedTuple):
    """A table of the study, and the addresses of its files by their endings."""

    name: str
    files: dict[str, str]


def provenance(folder: Path, content: Mapping[str, Any]) -> Provenance:
    """Return where the results come from.

    Parameters
    ----------
    folder : Path
        Of the run.
    content : mapping
        The content of ``report.json``.
    """
    rows: Sequence[ReportRow] = content["rows"]
    versions = sorted(content["versions"].items())
    version = content["versions"].get("deviator", deviator.__version__)
    return Provenance(
        command=f"deviator confirm {STUDY_FILE}{' --quick' if content.get('quick') else ''}",
        study_file=_study_file(folder),
        versions=[(one_line(name), one_line(str(number))) for name, number in versions],
        plugins=third_party_plugins(rows),
        schema=SCHEMA,
        citation=citation(one_line(version)),
        paper=PAPER,
        bibtex=bibtex(one_line(version)),
    )


def _study_file(folder: Path) -> str:
    """Return the text of the study file, or nothing where there is none that can be shown."""
    try:
        text = read_plain(folder / STUDY_FILE).decode()
    except (OSError, DamagedError, UnicodeDecodeError):
        return ""
    return printable(text) if len(text) <= LARGEST_STUDY else ""


def linked_data(folder: Path) -> list[str]:
    """Return the files of data that lie beside the page."""
    return [name for name in DATA if (folder / name).is_file()]


def linked_tables(folder: Path) -> list[LinkedTable]:
    """Return the tables that lie beside the page, each with its files."""
    found = []
    for name in TABLES:
        files = {ending: f"tables/{name}.{ending}" for ending in ENDINGS}
        known = {ending: file for ending, file in files.items() if (folder / file).is_file()}
        if known:
            found.append(LinkedTable(name, known))
    return found

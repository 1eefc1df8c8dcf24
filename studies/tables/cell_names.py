"""Names of cells in words: what each was made of, whatever the budget and the rest of the study."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deviator.harmless import one_line

from ..report.row import market_columns
from ..report.shown_parts import question_of
from ..spec.cell import Cell
from ..spec.types_law import TypesSpec
from .column import Row

SHORT = 40
"""Characters of a setting that are shown as they are; longer ones, as matrices, by a digest."""

LONGEST = 400
"""Characters of a name, at most."""


def cell_names(rows: Sequence[Row]) -> list[str]:
    """Return a name for each row, no two the same.

    It tells mechanism and economy with their settings, and what is unusual about strategy, trader,
    information, learner and question. Cells that differ in their budget alone have it in their
    names, and those that differ in what names do not tell the digest of their specification.

    Parameters
    ----------
    rows : sequence of dict
        Those of ``report.json``.

    Returns
    -------
    list of str
        As ``sigma-dcda(sigma=0.4) in two groups(alpha=1, n_traders=8, slope=1.3), trader 2, ppo``.
    """
    names = _told_apart([_name(row) for row in rows], rows, _budget)
    return _told_apart(names, rows, lambda row: f"#{row['key']}")


def names_of_cells(cells: Sequence[Cell]) -> list[str]:
    """Return the names of cells that need not have run; see `cell_names`.

    Parameters
    ----------
    cells : sequence of Cell
    """
    return cell_names([_stated(cell) for cell in cells])


def _stated(cell: Cell) -> Row:
    unknown: dict[str, Any] = {"n_traders": None, "sigma": cell.market.sigma, "plugins": []}
    return {**market_columns(cell, unknown, ""), "question": cell.question}


def _told_apart(names: list[str], rows: Sequence[Row], telling: Callable[[Row], str]) -> list[str]:
    """Return the names, with what tells those apart that several rows have."""
    counts = Counter(names)
    return [
        f"{name}, {telling(row)}" if counts[name] > 1 else name
        for name, row in zip(names, rows, strict=True)
    ]


def _budget(row: Row) -> str:
    return f"{row['steps']} steps on {row['held_out']} profiles"


def _name(row: Row) -> str:
    slope = row.get("sigma_rule") or row["sigma"]
    tax = {} if slope is None else {"sigma": slope}
    mechanism = _called(row["mechanism"], row["parameters"] | tax)
    economy = _called(row["economy"], _economy_settings(row["economy_settings"]))
    return one_line(", ".join([f"{mechanism} in {economy}", *_unusual(row)]), LONGEST)


def _unusual(row: Row) -> list[str]:
    """Return what a cell asks, and what is not as in most."""
    question = question_of(row)
    learner = _called(row["learner"], row["learner_settings"])
    told = {
        f"playing {_called(row['strategy'], row['strategy_parameters'])}": row["strategy"]
        != "honest",
        f"trader {row['trader']}": row["trader"] != 0 and row.get("question") != "audit",
        f"seeing {row['information']}": row["information"] != "profile",
        learner: row["learner"] != "none",
        question: question != "deviation",
    }
    return [text for text, shown in told.items() if shown]


def _economy_settings(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an economy, and the law of types where it is stated."""
    types = stated.get("types")
    law = TypesSpec.model_validate(types).model_dump(exclude_defaults=True) if types else {}
    kind = {"types": law.pop("law", "normal")} if types else {}
    settings: dict[str, Any] = stated["parameters"] | kind
    return settings | {f"types.{name}": value for name, value in law.items()}


def _called(name: str, settings: Mapping[str, Any]) -> str:
    texts = [f"{setting}={_text(value)}" for setting, value in sorted(settings.items())]
    return f"{name}({', '.join(texts)})" if texts else name


def _text(value: Any) -> str:
    """Return a value in few characters; whole numbers alike, however they were written."""
    if isinstance(value, float):
        return f"{value:.12g}"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= SHORT else f"#{hashlib.sha256(text.encode()).hexdigest()[:6]}"

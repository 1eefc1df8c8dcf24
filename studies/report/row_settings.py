"""What rows are about, their settings by name, and which settings vary among rows."""

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from .row import ReportRow
from .shown_parts import learner_of, sees_of

SIZE = "N"
"""The setting that is the number of traders."""

LABELS = ("family", "beliefs", "n_traders")
"""Settings of an economy that are its name, or stand in a column of their own."""


def subject(row: ReportRow) -> tuple[Hashable, ...]:
    """Return what a row is about, whatever its settings: rows of one subject compare."""
    asked = row["question"], row["constraint"]
    # An audit is of all traders, and its row names whoever has most to gain.
    trader = "" if row["question"] == "audit" else str(row["trader"])
    who = row["mechanism"], row["economy"], row["strategy"], trader
    return (*who, sees_of(row), learner_of(row), *asked)


def by_subject(rows: Sequence[ReportRow]) -> dict[tuple[Hashable, ...], list[ReportRow]]:
    """Return rows by what they are about, in their order."""
    groups: dict[tuple[Hashable, ...], list[ReportRow]] = {}
    for row in rows:
        groups.setdefault(subject(row), []).append(row)
    return groups


def settings_of(row: ReportRow) -> dict[str, Hashable]:
    """Return every setting of a row: numbers and texts as they are, others as JSON.

    The tax slope is a number, or the rule that gives it at each size.
    """
    economy = dict(row["economy_settings"])
    parameters = economy.pop("parameters", {})
    law = economy.pop("types", None) or {}
    stated = {name: value for name, value in parameters.items() if name not in LABELS}
    settings: dict[str, Any] = {
        SIZE: row["n_traders"],
        "sigma": row.get("sigma_rule") or row["sigma"],
        "members": row["members"],
        "identities": row["identities"],
        "transfers": row["transfers"],
        "steps": row["steps"],
        **{name: value for name, value in row["parameters"].items() if name != "sigma"},
        **_named("economy", stated),
        **_named("types", law),
        **_named("strategy", row["strategy_parameters"]),
        **_named("learner", row["learner_settings"]),
    }
    return {name: _plain(value) for name, value in settings.items()}


def varying(settings: Sequence[Mapping[str, Hashable]]) -> list[str]:
    """Return the names of settings that are not the same in all, in order of appearance.

    Examples
    --------
    >>> varying([{"N": 4, "sigma": 0.1}, {"N": 4, "sigma": 0.2}])
    ['sigma']
    """
    names = dict.fromkeys(name for each in settings for name in each)
    return [name for name in names if len({each.get(name) for each in settings}) > 1]


def ordered(values: Sequence[Hashable]) -> list[Hashable]:
    """Return distinct values, numbers in their order before texts in theirs.

    Examples
    --------
    >>> ordered([8, 4, "all", 4, None])
    [4, 8, 'all', None]
    """

    def place(value: Hashable) -> tuple[int, float, str]:
        if isinstance(value, (int, float)):
            return 0, float(value), ""
        return (2, 0.0, "") if value is None else (1, 0.0, str(value))

    return sorted(dict.fromkeys(values), key=place)


def _named(part: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{part} {name}": value for name, value in settings.items()}


def _plain(value: Any) -> Hashable:
    if value is None or isinstance(value, (int, float, str)):
        return value
    return json.dumps(value, sort_keys=True)

"""What a row was made of, in words: whose it is if it is not deviator's own, and its settings."""

from collections.abc import Mapping
from typing import Any

from deviator.trust import is_third_party

from .row import ReportRow

SHORT = 20
"""Characters of a setting that tables show; longer ones, as matrices, stand in report.json."""


def mechanism_name(row: ReportRow) -> str:
    """Return the mechanism without its settings, as ``rules.py:my-auction``."""
    return _owned(row, "mechanism", row["mechanism"])


def mechanism_of(row: ReportRow) -> str:
    """Return the mechanism and its short settings, as ``rules.py:my-auction fee=0.2``."""
    return _with_settings(mechanism_name(row), row["parameters"])


def strategy_of(row: ReportRow) -> str:
    """Return the strategy and its short settings."""
    return _with_settings(_owned(row, "policy", row["strategy"]), row["strategy_parameters"])


def economy_of(row: ReportRow) -> str:
    """Return the economy, and what tells it from others in the study."""
    return _owned(row, "economy", row["economy"]) + row["economy_label"].removeprefix(
        row["economy"]
    )


def learner_of(row: ReportRow) -> str:
    """Return the learner."""
    return _owned(row, "learner", row["learner"])


def sees_of(row: ReportRow) -> str:
    """Return what the deviator sees."""
    return _owned(row, "rung", row["information"])


def question_of(row: Mapping[str, Any]) -> str:
    """Return what a row's cell asks, as ``coalition of 2``."""
    question = row.get("question", "deviation")
    if question == "audit" and row["constraint"]:
        return f"audit of {row['constraint']}"
    if question != "coalition":
        return str(question)
    party = f" of {row['members']}" if row["members"] > 1 else ""
    names = f" under {row['identities']} names" if row["identities"] > 1 else ""
    return f"coalition{party}{names}{'' if row['transfers'] else ' without transfers'}"


def topic_of(row: Mapping[str, Any]) -> str:
    """Return the same without the size of a coalition, which is a setting; empty of deviations."""
    question = question_of(row)
    if question.startswith("coalition"):
        return "coalition"
    return "" if question == "deviation" else question


def _owned(row: ReportRow, kind: str, name: str) -> str:
    """Return a name with its provider, unless it is deviator's own or says it already."""
    if ":" in name:
        return name
    for plugin in row["plugins"]:
        if plugin["kind"] == kind and is_third_party(plugin) and _is_called(plugin["name"], name):
            return f"{plugin['provider']}:{name}"
    return name


def _is_called(name: str, shown: str) -> bool:
    """Return whether a plugin's name is the one that is shown; economies' have no dashes there."""
    return shown in (name, name.replace("-", " "))


def _with_settings(name: str, settings: Mapping[str, Any]) -> str:
    texts = [f"{setting}={value}" for setting, value in settings.items()]
    return " ".join([name, *(text for text in texts if len(text) <= SHORT)])

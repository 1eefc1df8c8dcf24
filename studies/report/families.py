"""Families: markets that exist at several sizes and differ in nothing else."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from .row import ReportRow
from .row_settings import SIZE, by_subject, settings_of, varying
from .shown_parts import learner_of, sees_of, topic_of

LEAST_SIZES = 3
"""Sizes from which on a rate can be fitted."""


class Family(NamedTuple):
    """The rows of one market at several sizes, in order of N, and what tells it from others."""

    mechanism: str
    economy: str
    details: str
    rows: list[ReportRow]

    @property
    def label(self) -> str:
        """The rule, and what tells this family from others of it."""
        return f"{self.mechanism} {self.details}".strip()


def families(rows: Sequence[ReportRow], least: int = LEAST_SIZES) -> list[Family]:
    """Return the families of a study that exist at several sizes.

    Rows of one subject that have one row a size are a family whatever else goes with the size, as
    where a study walks through two lists together. Otherwise all settings but the size must agree.

    Parameters
    ----------
    rows : sequence of ReportRow
    least : int
        Sizes at least.
    """
    groups = list(by_subject(rows).values())
    several = _several(groups)
    found = [family for group in groups for family in _families(group, several)]
    return [family for family in found if len({r["n_traders"] for r in family.rows}) >= least]


def _several(groups: Sequence[Sequence[ReportRow]]) -> list[bool]:
    """Return whether strategies, what deviators see, learners and questions differ."""
    told = [_words(group[0]) for group in groups]
    return [len(set(words)) > 1 for words in zip(*told, strict=True)]


def _families(rows: list[ReportRow], several: list[bool]) -> list[Family]:
    words = _row_words(rows[0], several)
    if len({row["n_traders"] for row in rows}) == len(rows):
        rule = rows[0].get("sigma_rule")
        return [_family(rows, [*([str(rule)] if rule else []), *words])]
    settings = [settings_of(row) for row in rows]
    names = [name for name in varying(settings) if name != SIZE]
    parts: dict[str, dict[int, ReportRow]] = {}
    for row, stated in zip(rows, settings, strict=True):
        details = ", ".join(f"{name}={_shown(stated.get(name))}" for name in names)
        parts.setdefault(details, {}).setdefault(row["n_traders"], row)
    return [_family(list(part.values()), [name, *words]) for name, part in parts.items()]


def _shown(value: Hashable) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _words(row: ReportRow) -> tuple[str, ...]:
    strategy = "" if row["strategy"] == "honest" else row["strategy"]
    learner = "" if row["learner"] == "none" else learner_of(row)
    return strategy, f"sees {sees_of(row)}", learner, topic_of(row)


def _row_words(row: ReportRow, several: list[bool]) -> list[str]:
    """Return what is said of a row beside its rule, where it differs among rows."""
    told = [word for word, differ in zip(_words(row), several, strict=True) if differ]
    is_usual = row["trader"] == 0 or row["question"] == "audit"
    return told if is_usual else [*told, f"trader {row['trader']}"]


def _family(rows: list[ReportRow], words: list[str]) -> Family:
    in_order = sorted(rows, key=lambda row: row["n_traders"])
    details = ", ".join(word for word in words if word)
    return Family(rows[0]["mechanism"], rows[0]["economy"], details, in_order)

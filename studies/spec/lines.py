"""Lists of an entry that go together: each row of them makes a line of its own."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from deviator.errors import InvalidInputError

from .entries import CellsSpec
from .grid import choices, zipped
from .messages import mistakes_of


class Line(NamedTuple):
    """An entry in which nothing goes together any more, and what its economies are given."""

    entry: CellsSpec
    economy_settings: dict[str, Any]


def lines_of(entry: CellsSpec, of_study: Any) -> Iterator[Line]:
    """Yield the lines of an entry; learners of the study are those of entries that name none."""
    if not entry.zip:
        yield Line(entry, {})
        return
    for row in zipped(entry.zip):
        yield _line(entry, row, of_study)


def _line(entry: CellsSpec, row: dict[str, Any], of_study: Any) -> Line:
    data = entry.model_dump(exclude_unset=True, exclude={"zip"})
    economy: dict[str, Any] = {}
    for path, value in row.items():
        first, *rest = path.split(".")
        if first == "economy" and rest:
            economy[".".join(rest)] = value
        elif first == "learner" and rest:
            data["learner"] = data.get("learner") or [
                learner.model_dump() for learner in choices(of_study)
            ]
            for learner in choices(data["learner"]):
                _set(learner, rest, value, path)
        elif first in data and not rest:
            raise InvalidInputError(f"{path} is stated beside zip; leave one of the two out")
        else:
            _set(data, [first, *rest], value, path)
    try:
        return Line(CellsSpec.model_validate(data), economy)
    except ValidationError as error:
        sentences = [each.sentence for each in mistakes_of(error, data, CellsSpec)]
        raise InvalidInputError(f"zip: {'; '.join(sentences)}") from None


def _set(data: Any, steps: list[str], value: Any, path: str) -> None:
    """Set a value within values, by the keys that lead to it."""
    for step in steps[:-1]:
        data = data.setdefault(step, {}) if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise InvalidInputError(f"zip must name keys that lead to a value, got {path}")
    data[steps[-1]] = value

"""Study files as they are read: YAML that a person wrote, and the line of each mistake."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deviator.errors import InvalidInputError
from deviator.files import read_text
from deviator.plain_yaml import Document, read_yaml

from .messages import Mistake, Place, in_words, mistakes_of
from .overrides import overridden, place_of_path
from .study import StudySpec


def read_study(path: Path, settings: Mapping[str, Any] | None = None) -> StudySpec:
    """Read and validate a study file, YAML 1.2 in UTF-8.

    Parameters
    ----------
    path : Path
    settings : mapping, optional
        Values that replace those of the file, by the keys that lead to them: ``steps``, or
        ``cells.0.sigma``.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, is not YAML, or breaks rules; the message names each place.
    """
    document, replaced = _read(path), settings or {}
    values = overridden(document.values, replaced)
    try:
        study = StudySpec.model_validate(values)
    except ValidationError as error:
        mistakes = mistakes_of(error, values, StudySpec)
        raise InvalidInputError(_all_mistakes(path, document, replaced, mistakes)) from None
    files = tuple(str(path.parent / file) for file in study.plugins)
    lines = _lines(study, document)
    return study.model_copy(update={"plugins": files}).with_lines(lines)


def _lines(study: StudySpec, document: Document) -> dict[str | int, int]:
    """Return on which lines economies and entries begin."""
    lines: dict[str | int, int] = {
        name: document.line_of(("economies", name)) for name in study.economies
    }
    places = range(len(study.cells))
    return lines | {place: document.line_of(("cells", place)) for place in places}


def _read(path: Path) -> Document:
    try:
        return read_yaml(read_text(path))
    except OSError as error:
        raise InvalidInputError(f"study file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInputError(f"study file {path} must be YAML: {error}") from None


def _all_mistakes(
    path: Path, document: Document, replaced: Mapping[str, Any], mistakes: list[Mistake]
) -> str:
    """Return mistakes with their lines, or with what replaced them."""
    lines = [f"{_where(document, replaced, each.place)}: {each.sentence}" for each in mistakes]
    return in_words(f"study file {path}", lines)


def _where(document: Document, replaced: Mapping[str, Any], place: Place) -> str:
    for setting in replaced:
        steps = place_of_path(setting)
        if place[: len(steps)] == steps:
            return f"--set {setting}"
    return f"line {document.line_of(place)}"

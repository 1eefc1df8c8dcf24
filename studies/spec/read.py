"""Study files as they are read: YAML that a person wrote, and the line of each mistake."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deviator.errors import InvalidInputError
from deviator.files import read_text
from deviator.plain_yaml import Document, read_yaml
from deviator.validation import given_path

from .expand import mistakes_in
from .messages import Place, in_words, mistakes_of
from .overrides import overridden, place_of_path
from .readable_rest import without
from .study import Lines, StudySpec


def read_study(path: Path | str, settings: Mapping[str, Any] | None = None) -> StudySpec:
    """Read and validate a study file, YAML 1.2 in UTF-8.

    Parameters
    ----------
    path : path
    settings : mapping, optional
        Values that replace those of the file, by the keys that lead to them: ``steps``, or
        ``cells.0.sigma``.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, is not YAML, or breaks rules; the message names each place.
    """
    path = given_path("path", path)
    document, replaced = _read(path), settings or {}
    values = overridden(document.values, replaced)
    try:
        study = StudySpec.model_validate(values)
    except ValidationError as error:
        mistakes = mistakes_of(error, values, StudySpec)
        mistakes.sort(key=lambda each: document.line_of(each.place))
        told = [f"{_where(document, replaced, each.place)}: {each.sentence}" for each in mistakes]
        told += _others(path, values, document, [each.place for each in mistakes])
        raise InvalidInputError(in_words(f"study file {path}", told)) from None
    return _in_its_file(study, path, document)


def _in_its_file(
    study: StudySpec, path: Path, document: Document, numbers: list[int] | None = None
) -> StudySpec:
    """Return a study that knows its lines, and its plugin files relative to its own."""
    files = tuple(str(path.parent / file) for file in study.plugins)
    places = list(range(len(study.cells))) if numbers is None else numbers
    lines: Lines = {name: document.line_of(("economies", name)) for name in study.economies}
    for place, (number, entry) in enumerate(zip(places, study.cells, strict=True)):
        lines[place] = document.line_of(("cells", number))
        for key in entry.model_fields_set:
            lines[place, key] = document.line_of(("cells", number, key))
    return study.model_copy(update={"plugins": files}).with_lines(lines, places)


def _others(path: Path, values: Any, document: Document, wrong: list[Place]) -> list[str]:
    """Return what is wrong beside these places, as far as the rest can be read without them."""
    rest = without(values, wrong)
    if rest is None:
        return []
    try:
        study = StudySpec.model_validate(rest.values)
    except ValidationError:
        return []
    return mistakes_in(_in_its_file(study, path, document, rest.numbers))


def _read(path: Path) -> Document:
    try:
        return read_yaml(read_text(path))
    except OSError as error:
        raise InvalidInputError(f"study file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInputError(f"study file {path} must be YAML: {error}") from None


def _where(document: Document, replaced: Mapping[str, Any], place: Place) -> str:
    for setting in replaced:
        steps = place_of_path(setting)
        if place[: len(steps)] == steps:
            return f"--set {setting}"
    return f"line {document.line_of(place)}"

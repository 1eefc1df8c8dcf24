"""Study files as they are read: YAML that a person wrote, and the line of each mistake."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from deviator.errors import InvalidInputError

from .messages import Mistake, UniqueKeys, line_of, mistakes_of
from .study import StudySpec

NOT_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
"""What PyYAML raises; numbers and dates that are none escape it as errors of Python."""


def read_study(path: Path) -> StudySpec:
    """Read and validate a study file.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, is not YAML, or breaks rules; the message names each place.
    """
    try:
        text = path.read_text()
        data = yaml.load(text, Loader=UniqueKeys)
    except OSError as error:
        raise InvalidInputError(f"study file {path} cannot be read: {error.strerror}") from None
    except NOT_YAML as error:
        raise InvalidInputError(f"study file {path} must be YAML: {_not_yaml(error)}") from None
    try:
        study = StudySpec.model_validate(data)
    except ValidationError as error:
        raise InvalidInputError(_told(path, text, mistakes_of(error, data, StudySpec))) from None
    files = tuple(str(path.parent / file) for file in study.plugins)
    return study.model_copy(update={"plugins": files})


def _told(path: Path, text: str, mistakes: list[Mistake]) -> str:
    """Return mistakes with their lines: one in a sentence, several below each other."""
    lines = [f"line {line_of(text, mistake.place)}: {mistake.sentence}" for mistake in mistakes]
    if len(lines) == 1:
        return f"study file {path}, {lines[0]}"
    return "\n  ".join([f"study file {path} has {len(lines)} mistakes:", *lines])


def _not_yaml(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return " ".join(str(error).split())

"""What is wrong with data that a person wrote, one sentence a mistake.

Pydantic lists every alternative that did not fit, by the names of its own types. Here a mistake is
what stands in one place of the data: where, what is allowed there, and what is there instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError

from deviator.harmless import shown

from .settings import RULE

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value."""

WANTED: Mapping[str, str] = MappingProxyType(
    {
        "string_type": "a text",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a whole number",
        "list_type": "a list",
        "tuple_type": "a list",
        "dict_type": "keys with values",
        "model_type": "keys with values",
        "literal_error": "{expected}",
        "greater_than": "above {gt:g}",
        "greater_than_equal": "at least {ge:g}",
        "less_than_equal": "at most {le:g}",
        "too_short": "a list that is not empty",
        "invalid_key": "a text, as all keys are",
    }
)
"""What is allowed, by pydantic's name for what is wrong."""


SHOWN = 4
"""Places of one mistake that are listed."""

LISTED = 20
"""Mistakes that are listed."""


class Mistake(NamedTuple):
    """One mistake."""

    place: Place
    sentence: str


def mistakes_of(error: ValidationError, data: Any, model: type[BaseModel]) -> list[Mistake]:
    """Return what is wrong with data that a model did not accept.

    Parameters
    ----------
    error : ValidationError
    data : object
        What was validated.
    model : type
        What validated it.

    Examples
    --------
    >>> class Cake(BaseModel):
    ...     eggs: int | list[int]
    >>> try:
    ...     Cake.model_validate({"eggs": "two"})
    ... except ValidationError as error:
    ...     print(mistakes_of(error, {"eggs": "two"}, Cake)[0].sentence)
    eggs must be a whole number or a list, got 'two'
    """
    problems: dict[Place, list[Any]] = {}
    for each in error.errors():
        problems.setdefault(_place(each, data), []).append(each)
    return [
        Mistake(place, _sentence(place, there, model))
        for place, there in problems.items()
        if not any(_is_within(other, place) for other in problems)
    ]


def rule_broken(error: ValidationError) -> str:
    """Return the first rule that data broke as a whole."""
    first = error.errors()[0]
    return str(first.get("ctx", {}).get("error", first["msg"]))


def in_words(where: str, sentences: Sequence[str]) -> str:
    """Return mistakes as one text: one in a sentence, several below each other.

    Examples
    --------
    >>> print(in_words("study tiny", ["seeds must differ", "steps must be above 0"]))
    study tiny has 2 mistakes:
      seeds must differ
      steps must be above 0
    """
    if len(sentences) == 1:
        return f"{where}, {sentences[0]}"
    listed = list(sentences[:LISTED])
    if len(sentences) > LISTED:
        listed.append(f"and {len(sentences) - LISTED} more")
    return "\n  ".join([f"{where} has {len(sentences)} mistakes:", *listed])


def grouped(places: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one sentence for each reason, with the places for which it holds.

    Examples
    --------
    >>> grouped({"steps must be above 0": ["cells[0]", "cells[1]"]})
    ['cells[0] and cells[1]: steps must be above 0']
    """
    return [f"{listed(list(dict.fromkeys(where)))}: {reason}" for reason, where in places.items()]


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them, some of them where there are many."""
    shown = names if len(names) <= SHOWN else [*names[:SHOWN], f"{len(names) - SHOWN} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def named(place: Place) -> str:
    """Return a place as sentences name it.

    Examples
    --------
    >>> named(("cells", 0, "sigma"))
    'cells[0].sigma'
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".") or "the file"


def shortened(value: Any) -> str:
    """Return a value as sentences show it."""
    return shown(value)


def _place(problem: Any, data: Any) -> Place:
    """Return where a problem is, without the alternatives that pydantic names on the way."""
    steps = list[str | int]()
    for step in problem["loc"]:
        if _leads_on(data, step):
            data = data[step]
        elif problem["type"] not in ("missing", "invalid_key") or step != problem["loc"][-1]:
            continue
        steps.append(step)
    return (*steps, *problem.get("ctx", {}).get("path", ()))


def _leads_on(data: Any, step: str | int) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int)


def _is_within(inner: Place, outer: Place) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _sentence(place: Place, problems: Sequence[Any], model: type[BaseModel]) -> str:
    first, where = problems[0], named(place)
    if first["type"] == "missing":
        return f"{where} is missing; add it"
    if first["type"] == "extra_forbidden":
        return f"{where} is no key that is known here{_suggestion(place, model)}"
    broken = next((problem["ctx"] for problem in problems if problem["type"] == RULE), None)
    if broken is not None:
        return f"{where} {broken['rule']}, got {shortened(broken['value'])}"
    own = [problem["ctx"]["error"] for problem in problems if problem["type"] == "value_error"]
    value = shortened(first["input"])
    if own:
        return f"{where}: {own[0]}, got {value}"
    wanted = dict.fromkeys(_wanted(problem) for problem in problems)
    return f"{where} must be {' or '.join(wanted)}, got {value}"


def _wanted(problem: Any) -> str:
    known = WANTED.get(problem["type"])
    if known is None:
        return f"otherwise ({problem['msg']})"
    return known.format(**problem.get("ctx", {}))


def _suggestion(place: Place, model: type[BaseModel]) -> str:
    keys = list(_model_at(model, place[:-1]).model_fields)
    near = get_close_matches(str(place[-1]), keys, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{hint} Known: {', '.join(keys)}"


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel]:
    """Return the model of the values at a place."""
    steps = iter(place)
    for step in steps:
        if isinstance(step, int):
            continue
        annotation = model.model_fields[step].annotation
        model = next(_models(annotation))
        if get_origin(annotation) is dict:
            next(steps, None)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)

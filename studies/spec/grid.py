"""Lists that multiply out: one value may be several wherever one value stands."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import Parameter, Signature
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, Discriminator, Field, Tag

from deviator.errors import InvalidInputError

from .settings import EACH

ONE_VALUE = (bool, int, float, complex, str, NoneType)
"""Classes of which a value is no list."""

Value = TypeVar("Value")


def _distinct(values: list[Any]) -> list[Any]:
    if twice := _stated_twice(values):
        raise ValueError(f"what multiplies out must be stated once, {twice} appears twice")
    return values


Several = Annotated[list[Value], Field(min_length=1), AfterValidator(_distinct)]
"""Values that each make a cell of their own."""


def _shape(value: Any) -> str:
    """Return whether one value is stated, a list of them, or a record of each."""
    if isinstance(value, list):
        return "list"
    return EACH if _is_each(value) else "one"


def _shape_of_lists(value: Any) -> str:
    """Return the same where one value is a list itself."""
    if isinstance(value, list) and value and isinstance(value[0], list | tuple):
        return "list"
    return EACH if _is_each(value) else "one"


def _shape_of_wholes(value: Any) -> str:
    """Return the same where a list is always one value."""
    return EACH if _is_each(value) else "one"


One = Annotated[Value, Tag("one")]
Listed = Annotated[Several[Value], Tag("list")]
Marked = Annotated[dict[Literal["each"], Several[Value]], Tag(EACH)]

OneOrMore = Annotated[One[Value] | Listed[Value] | Marked[Value], Discriminator(_shape)]
"""A value, or several."""

OneListOrMore = Annotated[
    One[Value] | Listed[Value] | Marked[Value], Discriminator(_shape_of_lists)
]
"""A value that is a list, or a list of such."""

OneOrEach = Annotated[One[Value] | Marked[Value], Discriminator(_shape_of_wholes)]
"""A value that may be a list, or each of several."""


def choices(stated: Any) -> list[Any]:
    """Return the values that a field stands for, as its type has read it.

    Examples
    --------
    >>> choices(0.5), choices([0.0, 0.5]), choices((0, 1))
    ([0.5], [0.0, 0.5], [(0, 1)])
    """
    if _is_each(stated):
        return list(stated[EACH])
    return stated if isinstance(stated, list) else [stated]


def settings_grid(
    settings: Mapping[str, Any], takes_one: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """Return settings multiplied out.

    Parameters
    ----------
    settings : mapping
        Values by name. A list under a name that takes one value, and ``{each: [...]}`` under any,
        stand for several.
    takes_one : callable
        Whether a setting takes one value, by its name.

    Raises
    ------
    InvalidInputError
        If such a list is empty, or holds a value twice.

    Examples
    --------
    >>> settings_grid({"n_traders": [4, 10], "slope": [1.0, 2.0]}, lambda name: name == "n_traders")
    [{'n_traders': 4, 'slope': [1.0, 2.0]}, {'n_traders': 10, 'slope': [1.0, 2.0]}]
    """
    columns = [
        [(name, value) for value in _several(name, stated, takes_one)]
        for name, stated in settings.items()
    ]
    check_count(math.prod(map(len, columns)))
    return [dict(row) for row in itertools.product(*columns)]


MOST_CELLS = 200_000
"""Cells that an entry may multiply out to: a few short lists can ask for more than memory holds."""


def check_count(cells: int) -> None:
    """Check that an entry multiplies out to no more cells than it may.

    Raises
    ------
    InvalidInputError
        If it does.
    """
    if cells > MOST_CELLS:
        raise InvalidInputError(
            f"lists must multiply out to at most {MOST_CELLS} cells an entry, and make more; "
            "shorten some, or split the study"
        )


def _several(name: str, stated: Any, takes_one: Callable[[str], bool]) -> Sequence[Any]:
    if _is_each(stated):
        values = stated[EACH]
    elif isinstance(stated, list) and takes_one(name):
        values = stated
    else:
        return [stated]
    if not isinstance(values, list) or not values:
        raise InvalidInputError(f"{name} must be a value or a list that is not empty, got {values}")
    if twice := _stated_twice(values):
        raise InvalidInputError(
            f"{name} must state what multiplies out once, {twice} appears twice"
        )
    return values


def _is_each(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {EACH}


def _stated_twice(values: Sequence[Any]) -> str:
    """Return the first value that a list holds twice, as text; empty if there is none."""
    seen = set[str]()
    for text in map(repr, values):
        if text in seen:
            return text
        seen.add(text)
    return ""


def takes_one_value(signature: Signature, name: str) -> bool:
    """Return whether a parameter takes one value, by its annotation; a list then means several.

    Without an annotation, and of names that are not known, a list is one value.

    Examples
    --------
    >>> from inspect import signature
    >>> def economy(n_traders: int, slope: float | list[float]): ...
    >>> [takes_one_value(signature(economy), name) for name in ("n_traders", "slope", "alpha")]
    [True, False, False]
    """
    parameter = signature.parameters.get(name)
    return parameter is not None and _is_one_value(parameter.annotation)


def _is_one_value(annotation: Any) -> bool:
    if annotation in (*ONE_VALUE, None):
        return True
    origin = get_origin(annotation)
    if origin is Literal:
        return True
    if origin is Annotated:
        return _is_one_value(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return all(map(_is_one_value, get_args(annotation)))
    if annotation is Parameter.empty or not isinstance(annotation, str):
        return False
    # An annotation that is not evaluated, since it names what only type checkers import.
    names = (part.strip() for part in annotation.split("|"))
    return all(name in {kind.__name__ for kind in ONE_VALUE} | {"None"} for name in names)


def zipped(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of lists that are walked together.

    Examples
    --------
    >>> list(zipped({"sigma": [0.1, 0.2], "economy.n_traders": [4, 10]}))[1]
    {'sigma': 0.2, 'economy.n_traders': 10}
    """
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))

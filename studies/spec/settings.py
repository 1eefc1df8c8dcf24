"""Settings that a person states: any values by name, of which numbers are finite."""

import json
import math
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

EACH = "each"
"""Key whose values multiply out where a list alone is one value."""


class Spec(BaseModel):
    """Plain data with no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Built(Spec):
    """Plain data that keeps what it has built; copies and other processes build their own.

    Attributes
    ----------
    travels : tuple of str
        What of it is sent to other processes.
    """

    travels: ClassVar[tuple[str, ...]] = ()

    @cached_property
    def content(self) -> str:
        """Everything that is stated, as a text: two records are the same if it is."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    def __copy__(self) -> Self:
        """Return a copy that has built nothing."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        """Return what travels."""
        state = super().__getstate__()
        kept = {*type(self).model_fields, *self.travels}
        built = {name: value for name, value in state["__dict__"].items() if name in kept}
        return state | {"__dict__": built}


RULE = "broken_rule"
"""Pydantic's name for a rule of ours; its context says which, where and by what."""


def _broken(rule: str, path: tuple[str | int, ...], value: Any) -> PydanticCustomError:
    return PydanticCustomError(RULE, "{rule}", {"rule": rule, "path": path, "value": value})


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise _broken("must be finite", (), number)
    return number


def _sound(settings: dict[str, Any]) -> dict[str, Any]:
    for path, value in _parts(settings, ()):
        if isinstance(value, float) and not math.isfinite(value):
            raise _broken("must be finite", path, value)
        if path[-1] == EACH and not (isinstance(value, list) and value):
            raise _broken("must be a list that is not empty", path, value)
    return settings


def _parts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield all values within a value, each with the keys that lead to it."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inside:
        yield (*path, key), part
        if isinstance(part, dict | list):
            yield from _parts(part, (*path, key))


Finite = Annotated[float, AfterValidator(_finite)]
"""A number that is neither infinite nor missing."""

Settings = Annotated[dict[str, Any], AfterValidator(_sound)]
"""Values by name."""

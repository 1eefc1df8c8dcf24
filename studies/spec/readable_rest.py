"""What is left of a study file without the places in which something is wrong."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .messages import Place


class Rest(NamedTuple):
    """Values without those that are wrong, and the places that the other entries had."""

    values: dict[str, Any]
    numbers: list[int]


def without(values: Any, wrong: Sequence[Place]) -> Rest | None:
    """Return a study file without what is wrong; None where too little is left to look at.

    Economies and entries are left out whole, and with an economy the entries that name it.

    Examples
    --------
    >>> study = {"steps": 0, "economies": {"a": {}}, "cells": [{"economy": "a"}, {"trader": "x"}]}
    >>> without(study, [("steps",), ("cells", 1, "trader")])
    Rest(values={'economies': {'a': {}}, 'cells': [{'economy': 'a'}], 'name': 'study'}, numbers=[0])
    """
    if not isinstance(values, dict) or any(_spoils_all(place) for place in wrong):
        return None
    economies, cells = values.get("economies"), values.get("cells")
    if not isinstance(economies, dict) or not isinstance(cells, list):
        return None
    lost = {place[1] for place in wrong if place[0] == "economies"}
    bad = {place[1] for place in wrong if place[0] == "cells"}
    numbers = [
        number
        for number, entry in enumerate(cells)
        if number not in bad and not lost.intersection(_texts(entry))
    ]
    keys = {place[0] for place in wrong} - {"economies", "cells"}
    kept: dict[str, Any] = {key: value for key, value in values.items() if key not in keys}
    kept["economies"] = {name: each for name, each in economies.items() if name not in lost}
    kept["cells"] = [cells[number] for number in numbers]
    return Rest(kept | {"name": kept.get("name", "study")}, numbers)


def _spoils_all(place: Place) -> bool:
    """Return whether nothing else can be told where a place is wrong."""
    return not place or place[0] == "plugins" or place in (("economies",), ("cells",))


def _texts(value: Any) -> list[str]:
    """Return all texts in nested data."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []

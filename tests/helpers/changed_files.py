"""Files of witnesses and certificates, and what is left of them when one number is changed."""

import copy
import json
from fractions import Fraction

UNREAD = ("settings", "conditions", "version")
"""Parts that tell people and deviator what the scripts read elsewhere; versions have their test."""


ROUNDING = 1e-12
"""Numbers below this that are not 0 are rounding, and their digits mean nothing."""


def paths_of_numbers(data, path=()):
    """Return where numbers are, written as numbers or as fractions, below the top-level names."""
    if isinstance(data, dict):
        children = [(name, each) for name, each in data.items() if path or name not in UNREAD]
    elif isinstance(data, list):
        children = list(enumerate(data))
    else:
        return [path] if is_number(data) else []
    return [found for place, each in children for found in paths_of_numbers(each, (*path, place))]


def is_number(value):
    if isinstance(value, str):
        return value.lstrip("-")[:1].isdigit()
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and (value == 0 or abs(value) > ROUNDING)


def replaced(data, path, change):
    """Return a copy in which the value at a path is changed."""
    changed = copy.deepcopy(data)
    parent = changed
    for place in path[:-1]:
        parent = parent[place]
    parent[path[-1]] = change(parent[path[-1]])
    return changed


def one_percent_off(value):
    """Return a number or fraction changed by 1%, and 0.01 instead of 0."""
    if isinstance(value, str):
        exact = Fraction(value)
        return str(exact * Fraction(101, 100) if exact else Fraction(1, 100))
    return value * 1.01 if value else 0.01


def written(folder, data, name="file.json"):
    """Write a file and return its path."""
    path = folder / name
    path.write_text(json.dumps(data))
    return str(path)

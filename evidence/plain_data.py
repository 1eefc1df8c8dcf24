"""Markets as plain data, as files of witnesses and certificates write them.

Numbers are doubles, which JSON keeps to the last bit. What is not a double is a fraction, written
as text: "1/3".
"""

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import Economy
from deviator.mechanisms import Mechanism
from deviator.numerics.rational import exact_number


def economy_as_data(economy: Economy) -> dict[str, Any]:
    """Return an economy as plain data: its own description, or its fields."""
    describe = getattr(economy, "to_dict", None)
    if describe is not None:
        return dict(describe())
    thing: Any = economy
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    described = {field.name: np.asarray(getattr(thing, field.name)).tolist() for field in fields}
    return {"name": economy.name} | described


def settings_as_data(mechanism: Mechanism) -> dict[str, Any]:
    """Return the settings of a mechanism: what its constructor takes, as plain data.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> settings_as_data(SigmaDCDA(0.2))
    {'sigma': 0.2, 'statistics': None}
    """
    thing: Any = mechanism
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    return {field.name: as_data(getattr(thing, field.name)) for field in fields if field.init}


def as_data(value: Any) -> Any:
    """Return a setting as plain data; what has no plain form is named."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, np.ndarray | np.generic):
        return as_data(value.tolist())
    if isinstance(value, list | tuple):
        return [as_data(each) for each in value]
    if isinstance(value, dict):
        return {str(name): as_data(each) for name, each in value.items()}
    return _thing_as_data(value)


def _thing_as_data(value: Any) -> Any:
    if isinstance(value, Economy):
        return economy_as_data(value)
    if isinstance(value, Mechanism):
        return {"name": value.name, "settings": settings_as_data(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field for field in dataclasses.fields(value) if field.init]
        described = {field.name: as_data(getattr(value, field.name)) for field in fields}
        return {"name": type(value).__name__} | described
    kind: Any = value if callable(value) else type(value)
    return f"{kind.__module__}:{getattr(kind, '__qualname__', type(value).__name__)}"


def number(value: Any) -> float | None:
    """Return a float, or None where there is no such number, as a price in autarky."""
    return float(value) if np.isfinite(float(value)) else None


def fractions(value: Any) -> Any:
    """Return exact numbers, in any nesting of arrays, lists and mappings, as texts.

    Examples
    --------
    >>> from fractions import Fraction
    >>> fractions({"price": Fraction(1, 3), "quantity": [Fraction(2), None]})
    {'price': '1/3', 'quantity': ['2', None]}
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {name: fractions(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [fractions(each) for each in value]
    # Python writes no number of thousands of digits, FLINT does.
    return str(exact_number(value))

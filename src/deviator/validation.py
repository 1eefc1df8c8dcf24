"""Checks of user input that all packages share.

Each failure is an InvalidInputError of one sentence, which calls the value by `name`.
"""

import sys
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deviator.arrays import check_shape, is_foreign, library
from deviator.errors import InvalidInputError
from deviator.harmless import shown

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def finite_array(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> Floats:
    """Return `value` as a float array of the given shape without NaN or infinity.

    The shape is the expected length of each axis; None admits any length.

    Examples
    --------
    >>> finite_array("types", [[1, 2]], (None, 2))
    array([[1., 2.]])
    """
    array = real_array(name, value)
    check_shape(name, array.shape, shape)
    if not _all_finite(array):
        where = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
        raise InvalidInputError(f"{name} must be finite, got {array[where]} at index {where}")
    return array


def real_array(name: str, value: ArrayLike) -> Floats:
    """Return `value` as a float array of any shape; NaN and infinity are allowed.

    Arrays of other libraries than NumPy are refused.

    Examples
    --------
    >>> real_array("quantity", [1, float("nan")])
    array([ 1., nan])
    """
    if is_foreign(value):
        raise InvalidInputError(
            f"{name} must be a NumPy array here, got an array of {library(value)}; convert it "
            "first (torch: .detach().cpu().numpy())"
        )
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c":
            raise TypeError("complex numbers are not ordered, as types, bids and quantities are")
        if array.dtype.kind in "mM":
            raise TypeError("dates and times have no unit in which to count them")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{name} must be an array of numbers ({error})") from None


def _all_finite(array: Floats) -> bool:
    """Return whether all numbers are finite; a finite sum shows it in one pass without copies."""
    array = distinct(array)
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())


def distinct(array: Floats) -> Floats:
    """Return what an array holds without the copies along axes that it is broadcast over.

    Examples
    --------
    >>> distinct(np.broadcast_to([1.0, 2.0], (3, 2)))
    array([[1., 2.]])
    """
    if 0 not in array.strides:
        return array
    return array[tuple([slice(1) if step == 0 else slice(None) for step in array.strides])]


def numbers_of_record(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> Floats:
    """Return `value` checked as by `finite_array`; arrays of other libraries are not converted.

    Of these only the shape is checked here. A record looks for NaN in all its fields at once.
    """
    if is_foreign(value):
        foreign: Any = value
        check_shape(name, tuple(foreign.shape), shape)
        return foreign  # type: ignore[no-any-return]
    return finite_array(name, value, shape)


def finite_number(name: str, value: object) -> float:
    """Return `value` as a finite float."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InvalidInputError(f"{name} must be a number, got {shown(value)}")
    # Whole numbers may be too large for a float.
    if not -sys.float_info.max <= value <= sys.float_info.max:
        raise InvalidInputError(f"{name} must be finite, got {_number(value)}")
    return float(value)


def non_negative(name: str, value: object) -> float:
    """Return `value` as a finite float that is at least 0.

    Examples
    --------
    >>> non_negative("sigma", 0.25)
    0.25
    """
    number = finite_number(name, value)
    if number < 0:
        raise InvalidInputError(f"{name} must be non-negative, got {number}")
    return number


def positive(name: str, value: object) -> float:
    """Return `value` as a finite float above 0."""
    number = finite_number(name, value)
    if number <= 0:
        raise InvalidInputError(f"{name} must be positive, got {number}")
    return number


def whole_number(name: str, value: object, at_least: int) -> int:
    """Return `value` as an int that is at least `at_least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InvalidInputError(f"{name} must be a whole number, got {shown(value)}")
    if value < at_least:
        raise InvalidInputError(f"{name} must be at least {at_least}, got {_number(value)}")
    return int(value)


def _number(value: float | np.number[Any]) -> str:
    return shown(value.item() if isinstance(value, np.number) else value)


def check_kind(name: str, value: object, kind: type, way_out: str) -> None:
    """Check that `value` is of a class, which the way out says how to come by."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise InvalidInputError(
            f"{name} must be {article} {kind.__name__}, got {given(value)}; {way_out}"
        )


def given_path(name: str, value: object) -> Path:
    """Return a path, which may be given as text.

    Examples
    --------
    >>> given_path("out", "runs/policy").name
    'policy'
    """
    if not isinstance(value, str | PathLike):
        raise InvalidInputError(f"{name} must be a path, got {given(value)}")
    return Path(value)


def generator(name: str, value: object) -> np.random.Generator:
    """Return `value` if it is a source of randomness."""
    if not isinstance(value, np.random.Generator):
        seed = value if isinstance(value, int) and value >= 0 else 0
        raise InvalidInputError(
            f"{name} must be a numpy.random.Generator, got {given(value)}; pass "
            f"np.random.default_rng({int(seed)})"
        )
    return value


def given(value: object) -> str:
    """Return a value of the wrong kind as errors show it: itself if short, else its type.

    Examples
    --------
    >>> given("sigma-dcda"), given(0), given(dict), given({})
    ("'sigma-dcda'", '0', 'the class dict', 'dict')
    """
    if value is None or isinstance(value, (str, int, float)):
        return shown(value)
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def trader_count(value: object) -> int:
    """Return `value` as a number of traders, more than two as in the paper."""
    return whole_number("n_traders", value, at_least=3)


def trader_index(value: object, n_traders: int) -> int:
    """Return `value` as a trader's index, from 0 to ``n_traders - 1``."""
    index = whole_number("trader", value, at_least=0)
    if index >= n_traders:
        raise InvalidInputError(f"trader must be below n_traders = {n_traders}, got {index}")
    return index


def read_only(array: Floats) -> Floats:
    """Return a contiguous copy that cannot be written to."""
    copy = np.array(array, dtype=np.float64, order="C")
    copy.setflags(write=False)
    return copy


def freeze(record: object, **values: Any) -> None:
    """Set fields of a frozen record to what was checked; arrays of numbers become read-only."""
    for name, value in values.items():
        held = read_only(value) if isinstance(value, np.ndarray) else value
        object.__setattr__(record, name, held)


def per_trader(name: str, value: ArrayLike, n_traders: int) -> Floats:
    """Return one finite float per trader, given one number for all or one for each.

    Examples
    --------
    >>> per_trader("slope", 2.0, 3)
    array([2., 2., 2.])
    """
    if np.ndim(value) == 0:
        return np.full(n_traders, finite_number(name, value))
    return finite_array(name, value, (n_traders,))

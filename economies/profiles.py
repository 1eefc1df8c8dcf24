"""Quantities and types as an economy takes them: a number for each trader, in each market."""

from typing import Any

from deviator.arrays import is_foreign
from deviator.errors import InvalidInputError
from deviator.validation import Floats, real_array

NUMBERS = 8
"""Numbers of a profile that a text shows."""


def checked_profiles(
    n_traders: int, quantity: Floats, types: Floats, any_library: bool = False
) -> tuple[Floats, Floats]:
    """Return quantities and types as arrays, which fit the economy and each other.

    NaN is left alone: a market that was not solved has no quantities. Each is of shape (B, N), or
    (1, N) where one row stands for all markets. Arrays of other libraries than NumPy stay what
    they are with `any_library`, and are refused without.

    Raises
    ------
    InvalidInputError
        If the numbers of traders or of markets do not fit, or something is no real number.

    Examples
    --------
    >>> checked_profiles(2, [[1, -1]], [[0.5, 2]])
    (array([[ 1., -1.]]), array([[0.5, 2. ]]))
    """
    units, values = (
        _of_traders("quantity", quantity, n_traders, any_library),
        _of_traders("types", types, n_traders, any_library),
    )
    if units.shape[0] != values.shape[0] and 1 not in (units.shape[0], values.shape[0]):
        raise InvalidInputError(
            "quantity and types must be of equally many markets, got "
            f"{units.shape[0]} and {values.shape[0]}; give a row of each for every market"
        )
    return units, values


def _of_traders(name: str, value: Any, n_traders: int, any_library: bool) -> Floats:
    array = value if any_library and is_foreign(value) else real_array(name, value)
    if array.ndim != 2 or array.shape[1] != n_traders:
        raise InvalidInputError(
            f"{name} must have shape (markets, {n_traders}), a column for each of the economy's "
            f"traders, got {tuple(array.shape)}"
        )
    return array


def profile_text(profile: Floats) -> str:
    """Return a profile of numbers as text, cut where it is long."""
    numbers = ", ".join(f"{number:.4g}" for number in profile[:NUMBERS])
    return f"({numbers}{', ...' if len(profile) > NUMBERS else ''})"

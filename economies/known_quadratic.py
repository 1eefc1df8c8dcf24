"""Which economies are known to be linear-quadratic, and not merely said to be."""

from typing import TypeGuard

from deviator.errors import InvalidInputError

from .base import Economy
from .factored import Factored
from .linear_quadratic import LinearQuadratic
from .quadratic import QuadraticEconomy


def is_linear_quadratic(economy: Economy) -> TypeGuard[QuadraticEconomy]:
    """Return whether an economy's utilities are the quadratic ones of its weights and slopes.

    Closed forms and certificates rest on that, so a subclass, which may override anything, does
    not count: it is measured like any other economy.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> is_linear_quadratic(private_values(3))
    True
    """
    plain = "utility" not in getattr(economy, "__dict__", {})
    return type(economy) in (LinearQuadratic, Factored) and plain


def checked_quadratic(economy: object) -> QuadraticEconomy:
    """Return an economy that states weights and slopes.

    Raises
    ------
    InvalidInputError
        If it does not.
    """
    if not isinstance(economy, QuadraticEconomy):
        raise InvalidInputError(
            f"economy must be a linear-quadratic economy, got {type(economy).__name__}; build one "
            "with deviator.economies"
        )
    return economy

"""What functions of this module are given, checked."""

import numpy as np
from numpy.typing import ArrayLike

from deviator.evidence import Market
from deviator.validation import Floats, check_kind, finite_array


def checked_market(market: object) -> None:
    """Raise InvalidInputError unless a market is one."""
    check_kind("market", market, Market, "build it with deviator.market(mechanism, economy)")


def numbers(name: str, values: ArrayLike) -> Floats:
    """Return one profile of numbers as an array (N,)."""
    return finite_array(name, np.asarray(values), (None,))

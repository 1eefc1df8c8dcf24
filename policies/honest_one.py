"""The one trader who is honest where all others are not quite."""

import numpy as np

from deviator.validation import Floats, trader_index


def check_honest_one(honest: int | None, n_traders: int) -> None:
    """Raise InvalidInputError unless the honest one, where there is one, is among the traders."""
    if honest is not None:
        trader_index(honest, n_traders)


def all_but(honest: int | None, n_traders: int) -> Floats:
    """Return 1 for each trader but the honest one, who gets 0, shape (N,)."""
    return np.ones(n_traders) if honest is None else 1.0 - np.eye(n_traders)[honest]

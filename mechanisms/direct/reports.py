"""What reports to a direct mechanism must be."""

from typing import Any

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.validation import Floats


def check_reports(economy: Economy, reports: Floats, markets: Any = None) -> None:
    """Check that reports (B, N) are of an economy's traders and in their sets of types.

    Parameters
    ----------
    economy : Economy
    reports : ndarray of float, shape (B, N)
    markets : ndarray of int, shape (B,), optional
        What the error calls the markets; by their place by default.

    Raises
    ------
    InvalidInputError
        If they are not.
    """
    if reports.shape[1] != economy.n_traders:
        raise InvalidInputError(
            f"reports must be of the designer's {economy.n_traders} traders, got {reports.shape[1]}"
        )
    low, high = economy.type_set
    outside = (reports < low) | (reports > high)
    if outside.any():
        row, trader = (int(index) for index in np.argwhere(outside)[0])
        market = row if markets is None else int(markets[row])
        raise InvalidInputError(
            f"reports of trader {trader} must be in his set of types [{low[trader]:.6g}, "
            f"{high[trader]:.6g}], got {reports[row, trader]:.6g} in market {market}"
        )

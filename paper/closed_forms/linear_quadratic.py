"""Example 7 for any linear-quadratic economy, equation (5.24)."""

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.linear_quadratic import LinearQuadratic
from deviator.validation import Floats, finite_array, non_negative, trader_index


def conditional_price(
    economy: LinearQuadratic,
    trader: int,
    own_type: ArrayLike,
    quantity: ArrayLike,
    *,
    sigma: float = 0.0,
) -> Floats:
    """Return the price at which a trader is willing to clear the market, equation (5.24).

    p sum_j w~_ij = s_i + (W^-1 c)_i - sum_j w~_ij (mu_j + sigma) q_j with W^-1 = [w~_ij]; the
    paper has c = 0.

    Parameters
    ----------
    economy : LinearQuadratic
    trader : int
        i.
    own_type : array-like of float, shape (B,)
        s_i.
    quantity : array-like of float, shape (B, N)
        The allocation that the price is conditional on. The trader's own entry is not read: it is
        what clears the market.
    sigma : float
        Slope of the tax.

    Returns
    -------
    ndarray of float, shape (B,)
        Infinite or NaN where the inverse demand is a correspondence (FUN fails).

    Raises
    ------
    RefusedError
        If W is singular to working precision (INJ fails).

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> conditional_price(private_values(3, slope=2.0), 0, [1.0], [[9.0, -0.5, 0.0]])
    array([0.])
    """
    i = trader_index(trader, economy.n_traders)
    inverse = economy.inverse_weights()[i]
    weights = inverse * (economy.slope + non_negative("sigma", sigma))
    signal = finite_array("own_type", own_type, (None,))
    allocation = finite_array("quantity", quantity, (len(signal), economy.n_traders))
    # The trader's own quantity is minus that of all others, second line of (5.24).
    reading = allocation @ (weights - weights[i])
    level = signal + float(inverse @ economy.intercept)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((level - reading) / inverse.sum())

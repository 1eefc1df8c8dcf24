"""What somebody outside who trades means for the traders' own first best."""

import numpy as np

from deviator.mechanisms.outcome import CLEARS, CLEARS_OF_BATCH
from deviator.validation import Bools, Floats


def sells_no_more(outside: Floats, efficient: Floats) -> Bools:
    """Return where somebody outside buys nothing, and sells no more than efficiency asks, (B,).

    Only there is the traders' first best a measure: what else is sold or bought has costs or uses
    outside that nobody states.

    Parameters
    ----------
    outside : ndarray of float, shape (B,)
        Units received outside, as in `Outcome`.
    efficient : ndarray of float, shape (B, N)
        The efficient allocation; it sums to what is sold from outside whatever the price.

    Examples
    --------
    >>> efficient = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0]])
    >>> sells_no_more(np.array([-0.5, -1.0]), efficient)
    array([False,  True])
    """
    largest = np.abs(efficient).max(axis=1)
    error = CLEARS * largest + CLEARS_OF_BATCH * np.maximum(largest, 1.0)
    supply = np.maximum(efficient.sum(axis=1), 0.0)
    return np.asarray((outside <= error) & (outside >= -supply - error))

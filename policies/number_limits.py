"""Which numbers of bids must be positive, and how large they may be."""

from typing import NamedTuple, final

import numpy as np

from deviator.mechanisms import (
    BidLanguage,
    ConditionalLanguage,
    FlooredScheduleLanguage,
    ScheduleLanguage,
)
from deviator.validation import Bools


@final
class NumberLimits(NamedTuple):
    """Limits of the numbers of all traders' bids.

    Attributes
    ----------
    positive : ndarray of bool, shape (N, K)
        The steepness of schedules, and a hyperplane's weight on the own quantity: more of the good
        is wanted at a lower price only.
    most : float
        The largest that a positive number may be.
    """

    positive: Bools
    most: float


def number_limits(language: BidLanguage, n_traders: int) -> NumberLimits:
    """Return the limits that a language sets.

    Examples
    --------
    >>> number_limits(FlooredScheduleLanguage(0.5), 3).most
    2.0
    """
    positive = np.zeros((n_traders, language.size(n_traders)), dtype=bool)
    most = np.inf
    match language:
        case ScheduleLanguage():
            positive[:, 1] = True
        case FlooredScheduleLanguage(floor=floor):
            positive[:, 1], most = True, 1 / floor
        case ConditionalLanguage():
            own = np.arange(n_traders)
            positive[own, own] = True
        case _:
            pass
    return NumberLimits(positive, most)

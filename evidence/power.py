"""How much a learner could have found: its share of a gain that is known to be there."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.special import stdtrit

NOTICED = 0.5
"""A planted gain counts as noticed where more than this share of it was captured."""


def captured_share(learned_gain: float, best_gain: float, epsilon: float) -> float | None:
    """Return what was captured of the best gain, or None where there is nothing to gain.

    Parameters
    ----------
    learned_gain, best_gain : float
        Mean gains on the same profiles, in units of money.
    epsilon : float
        Gains up to here count as zero.

    Examples
    --------
    >>> captured_share(3.0, 4.0, 1e-9)
    0.75
    >>> captured_share(-0.1, 0.0, 1e-9) is None
    True
    """
    return None if best_gain <= epsilon else learned_gain / best_gain


def resolution(planted: Iterable[tuple[float | None, float]]) -> float | None:
    """Return the smallest planted gain that was noticed, or None where none was.

    Parameters
    ----------
    planted : iterable of (float or None, float)
        The captured share and the best gain of each planted fault.
    """
    noticed = [gain for share, gain in planted if share is not None and share > NOTICED]
    return min(noticed, default=None)


def resolution_interval(
    planted: Iterable[tuple[float | None, float]],
) -> tuple[float, float] | None:
    """Return between which planted gains the resolution lies, or None where none was noticed.

    The lower end is the largest gain below the resolution that was planted and not noticed, 0 where
    every one was.

    Examples
    --------
    >>> resolution_interval([(0.9, 0.4), (0.8, 0.2), (0.1, 0.05)])
    (0.05, 0.2)
    """
    faults = list(planted)
    smallest = resolution(faults)
    if smallest is None:
        return None
    return max((gain for _, gain in faults if gain < smallest), default=0.0), smallest


def student_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return a 95% Student interval of the mean; None for fewer than two values.

    Examples
    --------
    >>> low, high = student_interval([0.9, 1.0, 1.1])
    >>> round(low, 3), round(high, 3)
    (0.752, 1.248)
    """
    if len(values) < 2:
        return None
    quantile = stdtrit(len(values) - 1, 0.975)
    reach = quantile * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values) - reach), float(np.mean(values) + reach)

"""How much a learner could have found: its share of a gain that is known to be there."""

from collections.abc import Iterable

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

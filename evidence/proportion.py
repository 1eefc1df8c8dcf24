"""Intervals of rates that were counted."""

from deviator.errors import InvalidInputError
from deviator.validation import whole_number

CONFIDENCE = 0.95


def proportion_interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95% interval of Clopper and Pearson for a rate of which hits were counted.

    It holds the true rate in at least 95% of all such counts, however few trials there are.

    Parameters
    ----------
    hits, trials : int
        0 <= hits <= trials, at least one trial.

    Raises
    ------
    InvalidInputError
        If they are not such numbers.

    References
    ----------
    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of
    the binomial, Biometrika 26, 404-413.

    Examples
    --------
    >>> low, high = proportion_interval(0, 200)
    >>> low, round(high, 4)
    (0.0, 0.0183)
    """
    whole_number("trials", trials, at_least=1)
    whole_number("hits", hits, at_least=0)
    if hits > trials:
        raise InvalidInputError(f"hits must be at most the {trials} trials, got {hits}")
    # Its import takes longer than all of deviator's, and few callers need it.
    from scipy.stats import beta

    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if hits == 0 else beta.ppf(tail, hits, trials - hits + 1)
    high = 1.0 if hits == trials else beta.ppf(1 - tail, hits + 1, trials - hits)
    return float(low), float(high)

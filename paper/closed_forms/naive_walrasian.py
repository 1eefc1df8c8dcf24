"""The naive Walrasian auction where utilities are u_i = s_i q_i - q_i^2 (Section 7, footnote 28).

The others are truthful, of mean type m, and d = s_i - m.
"""

from deviator.validation import Floats


def best_report(own_type: Floats, others_mean: Floats, n_traders: int) -> Floats:
    """Return the best report against truthful others, (N s_i + m) / (N + 1).

    Footnote 28's N^2/(N^2 - 1) [(N - 1)/N s_i + bar s_-i / N] is this only if its bar s_-i, "the
    average report of other traders", means their sum divided by N.

    Examples
    --------
    >>> best_report(1.0, 0.0, n_traders=4)
    0.8
    """
    return (n_traders * own_type + others_mean) / (n_traders + 1)


def honest_utility(own_type: Floats, others_mean: Floats, n_traders: int) -> Floats:
    """Return the utility of a truthful report, d^2 (N - 1)^2 / (4 N^2)."""
    return (own_type - others_mean) ** 2 * (n_traders - 1) ** 2 / (4 * n_traders**2)


def best_gain(own_type: Floats, others_mean: Floats, n_traders: int) -> Floats:
    """Return the gain of the best report over a truthful one, d^2 (N - 1) / (4 N^2 (N + 1)).

    Relative to `honest_utility` it is 1 / (N^2 - 1).
    """
    scale = 4 * n_traders**2 * (n_traders + 1)
    return (own_type - others_mean) ** 2 * (n_traders - 1) / scale

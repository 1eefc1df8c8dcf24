"""Lemma 5: information structures that justify the utilities of an economy."""

import numpy as np

from deviator.economies import NormalInformation, NormalTypes, QuadraticEconomy
from deviator.errors import InvalidInputError
from deviator.validation import non_negative


def justifying_information(
    economy: QuadraticEconomy, signals: NormalTypes, residual_variance: float = 0.0
) -> NormalInformation:
    """Return beliefs under which an economy's utilities are expected ones, for any law of signals.

    Lemma 5: with Cov(s, theta_i) = Var(s) w_i the projection of theta_i on s has the weights w_i.
    Utilities thus say nothing about the law of the signals.

    Parameters
    ----------
    economy : QuadraticEconomy
    signals : NormalTypes
        Any law.
    residual_variance : float
        What each value varies beyond what all signals explain, non-negative.

    Returns
    -------
    NormalInformation
        Its `weights()` are the economy's, `economy(slope)` the economy itself.

    Raises
    ------
    InvalidInputError
        If the law is of another number of traders, or the variance is negative.

    Examples
    --------
    >>> from deviator.economies import two_groups
    >>> signals = NormalTypes.exchangeable(4, mean=1.0, correlation=-0.2)
    >>> justifying_information(two_groups(4), signals).weights()[0].round(12) + 0.0
    array([1.35, 0.35, 0.  , 0.  ])
    """
    n = economy.n_traders
    if signals.n_traders != n:
        raise InvalidInputError(
            f"signals must be of the economy's {n} traders, got {signals.n_traders}"
        )
    residual = non_negative("residual_variance", residual_variance)
    cross = economy.weighted_types(signals.covariance).T
    explained = economy.weighted_types(cross)
    return NormalInformation(
        economy.value(signals.mean[None])[0],
        signals.mean,
        cross,
        signals.covariance,
        economy.name,
        economy.roles,
        (explained + explained.T) / 2 + residual * np.eye(n),
    )

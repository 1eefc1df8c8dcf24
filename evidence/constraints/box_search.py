"""The worst profile of types in a box, searched: a form's spectrum says little about a box."""

import numpy as np

from deviator.validation import Floats

STARTS = 32
SWEEPS = 20
ROUNDS = 4

BAD = 1e-12
"""Money above this part of the largest in the box is more than rounding."""


def worst_in_box(
    amount: Floats, gains: Floats, low: Floats, high: Floats, reach: float
) -> Floats | None:
    """Return a profile in a box at which a form is a large share of another one.

    Parameters
    ----------
    amount, gains : ndarray of float, shape (N + 1, N + 1)
        Symmetric matrices of two forms in [s; 1]; `gains` is never negative.
    low, high : ndarray of float, shape (N,)
        Ends of the box. Infinite ones are searched up to `reach` from the other end or from 0.
    reach : float

    Returns
    -------
    ndarray of float, shape (N,), or None
        None where no profile was found at which the first form is positive.

    Examples
    --------
    s_1 s_2 is positive where both are 1, and not where one is negative.

    >>> product = np.array([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]])
    >>> worst_in_box(product, np.eye(3), np.zeros(2), np.ones(2), 1.0)
    array([1., 1.])
    >>> worst_in_box(product, np.eye(3), np.array([0.0, -1.0]), np.array([1.0, 0.0]), 1.0)
    """
    low = np.where(
        np.isfinite(low), low, np.minimum(np.where(np.isfinite(high), high, 0), 0) - reach
    )
    high = np.where(np.isfinite(high), high, np.maximum(low + reach, reach))
    types = np.random.default_rng(0).uniform(low, high, (STARTS, len(low)))
    profiles = np.column_stack([types, np.ones(STARTS)])
    share = 0.0
    for _ in range(ROUNDS):
        # A share is largest where money minus that share of the gains is at most 0 everywhere.
        profiles = _climbed(amount - share * gains, profiles, low, high)
        money, gained = _values(amount, profiles), _values(gains, profiles)
        ratio = np.where(gained > 0, money / np.where(gained > 0, gained, 1.0), np.sign(money))
        best = int(ratio.argmax())
        if money[best] <= BAD * np.abs(amount).max() * (profiles[best] ** 2).max():
            return None
        share = float(ratio[best])
    return np.asarray(profiles[best, :-1])


def _climbed(form: Floats, profiles: Floats, low: Floats, high: Floats) -> Floats:
    """Move one type after the other to where the form is largest on its interval."""
    profiles = profiles.copy()
    for _ in range(SWEEPS):
        for i in range(len(low)):
            bend = form[i, i]
            tilt = profiles @ form[:, i] - bend * profiles[:, i]
            top = np.clip(-tilt / bend, low[i], high[i]) if bend < 0 else np.full(len(tilt), low[i])
            places = np.stack([np.full(len(tilt), low[i]), np.full(len(tilt), high[i]), top])
            worth = (bend * places + 2 * tilt) * places
            profiles[:, i] = np.take_along_axis(places, worth.argmax(axis=0)[None], axis=0)[0]
    return profiles


def _values(form: Floats, profiles: Floats) -> Floats:
    return np.asarray(np.einsum("si,ij,sj->s", profiles, form, profiles))

"""The worst profile of types in a box, searched: a form's spectrum says little about a box."""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.validation import Floats

STARTS = 32
DRAWN = 2000
SWEEPS = 4
ROUNDS = 12

BAD = 1e-12
"""Money above this part of the largest in the box is more than rounding."""


@final
@dataclass(frozen=True, eq=False)
class BoxSearch:
    """A search for the profile in a box at which one form is the largest share of another.

    Parameters
    ----------
    amount, gains : ndarray of float, shape (N + 1, N + 1)
        Symmetric matrices of two forms in [s; 1]; `gains` is never negative.
    low, high : ndarray of float, shape (N,)
        Ends of the box. Infinite ones are searched up to `reach` from the other end or from 0.
    reach : float

    Examples
    --------
    s_1 s_2 is positive where both are 1, and not where one is negative.

    >>> product = np.array([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]])
    >>> search = BoxSearch(product, np.eye(3), np.zeros(2), np.ones(2), reach=1.0)
    >>> search.worst(np.empty((0, 2)))
    [array([1., 1.])]
    >>> search = BoxSearch(product, np.eye(3), np.array([0.0, -1.0]), np.array([1.0, 0.0]), 1.0)
    >>> search.worst(np.empty((0, 2)))
    []
    """

    amount: Floats
    gains: Floats
    low: Floats
    high: Floats
    reach: float

    def worst(self, starts: Floats) -> list[Floats]:
        """Return the worst profile found from starts (S, N) and others; none where none is bad."""
        low, high = self._ends()
        drawn = self._drawn(low, high)
        types = np.concatenate([np.clip(starts, low, high), drawn])
        profiles = np.column_stack([types, np.ones(len(types))])
        share = self._shares(profiles)
        for _ in range(ROUNDS):
            # A share is largest where money minus that share of the gains is at most 0 everywhere.
            profiles = self._climbed(profiles, share, low, high)
            share = np.maximum(share, self._shares(profiles))
        best = int(share.argmax())
        return [profiles[best, :-1]] if share[best] > 0 else []

    def _drawn(self, low: Floats, high: Floats) -> Floats:
        """Return profiles inside the box and at its corners: the first, and the worst of many."""
        rng = np.random.default_rng(0)
        inside = rng.uniform(low, high, (DRAWN, len(low)))
        corners = np.where(rng.random(inside.shape) < 0.5, low, high)
        drawn = np.concatenate([inside, corners])
        shares = self._shares(np.column_stack([drawn, np.ones(len(drawn))]))
        worst = np.argsort(-shares)[:STARTS]
        return np.concatenate([inside[:STARTS], corners[:STARTS], drawn[worst]])

    def _ends(self) -> tuple[Floats, Floats]:
        finite_high = np.where(np.isfinite(self.high), self.high, 0.0)
        low = np.where(np.isfinite(self.low), self.low, np.minimum(finite_high, 0) - self.reach)
        high = np.where(np.isfinite(self.high), self.high, np.maximum(low, 0) + self.reach)
        return low, high

    def _shares(self, profiles: Floats) -> Floats:
        """Return money per gains, 0 where it is no more than rounding or nothing is gained."""
        money, gained = _values(self.amount, profiles), _values(self.gains, profiles)
        sizes = (profiles**2).max(axis=1)
        bad = money > BAD * np.abs(self.amount).max() * sizes
        counted = bad & (gained > BAD * np.abs(self.gains).max() * sizes)
        return np.where(counted, money / np.where(counted, gained, 1.0), 0.0)

    def _climbed(self, profiles: Floats, share: Floats, low: Floats, high: Floats) -> Floats:
        """Move one type after the other to where money minus a share of the gains is largest."""
        profiles = profiles.copy()
        for _ in range(SWEEPS):
            for i in range(len(low)):
                bend = self.amount[i, i] - share * self.gains[i, i]
                slope = profiles @ self.amount[:, i] - share * (profiles @ self.gains[:, i])
                tilt = slope - bend * profiles[:, i]
                ends = np.full(len(tilt), low[i]), np.full(len(tilt), high[i])
                peak = -tilt / np.where(bend < 0, bend, -1.0)
                places = np.stack([*ends, np.clip(peak, low[i], high[i])])
                worth = (bend * places + 2 * tilt) * places
                profiles[:, i] = np.take_along_axis(places, worth.argmax(axis=0)[None], axis=0)[0]
        return profiles


def _values(form: Floats, profiles: Floats) -> Floats:
    return np.asarray(np.einsum("si,ij,sj->s", profiles, form, profiles))

"""The profile of types at which deviating pays most, over any number of profiles.

Gains are exact (`exact_gain`), all types known, and all traders' come from one clearing. Profiles
pass by in pieces, so that memory does not grow with their number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.economies import Economy, TypeDistribution
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Mechanism
from deviator.policies.base import Policy, check_market
from deviator.policies.gains import all_gains
from deviator.policies.revelation import Revelation
from deviator.validation import Floats, finite_array, generator, read_only, whole_number

PIECE = 2048
"""Profiles that are looked at together; fixed, since it decides which profiles a seed draws."""


@final
@dataclass(frozen=True, eq=False)
class WorstProfile:
    """Where, and for whom, a deviation from the strategy pays most.

    Attributes
    ----------
    gain : float
        The largest exact gain of any trader at any profile, in units of money.
    trader : int
        Who gains it.
    profile : int
        Its place among the profiles looked at.
    types : ndarray of float, shape (N,)
        The profile itself.
    largest, mean : ndarray of float, shape (N,)
        Each trader's largest and mean gain over the profiles.
    profiles : int
        How many profiles were looked at.
    """

    gain: float
    trader: int
    profile: int
    types: Floats
    largest: Floats
    mean: Floats
    profiles: int


def worst_profile(
    mechanism: Mechanism, economy: Economy, types: Floats, *, others: Policy | None = None
) -> WorstProfile:
    """Return the profile, of those given, at which a trader gains most by deviating.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        As in `exact_gain`.
    types : ndarray of float, shape (B, N)
    others : Policy, optional
        The strategy deviated from; honesty by default.

    Raises
    ------
    RefusedError
        As in `exact_gain`; the error names the profiles.
    InvalidInputError
        If the types are malformed or empty.

    Examples
    --------
    The naive Walrasian auction of footnote 28: d^2 (N - 1) / (4 N^2 (N + 1)).

    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(4, alpha=1.0, slope=2.0)
    >>> types = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    >>> worst = worst_profile(NaiveWalrasian(economy), economy, types)
    >>> worst.profile, worst.trader, round(worst.gain, 12) == 3 / 320
    (1, 1, True)
    """
    check_market(mechanism, economy)
    checked = finite_array("types", types, (None, economy.n_traders))
    if len(checked) == 0:
        raise InvalidInputError("types must hold at least one profile, got an empty array")
    pieces = (checked[start : start + PIECE] for start in range(0, len(checked), PIECE))
    return _worst(mechanism, economy, others or Revelation(mechanism, economy), pieces)


def worst_drawn_profile(
    mechanism: Mechanism,
    economy: Economy,
    profiles: int,
    rng: np.random.Generator,
    *,
    distribution: TypeDistribution | None = None,
    others: Policy | None = None,
) -> WorstProfile:
    """Return the profile, of many drawn, at which a trader gains most by deviating.

    No more than a piece of the profiles is held at any time, whatever their number.

    Parameters
    ----------
    mechanism, economy, others
        As in `worst_profile`.
    profiles : int
        How many are drawn.
    rng : numpy.random.Generator
    distribution : TypeDistribution, optional
        Law of the types, the economy's own by default.

    Raises
    ------
    RefusedError
        As in `worst_profile`.
    InvalidInputError
        If `profiles` is not a positive whole number, `rng` no generator, or the distribution of
        other traders.
    """
    check_market(mechanism, economy)
    wanted = whole_number("profiles", profiles, 1)
    generator("rng", rng)
    law = economy.types() if distribution is None else distribution
    if law.n_traders != economy.n_traders:
        raise InvalidInputError(
            f"distribution must be of {economy.n_traders} types, got {law.n_traders}"
        )
    sizes = (min(PIECE, wanted - start) for start in range(0, wanted, PIECE))
    pieces = (law.sample(rng, size) for size in sizes)
    return _worst(mechanism, economy, others or Revelation(mechanism, economy), pieces)


def _worst(
    mechanism: Mechanism, economy: Economy, policy: Policy, pieces: Iterable[Floats]
) -> WorstProfile:
    n = economy.n_traders
    largest, total, seen = np.full(n, -np.inf), np.zeros(n), 0
    best, place, trader, worst_types = -np.inf, 0, 0, np.zeros(n)
    for types, gains in _gains(mechanism, economy, policy, pieces):
        if np.isnan(gains).any():
            raise InvalidInputError(
                f"gains must be numbers to be compared, {mechanism.name} leads to NaN in a profile "
                f"of {seen} to {seen + len(types) - 1}; look at its outcomes there"
            )
        at = int(gains.argmax())
        if gains.flat[at] > best:
            best, market, trader = float(gains.flat[at]), at // n, at % n
            place, worst_types = seen + market, types[market].copy()
        largest = np.maximum(largest, gains.max(axis=0))
        total += gains.sum(axis=0)
        seen += len(types)
    return WorstProfile(
        best,
        trader,
        place,
        read_only(worst_types),
        read_only(largest),
        read_only(total / seen),
        seen,
    )


def _gains(
    mechanism: Mechanism, economy: Economy, policy: Policy, pieces: Iterable[Floats]
) -> Iterator[tuple[Floats, Floats]]:
    """Return pieces of profiles with the exact gains of all traders, each (B, N)."""
    start = 0
    for types in pieces:
        try:
            yield types, all_gains(mechanism, economy, policy, types)
        except RefusedError as error:
            stop = start + len(types) - 1
            raise RefusedError(f"in profiles {start} to {stop}, {error}") from None
        start += len(types)

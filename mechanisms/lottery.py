"""Rules that draw lots, for given lots: then they are rules like any other.

A lottery is truthful in expectation where no bid beats honesty on average over the lots, and
universally truthful where none does for any lots: where each of the rules `Drawn` is truthful.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.stats import qmc
from typing_extensions import override

from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Floats, finite_array, freeze, read_only, whole_number

from .base import Mechanism
from .derived import DerivedMechanism
from .outcome import Outcome

BELOW_ONE = float(np.nextafter(1.0, 0.0))
"""The largest lot."""


@final
@dataclass(frozen=True, eq=False)
class Drawn(DerivedMechanism):
    """A rule whose lots are given.

    Parameters
    ----------
    rule : Mechanism
        One with `draws`.
    lots : ndarray of float, shape (D,) or (B, D)
        In [0, 1); the same for all markets, or those of each of B markets.

    Raises
    ------
    InvalidInputError
        If the rule draws no lots, or lots are of another shape or range.
    """

    rule: Mechanism
    lots: Floats

    def __post_init__(self) -> None:
        draws = whole_number("draws", self.rule.draws, at_least=1)
        lots = np.asarray(self.lots)
        shape = (draws,) if lots.ndim == 1 else (None, draws)
        checked = finite_array("lots", self.lots, shape)
        if checked.size and not (checked.min() >= 0 and checked.max() < 1):
            raise InvalidInputError(
                f"lots must be in [0, 1), got {checked.min():.6g} to {checked.max():.6g}; draw "
                "them with rng.random"
            )
        freeze(self, lots=read_only(checked))

    @property
    @override
    def original(self) -> Mechanism:
        return self.rule

    @override
    def clear(self, bids: Any) -> Outcome:
        markets = bids.shape[0]
        if self.lots.ndim == 2 and len(self.lots) != markets:
            raise InvalidInputError(
                f"lots must be of {markets} markets, as the bids are, got those of "
                f"{len(self.lots)}; draw a row for each market"
            )
        rule: Any = self.rule
        # A copy, so that no rule can change the lots that others are given.
        outcome: Outcome = rule.clear(bids, self.lots_of(markets).copy())
        return outcome

    def lots_of(self, markets: int) -> Floats:
        """Return the lots of so many markets, shape (B, D)."""
        return np.broadcast_to(self.lots, (markets, self.lots.shape[-1]))

    @override
    def _clear_candidates(self, tiled: Any, candidates: int) -> Outcome:
        shared = self.lots.ndim == 1
        rule = self if shared else Drawn(self.rule, np.repeat(self.lots, candidates, axis=0))
        return rule.clear(tiled)


def drawn(rule: Mechanism, lots: Floats) -> Mechanism:
    """Return a rule for given lots; the rule itself where it draws none."""
    return Drawn(rule, lots) if rule.draws else rule


def require_no_lots(what: str, rule: Mechanism) -> None:
    """Raise RefusedError where a rule draws lots, of which something knows nothing."""
    if rule.draws:
        raise RefusedError(
            f"{what} must be of a rule without lots, and {rule.name} draws {rule.draws}; fix them "
            "with deviator.mechanisms.Drawn(rule, lots)"
        )


def in_short(lots: Floats) -> str:
    """Return lots (D,) in words, of which the first few are enough to recognize them.

    Examples
    --------
    >>> in_short(np.array([0.25, 0.5]))
    '0.25, 0.5'
    >>> in_short(np.linspace(0.0, 0.9, 10))
    '0, 0.1, 0.2, 0.3, ...'
    """
    first = ", ".join(f"{lot:.3g}" for lot in lots[:4])
    return f"{first}, ..." if len(lots) > 4 else first


def standard_lots(draws: int, count: int) -> Floats:
    """Return lots that stand for all, spread evenly over the unit cube, shape (count, draws).

    Scrambled Sobol points from a fixed seed, in their order.

    Parameters
    ----------
    draws : int
        D, at least 1.
    count : int
        A power of two, for which the points are balanced.
    """
    points: Floats = qmc.Sobol(draws, seed=np.random.default_rng(0)).random(count)
    return np.minimum(points, BELOW_ONE)

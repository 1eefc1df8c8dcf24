"""An evolution strategy that needs rewards only, and little of them: their ranks.

Separable natural evolution (Schaul, Glasmachers and Schmidhuber 2011): a generation is spread
around a mean, in mirrored pairs that all meet the same fresh markets; the mean moves towards those
who rank high, and the spread of each number adapts. What a spread of policies earns is smooth where
one policy's rewards jump, as in auctions of single units, and ranks do not mind heavy tails.

Markets per generation grow with what is spent, since rewards differ less and less. A search whose
spread has collapsed begins again, around the best so far, with a larger generation.
"""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.policies import Network
from deviator.validation import Floats, positive, whole_number

from .growing_search import FEWEST_MARKETS, GENERATIONS, GrowingSearch
from .network_vectors import NetworkVectors, best_network
from .session import Session
from .start import checked_offset, checked_widths

GROWTH = 15.0
"""How many times as many markets more the last generation meets as the first."""

COLLAPSED = 1e-6
"""A search stands still where all spreads are below this share of the first."""


@final
@dataclass(frozen=True)
class EvolutionLearner(GrowingSearch):
    """Separable natural evolution of a small policy, for rules that are only a black box.

    Parameters
    ----------
    markets : int
        Markets that the first generation meets; fewer where the budget of bids is small.
    spread : float
        Standard deviation of the first generation in each number of an action, as a share of the
        range over the square root of K.
    pairs : int, optional
        Mirrored pairs in the first generation; by default 3 + 2 ln(coefficients).
    offset : float
        How far from honesty learning starts, as a share of the range.
    hidden : tuple of int
        Widths of the policy's hidden layers; an empty tuple makes it linear.
    points : int
        Points of the learning curve.

    Raises
    ------
    InvalidInputError
        If a setting is malformed.
    """

    markets: int = 128
    spread: float = 0.1
    pairs: int | None = None
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    points: int = 20
    first_share: ClassVar[float] = 0.4
    smaller: ClassVar[float] = 0.3
    name: ClassVar[str] = "evolution"

    def __post_init__(self) -> None:
        for field in ("markets", "points"):
            whole_number(field, getattr(self, field), 1)
        if self.pairs is not None:
            whole_number("pairs", self.pairs, 2)
        positive("spread", self.spread)
        checked_offset(self.offset)
        object.__setattr__(self, "hidden", checked_widths("hidden", self.hidden))

    @override
    def _first_spread(self) -> float:
        return self.spread

    @override
    def _run(
        self,
        session: Session,
        vectors: NetworkVectors,
        larger: int,
        spread: float,
        until: float = 1.0,
    ) -> Network:
        pairs = larger * (self.pairs or 3 + int(2 * np.log(len(vectors.start))))
        search = _Spread(vectors.start, spread, pairs)
        target = session.left * (1.0 - until)
        while session.left > target and not search.collapsed:
            noise = session.rng.standard_normal((pairs, len(vectors.start)))
            places = search.places(noise)
            rewards = vectors.mean_rewards(session, places, self._markets(session, len(places)))
            search.learn(noise, rewards)
            if session.due:
                session.look(session.problem.deviation(vectors.network(search.mean)))
        session.look(session.problem.deviation(vectors.network(search.mean)))
        return best_network(session)

    def _markets(self, session: Session, members: int) -> int:
        affordable = session.steps // (GENERATIONS * members)
        wanted = int(self.markets * (1.0 + GROWTH * (1.0 - session.left)))
        return min(wanted, max(FEWEST_MARKETS, affordable))


class _Spread:
    """A Normal law of vectors with a spread for each number."""

    def __init__(self, mean: Floats, spread: float, pairs: int) -> None:
        self.mean = mean.copy()
        self._first, self._spread = spread, np.full(len(mean), spread)
        self._rate = (3.0 + np.log(len(mean))) / (5.0 * np.sqrt(len(mean)))
        ranks = np.log(pairs + 1.0) - np.log(np.arange(1, 2 * pairs + 1))
        weights = np.maximum(ranks, 0.0)
        self._weights = weights / weights.sum() - 1.0 / (2 * pairs)

    @property
    def collapsed(self) -> bool:
        return bool((self._spread < COLLAPSED * self._first).all())

    def places(self, noise: Floats) -> Floats:
        """Return mirrored pairs around the mean."""
        reach = noise * self._spread
        return np.concatenate([self.mean + reach, self.mean - reach])

    def learn(self, noise: Floats, rewards: Floats) -> None:
        """Move towards who ranks high."""
        order = np.argsort(-rewards, kind="stable")
        weight = np.empty(len(order))
        weight[order] = self._weights
        half = len(noise)
        self.mean = self.mean + self._spread * ((weight[:half] - weight[half:]) @ noise)
        change = (weight[:half] + weight[half:]) @ (noise**2 - 1.0)
        self._spread = self._spread * np.exp(0.5 * self._rate * change)

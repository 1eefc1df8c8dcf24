"""Searches that see rewards only, and grow: first the numbers that count most, then all of them.

A search that stands still begins again, around the best so far, with a larger generation.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from typing_extensions import override

from deviator.policies import Network

from .base import EvaluatedLearner
from .network_vectors import NetworkVectors, first_coefficients
from .session import Session
from .start import offset_network

GENERATIONS = 50
"""Generations that a budget of bids should allow for: smaller ones take fewer markets."""

FEWEST_MARKETS = 16

SMALLEST = 1e-3
"""First spreads of later searches are at least this share of those of the first."""

LARGEST = 16
"""Generations grow up to this multiple of the first."""


class GrowingSearch(EvaluatedLearner):
    """Generations of policies, in searches that follow each other; members are dataclasses.

    Attributes
    ----------
    first_share : float
        Share of what is left of the budget after which the search grows, at the latest.
    smaller : float
        First spread of each later search, as a share of that of the one before.
    """

    offset: float
    hidden: tuple[int, ...]
    points: int
    first_share: ClassVar[float]
    smaller: ClassVar[float]

    @override
    def _search(self, session: Session) -> None:
        session.points = self.points
        problem = session.problem
        best = session.start or offset_network(problem, session.seed, self.offset, self.hidden)
        session.look(problem.deviation(best))
        first = self._first_spread() / float(np.sqrt(problem.action_size))
        few = first_coefficients(problem, best)
        if not few.all():
            vectors = NetworkVectors(best, few)
            best = self._run(session, vectors, 1, first, until=self.first_share)
        larger, spread = 1, first if few.all() else self.smaller * first
        while not session.done:
            best = self._run(session, NetworkVectors(best), larger, spread)
            larger = min(2 * larger, LARGEST)
            spread = max(self.smaller * spread, SMALLEST * first)

    @abstractmethod
    def _first_spread(self) -> float:
        """Return the deviation of the first generation in an action, as a share of the range."""

    @abstractmethod
    def _run(
        self,
        session: Session,
        vectors: NetworkVectors,
        larger: int,
        spread: float,
        until: float = 1.0,
    ) -> Network:
        """Search until it stands still or that share of what is left is spent; return the best.

        Parameters
        ----------
        session : Session
        vectors : NetworkVectors
            Where the search begins, and which numbers vary.
        larger : int
            Generations are this multiple of the first search's.
        spread : float
            Standard deviation of the first generation in each number.
        until : float
            Share of what is left of the budget, in (0, 1].
        """

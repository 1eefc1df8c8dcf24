"""CMA-ES (Hansen and Ostermeier 2001), by the package `cma`: it needs rewards only, no gradients.

All members of a generation meet the same fresh markets. A policy of N observations and K numbers
has (N + 1) K coefficients, most of which matter little. So the search grows: first how the level of
a bid depends on what is seen, and constants for all other numbers, then everything. Where there are
many coefficients the covariance is kept diagonal (Ros and Hansen 2008). A search that stands still
begins again, around the best so far, with a larger generation.
"""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.policies import Network
from deviator.validation import Floats, positive, whole_number

from .growing_search import FEWEST_MARKETS, GENERATIONS, GrowingSearch
from .network_vectors import NetworkVectors, best_network
from .session import Session
from .start import checked_offset, checked_widths

FULL = 40
"""The largest number of coefficients with a full covariance by default."""


@final
@dataclass(frozen=True)
class CMAESLearner(GrowingSearch):
    """Covariance matrix adaptation of a small policy.

    Parameters
    ----------
    markets : int
        Markets that a generation meets; fewer where the budget of bids is small.
    step : float
        Standard deviation of the first generation in each number of an action, as a share of the
        range over the square root of K.
    population : int, optional
        Members of the first generation; 4 + 3 ln(coefficients) by default.
    diagonal : bool, optional
        Whether the covariance is diagonal; by default where there are many coefficients.
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
    step: float = 0.1
    population: int | None = None
    diagonal: bool | None = None
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    points: int = 20
    first_share: ClassVar[float] = 0.5
    smaller: ClassVar[float] = 0.2
    name: ClassVar[str] = "cma-es"

    def __post_init__(self) -> None:
        for field in ("markets", "points"):
            whole_number(field, getattr(self, field), 1)
        if self.population is not None:
            whole_number("population", self.population, 4)
        if self.diagonal is not None and not isinstance(self.diagonal, bool):
            raise InvalidInputError(f"diagonal must be true or false, got {self.diagonal!r}")
        positive("step", self.step)
        checked_offset(self.offset)
        object.__setattr__(self, "hidden", checked_widths("hidden", self.hidden))

    @override
    def _first_spread(self) -> float:
        return self.step

    @override
    def _run(
        self,
        session: Session,
        vectors: NetworkVectors,
        larger: int,
        spread: float,
        until: float = 1.0,
    ) -> Network:
        members = larger * (self.population or _usual(len(vectors.start)))
        strategy = self._strategy(session, vectors.start, members, spread)
        markets, target = self._markets(session, members), session.left * (1.0 - until)
        while session.left > target and not strategy.stop():
            places = np.array(strategy.ask())
            rewards = vectors.mean_rewards(session, places, markets)
            strategy.tell(list(places), list(-rewards))
            if session.due:
                session.look(session.problem.deviation(vectors.network(strategy.mean)))
        session.look(session.problem.deviation(vectors.network(strategy.mean)))
        return best_network(session)

    def _markets(self, session: Session, members: int) -> int:
        affordable = (session.steps - session.spent) // (GENERATIONS * members)
        return min(self.markets, max(FEWEST_MARKETS, affordable))

    def _strategy(self, session: Session, start: Floats, members: int, spread: float) -> Any:
        diagonal = len(start) > FULL if self.diagonal is None else self.diagonal
        options = {
            "popsize": members,
            "CMA_diagonal": diagonal,
            "randn": lambda *shape: session.rng.standard_normal(shape),
            "seed": np.nan,  # none is set: the generator above is all the randomness there is
            "verbose": -9,
            "maxiter": np.inf,
            "tolfun": 1e-15,
            "tolfunhist": 1e-15,
        }
        with warnings.catch_warnings():
            # It warns at its import that it cannot draw.
            warnings.simplefilter("ignore")
            import cma
        return cma.CMAEvolutionStrategy(start, spread, options)


def _usual(numbers: int) -> int:
    """Return the usual size of a generation (Hansen 2016)."""
    return 4 + int(3 * np.log(numbers))

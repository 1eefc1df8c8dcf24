"""Estimators of regret: the most that one trader gains by deviating, at given profiles of types.

Published estimators of deviation incentives are often wrong in the comfortable direction, so they
share one interface, and one kit of checks (`deviator.plugins.conformance`) is run on all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.mechanisms import Mechanism
from deviator.policies.best_response import BestResponse
from deviator.policies.gains import exact_gain
from deviator.policies.numeric_search import NumericSearch
from deviator.policies.revelation import Revelation
from deviator.policies.situation import Situation
from deviator.validation import Floats


class RegretEstimator(ABC):
    """How much one trader gains at most by deviating from honesty, all types known.

    Attributes
    ----------
    name : str
    exact : bool
        Whether the estimate is the regret itself; otherwise it is a lower bound.
    waivers : mapping of str to str
        Checks of the conformance kit that it is known to fail, each with the reason.
    """

    name: ClassVar[str]
    exact: ClassVar[bool] = False
    waivers: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def regret(self, mechanism: Mechanism, economy: Economy, types: Floats, trader: int) -> Floats:
        """Return the gain over honesty at each profile, honest others, in units of money.

        Parameters
        ----------
        mechanism : Mechanism
        economy : Economy
        types : ndarray of float, shape (B, N)
        trader : int

        Returns
        -------
        ndarray of float, shape (B,)
            Never negative: honesty is among the candidates.
        """


@final
@dataclass(frozen=True)
class MenuRegret(RegretEstimator):
    """The best point of the trader's menu against the honest one: exact."""

    name: ClassVar[str] = "menu"
    exact: ClassVar[bool] = True

    @override
    def regret(self, mechanism: Mechanism, economy: Economy, types: Floats, trader: int) -> Floats:
        return exact_gain(mechanism, economy, types, trader=trader)


@final
@dataclass(frozen=True)
class BestBidRegret(RegretEstimator):
    """The best response as a bid, cleared beside the honest one."""

    name: ClassVar[str] = "best bid"

    @override
    def regret(self, mechanism: Mechanism, economy: Economy, types: Floats, trader: int) -> Floats:
        honest = Revelation(mechanism, economy)
        best = BestResponse(mechanism, economy).bid(types, trader)
        situation = Situation.of(mechanism, economy, honest, types, trader)
        utility = situation.compared(best).payoff
        return np.maximum(utility[:, 1] - utility[:, 0], 0.0)


@final
@dataclass(frozen=True)
class SearchedRegret(RegretEstimator):
    """What a derivative-free search finds; see `NumericSearch`.

    Parameters
    ----------
    rounds, candidates : int
        Effort.
    """

    rounds: int = 16
    candidates: int = 48
    name: ClassVar[str] = "search"

    @override
    def regret(self, mechanism: Mechanism, economy: Economy, types: Floats, trader: int) -> Floats:
        search = NumericSearch(
            mechanism, economy, trader, rounds=self.rounds, candidates=self.candidates
        )
        return search.find(types).gain

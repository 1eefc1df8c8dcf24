"""A strategy of single rounds, followed in every round of a rule over rounds."""

from dataclasses import dataclass
from typing import final

import numpy as np
from typing_extensions import override

from deviator.mechanisms import BidsOverRounds, LanguageOverRounds, Unrolled
from deviator.validation import Floats

from .base import Policy, View
from .revelation import Revelation


@final
@dataclass(frozen=True, eq=False)
class EveryRound(Policy):
    """The same bids in every round, whatever happens in them.

    Parameters
    ----------
    strategy : Policy
        What is bid; one that mixes draws once, for all rounds.
    language : LanguageOverRounds
    """

    strategy: Policy
    language: LanguageOverRounds

    @property
    @override
    def name(self) -> str:
        return self.strategy.name

    @property
    @override
    def n_traders(self) -> int:
        return self.strategy.n_traders

    @property
    def mixes(self) -> bool:  # type: ignore[override]
        """Whether the strategy draws."""
        return self.strategy.mixes

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> BidsOverRounds:
        return self.language.in_every_round(self.strategy.bids(view, rng))


def in_every_round(strategy: Policy, plans: Unrolled) -> Policy:
    """Return a strategy of single rounds as one of plans; honesty stays honesty."""
    if isinstance(strategy, Revelation) and strategy.mechanism == plans.rule:
        return Revelation(plans, strategy.economy)
    return EveryRound(strategy, plans.language)


def in_one_round(strategy: Policy, plans: Unrolled) -> Policy:
    """Return the strategy of single rounds that `in_every_round` was given."""
    if isinstance(strategy, EveryRound):
        return strategy.strategy
    if isinstance(strategy, Revelation) and strategy.mechanism == plans:
        return Revelation(plans.rule, strategy.economy)
    return strategy

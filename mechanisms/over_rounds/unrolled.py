"""A rule over rounds as a one-shot rule: one bid says what to submit in every round."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.validation import Floats

from ..base import Mechanism
from ..derived import DerivedMechanism
from ..languages import Bids
from ..languages.base import check_record
from ..languages.over_rounds import BidsOverRounds, LanguageOverRounds
from ..outcome import Outcome
from .rounds_mechanism import History, RoundsMechanism, checked_rounds, play, total


@final
@dataclass(frozen=True)
class Unrolled(DerivedMechanism):
    """A rule over rounds whose bids are plans: K numbers for each of R rounds, made beforehand.

    Who knows all types, or faces others who follow a strategy whatever happens, loses nothing by
    planning. Everything that searches or learns one-shot bids so searches bids per round.

    Parameters
    ----------
    rule : RoundsMechanism

    Raises
    ------
    InvalidInputError
        If its number of rounds is not a whole number from 1.
    """

    rule: RoundsMechanism

    def __post_init__(self) -> None:
        checked_rounds(self.rule)

    @property
    def language(self) -> LanguageOverRounds:  # type: ignore[override]
        """The rule's own, for every round."""
        return LanguageOverRounds(self.rule.language, self.rule.rounds)

    @property
    @override
    def original(self) -> Mechanism:
        return self.rule

    def history(self, bids: Bids) -> History:
        """Return the rounds in which what was planned is bid."""
        check_record(self.name, BidsOverRounds, bids)
        return play(self.rule, self.language.bids_by_round(bids))

    @override
    def clear(self, bids: Any) -> Outcome:
        return total(self.history(bids))

    @override
    def honest_bids(self, economy: Economy, types: Floats) -> BidsOverRounds:
        return self.language.in_every_round(self.rule.honest_bids(economy, types))

    @override
    def bid_limits(self, trader: int) -> tuple[Floats, Floats] | None:
        limits = self.rule.bid_limits(trader)
        if limits is None:
            return None
        low, high = (self.language.repeated(np.asarray(each, dtype=float)) for each in limits)
        return low, high

    @override
    def allowed_bids(self, trader: int, bids: Floats, own: Floats) -> Floats:
        def allows(one: Floats, present: Floats) -> Floats:
            return self.rule.allowed_bids(trader, one, present)

        return self.language.allowed(bids, own, allows)

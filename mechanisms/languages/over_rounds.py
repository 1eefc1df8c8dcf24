"""One bid that says what to submit in every round of a rule over rounds."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.arrays import namespace
from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.numerics.rational import Rationals
from deviator.validation import Floats, numbers_of_record, whole_number

from ..exact import RationalBids, RationalEconomy
from .base import ArrayBids, BidLanguage, Bids


@final
@dataclass(frozen=True, eq=False)
class BidsOverRounds(ArrayBids):
    """Bids for every round, side by side: those of the first round come first.

    Parameters
    ----------
    numbers : ndarray of float, shape (B, N, R K)
        K numbers for each of R rounds.
    """

    meant_for = "rules over rounds that are unrolled, such as Unrolled(rule)"

    numbers: Floats

    @override
    def _checked(self) -> dict[str, Floats]:
        return {"numbers": numbers_of_record("numbers", self.numbers, (None, None, None))}

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        return cls(array)

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        raise RefusedError(
            "bids over rounds are plain numbers, whose units the language of a round knows; "
            "restate the bids of each round"
        )


@final
@dataclass(frozen=True)
class LanguageOverRounds(BidLanguage):
    """A bid is one of another language for every round.

    Parameters
    ----------
    spoken : BidLanguage
        The language of a round.
    rounds : int

    Examples
    --------
    >>> from deviator.mechanisms import ScheduleLanguage
    >>> language = LanguageOverRounds(ScheduleLanguage(), rounds=3)
    >>> language.size(n_traders=5), language.name
    (6, 'schedules over 3 rounds')
    """

    spoken: BidLanguage
    rounds: int
    record = BidsOverRounds

    def __post_init__(self) -> None:
        whole_number("rounds", self.rounds, at_least=1)

    @property
    def name(self) -> str:  # type: ignore[override]
        """Name of the language of a round, and how many rounds there are."""
        return f"{self.spoken.name} over {self.rounds} rounds"

    @property
    def level(self) -> int:  # type: ignore[override]
        """Index of a level: of the first round, or of the last where it is counted from the end."""
        return self.spoken.level

    @property
    def reads(self) -> Literal["nothing", "price", "allocation"]:  # type: ignore[override]
        """What the bid of a round can condition on."""
        return self.spoken.reads

    @override
    def size(self, n_traders: int) -> int:
        return self.rounds * self.spoken.size(n_traders)

    def levels(self, numbers: int) -> list[int]:
        """Return where the level of each round stands among the numbers of a bid."""
        size = numbers // self.rounds
        return [turn * size + self.level % size for turn in range(self.rounds)]

    def in_every_round(self, bids: Bids) -> BidsOverRounds:
        """Return the bids of one round as bids that are the same in all."""
        return BidsOverRounds(self.repeated(bids.as_array()))

    def repeated(self, numbers: Floats) -> Floats:
        """Return numbers (..., K) of one round for every round, (..., R K)."""
        xp = namespace(numbers)
        repeated: Floats = xp.concat([numbers] * self.rounds, axis=-1)
        return repeated

    def by_round(self, numbers: Floats) -> list[Floats]:
        """Return the numbers (..., R K) of every round, each (..., K)."""
        size = numbers.shape[-1] // self.rounds
        return [numbers[..., turn * size : (turn + 1) * size] for turn in range(self.rounds)]

    def bids_by_round(self, bids: Bids) -> list[Bids]:
        """Return the bids of every round as records of the language of a round."""
        return [self.spoken.record.from_array(each) for each in self.by_round(bids.as_array())]

    def allowed(
        self, bids: Floats, own: Floats, allows: Callable[[Floats, Floats], Floats]
    ) -> Floats:
        """Return the bids (B, M, R K) of which every round is allowed, own ones being (B, R K)."""
        both = zip(self.by_round(bids), self.by_round(own), strict=True)
        return np.concatenate([allows(*each) for each in both], axis=-1)

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> BidsOverRounds:
        return self.in_every_round(self.spoken.honest_bids(economy, types, tax_slope))

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        raise RefusedError("rules over rounds have no exact form; nothing is certified of them")

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        ranges = (
            self.spoken.coordinate_ranges(level_range, price, quantity, each)
            for each in self.by_round(bid)
        )
        return np.concatenate(list(ranges))

    @override
    def admissible(self, bids: Floats, own: Floats) -> Floats:
        return self.allowed(bids, own, self.spoken.admissible)

"""Rules made of another rule, from which they take all but what they do with bids."""

from abc import abstractmethod

from typing_extensions import override

from deviator.economies import Economy
from deviator.validation import Floats

from .base import Mechanism
from .languages import BidLanguage, Bids


class DerivedMechanism(Mechanism):
    """A rule whose language, bids and precision are another's; a member writes `clear`."""

    @property
    @abstractmethod
    def original(self) -> Mechanism:
        """The rule that this one is made of."""

    @property
    @override
    def name(self) -> str:
        return self.original.name

    @property
    def language(self) -> BidLanguage:  # type: ignore[override]
        """Language of the original."""
        return self.original.language

    @property
    @override
    def tax_slope(self) -> float:
        return self.original.tax_slope

    @property
    @override
    def precision(self) -> float:
        return self.original.precision

    @override
    def honest_bids(self, economy: Economy, types: Floats) -> Bids:
        return self.original.honest_bids(economy, types)

    @override
    def bid_limits(self, trader: int) -> tuple[Floats, Floats] | None:
        return self.original.bid_limits(trader)

    @override
    def allowed_bids(self, trader: int, bids: Floats, own: Floats) -> Floats:
        return self.original.allowed_bids(trader, bids, own)

    @override
    def example_economies(self) -> tuple[Economy, ...]:
        return self.original.example_economies()

"""Mutants: a mechanism with a planted fault of a stated size, to test what notices it."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, TypeVar, final, get_args

from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_number

from .clearing import Clearing, DeviationSolution, MarketSolution
from .exact import RationalBids, RationalSolution
from .languages import BidLanguage, Bids
from .residual_line import ResidualLineMechanism

Fault = Literal["transfer", "residual-slope", "tax", "clearing"]
"""What a mutant distorts; the list of kinds is part of the package."""

Solution = TypeVar("Solution", MarketSolution, DeviationSolution, RationalSolution)


@final
@dataclass(frozen=True, eq=False)
class Mutated(ResidualLineMechanism):
    """A mechanism with a planted fault.

    Parameters
    ----------
    mechanism : ResidualLineMechanism
        The sound rule.
    fault : {"transfer", "residual-slope", "tax", "clearing"}
        What is multiplied by 1 + size: all transfers; the residual slope in the payment rule
        (size 0.5 charges 1.5 k); the tax slope in the payment rule. Under "clearing" quantities
        are rationed to 1 - size of what clears.
    size : float
        Size of the fault; below 1 for "clearing".

    Raises
    ------
    InvalidInputError
        If the fault is unknown or the size malformed.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> Mutated(SigmaDCDA(0.2), "residual-slope", 0.5).name
    'sigma-dcda with residual-slope +0.5'
    """

    mechanism: ResidualLineMechanism
    fault: Fault
    size: float

    def __post_init__(self) -> None:
        if self.fault not in get_args(Fault):
            raise InvalidInputError(
                f"fault must be one of {', '.join(get_args(Fault))}, got {self.fault!r}"
            )
        finite_number("size", self.size)
        if self.fault == "clearing" and not self.size < 1:
            raise InvalidInputError(f"size must be below 1 for clearing, got {self.size}")

    @property
    @override
    def name(self) -> str:
        return f"{self.mechanism.name} with {self.fault} {self.size:+g}"

    @property
    @override
    def language(self) -> BidLanguage:  # type: ignore[override]
        return self.mechanism.language

    @property
    @override
    def tax_slope(self) -> float:
        return self.mechanism.tax_slope

    @property
    @override
    def clearing(self) -> Clearing:
        sound = self.mechanism.clearing
        return RationedClearing(sound, 1 - self.size) if self.fault == "clearing" else sound

    @override
    def bid_limits(self, trader: int) -> tuple[Floats, Floats] | None:
        return self.mechanism.bid_limits(trader)

    @override
    def honest_bids(self, economy: Economy, types: Floats) -> Bids:
        return self.mechanism.honest_bids(economy, types)

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        factor = 1.0 + self.size
        slope = residual_slope * factor if self.fault == "residual-slope" else residual_slope
        tax = tax_slope * factor if self.fault == "tax" else tax_slope
        transfer = self.mechanism.payment(price, quantity, slope, tax)
        return transfer * factor if self.fault == "transfer" else transfer


@final
@dataclass(frozen=True)
class RationedClearing(Clearing):
    """A clearing whose quantities are all cut by one factor, at the same price."""

    sound: Clearing
    share: float

    @override
    def solve(self, bids: Any) -> MarketSolution:
        return self._rationed(self.sound.solve(bids))

    @override
    def solve_deviations(self, bids: Any, trader: int, candidates: Floats) -> DeviationSolution:
        return self._rationed(self.sound.solve_deviations(bids, trader, candidates))

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        full = self.sound.solve_exact(bids)
        return None if full is None else self._rationed(full, Fraction(self.share))

    def _rationed(self, full: Solution, share: Any = None) -> Solution:
        cut = self.share if share is None else share
        return replace(full, quantity=full.quantity * cut, residual_slope=full.residual_slope / cut)

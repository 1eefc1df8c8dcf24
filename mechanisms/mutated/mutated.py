"""Mutants of straight residual lines, in exact arithmetic, and of all other outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, Self, TypeVar, final, get_args

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError, RefusedError, one_of
from deviator.validation import Floats, finite_number, trader_index

from ..base import Mechanism, check_candidates
from ..clearing import Clearing, DeviationSolution, MarketSolution
from ..conditional_auction import ConditionalAuction, cleared_surfaces
from ..derived import DerivedMechanism
from ..exact import RationalBids, RationalSolution
from ..languages import SurfaceBids
from ..lottery import require_no_lots
from ..outcome import Outcome, TraderOutcome
from ..portable import require_numpy
from ..residual_line import ResidualLineMechanism
from .cleared import Cleared
from .faults import FAULTS, missing

Fault = Literal["transfer", "residual-slope", "tax", "clearing"]
"""What a mutant of a `ResidualLineMechanism` distorts in exact arithmetic."""

Solution = TypeVar("Solution", MarketSolution, DeviationSolution, RationalSolution)


class Mutated(DerivedMechanism):
    """A mechanism with a planted fault: the base of both kinds of mutants, and what makes them.

    It has no instances that are only its own. Where payments follow from straight residual lines
    and the fault is one of `Fault`, a call returns a `LineMutant`, a `ResidualLineMechanism` that
    is exact as the sound rule is; elsewhere an `OutcomeMutant`, which distorts outcomes.

    Parameters
    ----------
    mechanism : Mechanism
        The sound rule.
    fault : str
        Name of one of `FAULTS`, which says what it distorts and what it breaks. Among them:
        "transfer" multiplies all transfers by 1 + size, "residual-slope" the residual slope in the
        payment rule (size 0.5 charges 1.5 k), "tax" the tax slope there; under "clearing"
        quantities are rationed to 1 - size of what clears.
    size : float
        Size of the fault; `PlantedFault.largest` says how large it may be.
    trader : int
        Whom a fault singles out that is about one trader.

    Raises
    ------
    InvalidInputError
        If the fault is unknown or the size malformed.
    RefusedError
        If the fault would be none in this mechanism.

    Examples
    --------
    >>> from deviator.mechanisms import KDoubleAuction, SigmaDCDA
    >>> Mutated(SigmaDCDA(0.2), "residual-slope", 0.5).name
    'sigma-dcda with residual-slope +0.5'
    >>> Mutated(KDoubleAuction(), "seller-shave", 0.01).name
    'k-double-auction with seller-shave +0.01'
    """

    mechanism: Mechanism
    fault: str
    size: float
    trader: int

    def __new__(cls, mechanism: Mechanism, fault: str, size: float, trader: int = 0) -> "Mutated":
        """Return a mutant of the kind that the mechanism and the fault need."""
        # Both kinds are dataclasses, whose own constructors set the size and the trader.
        if cls is not Mutated:
            return super().__new__(cls)
        on_lines = isinstance(mechanism, ResidualLineMechanism) and fault in get_args(Fault)
        return super().__new__(LineMutant if on_lines else OutcomeMutant)

    def __getnewargs__(self) -> tuple[Mechanism, str, float, int]:
        """Return the settings, with which copies are made."""
        return self.mechanism, self.fault, self.size, self.trader

    def __post_init__(self) -> None:
        if not isinstance(self.mechanism, Mechanism):
            raise InvalidInputError(
                f"mechanism must be a Mechanism, got {type(self.mechanism).__name__}; build one by "
                "name with deviator.make"
            )
        require_no_lots("a mutant", self.mechanism)
        if self.fault not in FAULTS:
            raise InvalidInputError(one_of("fault", self.fault, FAULTS))
        finite_number("size", self.size)
        fault = FAULTS[self.fault]
        if not fault.allows(self.size):
            bound = "at most" if fault.reached else "below"
            raise InvalidInputError(
                f"size must be {bound} {fault.largest:g} for {fault.name}, got {self.size}"
            )
        lacks = missing(self.mechanism, fault)
        if lacks:
            raise RefusedError(
                f"the fault {self.fault} needs {lacks}, which {self.mechanism.name} does not have; "
                "plant one of deviator.mechanisms.mutated.faults_for(mechanism)"
            )

    @property
    @override
    def original(self) -> Mechanism:
        return self.mechanism

    @property
    @override
    def name(self) -> str:
        return f"{self.mechanism.name} with {self.fault} {self.size:+g}"

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        changed: Self = replace(  # type: ignore[type-var]
            self,
            mechanism=self.mechanism.relabelled(order),
            trader=list(order).index(self.trader),
        )
        return changed

    @override
    def clear(self, bids: Any) -> Outcome:
        require_numpy(f"outcomes of {self.name}", bids)
        sound = self.mechanism.clear(bids)
        if self.size == 0:
            return sound
        distorted = self._distorted(self._seen(bids, sound))
        return replace(
            sound,
            quantity=distorted.quantity,
            transfer=distorted.transfer,
            outside=self._left_outside(sound, distorted.quantity),
        )

    @override
    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        if self.size == 0:
            return self.mechanism.clear_deviations(bids, trader, candidates)
        require_numpy(f"outcomes of {self.name}", bids)
        checked, index = check_candidates(bids, trader, candidates)
        outcome = self.clear(bids.with_candidates(index, checked))
        columns = (outcome.price_of(index), outcome.quantity[:, index], outcome.transfer[:, index])
        shape = checked.shape[:2]
        price, quantity, transfer = (np.reshape(column, shape) for column in columns)
        return TraderOutcome(price, quantity, transfer, np.reshape(outcome.traded, shape))

    def _left_outside(self, sound: Outcome, quantity: Floats) -> Floats:
        """Return what somebody outside receives, (B,): where they trade, what traders do not."""
        if FAULTS[self.fault].violates == "market_clearing" or not sound.outside.any():
            return sound.outside
        less = (sound.quantity - quantity).sum(axis=1)
        return np.where(sound.outside == 0, 0.0, sound.outside + less)

    def _seen(self, bids: Any, sound: Outcome) -> Cleared:
        """Return what a fault sees of a cleared market."""
        price = sound.price if sound.price.ndim == 2 else sound.price[:, None]
        level = (
            None
            if isinstance(bids, SurfaceBids)
            else bids.as_array()[..., self.mechanism.language.level]
        )
        if level is None and FAULTS[self.fault].needs == "bids of numbers":
            raise RefusedError(
                f"the fault {self.fault} reads bids as numbers, and surfaces are functions; plant "
                "another fault"
            )
        return Cleared(
            np.nan_to_num(np.broadcast_to(price, sound.quantity.shape)),
            sound.quantity,
            sound.transfer,
            level,
            sound.traded[:, None],
            self.mechanism.tax_slope,
            trader_index(self.trader, sound.quantity.shape[1]),
        )

    def _distorted(self, seen: Cleared) -> Cleared:
        distort = FAULTS[self.fault].distorted
        changed = (
            seen.paying(self.size * seen.transfer) if distort is None else distort(seen, self.size)
        )
        quantity, transfer = (
            np.where(seen.traded, new, old)
            for new, old in (
                (changed.quantity, seen.quantity),
                (changed.transfer, seen.transfer),
            )
        )
        return replace(seen, quantity=quantity, transfer=transfer)


@final
@dataclass(frozen=True, eq=False)
class LineMutant(ResidualLineMechanism, Mutated):
    """A mutant whose payments are arithmetic on residual lines, so that certificates judge it."""

    mechanism: ResidualLineMechanism
    fault: str
    size: float
    trader: int = 0

    @property
    @override
    def clearing(self) -> Clearing:
        sound = self.mechanism.clearing
        return RationedClearing(sound, 1 - self.size) if self.fault == "clearing" else sound

    @override
    def _clear_surfaces(self, bids: SurfaceBids) -> Outcome:
        if not isinstance(self.mechanism, ConditionalAuction):
            return super()._clear_surfaces(bids)
        if self.fault == "clearing":
            raise RefusedError(
                "markets of surfaces are not rationed by the fault clearing; plant rationing"
            )
        return cleared_surfaces(self.mechanism, bids, self.payment)

    @override
    def payment(self, price: Any, quantity: Any, residual_slope: Any, tax_slope: Any) -> Any:
        factor = 1.0 + self.size
        slope = residual_slope * factor if self.fault == "residual-slope" else residual_slope
        tax = tax_slope * factor if self.fault == "tax" else tax_slope
        transfer = self.mechanism.payment(price, quantity, slope, tax)
        return transfer * factor if self.fault == "transfer" else transfer


@final
@dataclass(frozen=True, eq=False)
class OutcomeMutant(Mutated):
    """A mutant whose outcomes are those of the sound rule, distorted."""

    mechanism: Mechanism
    fault: str
    size: float
    trader: int = 0


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

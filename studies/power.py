"""How small a fault an audit notices, planted at falling sizes until it is noticed no more."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, final

from deviator.errors import DeviatorError, InvalidInputError, one_of
from deviator.evidence import Market
from deviator.evidence.constraints import Constraint, ConstraintVerdict
from deviator.evidence.proportion import proportion_interval
from deviator.mechanisms import Mutated
from deviator.mechanisms.mutated import FAULTS, PlantedFault, faults_for
from deviator.validation import check_kind, positive

SIZES = (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Sizes at which faults are planted, the largest first."""

Answers = Callable[[Market], Mapping[Constraint, ConstraintVerdict]]
"""A market to an answer to each constraint."""

Learners = Callable[[Market], Mapping[str, float]]
"""A market to what each learner gains there beyond what counts as zero, by name."""


@final
@dataclass(frozen=True)
class Caught:
    """The smallest size at which a fault was caught in one constraint, and how.

    Attributes
    ----------
    size : float
    by : str
        Kind of the certificate that says so, or "witness" where a search found it.
    worst_share : float
        The violation at that size, relative to the gains from trade.
    reason : str
        The answer in words.
    """

    size: float
    by: str
    worst_share: float
    reason: str


@final
@dataclass(frozen=True)
class FaultPower:
    """What was noticed of one fault.

    Attributes
    ----------
    fault, kind, violates, distorts : str
        As in `PlantedFault`.
    tried : tuple of float
        Sizes at which it was planted: they fall until what was noticed is noticed no more.
    caught : mapping of str to Caught
        By constraint; those in which it was never caught are left out.
    learned : mapping of str to float
        By learner, the smallest size at which it gained.
    failures : mapping of float to str
        Sizes at which the market could not be audited, and why.
    """

    fault: str
    kind: str
    violates: Constraint
    distorts: str
    tried: tuple[float, ...]
    caught: Mapping[Constraint, Caught]
    learned: Mapping[str, float]
    failures: Mapping[float, str]

    @property
    def smallest(self) -> float | None:
        """The smallest size caught in any constraint; None where none was."""
        return min((each.size for each in self.caught.values()), default=None)

    def caught_at(self, size: float) -> bool:
        """Return whether the fault was caught in some constraint at that size or a smaller one."""
        return self.smallest is not None and self.smallest <= size


@final
@dataclass(frozen=True)
class Power:
    """How small the faults are that an audit of one market notices.

    Attributes
    ----------
    market : str
        Mechanism and economy.
    sizes : tuple of float
    broken : tuple of str
        Constraints that the rule breaks without a fault: nothing is caught in them.
    faults : tuple of FaultPower
    """

    market: str
    sizes: tuple[float, ...]
    broken: tuple[Constraint, ...]
    faults: tuple[FaultPower, ...]

    def caught_at(self, size: float) -> int:
        """Return how many faults of a size were caught in some constraint."""
        return sum(fault.caught_at(size) for fault in self.faults)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, with the rate that was caught at each size and its interval."""
        rates = [
            {
                "size": size,
                "caught": self.caught_at(size),
                "faults": len(self.faults),
                "interval": list(proportion_interval(self.caught_at(size), len(self.faults))),
            }
            for size in self.sizes
        ]
        return asdict(self) | {"rates": rates}


def power(
    tested: Market,
    answers: Answers,
    *,
    faults: Sequence[str] | None = None,
    sizes: Sequence[float] = SIZES,
    learners: Learners | None = None,
    progress: Callable[[FaultPower], None] | None = None,
) -> Power:
    """Plant faults in the mechanism of a market, and return the smallest sizes that are noticed.

    Parameters
    ----------
    tested : Market
        The sound market.
    answers : callable
        Audits a market: an answer to each constraint.
    faults : sequence of str, optional
        Names of the faults to plant; by default all that are faults in the mechanism.
    sizes : sequence of float
        Sizes to plant them at, from 1 to 1e-6 by default; a fault skips those too large for it.
    learners : callable, optional
        Trains in a market; what each learner gains there.
    progress : callable, optional
        Called with each fault that was tried.

    Raises
    ------
    InvalidInputError
        If a fault is unknown, or a size not positive.
    """
    check_kind("tested", tested, Market, "build one with deviator.market(mechanism, economy)")
    falling = tuple(sorted((positive("size", size) for size in sizes), reverse=True))
    if not falling:
        raise InvalidInputError("sizes must name at least one size, got none")
    sound = answers(tested)
    broken = tuple(name for name, answer in sound.items() if answer.state == "refuted")
    tried = []
    for fault in faults_to_plant(tested, faults):
        tried.append(_tried(tested, fault, falling, broken, answers, learners))
        if progress is not None:
            progress(tried[-1])
    label = f"{tested.mechanism.name} in {tested.economy.name}"
    return Power(label, falling, broken, tuple(tried))


def faults_to_plant(tested: Market, names: Sequence[str] | None) -> tuple[PlantedFault, ...]:
    """Return the faults of these names, by default all that are faults in a market's mechanism.

    Raises
    ------
    InvalidInputError
        If one is unknown.
    """
    if names is None:
        return faults_for(tested.mechanism)
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        raise InvalidInputError(one_of("fault", unknown[0], FAULTS))
    return tuple(FAULTS[name] for name in names)


def _tried(
    tested: Market,
    fault: PlantedFault,
    sizes: tuple[float, ...],
    broken: tuple[Constraint, ...],
    answers: Answers,
    learners: Learners | None,
) -> FaultPower:
    """Plant one fault at falling sizes until nobody notices any more what somebody noticed."""
    caught: dict[Constraint, Caught] = {}
    learned: dict[str, float] = {}
    failures: dict[float, str] = {}
    planted = []
    for size in filter(fault.allows, sizes):
        planted.append(size)
        try:
            market = replace(tested, mechanism=Mutated(tested.mechanism, fault.name, size))
            found = dict(_caught(answers(market), size, broken))
            gains = {} if learners is None else learners(market)
        except DeviatorError as error:
            failures[size] = str(error)
            continue
        caught |= found
        learned |= {name: size for name, gain in gains.items() if gain > 0}
        noticed = found or any(gain > 0 for gain in gains.values())
        # A large fault may stop all trade, and so go unnoticed where a smaller one does not.
        if not noticed and (caught or learned):
            break
    return FaultPower(
        fault.name, fault.kind, fault.violates, fault.distorts, tuple(planted), caught, learned,
        failures,
    )  # fmt: skip


def _caught(
    answers: Mapping[Constraint, ConstraintVerdict], size: float, broken: tuple[Constraint, ...]
) -> Iterator[tuple[Constraint, Caught]]:
    """Yield the constraints that are refuted, and were not without the fault."""
    for name, answer in answers.items():
        if answer.state == "refuted" and name not in broken:
            kind = "witness" if answer.certificate is None else answer.certificate["kind"]
            yield name, Caught(size, kind, answer.worst_share, answer.reason)

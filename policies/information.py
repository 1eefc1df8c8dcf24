"""What a deviator knows when bidding: the rungs of the information ladder.

The rungs that have names, from the least that is known to the most:

========================  =========================================================================
``own``                   the own type
``statistics``            the own type and public statistics S s of all types
``signal:0.5``            the own type, and each other's with Normal noise of that deviation
``profile``               all types
========================  =========================================================================

A rung of one's own is a `Rung` with a name of its own. Whoever knows the whole profile knows what
any rung shows, so that a cap on what they gain holds on every rung. Beside them, a gain at a single
profile tells nothing: only means over the law of types do.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from typing_extensions import override

from deviator.arrays import Array, is_foreign, like
from deviator.economies import Economy, Factored
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism, PublicStatistics
from deviator.validation import Floats, finite_array, given, positive, read_only, whole_number

SIGNAL = "signal"
"""The name of noisy signals, before their deviation."""

STEP = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
FIRST = np.array(0xBF58476D1CE4E5B9, dtype=np.uint64)
SECOND = np.array(0x94D049BB133111EB, dtype=np.uint64)
"""Constants of SplitMix64."""


class Rung(ABC):
    """What a deviator sees of the types; the strategy's own bid is known on every rung.

    Attributes
    ----------
    waivers : mapping of str to str
        Checks of the conformance kit that the rung is known to fail, each with the reason.

    Examples
    --------
    >>> class LargestType(Rung):
    ...     name = "largest-type"
    ...
    ...     def size(self, n_traders):
    ...         return 2
    ...
    ...     def seen(self, types, trader):
    ...         return np.stack([types[:, trader], types.max(axis=1)], axis=1)
    >>> LargestType().seen(np.array([[1.0, 4.0, 2.0]]), 2)
    array([[2., 4.]])
    """

    waivers: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """Name that reports show."""

    @abstractmethod
    def size(self, n_traders: int) -> int:
        """Return how many numbers a deviator sees in a market of that many traders."""

    @abstractmethod
    def seen(self, types: Floats, trader: int) -> Floats:
        """Return what a trader sees, shape (B, size): a function of each market's own types.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        trader : int
            Who looks.
        """

    def within(self, mechanism: Mechanism, economy: Economy) -> "Rung":
        """Return the rung in one market, where it depends on what mechanism and economy name."""
        del mechanism, economy
        return self


Information = str | Rung
"""A rung, by its name or as an object."""


@final
@dataclass(frozen=True)
class OwnType(Rung):
    """The own type alone."""

    name = "own"

    @override
    def size(self, n_traders: int) -> int:
        return 1

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        return types[:, [trader]]


@final
@dataclass(frozen=True)
class WholeProfile(Rung):
    """All types."""

    name = "profile"

    @override
    def size(self, n_traders: int) -> int:
        return n_traders

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        return types


@final
@dataclass(frozen=True, eq=False)
class OwnTypeAndStatistics(Rung):
    """The own type and public statistics S s of all types.

    Parameters
    ----------
    weights : array-like of float, shape (G, N), optional
        S. By default those that a factored economy names, else those that the mechanism names, and
        where neither does, the mean of the others' types.

    Examples
    --------
    >>> OwnTypeAndStatistics([[1, 1, 1]]).seen(np.array([[1.0, 2.0, 4.0]]), 1)
    array([[2., 7.]])
    >>> OwnTypeAndStatistics().seen(np.array([[1.0, 2.0, 4.0]]), 1)
    array([[2. , 2.5]])
    """

    weights: ArrayLike | None = None
    name = "statistics"

    def __post_init__(self) -> None:
        if self.weights is not None:
            weights = finite_array("weights", self.weights, (None, None))
            object.__setattr__(self, "weights", read_only(weights))

    @override
    def size(self, n_traders: int) -> int:
        return 1 + (1 if self.weights is None else len(np.asarray(self.weights)))

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        seen: Floats = np.empty((len(types), self.size(types.shape[1])))
        seen[:, 0] = types[:, trader]
        for place, row in enumerate(self.rows(types.shape[1], trader), start=1):
            # One row at a time: a market's sum does not depend on how many markets there are.
            seen[:, place] = (types * row).sum(axis=1)
        return seen

    @override
    def within(self, mechanism: Mechanism, economy: Economy) -> Rung:
        named = getattr(mechanism, "statistics", None)
        if self.weights is not None:
            return self
        if isinstance(economy, Factored):
            return OwnTypeAndStatistics(economy.statistics)
        return OwnTypeAndStatistics(named.weights) if isinstance(named, PublicStatistics) else self

    def rows(self, n_traders: int, trader: int) -> Floats:
        """Return S, shape (G, N), as one trader sees it."""
        if self.weights is None:
            others = np.full((1, n_traders), 1.0 / max(n_traders - 1, 1))
            others[0, trader] = 0.0
            return others
        return finite_array("weights", self.weights, (None, n_traders))


@final
@dataclass(frozen=True)
class NoisySignal(Rung):
    """The own type, and each other's type with Normal noise.

    The noise of a market is a pseudo-random function of its types, of the trader and of a seed: not
    a draw. So a batch shows what a loop over its markets shows, honest and deviating bids meet the
    same signal, and whoever looks twice sees nothing new: a deviator cannot average the noise away.
    Under laws without atoms no two profiles are the same, and the noise is as good as independent
    of the types. Under a discrete law equal profiles show equal signals.

    Parameters
    ----------
    deviation : float
        Standard deviation of the noise, in the units of types.
    seed : int

    Raises
    ------
    InvalidInputError
        If the deviation is not positive and finite, or the seed no whole number from 0.

    Examples
    --------
    >>> types = np.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.1]])
    >>> NoisySignal(0.1).seen(types, 0).round(2)
    array([[1.  , 2.15, 3.94],
           [1.  , 1.92, 4.07]])
    """

    deviation: float
    seed: int = 0

    def __post_init__(self) -> None:
        positive("deviation", self.deviation)
        whole_number("seed", self.seed, 0)

    @property
    @override
    def name(self) -> str:
        stated = f"{SIGNAL}:{float(self.deviation)!r}"
        return f"{stated}:{self.seed}" if self.seed else stated

    @override
    def size(self, n_traders: int) -> int:
        return n_traders

    @override
    def seen(self, types: Floats, trader: int) -> Floats:
        seen: Floats = types + self.deviation * pseudo_normal(types, trader, self.seed)
        seen[:, trader] = types[:, trader]
        return seen


OWN_RUNGS = (OwnType, WholeProfile, OwnTypeAndStatistics, NoisySignal)
NAMED: tuple[Rung, ...] = (OwnType(), OwnTypeAndStatistics(), WholeProfile())


class LinearView(NamedTuple):
    """What a rung shows as W s + e: weights on the types, and independent Normal noise."""

    weights: Floats  # (O, N)
    noise: Floats  # (O,), standard deviations of e


def linear_view(rung: Rung, n_traders: int, trader: int) -> LinearView | None:
    """Return what a rung of ours shows as a linear function of the types; None of any other."""
    everyone = np.eye(n_traders)
    if isinstance(rung, OwnType):
        return LinearView(everyone[[trader]], np.zeros(1))
    if isinstance(rung, WholeProfile):
        return LinearView(everyone, np.zeros(n_traders))
    if isinstance(rung, OwnTypeAndStatistics):
        weights = np.concatenate([everyone[[trader]], rung.rows(n_traders, trader)])
        return LinearView(weights, np.zeros(len(weights)))
    if isinstance(rung, NoisySignal):
        noise = np.where(np.arange(n_traders) == trader, 0.0, rung.deviation)
        return LinearView(everyone, noise)
    return None


def check_information(information: Any) -> Information:
    """Return a rung of the information ladder: the name of one of ours, another's as it is.

    Raises
    ------
    InvalidInputError
        If it is not a known name nor a rung, or a rung that has the name of one of ours.

    Examples
    --------
    >>> check_information("own"), check_information(NoisySignal(0.5)), check_information("signal:2")
    ('own', 'signal:0.5', 'signal:2.0')
    """
    rung = rung_of(information)
    chosen = isinstance(rung, OwnTypeAndStatistics) and rung.weights is not None
    return rung.name if isinstance(rung, OWN_RUNGS) and not chosen else rung


def is_named(name: str) -> bool:
    """Return whether a text is, or begins like, the name of one of our rungs."""
    return name in {rung.name for rung in NAMED} or name.partition(":")[0] == SIGNAL


def rung_of(information: Any) -> Rung:
    """Return the rung of a name, or a rung itself; errors as in `check_information`."""
    if isinstance(information, Rung):
        return _checked(information)
    named = {rung.name: rung for rung in NAMED}
    if isinstance(information, str) and information in named:
        return named[information]
    if isinstance(information, str) and information.startswith(f"{SIGNAL}:"):
        return _signal_of(information)
    raise InvalidInputError(
        f"information must be one of {', '.join(named)}, {SIGNAL}:DEVIATION, or a Rung, got "
        f"{information!r}"
    )


def rung_within(information: Information, mechanism: Mechanism, economy: Economy) -> Rung:
    """Return a rung in one market; errors as in `check_information`."""
    return rung_of(rung_of(information).within(mechanism, economy))


def rung_name(information: Information) -> str:
    """Return a rung's name; errors as in `check_information`."""
    return rung_of(information).name


def knows_profile(information: Information) -> bool:
    """Return whether a rung shows the whole profile, so that a gain at one profile tells something.

    Of a rung that another defines this is never believed, whatever it shows.
    """
    return isinstance(information, WholeProfile) or information == WholeProfile.name


def knowledge(information: str) -> str:
    """Return in words what a deviator knows on the rung of a name."""
    named = {
        "own": "their own type",
        "statistics": "their own type and public statistics",
        "profile": "all types",
    }
    if information.startswith(f"{SIGNAL}:"):
        deviation = information.split(":")[1]
        return f"their own type and signals of the others' with noise of deviation {deviation}"
    return named.get(information, f"what the rung {information} shows")


def seen_by(rung: Rung, types: Array, trader: int) -> Array:
    """Return what a trader sees on a rung, shape (B, O), of tensors as a tensor.

    Raises
    ------
    InvalidInputError
        If it is not of the size that the rung states, or not finite.
    """
    if isinstance(rung, WholeProfile):
        return types
    if isinstance(rung, OwnType):
        return types[:, [trader]]
    if is_foreign(types):
        shown = seen_by(rung, np.asarray(types.detach().cpu(), dtype=np.float64), trader)
        return like(types, shown)
    shape = len(types), rung.size(types.shape[1])
    seen: Floats = finite_array(f"what rung {rung.name} shows", rung.seen(types, trader), shape)
    return seen


def check_shows_the_same(rung: Rung, types: Floats, trader: int) -> None:
    """Check that a rung shows the same again, and of each market what it shows in a batch.

    A deviator who is shown something new at each look could average noise away.

    Raises
    ------
    InvalidInputError
        If it does not, or what it shows is of another size than it states.
    """
    few = types[:2]
    first, again = (np.array(seen_by(rung, types, trader)) for _ in range(2))
    alone = np.concatenate([seen_by(rung, few[[market]], trader) for market in range(len(few))])
    if not (np.array_equal(first, again) and np.array_equal(first[: len(few)], alone)):
        raise InvalidInputError(
            f"rung {rung.name} must show the same of the same market, and does not; run `deviator "
            "check` on it"
        )


def pseudo_normal(types: Floats, trader: int, seed: int) -> Floats:
    """Return numbers (B, N) as good as standard Normal, as `pseudo_uniform`."""
    numbers: Floats = ndtri(pseudo_uniform(types, trader, seed))
    return numbers


def pseudo_uniform(types: Floats, trader: int, seed: int) -> Floats:
    """Return numbers (B, N) as good as uniform on (0, 1), a function of each market's own types.

    SplitMix64 (Steele, Lea and Flood 2014) over the bits of a market's types: a source of noise for
    rungs, which shows a batch what it shows each of its markets alone.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    trader : int
        Who looks; others see other noise.
    seed : int
    """
    bits = np.ascontiguousarray(types + 0.0, dtype=np.float64).view(np.uint64)
    start = _mixed(np.array([seed, trader], dtype=np.uint64) + STEP)
    state = np.full(len(types), start[0]) ^ _mixed(start[1:] + STEP)
    for column in bits.T:
        state = _mixed((state + STEP) ^ _mixed(column))
    counters = np.arange(1, types.shape[1] + 1, dtype=np.uint64) * STEP
    drawn = _mixed(state[:, None] + counters) >> np.uint64(12)
    numbers: Floats = (drawn.astype(np.float64) + 0.5) * 2.0**-52
    return numbers


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's finalizer of each number."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * FIRST
    numbers = (numbers ^ (numbers >> np.uint64(27))) * SECOND
    return numbers ^ (numbers >> np.uint64(31))


def _checked(rung: Rung) -> Rung:
    """Return a rung, unless it is another's and has no name, one of ours, or derives from ours."""
    if type(rung) in OWN_RUNGS:
        return rung
    if isinstance(rung, OWN_RUNGS):
        # What ours show is known, and their classes are not asked.
        kind = type(rung).__name__
        raise InvalidInputError(
            f"a rung of one's own must be derived from Rung itself, and {kind} is from one of "
            "deviator's; hold that one, and show what it shows and more"
        )
    name, ours = rung.name, [each.name for each in NAMED]
    if not isinstance(name, str) or not name:
        raise InvalidInputError(f"a rung must have a name, got {given(name)}; give it a text")
    if name in ours or name.partition(":")[0] == SIGNAL:
        raise InvalidInputError(
            f"a rung of one's own must not be called {', '.join(ours)} or {SIGNAL}:..., got "
            f"{name!r}; choose another name"
        )
    return rung


def _signal_of(text: str) -> NoisySignal:
    """Return the noisy signal that a text states: signal:DEVIATION, or signal:DEVIATION:SEED."""
    _, *numbers = text.split(":")
    try:
        deviation, seed = float(numbers[0]), int(numbers[1]) if numbers[1:] else 0
        if len(numbers) > 2:
            raise ValueError
    except ValueError:
        raise InvalidInputError(
            f"a noisy signal must be stated as {SIGNAL}:DEVIATION, as in {SIGNAL}:0.5, got {text!r}"
        ) from None
    return NoisySignal(deviation, seed)

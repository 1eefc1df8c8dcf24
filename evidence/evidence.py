"""Everything that was computed about deviating in one market, as one record."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from .best_deviation import BestDeviation
from .certificates import Certificate
from .constraints import State
from .market import Unit
from .power import student_interval
from .words import verdict_in_words


@final
@dataclass(frozen=True)
class LargestGain:
    """What deviating gains at the profile where it was found to pay most.

    Attributes
    ----------
    gain : float
        In units of money, beyond rounding; 0 where nothing was gained.
    share : float
        The same, relative to the gains from trade at that profile.
    types : tuple of float
        The profile.
    profiles : int
        How many were searched.
    """

    gain: float
    share: float
    types: tuple[float, ...]
    profiles: int


@final
@dataclass(frozen=True, repr=False)
class EachDraw:
    """Whether deviating pays once the lots are known.

    Attributes
    ----------
    state : {"refuted", "undetermined", "vacuous"}
        Refuted: in some draw a bid beats the strategy's own, and was cleared again. No search
        shows that there is no such draw.
    worst : float
        The largest gain in one draw that was cleared again, in units of money; 0 where none.
    trader : int
        Who deviated.
    pairs : int
        Profiles that were searched, each with lots of its own.
    reason : str
    witness : dict or None
        One market for given lots, and the bid that pays there.
    """

    state: State
    worst: float
    trader: int
    pairs: int
    reason: str
    witness: dict[str, Any] | None = None

    def __str__(self) -> str:
        """Return the answer in plain words, and below it why."""
        return f"in each draw: {verdict_in_words(self.state, 'sampled')}\n  {self.reason}"

    def __repr__(self) -> str:
        return f"<EachDraw: {verdict_in_words(self.state, 'sampled')}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@final
@dataclass(frozen=True)
class LearnedGain:
    """What one learned deviation gains on held-out profiles, in units of money per market.

    Attributes
    ----------
    learner : str
        Name of the learner.
    seed : int
    gain : float
        Mean over the profiles.
    largest_gain : float
        At the profile where it gains most.
    beyond_rounding : float
        The largest gain at one profile that is more than the rounding of the utilities it is the
        difference of; 0 where none is.
    untrained_gain : float or None
        Mean before learning; None for a policy that was loaded.
    training_gain : float or None
        The largest gain of any single bid submitted in training; None for a policy that was loaded.
    curve : tuple of (int, float)
        Bids submitted so far, and the mean gain on validation profiles.
    stopped : str or None
        Why training ended before its budget was spent, in a sentence.
    """

    learner: str
    seed: int
    gain: float
    largest_gain: float
    untrained_gain: float | None = None
    training_gain: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    beyond_rounding: float = 0.0
    stopped: str | None = None


@final
@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """What is known about deviating in one market; `judge` turns it into a verdict.

    Attributes
    ----------
    scale : float
        Mean first-best surplus per trader, in units of money.
    trades : bool
        Whether anybody trades while all follow the strategy, or can by deviating.
    honest_utility : float
        The deviator's mean utility on the held-out profiles while following the strategy, in money.
    best : BestDeviation
        The best deviation known without learning.
    learned : tuple of LearnedGain
        One for each learner and seed.
    control : Evidence or None
        That of the matched control; None where there is none or it was not gathered.
    planted : tuple of Evidence
        That of each mutant of the market with a planted fault.
    certificate : Certificate or None
    witness : dict or None
        A profitable deviation, cleared again; see `find_witness`.
    mechanism_economy : dict or None
        The economy that a direct mechanism holds where it is not the one under test.
    plugins : tuple of dict
        Name, provider and version of everything that took part.
    information : str
        What deviators know: the name of a rung.
    stakes : float
        What trading is worth to the deviator; see `Market.stakes`.
    rounding : float
        The mean gain that may be rounding alone.
    tolerated : float
        Certified caps up to here count as zero, in units of money; they round upwards themselves.
    worst : LargestGain or None
        The profile at which deviating pays most, of those that were searched.
    refusals : tuple of str
        Why there is no certificate, one sentence for each kind.
    rare_losses_known : bool
        Whether rule and strategy are known to lose nothing at profiles that are hardly ever drawn.
    each_draw : EachDraw or None
        What deviating gains once the lots are known; None where the rule draws none.
    unit : {"money", "payoff"}
        What gains and stakes are measured in: payoff where it is not utility minus transfer.
    """

    scale: float
    trades: bool
    honest_utility: float
    best: BestDeviation
    learned: tuple[LearnedGain, ...] = ()
    control: "Evidence | None" = None
    planted: tuple["Evidence", ...] = ()
    certificate: Certificate | None = None
    witness: dict[str, Any] | None = None
    mechanism_economy: dict[str, Any] | None = None
    plugins: tuple[dict[str, str], ...] = ()
    information: str = "profile"
    stakes: float = 0.0
    rounding: float = 0.0
    tolerated: float = 0.0
    worst: LargestGain | None = None
    refusals: tuple[str, ...] = ()
    rare_losses_known: bool = True
    each_draw: EachDraw | None = None
    unit: Unit = "money"

    def __repr__(self) -> str:
        best = f"{self.best.kind} best gain {self.best.gain:.3g}"
        proved = "no certificate" if self.certificate is None else f"{self.certificate}"
        return f"<Evidence: {best}, {len(self.learned)} learned deviations, {proved}>"

    @property
    def epsilon(self) -> float:
        """Gains up to here count as zero, in units of money."""
        return self.best.epsilon

    @property
    def beyond_rounding(self) -> float:
        """The largest gain of anybody at one profile that rounding does not explain."""
        gains = [self.best.beyond_rounding, *(one.beyond_rounding for one in self.learned)]
        return max(gains if self.worst is None else [*gains, self.worst.gain])

    @cached_property
    def learned_gain(self) -> float | None:
        """The best learner's mean gain over its seeds; None where nothing was learned."""
        return max((float(np.mean(each)) for each in self._gains.values()), default=None)

    @cached_property
    def share_interval(self) -> tuple[float, float] | None:
        """95% Student interval of the share over the best learner's seeds; None below two seeds."""
        if self.share is None:
            return None
        shares = [self.best.share(gain) for gain in max(self._gains.values(), key=np.mean)]
        return student_interval([share for share in shares if share is not None])

    @cached_property
    def share(self) -> float | None:
        """Share of the best gain that was learned; None where nothing is to gain or was learned."""
        return None if self.learned_gain is None else self.best.share(self.learned_gain)

    @property
    def shares(self) -> dict[str, float]:
        """Share of the best gain by learner; empty where nothing is to gain or was learned."""
        shares = {
            name: self.best.share(float(np.mean(gains))) for name, gains in self._gains.items()
        }
        return {name: share for name, share in shares.items() if share is not None}

    @cached_property
    def _gains(self) -> dict[str, list[float]]:
        """Mean gains by learner, one for each seed."""
        gains: dict[str, list[float]] = {}
        for learned in self.learned:
            gains.setdefault(learned.learner, []).append(learned.gain)
        return gains

"""Everything that was computed about deviating in one market, as one record."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from .best_deviation import BestDeviation
from .certificates import Certificate


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
    untrained_gain : float or None
        Mean before learning; None for a policy that was loaded.
    training_gain : float or None
        The largest gain of any single bid submitted in training; None for a policy that was loaded.
    curve : tuple of (int, float)
        Bids submitted so far, and the mean gain on validation profiles.
    """

    learner: str
    seed: int
    gain: float
    largest_gain: float
    untrained_gain: float | None = None
    training_gain: float | None = None
    curve: tuple[tuple[int, float], ...] = ()


@final
@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known about deviating in one market; `judge` turns it into a verdict.

    Attributes
    ----------
    scale : float
        Mean first-best surplus per trader, in units of money.
    trades : bool
        Whether anybody trades while all follow the strategy; nothing is learned where nobody does.
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

    @property
    def epsilon(self) -> float:
        """Gains up to here count as zero, in units of money."""
        return self.best.epsilon

    @property
    def learned_gain(self) -> float | None:
        """The best learner's mean gain over its seeds; None where nothing was learned."""
        gains: dict[str, list[float]] = {}
        for learned in self.learned:
            gains.setdefault(learned.learner, []).append(learned.gain)
        return max((float(np.mean(each)) for each in gains.values()), default=None)

    @property
    def share(self) -> float | None:
        """Share of the best gain that was learned; None where nothing is to gain or was learned."""
        return None if self.learned_gain is None else self.best.share(self.learned_gain)

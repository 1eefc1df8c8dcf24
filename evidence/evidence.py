"""Everything that was computed about deviating in one market, as one record."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from .best_deviation import BestDeviation
from .certificates import Certificate
from .power import captured_share


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
    untrained_gain : float
        Mean before learning.
    training_gain : float
        The largest gain of any single bid submitted in training.
    curve : tuple of (int, float)
        Steps and mean gain on validation profiles.
    """

    learner: str
    seed: int
    gain: float
    largest_gain: float
    untrained_gain: float
    training_gain: float
    curve: tuple[tuple[int, float], ...]


@final
@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known about deviating in one market; `judge` turns it into a verdict.

    Attributes
    ----------
    scale, epsilon : float
        Of the market.
    trades : bool
        Whether anybody trades; nothing was tried where nobody does.
    honest_utility : float
        The deviator's mean utility on the held-out profiles while following the strategy.
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
        A profitable deviation, cleared again.
    mechanism_economy : dict or None
        The economy that a direct mechanism holds where it is not the one under test.
    plugins : tuple of dict
        Name, provider and version of everything that took part.
    """

    scale: float
    epsilon: float
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
    def learned_gain(self) -> float | None:
        """Mean gain over learners and seeds; None where nothing was learned."""
        if not self.learned:
            return None
        return float(np.mean([learned.gain for learned in self.learned]))

    @property
    def share(self) -> float | None:
        """Share of the best gain that was learned; None where nothing is to gain or was learned."""
        if self.learned_gain is None:
            return None
        return captured_share(self.learned_gain, self.best.gain, self.epsilon)

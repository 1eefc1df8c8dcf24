"""The designer's beliefs: jointly Normal types with a common correlation."""

from dataclasses import dataclass
from typing import final

from deviator.economies import NormalTypes
from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Floats, finite_number, positive


@final
@dataclass(frozen=True)
class Beliefs:
    """Normal types of one mean, one deviation and one correlation.

    The best linear predictor of one type from the others is y = m + w sum over j of (s_j - m).
    Given the own type, it is Normal with mean m + r2 (s_i - m) and a variance free of s_i.

    Parameters
    ----------
    n_traders : int
    mean : float
        m.
    deviation : float
        d, positive.
    correlation : float
        Above -1 / (N - 1) and below 1, not 0.

    Raises
    ------
    RefusedError
        If the correlation is 0: beliefs then do not depend on the own type, and the condition of
        Cremer and McLean fails.
    InvalidInputError
        If a number is out of range.

    Examples
    --------
    >>> Beliefs(n_traders=3, correlation=0.5).r2
    0.3333333333333333
    """

    n_traders: int
    mean: float = 0.0
    deviation: float = 1.0
    correlation: float = 0.5

    def __post_init__(self) -> None:
        finite_number("mean", self.mean)
        positive("deviation", self.deviation)
        correlation = finite_number("correlation", self.correlation)
        if correlation == 0:
            raise RefusedError(
                "bets need beliefs that depend on the own type, got correlation 0; give another "
                "correlation, or use a mechanism without bets"
            )
        if not -1 / (self.n_traders - 1) < correlation < 1:
            raise InvalidInputError(
                f"correlation must be above -1 / (N - 1) = {-1 / (self.n_traders - 1):.6g} and "
                f"below 1, got {correlation}"
            )

    @property
    def weight(self) -> float:
        """w, the predictor's weight on each of the others' types."""
        return self.correlation / (1 + (self.n_traders - 2) * self.correlation)

    @property
    def r2(self) -> float:
        """Share of a type's variance that the others' types explain."""
        return (self.n_traders - 1) * self.weight * self.correlation

    @property
    def predictor_variance(self) -> float:
        """Variance of the predictor given the own type."""
        return self.r2 * (1 - self.r2) * self.deviation**2

    def predictor(self, types: Floats) -> Floats:
        """Return the prediction of each type from the others', shape (B, N)."""
        deviations = types - self.mean
        others: Floats = deviations.sum(axis=1, keepdims=True) - deviations
        return self.mean + self.weight * others

    def law(self) -> NormalTypes:
        """Return the law of the types."""
        settings = self.mean, self.deviation, self.correlation
        return NormalTypes.exchangeable(self.n_traders, *settings)

    def covariance(self) -> Floats:
        """Return the covariance of the types, shape (N, N)."""
        return self.law().covariance

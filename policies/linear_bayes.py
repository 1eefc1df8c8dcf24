"""The linear Bayesian equilibrium of the uniform-price double auction.

With schedules q_i = c_i + a_i s_i - b_i p, B = sum b and price impact d_i = 1 / (B - b_i), the
first-order condition is E[theta_i | s_i, p] - mu_i q_i = p + d_i q_i. Projecting theta_i on
(s_i, p) gives a fixed point in (a, b) that does not depend on the means, and then a linear system
for c (Rostek and Weretka 2012; Example 4 to 6 and equation (C.4) of the paper).
"""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.economies import NormalInformation
from deviator.errors import InvalidInputError, NoEquilibriumError
from deviator.mechanisms import Bids, Schedules
from deviator.mechanisms.exact import RationalBids, Rationals, rational
from deviator.validation import Floats, finite_array, read_only

from .base import Policy, View

DAMPING = 0.5
MAX_ITERATIONS = 5000
PRECISION = 1e-13
VANISHING = 1e-6
"""Demand slopes below this share of 1 / mu_i mean that trade breaks down: no equilibrium."""


class _Projection(NamedTuple):
    """E[theta_i | s_i, p] = mean + on_signal (s_i - E s_i) + on_price (p - E p)."""

    on_signal: Floats
    on_price: Floats


@final
@dataclass(frozen=True, eq=False)
class LinearBayes(Policy):
    """Equilibrium schedules q_i = constant_i + intercept_i s_i - slope_i p.

    Parameters
    ----------
    information : NormalInformation
        The law of values and signals that all traders believe in.
    slope : float or array-like of float, shape (N,)
        Slopes mu_i of the marginal utilities. After construction the attribute `slope` holds the
        equilibrium's b.

    Attributes
    ----------
    intercept : ndarray of float, shape (N,)
        a, the weight on the own signal.
    slope : ndarray of float, shape (N,)
        b, units given up per unit of price.
    constant : ndarray of float, shape (N,)
        c, zero where all means are.

    Raises
    ------
    NoEquilibriumError
        If no linear equilibrium exists or none was found.

    Examples
    --------
    >>> from deviator.economies import fundamental_value_information
    >>> policy = LinearBayes(fundamental_value_information(6, rho=0.4, noise=0.5), slope=1.0)
    >>> policy.intercept.round(6)[0], policy.slope.round(6)[0]
    (np.float64(0.374026), np.float64(0.436364))
    """

    information: NormalInformation
    slope: Floats
    intercept: Floats
    constant: Floats

    def __init__(self, information: NormalInformation, slope: ArrayLike) -> None:
        bend = np.broadcast_to(np.asarray(slope, dtype=float), (information.n_traders,))
        bend = finite_array("slope", bend, (information.n_traders,))
        if (bend <= 0).any():
            raise InvalidInputError(f"slope must be positive, got {bend.min()}")
        intercept, steepness = _fixed_point(information, bend)
        object.__setattr__(self, "information", information)
        object.__setattr__(self, "intercept", read_only(intercept))
        object.__setattr__(self, "slope", read_only(steepness))
        constant = _constants(information, bend, intercept, steepness)
        object.__setattr__(self, "constant", read_only(constant))

    @property
    @override
    def name(self) -> str:
        return "linear-bayes"

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        del rng
        types = finite_array("types", View.of(view).types, (None, len(self.slope)))
        level = self.constant + self.intercept * types
        return Schedules(level, np.broadcast_to(self.slope, level.shape))

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        levels = rational(self.constant) + rational(self.intercept) * types
        return RationalBids(rational(self.slope)[:, None], levels)


def _fixed_point(information: NormalInformation, bend: Floats) -> tuple[Floats, Floats]:
    """Return the equilibrium's a and b by damped iteration."""
    n = information.n_traders
    slopes = (1 / bend, (n - 2) / ((n - 1) * bend))
    for _ in range(MAX_ITERATIONS):
        updated = _respond(information, bend, *slopes)
        change = max(
            float(np.abs(new - old).max() / np.abs(new).max())
            for new, old in zip(updated, slopes, strict=True)
        )
        slopes = tuple(  # type: ignore[assignment]
            DAMPING * old + (1 - DAMPING) * new for new, old in zip(updated, slopes, strict=True)
        )
        if change < PRECISION:
            break
        if not _trades(bend, slopes[1]):
            raise NoEquilibriumError(_no_equilibrium("demand slopes vanish along the iteration"))
    else:
        raise NoEquilibriumError(
            _no_equilibrium(f"the fixed point still moves by {change:.1e} of its size")
        )
    return slopes


def _trades(bend: Floats, steepness: Floats) -> bool:
    return bool(np.isfinite(steepness).all() and (steepness * bend > VANISHING).all())


def _no_equilibrium(reason: str) -> str:
    return (
        "a linear Bayesian equilibrium needs decreasing demand with weak enough correlation, "
        f"and none was found ({reason}); lower rho or the noise, or add traders"
    )


def _respond(
    information: NormalInformation, bend: Floats, intercept: Floats, steepness: Floats
) -> tuple[Floats, Floats]:
    """Return best responses to linear schedules: the right side of the fixed point."""
    total = steepness.sum()
    projection = _project(information, intercept / total)
    impact = 1 / (total - steepness)
    return (
        projection.on_signal / (bend + impact),
        (1 - projection.on_price) / (bend + impact),
    )


def _project(information: NormalInformation, price_weights: Floats) -> _Projection:
    """Project each theta_i on (s_i, p), p = price_weights . s up to a constant."""
    variance = information.signal_covariance
    cross = information.value_signal_covariance
    with_price = variance @ price_weights
    n = information.n_traders
    moments = np.empty((n, 2, 2))
    moments[:, 0, 0] = np.diagonal(variance)
    moments[:, 0, 1] = moments[:, 1, 0] = with_price
    moments[:, 1, 1] = price_weights @ with_price
    target = np.stack([np.diagonal(cross), cross @ price_weights], axis=-1)
    # A signal and a price that are collinear carry the same news: the pseudo-inverse splits it.
    coefficients = np.einsum("nij,nj->ni", np.linalg.pinv(moments, hermitian=True), target)
    return _Projection(coefficients[:, 0], coefficients[:, 1])


def _constants(
    information: NormalInformation, bend: Floats, intercept: Floats, steepness: Floats
) -> Floats:
    """Return c from c_i (mu_i + d_i) = E theta_i - on_signal E s_i - on_price E p."""
    total = steepness.sum()
    weights = intercept / total
    projection = _project(information, weights)
    own = (bend + 1 / (total - steepness)) * np.eye(information.n_traders)
    right = (
        information.value_mean
        - projection.on_signal * information.signal_mean
        - projection.on_price * float(weights @ information.signal_mean)
    )
    constants: Floats = np.linalg.solve(own + projection.on_price[:, None] / total, right)
    return constants

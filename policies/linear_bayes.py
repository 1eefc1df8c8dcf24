"""The linear Bayesian equilibrium of the uniform-price double auction.

With schedules q_i = c_i + a_i s_i - b_i p, B = sum b and price impact d_i = 1 / (B - b_i), the
first-order condition is E[theta_i | s_i, p] - mu_i q_i = p + d_i q_i. Projecting theta_i on
(s_i, p) gives a fixed point in (a, b) that does not depend on the means, and then a linear system
for c (Rostek and Weretka 2012; Example 4 to 6 and equation (C.4) of the paper).

Where the equilibrium is one ex post it is a rational function of the economy, and exact
(`ex_post_schedules`); elsewhere it is what floating point finds.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import root
from typing_extensions import override

from deviator.arrays import beside, is_foreign, namespace
from deviator.economies import NormalInformation
from deviator.errors import InvalidInputError, NoEquilibriumError
from deviator.mechanisms import Bids, Schedules
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import Rationals, rational
from deviator.validation import Floats, finite_array, per_trader, read_only

from .base import Policy, View
from .ex_post_schedules import ExactSchedules, ex_post_schedules

SAME = 1e-8
"""Relative differences below this are what the search for a fixed point leaves."""

PRECISION = 1e-12
"""Largest relative error of the fixed-point equation that counts as solved."""

VANISHING = 1e-6
"""Demand slopes below this share of 1 / mu_i mean that trade breaks down: no equilibrium."""

SMALLEST_STEP = 1e-3
"""The path from independent signals is given up when its steps fall below this."""


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
    exact : ExactSchedules or None
        The three as fractions, where the equilibrium is one ex post; they are these, rounded.

    Raises
    ------
    NoEquilibriumError
        If no linear equilibrium exists, or the search does not reach it.

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
    exact: ExactSchedules | None

    def __init__(self, information: NormalInformation, slope: ArrayLike) -> None:
        bend = per_trader("slope", slope, information.n_traders)
        if (bend <= 0).any():
            raise InvalidInputError(f"slope must be positive, got {bend.min()}")
        intercept, steepness = _fixed_point(information, bend)
        found = intercept, steepness, _constants(information, bend, intercept, steepness)
        exact = _exact(information, bend, found)
        values = found if exact is None else exact.as_floats()
        object.__setattr__(self, "information", information)
        object.__setattr__(self, "exact", exact)
        for field, value in zip(("intercept", "slope", "constant"), values, strict=True):
            object.__setattr__(self, field, read_only(value))

    @property
    @override
    def name(self) -> str:
        return "linear-bayes"

    @property
    @override
    def n_traders(self) -> int:
        return self.information.n_traders

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        types = View.of(view).types
        if not is_foreign(types):
            types = finite_array("types", types, (None, len(self.slope)))
        level = beside(types, self, "constant") + beside(types, self, "intercept") * types
        steepness = beside(types, self, "slope")
        return Schedules(level, namespace(level).broadcast_to(steepness, level.shape))

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        """Return the bids: of the equilibrium where it is rational, else of its rounded numbers."""
        exact = self.exact or ExactSchedules(
            rational(self.intercept), rational(self.slope), rational(self.constant)
        )
        levels = exact.constant + exact.intercept * types
        return RationalBids(exact.slope[:, None], levels)


def _exact(
    information: NormalInformation, bend: Floats, found: tuple[Floats, Floats, Floats]
) -> ExactSchedules | None:
    """Return the equilibrium as fractions, where it has such a form and is the one found."""
    economy = information.economy(bend)
    exact = ex_post_schedules(economy.weights, bend, economy.intercept)
    if exact is None:
        return None
    size = np.abs(found[2]).max() + np.abs(found[0]).max()
    pairs = list(zip(exact.as_floats(), found, (0.0, 0.0, size), strict=True))
    same = all(np.allclose(a, b, rtol=SAME, atol=SAME * scale) for a, b, scale in pairs)
    return exact if same else None


def _fixed_point(information: NormalInformation, bend: Floats) -> tuple[Floats, Floats]:
    """Return the equilibrium's a and b, followed from the one under independent signals.

    Correlations are switched on along a path (strength from 0 to 1). Without them an equilibrium
    always exists, and along the path each solution is a good start for the next.
    """
    n = information.n_traders
    start = _respond(_weakened(information, 0.0), bend, 1 / bend, (n - 2) / ((n - 1) * bend))
    reached, step = 0.0, 1.0
    slopes = _equilibrium_near(_weakened(information, 0.0), bend, start)
    while slopes is not None and reached < 1:
        strength = min(reached + step, 1.0)
        solution = _equilibrium_near(_weakened(information, strength), bend, slopes)
        if solution is not None:
            slopes, reached, step = solution, strength, 2 * step
        elif step / 2 < SMALLEST_STEP:
            break
        else:
            step /= 2
    if slopes is None or reached < 1:
        raise NoEquilibriumError(
            "a linear Bayesian equilibrium with decreasing demand was not found where correlations "
            f"are above {reached:.3g} of their strength; weaken them"
        )
    return slopes


def _weakened(information: NormalInformation, strength: float) -> NormalInformation:
    """Return the model with all covariances between different traders scaled down."""
    n = information.n_traders
    factor = strength + (1 - strength) * np.eye(n)
    return replace(
        information,
        value_signal_covariance=factor * information.value_signal_covariance,
        signal_covariance=factor * information.signal_covariance,
        value_covariance=None,
    )


def _equilibrium_near(
    information: NormalInformation, bend: Floats, start: tuple[Floats, Floats]
) -> tuple[Floats, Floats] | None:
    """Return a solution of the fixed-point equation near a start, or None."""
    n, unit = len(bend), float(np.abs(start[0]).max()) or 1.0

    def unpacked(point: Floats) -> tuple[Floats, Floats]:
        return point[:n] * unit, np.exp(np.clip(point[n:], -50, 50))

    def error(point: Floats) -> Floats:
        intercept, steepness = unpacked(point)
        wanted, steeper = _respond(information, bend, intercept, steepness)
        return np.concatenate([(wanted - intercept) / unit, (steeper - steepness) / steepness])

    point = np.concatenate([start[0] / unit, np.log(start[1])])
    point = root(error, point, options={"xtol": 1e-15}).x
    slopes = unpacked(point)
    solved = np.abs(error(point)).max() < PRECISION * max(1.0, np.abs(point[:n]).max())
    trades = np.isfinite(point).all() and (slopes[1] * bend > VANISHING).all()
    return slopes if solved and trades else None


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
    signal_size = np.sqrt(np.diagonal(variance))
    price_size = np.sqrt(price_weights @ with_price)
    correlation = with_price / (signal_size * price_size)
    target = np.stack(
        [np.diagonal(cross) / signal_size, cross @ price_weights / price_size], axis=-1
    )
    coefficients = standard_regression(correlation, target)
    return _Projection(coefficients[:, 0] / signal_size, coefficients[:, 1] / price_size)


def standard_regression(correlation: Floats, target: Floats) -> Floats:
    """Return the coefficients of n regressions on two standardized variables, shape (n, 2).

    Given the correlation of the two, (n,), and covariances of what is explained with each, (n, 2).
    Where the two are collinear they carry the same news, and the pseudo-inverse splits it.
    """
    moments = np.ones((len(correlation), 2, 2))
    moments[:, 0, 1] = moments[:, 1, 0] = correlation
    inverse = np.linalg.pinv(moments, rcond=1e-12, hermitian=True)
    coefficients: Floats = np.einsum("nij,nj->ni", inverse, target)
    return coefficients


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

"""Traders who condition on the price alone inside the sigma-DCDA.

Their hyperplanes ignore the others' quantities. On the residual line p = a + k q_i of trader i a
price-only bid chooses a quantity for each own type and each a, and the mechanism charges
a q + (k + sigma) q^2 / 2. Among linear bids the best is therefore where

    (mu_i + sigma) q_i = L[v_i | s_i, p] - p,

L the linear projection of the own value v_i under the law of the types, the price being what all
bids make of it. That is a trader's demand in a rational expectations equilibrium (Hellwig 1980)
in which the tax takes the place of the price impact: discriminatory prices leave nothing to
withhold. Under Normal types no other price-only bid is better. All who bid so are a fixed point;
traders who condition on everything bid honestly beside them.
"""

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, final

import numpy as np
from scipy.optimize import root
from typing_extensions import override

from deviator.economies import Economy, QuadraticEconomy, TypeDistribution, is_linear_quadratic
from deviator.errors import InvalidInputError, NoEquilibriumError, RefusedError
from deviator.mechanisms import Bids, ConditionalLanguage, Mechanism, SigmaDCDA
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import Rationals
from deviator.validation import Bools, Floats, check_kind, given, whole_number

from .affine_strategy import AffineStrategy
from .base import Policy, View, check_market
from .linear_bayes import standard_regression
from .revelation import Revelation

PRECISION = 1e-10
"""Largest error of the fixed-point equation, in units of weights on signals, that is solved."""


class _Expectation(NamedTuple):
    """L[v_i | s_i, p] up to a constant: the weights on own type and price, each (N,)."""

    on_type: Floats
    on_price: Floats


@final
@dataclass(frozen=True, eq=False)
class PriceOnly(Policy):
    """The best linear bids that condition on the price alone, of all traders or the last ones.

    Parameters
    ----------
    mechanism : SigmaDCDA
        Without public statistics.
    economy : QuadraticEconomy
        Linear-quadratic.
    distribution : TypeDistribution
        The law of types that they believe in; its mean and covariance count.
    count : int, optional
        How many traders condition on the price alone, the last ones; the others bid honestly. By
        default all do.

    Attributes
    ----------
    strategy : AffineStrategy
        Their bids.

    Raises
    ------
    InvalidInputError
        If an argument is of the wrong kind.
    RefusedError
        If the mechanism is another one.
    NoEquilibriumError
        If the search does not come to bids that are best given each other.

    Examples
    --------
    In the group model of Example 5 the price tells less than the own group's quantities do: what
    a trader would pay rises by a third of the price, and nothing else is read.

    >>> from deviator.economies import two_groups_information
    >>> information = two_groups_information(6, rho=0.5, noise=1.0)
    >>> auction, economy = SigmaDCDA(0.2), information.economy(1.0)
    >>> policy = PriceOnly(auction, economy, information.types())
    >>> policy.strategy.base[0].round(3)
    array([1.2  , 0.   , 0.   , 0.   , 0.   , 0.   , 0.667, 0.   ])
    """

    mechanism: Mechanism
    economy: Economy
    distribution: TypeDistribution
    count: int | None = None
    strategy: AffineStrategy = field(init=False)
    name: ClassVar[str] = "price-only"

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        check_kind("distribution", self.distribution, TypeDistribution, "take economy.types()")
        n = self.economy.n_traders
        if self.distribution.n_traders != n:
            raise InvalidInputError(
                f"distribution must be of {n} types, got {self.distribution.n_traders}"
            )
        count = n if self.count is None else whole_number("count", self.count, at_least=0)
        if count > n:
            raise InvalidInputError(f"count must be at most the {n} traders, got {count}")
        market = _market(self.mechanism, self.economy)
        among = np.arange(n) >= n - count
        best = _best_bids(self.mechanism, market, self.distribution, among)
        object.__setattr__(self, "strategy", best)

    @property
    @override
    def n_traders(self) -> int:
        return self.economy.n_traders

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        return self.strategy.bids(view)

    @override
    def exact_bids(self, types: Rationals) -> RationalBids:
        """Return the bids of the numbers found, which are doubles, in exact numbers."""
        return self.strategy.exact_bids(types)


def _market(mechanism: Mechanism, economy: Economy) -> QuadraticEconomy:
    if type(mechanism) is not SigmaDCDA or not isinstance(mechanism.language, ConditionalLanguage):
        raise RefusedError(
            "the best price-only bids are known in the sigma-DCDA without public statistics, got "
            f"{given(mechanism)}; use sigma-dcda"
        )
    if not isinstance(economy, QuadraticEconomy) or not is_linear_quadratic(economy):
        raise InvalidInputError(
            f"price-only bids need a linear-quadratic economy, got {type(economy).__name__}"
        )
    return economy


def _best_bids(
    mechanism: Mechanism, economy: QuadraticEconomy, law: TypeDistribution, among: Bools
) -> AffineStrategy:
    """Return the bids of all, where those among them bid price-only, each their best."""
    honest = AffineStrategy.of(Revelation(mechanism, economy), mechanism.language)
    game = _Game(economy, law, mechanism.tax_slope, among, honest)
    return game.strategy(_fixed_point(game))


def _fixed_point(game: "_Game") -> _Expectation:
    """Return expectations that are right where all act on them.

    Raises
    ------
    NoEquilibriumError
        If the search does not come to any, or somebody would rather trade without end.
    """
    start = game.without_price()

    def unpacked(point: Floats) -> _Expectation:
        return _Expectation(*point.reshape(2, -1))

    def error(point: Floats) -> Floats:
        return np.concatenate(game.right(unpacked(point))) - point

    point = root(error, np.concatenate(start), options={"xtol": 1e-14}).x
    size = max(1.0, float(np.abs(point).max()))
    solved = bool(np.isfinite(point).all()) and np.abs(error(point)).max() < PRECISION * size
    if not solved or (game.bends(unpacked(point)) <= 0).any():
        raise NoEquilibriumError(
            "price-only bids that are best given each other were not found; weaken how much values "
            "depend on the others' types, or raise sigma"
        )
    return unpacked(point)


@final
@dataclass(frozen=True, eq=False)
class _Game:
    """Traders of whom those `among` bid price-only, and the others honestly."""

    economy: QuadraticEconomy
    law: TypeDistribution
    tax_slope: float
    among: Bools
    honest: AffineStrategy

    def without_price(self) -> _Expectation:
        """Return what traders expect who look at their own types alone."""
        own = np.diagonal(self._with_values) / np.diagonal(self.law.covariance)
        return _Expectation(own, np.zeros_like(own))

    def right(self, expected: _Expectation) -> _Expectation:
        """Return the projections of values on types and the price that these expectations make."""
        weights = self._price_of_levels(expected) * self._on_types(expected)
        with_price = self.law.covariance @ weights
        size = np.sqrt(np.diagonal(self.law.covariance))
        price_size = np.sqrt(weights @ with_price)
        values = self._with_values
        target = np.stack([np.diagonal(values) / size, values @ weights / price_size], axis=-1)
        found = standard_regression(with_price / (size * price_size), target)
        return _Expectation(found[:, 0] / size, found[:, 1] / price_size)

    def bends(self, expected: _Expectation) -> Floats:
        """Return mu_i + k_i + sigma of all, with k_i the slopes of residual lines."""
        inverse = np.linalg.inv(self._system(expected))
        slopes = inverse[-1, :-1] / np.diagonal(inverse)[:-1]
        return np.asarray(self.economy.slope + slopes + self.tax_slope)

    def strategy(self, expected: _Expectation) -> AffineStrategy:
        """Return the bids of all who act on these expectations."""
        base = self._shapes(expected)
        base[self.among, -1] = self._constants(expected)[self.among]
        effect = np.zeros_like(base)
        effect[:, -1] = self._on_types(expected)
        return AffineStrategy(self.honest.language, base, effect)

    @property
    def _with_values(self) -> Floats:
        """Cov(v_i, s_j), shape (N, N)."""
        return np.asarray(self.economy.weights @ self.law.covariance)

    def _on_types(self, expected: _Expectation) -> Floats:
        """Return what a unit of the own type adds to each level."""
        return np.where(self.among, expected.on_type, 1.0)

    def _shapes(self, expected: _Expectation) -> Floats:
        """Return all bids at types of 0, those of the price-only without constants, (N, K)."""
        shapes = self.honest.base.copy()
        shapes[self.among] = 0.0
        own = np.flatnonzero(self.among)
        shapes[own, own] = self.economy.slope[own] + self.tax_slope
        shapes[own, -2] = 1 - expected.on_price[own]
        return shapes

    def _system(self, expected: _Expectation) -> Floats:
        """Return the matrix of the clearing equations in (q, p), market clearing last."""
        shapes = self._shapes(expected)
        balance = np.append(np.ones(len(shapes)), 0.0)
        return np.concatenate([shapes[:, :-1], balance[None]])

    def _price_of_levels(self, expected: _Expectation) -> Floats:
        """Return by how much each level moves the price, shape (N,)."""
        system = self._system(expected)
        price = np.eye(len(system))[-1]
        return np.asarray(np.linalg.solve(system.T, price)[:-1])

    def _constants(self, expected: _Expectation) -> Floats:
        """Return c_i = E v_i - on_type_i E s_i - on_price_i E p, the mean price solved for."""
        mean = self.law.mean
        own = self.economy.value(mean[None])[0] - expected.on_type * mean
        levels = np.where(
            self.among, self._on_types(expected) * mean + own, mean + self.honest.base[:, -1]
        )
        per_level = self._price_of_levels(expected)
        news = np.where(self.among, expected.on_price, 0.0)
        price = (per_level @ levels) / (1 + per_level @ news)
        return np.asarray(own - expected.on_price * price)

"""Honest bids of smooth economies: level sets of the map from price and quantities to types.

At a sigma-VCG outcome mu_j(q_j, s) = p + sigma q_j for all j, so price and quantities tell the
types, s_hat(p, q) (proof of Proposition 3). A trader of type s_i bids the pairs at which s_hat_i is
s_i. By (D.1), ds_hat/dq = J^-1 diag(sigma - mu_q) and ds_hat/dp = J^-1 1, J the type effects.
"""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.economies import SmoothEconomy
from deviator.economies.profiles import profile_text
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.numerics.newton import damped_newton
from deviator.validation import Floats, finite_array, freeze, non_negative, trader_index

from .base import Points, Surface, Tangent, in_market

STEPS = 8
"""Undamped Newton steps, before the damped ones of rows that need them."""

SOLVED = 16 * np.finfo(np.float64).eps
"""Differences of marginal utilities below this share of their size are rounding."""

PRECISION = 1e-12
"""Largest share that still counts as a solution where rounding is worse than usual."""


class TypesBehind(NamedTuple):
    """The types behind points, with their derivatives."""

    types: Floats  # (R, N)
    by_price: Floats  # (R, N)
    by_quantity: Floats  # (R, N, N)


@final
@dataclass(frozen=True, eq=False)
class InverseMap:
    """The types whose sigma-VCG outcome a point (p, q) is: one map for all honest traders.

    Parameters
    ----------
    economy : SmoothEconomy
    sigma : float
        Slope of the quadratic tax.
    """

    economy: SmoothEconomy
    sigma: float = 0.0

    def __post_init__(self) -> None:
        non_negative("sigma", self.sigma)
        if self.economy.has_bounded_types:
            raise RefusedError(
                "honest surfaces need types without bounds (INF), those of the "
                f"{self.economy.name} economy have some; use sigma-vcg, or drop the bounds"
            )

    def at(self, points: Points) -> TypesBehind:
        """Return the types behind points, computed once for all who ask.

        Raises
        ------
        RefusedError
            If type effects are singular there (INJ fails).
        NotConvergedError
            If the search for them does not converge.
        """
        return points.once(self, lambda: self._types_behind(points))

    def _types_behind(self, points: Points) -> TypesBehind:
        quantity, economy = points.quantity, self.economy
        asked = points.price[:, None] + self.sigma * quantity
        hint = points.hint(self)
        types = np.zeros_like(quantity) if hint is None else hint
        types, inverse = self._newton(quantity, asked, types, self._size(points, asked, types))
        points.leave(self, types)
        slopes = self.sigma - economy.quantity_slopes(quantity, types)
        by_price = np.broadcast_to(inverse.sum(axis=2), types.shape)
        return TypesBehind(types, by_price, inverse * slopes[:, None, :])

    def _size(self, points: Points, asked: Floats, types: Floats) -> Floats:
        """Return how large the numbers are that marginal utilities are made of, (R,)."""
        economy, nothing = self.economy, np.zeros_like(asked[:1])
        at_rest = np.abs(economy.marginal_utility(nothing, nothing)).max()
        now = np.abs(economy.marginal_utility(points.quantity, types)).max(axis=1)
        effects = np.abs(self._effects(points.quantity, types)).max(axis=(1, 2))
        by_types = effects * np.abs(types).max(axis=1)
        return np.asarray(np.abs(asked).max(axis=1) + at_rest + now + by_types)

    def _newton(
        self, quantity: Floats, asked: Floats, types: Floats, size: Floats
    ) -> tuple[Floats, Floats]:
        """Return the types and the inverse type effects there."""
        inverse = self._inverse_effects(quantity, types)
        for _ in range(STEPS):
            apart = asked - self.economy.marginal_utility(quantity, types)
            # What is solved stays: an answer must not depend on the rest of the batch.
            off = ~(np.abs(apart).max(axis=1) <= SOLVED * size)
            if not off.any():
                return types, inverse
            types = np.where(off[:, None], types + _times(inverse, apart), types)
            if len(inverse) == len(types):
                inverse = self._inverse_effects(quantity, types)
        apart = asked - self.economy.marginal_utility(quantity, types)
        off = ~(np.abs(apart).max(axis=1) <= PRECISION * size)
        if not off.any():
            return types, inverse
        types = types.copy()
        types[off] = self._damped(quantity[off], asked[off], size[off])
        return types, self._inverse_effects(quantity, types)

    def _damped(self, quantity: Floats, asked: Floats, size: Floats) -> Floats:
        """Return the types by Newton's method with halved steps, from types of 0."""

        def apart(types: Floats) -> Floats:
            # A column of zeros, so that what agrees is 0.
            return np.pad(asked - self.economy.marginal_utility(quantity, types), ((0, 0), (0, 1)))

        def step(types: Floats) -> tuple[Floats]:
            return (_times(self._inverse_effects(quantity, types), apart(types)[:, :-1]),)

        (types,), converged = damped_newton(apart, step, (np.zeros_like(quantity),), size)
        if not converged.all():
            row = int(np.flatnonzero(~converged)[0])
            raise NotConvergedError(
                "an honest bid must tell which types are behind an outcome (INF and INJ), none "
                f"were found for p + sigma q = {profile_text(asked[row])} in the "
                f"{self.economy.name} economy at sigma = {self.sigma:.6g}; weaken the "
                "interdependence of values"
            )
        return types

    def _inverse_effects(self, quantity: Floats, types: Floats) -> Floats:
        """Return J^-1, shape (R, N, N), or (1, N, N) where effects are the same everywhere."""
        try:
            return np.asarray(np.linalg.inv(self._effects(quantity, types)))
        except np.linalg.LinAlgError:
            raise RefusedError(
                "type effects must be invertible (assumption INJ) for honest bids on surfaces, "
                f"those of the {self.economy.name} economy are singular; use sigma-vcg instead"
            ) from None

    def _effects(self, quantity: Floats, types: Floats) -> Floats:
        effects = self.economy.type_effects(quantity, types)
        return effects[:1] if effects.strides[0] == 0 else effects


@final
@dataclass(frozen=True, eq=False)
class LevelSet(Surface):
    """The honest bid of a trader of known type: all (p, q) with s_hat_i(p, q) = s_i.

    Parameters
    ----------
    inverse : InverseMap
        Traders who share one, share its computation.
    trader : int
        i.
    own_type : ndarray of float, shape (B,)
        s_i; nothing else about the types is used.
    """

    inverse: InverseMap
    trader: int
    own_type: Floats

    def __post_init__(self) -> None:
        own = finite_array("own_type", np.atleast_1d(self.own_type), (None,))
        if not len(own):
            raise InvalidInputError("own_type must hold the type of one market at least, got none")
        n = self.inverse.economy.n_traders
        freeze(self, own_type=own, trader=trader_index(self.trader, n))
        freeze(self, n_traders=n, n_markets=len(own) if len(own) > 1 else None)

    @override
    def at(self, points: Points) -> Tangent:
        behind, i = self.inverse.at(points), self.trader
        value = behind.types[:, i] - in_market(self.own_type, points)
        return Tangent(value, behind.by_price[:, i], behind.by_quantity[:, i])


def honest_surfaces(economy: SmoothEconomy, types: Floats, sigma: float) -> list[Surface]:
    """Return the honest bids of all traders of types (B, N), on one inverse map."""
    inverse = InverseMap(economy, sigma)
    return [LevelSet(inverse, trader, types[:, trader]) for trader in range(economy.n_traders)]


def _times(matrices: Floats, rows: Floats) -> Floats:
    """Return matrix r, or the one that all share, times row r."""
    if len(matrices) == 1:
        return np.asarray(rows @ matrices[0].T)
    return np.asarray((matrices @ rows[..., None])[..., 0])

"""Economies given by smooth marginal utilities and their derivatives, with the bounds of A2 to A4.

The examples of the paper are linear-quadratic; its definitions and propositions are about these.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.errors import RefusedError
from deviator.validation import Floats, finite_array, freeze, per_trader, trader_count

from .assumption_result import EFFECT_ROUNDING
from .base import Economy
from .bounds import limit_of_a4n, sigma_n_formula


@final
@dataclass(frozen=True)
class UtilityBounds:
    """The constants of assumptions A2, A3 and A4, over all quantities and all real types.

    Attributes
    ----------
    flattest, steepest : float
        Bounds of the slopes, flattest <= -d mu_i/dq_i <= steepest: the paper's m_q with a bar
        below and above.
    own_effect : float
        m_o, the least effect of a type on its own trader's marginal utility.
    interdependence : float
        phi_N, the largest average effect of one type on the others.
    cross_effect : float
        The largest effect of a type on another trader, phi_N of variant (iii) of Section 7.
    least_effect : float
        The least effect of any type on anybody; the paper's are never negative.
    """

    flattest: float
    steepest: float
    own_effect: float
    interdependence: float
    cross_effect: float
    least_effect: float

    def check(self) -> None:
        """Refuse bounds that break A2, A3, or that no effect be negative (A4).

        Raises
        ------
        RefusedError
            With the assumption and the number.
        """
        if not 0 < self.flattest <= self.steepest < np.inf:
            raise RefusedError(
                "slopes of marginal utilities must be between positive bounds (assumption A2), got "
                f"{self.flattest:.6g} to {self.steepest:.6g}; change the economy"
            )
        if self.own_effect <= 0:
            raise RefusedError(
                "own type effects must be positive (assumption A3), the least is "
                f"{self.own_effect:.6g}; change the economy"
            )
        if self.least_effect < 0:
            raise RefusedError(
                "type effects must not be negative (assumption A4), the least is "
                f"{self.least_effect:.6g}; the paper's bounds are for effects of one sign"
            )

    def interdependence_limit(self, n_traders: int) -> float:
        """Return what A4^N asks phi_N to be below."""
        return limit_of_a4n(n_traders, self.own_effect, self.flattest / self.steepest)

    def sigma_n(self, n_traders: int) -> float:
        """Return the tax slope sigma_N of equation (3.13), where A3 and A4^N hold."""
        return sigma_n_formula(n_traders, self.own_effect, self.interdependence, self.steepest)

    def guarantee_monotone(self, sigma: float) -> bool:
        """Return whether sigma-VCG quantities must rise in the own type.

        By (B.2) and (B.3), dq_i/ds_i > 0 where sum_{j != i} y_j (mu_ii - mu_ji) > 0, and any two
        weights y_j = 1 / (sigma - mu_jq) differ at most by (sigma + steepest) / (sigma + flattest).
        """
        low = sigma + self.flattest
        reach = self.interdependence * (sigma + self.steepest)
        room = self.own_effect * low * (1 - EFFECT_ROUNDING)
        return self.least_effect >= 0 and low > 0 and bool(room > reach)


class SmoothEconomy(Economy):
    """An economy of smooth, strictly concave utilities that need not be quadratic.

    A member writes `utility`, `marginal_utility`, `type_effects`, `quantity_slopes` and `bounds`.

    Attributes
    ----------
    weights : ndarray of float, shape (N, N)
        How much each type matters to each trader, row i the trader affected; what it multiplies is
        up to the member.
    intercept : ndarray of float, shape (N,)
        In money per unit.
    """

    weights: Floats
    intercept: Floats

    @property
    @abstractmethod
    def bounds(self) -> UtilityBounds:
        """The constants of A2 to A4."""

    @property
    def effect_range(self) -> tuple[Floats, Floats] | None:
        """Least and largest value of every type effect over all quantities and types, each (N, N).

        None, as by default, where they are not known: INJ is then decided by `bounds`, or not.
        """
        return None

    @abstractmethod
    def effects_of(self, traders: Any, quantity: Floats, types: Floats) -> Floats:
        """Return d mu_j/ds_i on all j, for one trader i per market, shape (B, N).

        Parameters
        ----------
        traders : ndarray of int, shape (B,)
            Whose type moves.
        quantity, types : ndarray of float, shape (B, N)
        """

    def _freeze_common_fields(self, *per_trader_fields: str) -> None:
        """Check and freeze weights, type sets, and fields of one number per trader."""
        matrix = finite_array("weights", self.weights, (None, None))
        n = trader_count(len(matrix))
        freeze(self, weights=finite_array("weights", matrix, (n, n)))
        for name in ("intercept", *per_trader_fields):
            freeze(self, **{name: per_trader(name, getattr(self, name), n)})
        self._freeze_type_set(n)

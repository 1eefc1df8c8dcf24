"""Economies given by smooth marginal utilities and their derivatives, with the bounds of A2 to A4.

The examples of the paper are linear-quadratic; its definitions and propositions are about these.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.errors import RefusedError
from deviator.validation import Floats, finite_array, per_trader, read_only, trader_count

from .base import Economy
from .distributions import type_set

ROUNDING = 1e-12
"""Differences below this share of the numbers that they are of are rounding."""


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

    def guarantee_monotone(self, sigma: float) -> bool:
        """Return whether sigma-VCG quantities must rise in the own type.

        By (B.2) and (B.3), dq_i/ds_i > 0 where sum_{j != i} y_j (mu_ii - mu_ji) > 0, and any two
        weights y_j = 1 / (sigma - mu_jq) differ at most by (sigma + steepest) / (sigma + flattest).
        """
        low = sigma + self.flattest
        reach = self.interdependence * (sigma + self.steepest)
        room = self.own_effect * low * (1 - ROUNDING)
        return self.least_effect >= 0 and low > 0 and bool(room > reach)


class SmoothEconomy(Economy):
    """An economy of smooth, strictly concave utilities that need not be quadratic.

    A member writes `utility`, `marginal_utility`, `type_effects`, `quantity_slopes` and `bounds`.

    Attributes
    ----------
    weights : ndarray of float, shape (N, N)
        How much each type matters to each trader, row i the trader affected; what it multiplies is
        the member's to say.
    intercept : ndarray of float, shape (N,)
        In money per unit.
    type_low, type_high : ndarray of float, shape (N,), or None
        Ends of the sets S_i of types; None where types are unbounded on that side.
    """

    weights: Floats
    intercept: Floats
    type_low: Floats | None
    type_high: Floats | None

    @property
    @abstractmethod
    def bounds(self) -> UtilityBounds:
        """The constants of A2 to A4."""

    @abstractmethod
    def effects_of(self, traders: Any, quantity: Floats, types: Floats) -> Floats:
        """Return d mu_j/ds_i on all j, for one trader i per market, shape (B, N).

        Parameters
        ----------
        traders : ndarray of int, shape (B,)
            Whose type moves.
        quantity, types : ndarray of float, shape (B, N)
        """

    @property
    @override
    def type_set(self) -> tuple[Floats, Floats]:
        low, high = super().type_set
        return (
            low if self.type_low is None else self.type_low,
            high if self.type_high is None else self.type_high,
        )

    def _check_common_fields(self, *per_trader_fields: str) -> None:
        """Freeze and check weights, type sets, and fields of one number per trader."""
        matrix = finite_array("weights", self.weights, (None, None))
        n = trader_count(len(matrix))
        values = {"weights": read_only(finite_array("weights", matrix, (n, n)))}
        for name in ("intercept", *per_trader_fields):
            values[name] = read_only(per_trader(name, getattr(self, name), n))
        low, high = type_set("type", self.type_low, self.type_high, n)
        if self.type_low is not None:
            values["type_low"] = low
        if self.type_high is not None:
            values["type_high"] = high
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "n_traders", n)

    def _renumbered(self, order: Any, *per_trader_fields: str) -> dict[str, Any]:
        """Return the fields of renumbered traders: new trader i is old order[i]."""
        places = list(order)
        names = ("intercept", "type_low", "type_high", *per_trader_fields)
        held = {name: getattr(self, name) for name in names}
        moved = {name: value[places] for name, value in held.items() if value is not None}
        return moved | {"weights": self.weights[places][:, places]}

    def _restated(self, price: float) -> dict[str, Any]:
        """Return the fields that are money per unit, as types are, in other units of price."""
        held = {name: getattr(self, name) for name in ("intercept", "type_low", "type_high")}
        return {name: value * price for name, value in held.items() if value is not None}

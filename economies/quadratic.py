"""Economies of linear marginal utilities, mu_i = c_i + (W s)_i - slope_i q_i.

All that most code needs of W is its products with vectors, its diagonal and single rows, so that
a large economy need never write it out.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from typing_extensions import override

from deviator.arrays import check_one_kind, like
from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, read_only

from .base import Economy
from .distributions import type_set
from .profiles import checked_profiles

BLOCK = 2**22
"""Entries of W that are looked at together where all have to be."""

SINGULAR = (
    "weights must be invertible (assumption INJ) for conditional bids, got a singular matrix; use "
    "a mechanism with reports or schedules instead"
)


class QuadraticEconomy(Economy):
    """An economy u_i(q_i, s) = (c_i + sum_j w_ij s_j) q_i - (slope_i / 2) q_i^2.

    Attributes
    ----------
    weights : ndarray of float, shape (N, N)
        W; entry (i, j) is the effect of trader j's type on trader i's marginal utility. Members
        that do not hold it build it when asked, for small economies.
    slope : ndarray of float, shape (N,)
        Slopes of the marginal utilities, positive, in money per squared unit.
    intercept : ndarray of float, shape (N,)
        c, in money per unit.
    roles : tuple of str
        A role for each trader ("small", "big"), or empty where all play the same.
    type_low, type_high : ndarray of float, shape (N,), or None
        Ends of the sets S_i of types; None where types are unbounded on that side (assumption INF).
    """

    weights: Floats
    slope: Floats
    intercept: Floats
    roles: tuple[str, ...]
    type_low: Floats | None
    type_high: Floats | None

    @property
    @abstractmethod
    def own_type_effects(self) -> Floats:
        """The diagonal of W, shape (N,)."""

    @abstractmethod
    def effects_on(self, trader: int) -> Floats:
        """Return a trader's row of W: the effects of all types on him, shape (N,)."""

    @abstractmethod
    def effects_on_several(self, traders: slice) -> Floats:
        """Return several traders' rows of W as a new array, shape (R, N)."""

    def blocks_of_effects(self) -> Iterator[tuple[slice, Floats]]:
        """Return all of W in blocks of rows that fit the memory, each with its traders."""
        rows = max(1, BLOCK // self.n_traders)
        for start in range(0, self.n_traders, rows):
            traders = slice(start, min(start + rows, self.n_traders))
            yield traders, self.effects_on_several(traders)

    @property
    def has_private_values(self) -> bool:
        """Whether no type matters to another trader: W is diagonal."""
        for traders, effects in self.blocks_of_effects():
            places = np.arange(len(effects))
            effects[places, traders.start + places] = 0.0
            if effects.any():
                return False
        return True

    @abstractmethod
    def weighted_types(self, types: Floats) -> Floats:
        """Return W s for types of shape (..., N)."""

    @abstractmethod
    def weighted_traders(self, trader_weights: Floats) -> Floats:
        """Return y W for weights y on the traders, of shape (..., N)."""

    @abstractmethod
    def types_behind(self, values: Floats) -> Floats:
        """Return W^-1 v for values of shape (..., N): the types that cause them.

        Raises
        ------
        RefusedError
            If W is singular to working precision (assumption INJ fails).
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `from_dict` builds an equal economy."""

    @property
    @override
    def type_set(self) -> tuple[Floats, Floats]:
        low, high = super().type_set
        return (
            low if self.type_low is None else self.type_low,
            high if self.type_high is None else self.type_high,
        )

    def value(self, types: Floats) -> Floats:
        """Return the marginal utility of the first unit, v = W s + c, shape (B, N)."""
        return self.weighted_types(types) + like(types, self.intercept)

    @override
    def utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types, any_library=True)
        check_one_kind(quantity=quantity, types=types)
        slope = like(types, self.slope)
        utility: Floats = self.value(types) * quantity - 0.5 * slope * quantity**2
        return utility

    @override
    def utility_of(self, trader: int, quantity: Floats, types: Floats) -> Floats:
        value = types @ self.effects_on(trader) + self.intercept[trader]
        worth: Floats = (value[:, None] - 0.5 * self.slope[trader] * quantity) * quantity
        return worth

    @override
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types, any_library=True)
        check_one_kind(quantity=quantity, types=types)
        return self.value(types) - like(types, self.slope) * quantity

    @override
    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        quantity, _ = checked_profiles(self.n_traders, quantity, types, any_library=True)
        return np.broadcast_to(self.weights, (*quantity.shape, self.n_traders))

    @override
    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        quantity, _ = checked_profiles(self.n_traders, quantity, types, any_library=True)
        return np.broadcast_to(-self.slope, quantity.shape)

    @override
    def efficient_allocation(self, types: Floats) -> Floats:
        steepness = 1 / self.slope
        value = self.value(types)
        price = value @ steepness / steepness.sum()
        return np.asarray(steepness * (value - price[:, None]))

    def trader_of_role(self, role: str) -> int:
        """Return the first trader who plays a role.

        Raises
        ------
        InvalidInputError
            If nobody plays it.
        """
        if role not in self.roles:
            known = ", ".join(sorted(set(self.roles))) or "none"
            raise InvalidInputError(f"trader {role!r} must be a role of the economy: {known}")
        return self.roles.index(role)

    def _check_common_fields(self, n_traders: int) -> None:
        """Freeze and check what all members hold."""
        for name in ("slope", "intercept"):
            array = finite_array(name, getattr(self, name), (n_traders,))
            object.__setattr__(self, name, read_only(array))
        object.__setattr__(self, "n_traders", n_traders)
        if (self.slope <= 0).any():
            raise InvalidInputError(f"slope must be positive, got {self.slope.min()}")
        if self.roles and len(self.roles) != n_traders:
            raise InvalidInputError(
                f"roles must name all {n_traders} traders, got {len(self.roles)}"
            )
        low, high = type_set("type", self.type_low, self.type_high, n_traders)
        object.__setattr__(self, "type_low", None if self.type_low is None else low)
        object.__setattr__(self, "type_high", None if self.type_high is None else high)

    def _common_dict(self) -> dict[str, Any]:
        data = {
            "slope": self.slope.tolist(),
            "intercept": self.intercept.tolist(),
            "name": self.name,
            "roles": list(self.roles),
        }
        ends = {"type_low": self.type_low, "type_high": self.type_high}
        return data | {name: end.tolist() for name, end in ends.items() if end is not None}

    def _renumbered_fields(self, order: Sequence[int]) -> dict[str, Any]:
        places = list(order)
        return {
            "slope": self.slope[places],
            "intercept": self.intercept[places],
            "roles": tuple(self.roles[i] for i in places) if self.roles else (),
            "type_low": None if self.type_low is None else self.type_low[places],
            "type_high": None if self.type_high is None else self.type_high[places],
        }

    def _restated_fields(self, price: float, quantity: float) -> dict[str, Any]:
        return {
            "slope": self.slope * price / quantity,
            "intercept": self.intercept * price,
            "type_low": None if self.type_low is None else self.type_low * price,
            "type_high": None if self.type_high is None else self.type_high * price,
        }

    @abstractmethod
    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the economy of renumbered traders: new trader i is old order[i]."""

    @abstractmethod
    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the economy in other units; types are values and move with prices."""

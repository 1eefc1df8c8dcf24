"""Economies of linear marginal utilities, mu_i = c_i + (W s)_i - slope_i q_i.

All that most code needs of W is its products with vectors, its diagonal and single rows, so that
a large economy need never write it out.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Self

import numpy as np
from typing_extensions import override

from deviator.arrays import beside, check_one_kind, common, is_foreign, like, product
from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, freeze

from .base import Economy
from .profiles import checked_profiles

BLOCK_ENTRIES = 2**22
"""Entries of W that are looked at together where all have to be."""

SINGULAR_WEIGHTS = (
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
    """

    weights: Floats
    slope: Floats
    intercept: Floats

    @property
    @abstractmethod
    def own_type_effects(self) -> Floats:
        """The diagonal of W, shape (N,)."""

    def effects_on(self, trader: int) -> Floats:
        """Return a trader's row of W: the effects of all types on it, shape (N,)."""
        return np.asarray(self.effects_on_several(slice(trader, trader + 1))[0])

    @abstractmethod
    def effects_on_several(self, traders: slice) -> Floats:
        """Return several traders' rows of W as a new array, shape (R, N)."""

    def blocks_of_effects(self, diagonal: float | None = None) -> Iterator[tuple[slice, Floats]]:
        """Return all of W in blocks of rows that fit the memory, each with its traders.

        Parameters
        ----------
        diagonal : float, optional
            What stands in the place of the own type effects.
        """
        rows = max(1, BLOCK_ENTRIES // self.n_traders)
        for start in range(0, self.n_traders, rows):
            traders = slice(start, min(start + rows, self.n_traders))
            effects = self.effects_on_several(traders)
            if diagonal is not None:
                own = np.arange(len(effects))
                effects[own, start + own] = diagonal
            yield traders, effects

    @property
    def has_private_values(self) -> bool:
        """Whether no type matters to another trader: W is diagonal."""
        return not any(effects.any() for _, effects in self.blocks_of_effects(diagonal=0.0))

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

    def value(self, types: Floats) -> Floats:
        """Return the marginal utility of the first unit, v = W s + c, shape (B, N)."""
        weighted = self.weighted_types(types)
        return weighted + beside(types, self, "intercept") if self.intercept.any() else weighted

    @override
    def utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types, any_library=True)
        check_one_kind(quantity=quantity, types=types)
        return self.utility_at(self.value(types), quantity)

    def utility_at(self, value: Floats, quantity: Floats) -> Floats:
        """Return the utilities of quantities (B, N), given the `value` of the first units, (B, N).

        For whoever asks for several quantities at the same types; nothing is checked.
        """
        if is_foreign(value) or value.shape != quantity.shape:
            bent: Floats = value - 0.5 * beside(value, self, "slope") * quantity
            return bent * quantity
        worth: Floats = common(0.5 * self.slope) * quantity
        np.subtract(value, worth, out=worth)
        worth *= quantity
        return worth

    @override
    def utility_of(self, trader: int, quantity: Floats, types: Floats) -> Floats:
        effects = like(types, self.effects_on(trader))
        value = product(types, effects) + float(self.intercept[trader])
        worth: Floats = (value[:, None] - 0.5 * float(self.slope[trader]) * quantity) * quantity
        return worth

    @override
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        quantity, types = checked_profiles(self.n_traders, quantity, types, any_library=True)
        check_one_kind(quantity=quantity, types=types)
        marginal: Floats = self.value(types) - beside(types, self, "slope") * quantity
        return marginal

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

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `from_dict` builds an equal economy."""
        names = [each.name for each in fields(self) if each.init]  # type: ignore[arg-type]
        stated = ((name, getattr(self, name)) for name in names)
        return {name: _plain(value) for name, value in stated if value is not None}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build the economy that `to_dict` described."""
        return cls(**{**data, "roles": tuple(data["roles"])})

    def _freeze_common_fields(self, n_traders: int) -> None:
        """Check and freeze what all members hold."""
        slope, intercept = (
            finite_array(name, getattr(self, name), (n_traders,)) for name in ("slope", "intercept")
        )
        if (slope <= 0).any():
            raise InvalidInputError(f"slope must be positive, got {slope.min()}")
        if self.roles and len(self.roles) != n_traders:
            raise InvalidInputError(
                f"roles must name all {n_traders} traders, got {len(self.roles)}"
            )
        freeze(self, slope=slope, intercept=intercept)
        self._freeze_type_set(n_traders)


def checked_quadratic(economy: object) -> QuadraticEconomy:
    """Return an economy that states weights and slopes; refuse any other."""
    if not isinstance(economy, QuadraticEconomy):
        raise InvalidInputError(
            f"economy must be a linear-quadratic economy, got {type(economy).__name__}; build one "
            "with deviator.economies"
        )
    return economy


def single_crossing_violation(economy: QuadraticEconomy) -> tuple[int, int] | None:
    """Return traders (i, k) where k reacts to i's type at least as i does, w_ki >= w_ii.

    None where no such pair exists, so that the economy has single crossing. That is sufficient
    and, with unbounded types and a tax that keeps some traders out, necessary for quantities that
    increase in the own type: where only i and k trade, the price moves by an average of w_ii and
    w_ki. Assumption A4^N bounds averages over all traders only, so it does not imply it.

    Examples
    --------
    >>> from deviator.economies import linear_quadratic, private_values
    >>> single_crossing_violation(private_values(3)) is None
    True
    >>> single_crossing_violation(linear_quadratic([[1, 0, 0], [1.2, 2, 0], [0, 0, 1]], 1.0))
    (0, 1)
    """
    own = checked_quadratic(economy).own_type_effects
    for traders, effects in economy.blocks_of_effects(diagonal=-np.inf):
        crossing = np.argwhere(effects >= own)
        if len(crossing):
            reacting, owner = crossing[0]
            return int(owner), int(traders.start + reacting)
    return None


def affects_others_alike(economy: QuadraticEconomy) -> bool:
    """Return whether each type moves all other traders' marginal utilities by the same, and less.

    So it is with private values and in Examples 1 and 3. The allocation of the largest total of
    utilities less taxes, whatever the tax on each trader's quantity, then increases in the own
    type: that total is a maximum of functions that are linear in s_i, so its derivative
    sum_k w_ki q_k = (w_ii - w_ki) q_i increases.

    Examples
    --------
    >>> from deviator.economies import fundamental_value, two_groups
    >>> affects_others_alike(fundamental_value(5)), affects_others_alike(two_groups(4))
    (True, False)
    """
    checked_quadratic(economy)
    lowest = np.full(economy.n_traders, np.inf)
    highest = np.full(economy.n_traders, -np.inf)
    for _, effects in economy.blocks_of_effects(diagonal=np.nan):
        lowest = np.fmin(lowest, np.nanmin(effects, axis=0, initial=np.inf))
        highest = np.fmax(highest, np.nanmax(effects, axis=0, initial=-np.inf))
    own = economy.own_type_effects
    return bool((highest - lowest <= 1e-12 * np.abs(own)).all() and (highest < own).all())


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value

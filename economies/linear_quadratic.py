"""Linear-quadratic economies: u_i(q_i, s) = (c_i + sum_j w_ij s_j) q_i - (mu_i / 2) q_i^2.

All examples of the paper (Examples 1 to 7) are of this form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, final

import numpy as np

from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Floats, finite_array, read_only, trader_count

from .base import Economy


@final
@dataclass(frozen=True, eq=False)
class LinearQuadratic(Economy):
    """An economy of linear marginal utilities mu_i = c_i + (W s)_i - slope_i q_i.

    Parameters
    ----------
    weights : ndarray of float, shape (N, N)
        W; entry (i, j) is the effect of trader j's type on trader i's marginal utility.
    slope : ndarray of float, shape (N,)
        Slopes of the marginal utilities, positive, in money per squared unit.
    intercept : ndarray of float, shape (N,)
        c, in money per unit.
    name : str
        Family name shown in reports.
    roles : tuple of str
        A role for each trader ("small", "big"), or empty where all play the same.
    """

    weights: Floats
    slope: Floats
    intercept: Floats
    name: str = "linear-quadratic"
    roles: tuple[str, ...] = ()
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        n = trader_count(len(np.atleast_1d(np.asarray(self.slope))))
        for name, shape in (("weights", (n, n)), ("slope", (n,)), ("intercept", (n,))):
            array = finite_array(name, getattr(self, name), shape)
            object.__setattr__(self, name, read_only(array))
        object.__setattr__(self, "n_traders", n)
        if (self.slope <= 0).any():
            raise InvalidInputError(f"slope must be positive, got {self.slope.min()}")
        if self.roles and len(self.roles) != n:
            raise InvalidInputError(f"roles must name all {n} traders, got {len(self.roles)}")

    def value(self, types: Floats) -> Floats:
        """Return the marginal utility of the first unit, v = W s + c, shape (B, N)."""
        return types @ self.weights.T + self.intercept

    def utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return u_i(q_i, s), shape (B, N)."""
        return self.value(types) * quantity - 0.5 * self.slope * quantity**2

    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return v_i - slope_i q_i, shape (B, N)."""
        return self.value(types) - self.slope * quantity

    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        """Return W for every market, shape (B, N, N)."""
        del types
        return np.broadcast_to(self.weights, (*quantity.shape, self.n_traders))

    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        """Return minus the slopes, shape (B, N)."""
        del types
        return np.broadcast_to(-self.slope, quantity.shape)

    def efficient_allocation(self, types: Floats) -> Floats:
        """Return the Walrasian allocation in closed form, shape (B, N)."""
        steepness = 1 / self.slope
        value = self.value(types)
        price = value @ steepness / steepness.sum()
        return np.asarray(steepness * (value - price[:, None]))

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the economy of renumbered traders: new trader i is old order[i]."""
        places = list(order)
        roles = tuple(self.roles[i] for i in places) if self.roles else ()
        return replace(
            self,
            weights=self.weights[places][:, places],
            slope=self.slope[places],
            intercept=self.intercept[places],
            roles=roles,
        )

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the economy in other units; types are values and move with prices."""
        return replace(self, slope=self.slope * price / quantity, intercept=self.intercept * price)

    def inverse_weights(self) -> Floats:
        """Return the inverse of W, by which a conditional bid reads types off an allocation.

        Raises
        ------
        RefusedError
            If W is singular to working precision (assumption INJ fails).
        """
        # Rows and columns carry units of their own; equilibrating first keeps the verdict free
        # of them.
        rows = np.abs(self.weights).max(axis=1)
        scale = np.where(rows > 0, rows, 1.0)
        balanced = self.weights / scale[:, None]
        columns = np.abs(balanced).max(axis=0)
        column_scale = np.where(columns > 0, columns, 1.0)
        balanced = balanced / column_scale
        if 1 / np.linalg.cond(balanced) < self.n_traders * np.finfo(float).eps:
            raise RefusedError(
                "weights must be invertible (assumption INJ) for conditional bids, got a singular "
                "matrix; use a mechanism with reports or schedules instead"
            )
        inverse: Floats = np.linalg.inv(balanced) / column_scale[:, None] / scale
        return inverse

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

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `from_dict` builds an equal economy."""
        return {
            "weights": self.weights.tolist(),
            "slope": self.slope.tolist(),
            "intercept": self.intercept.tolist(),
            "name": self.name,
            "roles": list(self.roles),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "LinearQuadratic":
        """Build the economy that `to_dict` described."""
        return cls(**{**data, "roles": tuple(data["roles"])})

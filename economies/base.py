"""What an economy is: who trades, and what each quantity is worth to its trader.

Utilities are quasi-linear, U_i = u_i(q_i, s) - t_i, with interdependent values: u_i may
depend on the whole profile of types s (Section 2.1 of Andreyanov and Sadzik). An economy that
overrides `payoff` has other preferences over money: risk aversion, budgets.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from deviator.arrays import like, namespace
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.units import relabelled_fields, rescaled_fields
from deviator.validation import Floats, freeze

from .distributions import TypeDistribution, type_set
from .efficient import agreeing_quantities
from .standard_types import bounded_types


class Economy(ABC):
    """The traders' utilities; `utility` and `payoff` are the only definition of preferences.

    Members are frozen dataclasses.

    Attributes
    ----------
    n_traders : int
    roles : tuple of str
        A role for each trader ("small", "big"), or empty where all play the same.
    type_low, type_high : ndarray of float, shape (N,), or None
        Ends of the sets S_i of types; None where types are unbounded on that side (assumption INF).
    waivers : mapping of str to str
        Checks of the conformance kit that the economy is known to fail, each with the reason.
    """

    n_traders: int
    roles: tuple[str, ...] = ()
    type_low: Floats | None = None
    type_high: Floats | None = None
    waivers: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the family, as reports show it."""

    @abstractmethod
    def utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return u_i(q_i, s) for every trader, before transfers, in units of money.

        Parameters
        ----------
        quantity : ndarray of float, shape (B, N)
            Units received; negative where a trader sells.
        types : ndarray of float, shape (B, N)
            Payoff types.

        Returns
        -------
        ndarray of float, shape (B, N)
            0 where nothing is received.
        """

    def utility_of(self, trader: int, quantity: Floats, types: Floats) -> Floats:
        """Return one trader's utility from each of M quantities, shape (B, M).

        Parameters
        ----------
        trader : int
        quantity : ndarray of float, shape (B, M)
        types : ndarray of float, shape (B, N)
        """
        worth: Floats = np.empty(np.shape(quantity))
        units = np.zeros(np.shape(types))
        for place in range(worth.shape[1]):
            units[:, trader] = quantity[:, place]
            worth[:, place] = self.utility(units, types)[:, trader]
        return worth

    def payoff(self, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return what traders have who receive quantities and pay transfers, shape (B, N).

        Utility minus transfer, in units of money, by default. An economy that overrides this is
        searched and learned in; nothing is certified there, as proofs are of quasi-linear ones.
        Payoffs must fall in the transfer, be finite, and 0 where nothing changes hands.

        Parameters
        ----------
        quantity, transfer, types : ndarray of float, shape (B, N)
        """
        return self.utility(quantity, types) - transfer

    def payoff_of(self, trader: int, quantity: Floats, transfer: Floats, types: Floats) -> Floats:
        """Return one trader's payoff from each of M quantities and transfers, shape (B, M).

        Parameters
        ----------
        trader : int
        quantity, transfer : ndarray of float, shape (B, M)
        types : ndarray of float, shape (B, N)
        """
        if self.quasilinear:
            return self.utility_of(trader, quantity, types) - transfer
        xp, mine = namespace(types), like(types, np.eye(self.n_traders)[trader])
        offers = (
            (quantity[:, [m]] * mine, transfer[:, [m]] * mine) for m in range(quantity.shape[1])
        )
        payoffs = [self.payoff(*offer, types)[:, trader] for offer in offers]
        alone: Floats = xp.stack(payoffs, axis=1) if payoffs else xp.zeros_like(quantity)
        return alone

    @property
    def quasilinear(self) -> bool:
        """Whether payoffs are utilities minus transfers."""
        stated = "payoff" in getattr(self, "__dict__", {})
        return type(self).payoff is Economy.payoff and not stated

    @abstractmethod
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return du_i/dq_i, shape (B, N), in units of money per unit of the good."""

    @abstractmethod
    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        """Return d mu_i/ds_j, shape (B, N, N), row i the trader affected."""

    @abstractmethod
    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        """Return d mu_i/dq_i, shape (B, N); negative where utility is strictly concave."""

    @property
    def type_set(self) -> tuple[Floats, Floats]:
        """Ends of the sets S_i of types, each of shape (N,); infinite where unbounded (INF)."""
        low, high = (np.full(self.n_traders, end) for end in (-np.inf, np.inf))
        return (
            low if self.type_low is None else self.type_low,
            high if self.type_high is None else self.type_high,
        )

    @property
    def supply(self) -> float:
        """What somebody outside sells to the traders, whatever the price, in units of the good."""
        return 0.0

    @property
    def has_bounded_types(self) -> bool:
        """Whether some type is bounded on some side."""
        return any(bool(np.isfinite(end).any()) for end in self.type_set)

    def types(self) -> TypeDistribution:
        """Return the law of the types where none is stated, on their sets.

        Standard Normal where types are unbounded.
        """
        return bounded_types(*self.type_set)

    def efficient_allocation(self, types: Floats) -> Floats:
        """Return the allocation of the largest total utility, shape (B, N); it sums to `supply`.

        By default the point where all marginal utilities agree, for strictly concave utilities.

        Raises
        ------
        NotConvergedError
            If Newton's method does not reach it.
        """
        quantity, converged = agreeing_quantities(
            self.marginal_utility, self.quantity_slopes, types
        )
        if converged.all():
            return quantity
        market = int(np.flatnonzero(~converged)[0])
        apart = float(np.ptp(self.marginal_utility(quantity, types)[market]))
        raise NotConvergedError(
            "the efficient allocation needs strictly concave utilities, and Newton's method "
            f"stopped in market {market} with marginal utilities {apart:.3g} apart; override "
            "efficient_allocation"
        )

    def trader_of_role(self, role: str) -> int:
        """Return the first trader who plays a role.

        Raises
        ------
        InvalidInputError
            If no trader plays it.
        """
        if not self.roles:
            raise InvalidInputError(f"trader must be an index in this economy, got {role!r}")
        if role not in self.roles:
            known = ", ".join(sorted(set(self.roles)))
            raise InvalidInputError(f"trader {role!r} must be a role of the economy: {known}")
        return self.roles.index(role)

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the economy of renumbered traders: new trader i is old order[i].

        Raises
        ------
        RefusedError
            If the economy neither overrides this nor declares its fields, see `deviator.units`.
        """
        return self._changed(relabelled_fields(self, order), "relabelled")

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the economy in units of which there go more to a price or a quantity.

        Raises
        ------
        RefusedError
            If the economy neither overrides this nor declares its fields, see `deviator.units`.
        """
        return self._changed(rescaled_fields(self, price, quantity), "rescaled")

    def _changed(self, economy: Self, method: str) -> Self:
        if economy is self:
            raise RefusedError(
                f"{type(self).__name__} must override {method} to be used by a direct mechanism"
            )
        return economy

    def _freeze_type_set(self, n_traders: int) -> None:
        """Check the number of traders' ends of types, and freeze both."""
        low, high = type_set("type", self.type_low, self.type_high, n_traders)
        freeze(
            self,
            n_traders=n_traders,
            type_low=None if self.type_low is None else low,
            type_high=None if self.type_high is None else high,
        )

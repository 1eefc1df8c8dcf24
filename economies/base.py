"""What an economy is: who trades, and what each trader's quantity is worth to him.

Utilities are quasilinear, U_i = u_i(q_i, s) - t_i, with interdependent values: u_i may
depend on the whole profile of types s (Section 2.1 of Andreyanov and Sadzik).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from deviator.errors import RefusedError
from deviator.validation import Floats

from .distributions import TypeDistribution, bounded_types
from .efficient import concave_allocation


class Economy(ABC):
    """The traders' utilities; `utility` is the only definition of preferences.

    Members are frozen dataclasses.

    Attributes
    ----------
    n_traders : int
    waivers : mapping of str to str
        Checks of the conformance kit that the economy is known to fail, each with the reason.
    """

    n_traders: int
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
        return np.full(self.n_traders, -np.inf), np.full(self.n_traders, np.inf)

    @property
    def has_bounded_types(self) -> bool:
        """Whether some type is bounded on some side."""
        return bool(np.isfinite(self.type_set).any())

    def types(self) -> TypeDistribution:
        """Return the law of the types where nothing else is said, on the set of types.

        Standard Normal where types are unbounded.
        """
        return bounded_types(*self.type_set)

    def efficient_allocation(self, types: Floats) -> Floats:
        """Return the allocation of the largest total utility, shape (B, N); it sums to 0.

        By default the point where all marginal utilities agree, for strictly concave utilities.

        Raises
        ------
        NotConvergedError
            If it was not found.
        """
        return concave_allocation(self.marginal_utility, self.quantity_slopes, types)

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the economy of renumbered traders: new trader i is old order[i].

        Raises
        ------
        RefusedError
            If the economy does not say how.
        """
        del order
        raise RefusedError(
            f"{type(self).__name__} must override relabelled to be used by a direct mechanism"
        )

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the economy in units of which there go more to a price or a quantity.

        Raises
        ------
        RefusedError
            If the economy does not say how.
        """
        del price, quantity
        raise RefusedError(
            f"{type(self).__name__} must override rescaled to be used by a direct mechanism"
        )

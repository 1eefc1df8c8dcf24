"""What an economy is: who trades, and what each trader's quantity is worth to him.

Utilities are quasilinear, U_i = u_i(q_i, s) - t_i, with interdependent values: u_i may
depend on the whole profile of types s (Section 2.1 of Andreyanov and Sadzik).
"""

from abc import ABC, abstractmethod

from deviator.validation import Floats


class Economy(ABC):
    """The traders' utilities; `utility` is the only definition of preferences."""

    n_traders: int

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
        """

    @abstractmethod
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return du_i/dq_i, shape (B, N), in units of money per unit of the good."""

    @abstractmethod
    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        """Return d mu_i/ds_j, shape (B, N, N), row i the trader affected."""

    @abstractmethod
    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        """Return d mu_i/dq_i, shape (B, N); negative."""

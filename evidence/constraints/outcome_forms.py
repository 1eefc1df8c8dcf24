"""What happens while everybody follows the strategy, as exact functions of the types.

In a linear-quadratic economy with an affine strategy, quantities, prices and values are affine in
the types, and residual slopes are constant. So with a payment rule of degree two in price and
quantity every sum of money is a quadratic form. Forms are written in the variables

    q_1 .. q_N, v_1 .. v_N, p, p^0, 1,

quantities, values of the first unit, the price, the price of the first best and the constant, in
which they are short; what these variables have to do with each other are linear relations.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat, nmod, nmod_mat
from numpy.typing import NDArray

from deviator.mechanisms.exact import RationalEconomy
from deviator.numerics.polynomial import Polynomial
from deviator.numerics.quadratic_form import Linear, QuadraticForm
from deviator.numerics.rational import Rationals, exactly

PRIME = 2**61 - 1
"""A rank that is full modulo a prime is full."""


@final
@dataclass(frozen=True, eq=False)
class HonestForms:
    """Honest outcomes as exact functions of z = [s; 1], and sums of money as forms in them.

    Attributes
    ----------
    economy : RationalEconomy
    functions : ndarray of fmpq, shape (2 N + 3, N + 1)
        q, v, p, p^0 and 1 as linear functions of z.
    transfers : tuple of QuadraticForm
        What each trader pays.
    menus : tuple of Polynomial
        What each trader pays for x units on the own residual line, in "a" (its intercept) and "x".
    residual_slope : ndarray of fmpq, shape (N,)
    """

    economy: RationalEconomy
    functions: NDArray[Any]
    transfers: tuple[QuadraticForm, ...]
    menus: tuple[Polynomial, ...]
    residual_slope: NDArray[Any]

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return self.economy.n_traders

    @property
    def value_place(self) -> int:
        """Place of the first trader's value among the variables."""
        return self.n_traders

    @property
    def price_place(self) -> int:
        """Place of the price."""
        return 2 * self.n_traders

    @property
    def efficient_price_place(self) -> int:
        """Place of the price of the first best."""
        return 2 * self.n_traders + 1

    @property
    def one_place(self) -> int:
        """Place of the constant."""
        return 2 * self.n_traders + 2

    @cached_property
    def quantity_sum(self) -> NDArray[Any]:
        """Coefficients of the sum of all quantities on z, shape (N + 1,)."""
        total: NDArray[Any] = self.functions[: self.n_traders].sum(axis=0)
        return total

    @property
    def clears(self) -> bool:
        """Whether quantities sum to 0 at every profile: an identity of coefficients."""
        return bool((self.quantity_sum == 0).all())

    @property
    def trades(self) -> bool:
        """Whether a quantity is ever other than 0."""
        return bool((self.functions[: self.n_traders] != 0).any())

    @property
    def has_gains(self) -> bool:
        """Whether trade is worth anything at any profile: not all values agree."""
        values = self.functions[self.value_place : self.price_place]
        return bool((values != values[0]).any())

    @cached_property
    def slope(self) -> NDArray[Any]:
        """Slopes of the marginal utilities, shape (N,)."""
        slope: NDArray[Any] = exactly(self.economy.slope)
        return slope

    @cached_property
    def budget(self) -> QuadraticForm:
        """The sum of transfers."""
        return _total(self.transfers)

    def worth(self, trader: int) -> QuadraticForm:
        """Return a trader's utility before transfers."""
        value, bend = self.value_place + trader, self.slope[trader] / 2
        return QuadraticForm.of([(trader, value, 1), (trader, trader, -bend)])

    def utility(self, trader: int) -> QuadraticForm:
        """Return a trader's utility after transfers."""
        return self.worth(trader) - self.transfers[trader]

    @cached_property
    def gains_from_trade(self) -> QuadraticForm:
        """Total utility of the first best: sum of (v_i - p^0)^2 / (2 mu_i)."""
        surpluses = (
            QuadraticForm.square(
                {self.value_place + i: fmpq(1), self.efficient_price_place: fmpq(-1)},
                1 / (2 * self.slope[i]),
            )
            for i in range(self.n_traders)
        )
        return _total(surpluses)

    @cached_property
    def loss(self) -> QuadraticForm:
        """Total utility of the first best minus that of the outcome."""
        return self.gains_from_trade - _total(self.worth(i) for i in range(self.n_traders))

    @cached_property
    def is_efficient(self) -> bool:
        """Whether quantities are those of the first best at every profile."""
        n, efficient = self.n_traders, self.functions[self.efficient_price_place]
        values = self.functions[self.value_place : self.value_place + n]
        wanted = self.functions[:n] * self.slope[:, None] + efficient
        return bool((values == wanted).all())

    @cached_property
    def local_relations(self) -> tuple[tuple[Linear, ...], ...]:
        """For each trader, what (q_i, v_i, p, 1) have to do with each other at every profile."""
        return tuple(self._relations_of(self.local_places(i)) for i in range(self.n_traders))

    def local_places(self, trader: int) -> list[int]:
        """Return the places of a trader's quantity and value, of the price and the constant."""
        return [trader, self.value_place + trader, self.price_place, self.one_place]

    def _relations_of(self, places: list[int]) -> tuple[Linear, ...]:
        chosen = self.functions[places].T
        rows, columns = chosen.shape
        reduced, rank = fmpq_mat(rows, columns, list(chosen.ravel())).rref()
        table = np.array(reduced.entries(), dtype=object).reshape(chosen.shape)[:rank]
        leading = [int(np.flatnonzero(row != 0)[0]) for row in table]
        free = [column for column in range(len(places)) if column not in leading]
        return tuple(
            {places[column]: fmpq(1)}
            | {places[lead]: -row[column] for lead, row in zip(leading, table, strict=True)}
            for column in free
        )

    @cached_property
    def relations(self) -> tuple[Linear, ...] | None:
        """All that the variables have to do with each other; None where that is more than local.

        That each trader's value follows from the own quantity and the price is what honest bids
        make of the market; with clearing and the definition of p^0 it is all there is, if as many
        relations are independent as the variables have in excess of their rank.
        """
        n = self.n_traders
        local = [relation for each in self.local_relations for relation in each]
        clearing: Linear = {i: fmpq(1) for i in range(n)}
        efficient = {self.value_place + i: 1 / self.slope[i] for i in range(n)}
        efficient[self.efficient_price_place] = -sum(efficient.values())
        relations = (*local, clearing, efficient)
        size = 2 * n + 3
        complete = self.clears and len(relations) == size - (n + 1)
        if not complete or _rank(self.functions) < n + 1:
            return None
        table = np.full((len(relations), size), fmpq(0), dtype=object)
        for row, relation in zip(table, relations, strict=True):
            for place, coefficient in relation.items():
                row[place] = coefficient
        return relations if _rank(table) == len(relations) else None

    @cached_property
    def trade_relations(self) -> tuple[Linear, ...] | None:
        """All that quantities, price and 1 have to do with each other; None if more than clearing.

        They have the rank of z where types can be read off the outcome.
        """
        n = self.n_traders
        outcome = self.functions[[*range(n), self.price_place, self.one_place]]
        if not self.clears or _rank(outcome) < n + 1:
            return None
        return ({i: fmpq(1) for i in range(n)},)

    def at(self, types: Rationals) -> NDArray[Any]:
        """Return all variables at a profile of types, shape (2 N + 3,)."""
        numerators, denominators = self._whole_functions
        profile, below = _whole([*exactly(types), fmpq(1)])
        values = numerators * fmpz_mat(len(profile), 1, profile)
        whole = zip(values.entries(), denominators, strict=True)
        return np.array([fmpq(value, below * row) for value, row in whole], dtype=object)

    @cached_property
    def _whole_functions(self) -> tuple[fmpz_mat, list[fmpz]]:
        """The functions as whole numbers, and one denominator for each."""
        rows = [_whole(row) for row in self.functions]
        return fmpz_mat([numerators for numerators, _ in rows]), [below for _, below in rows]


def _whole(values: Iterable[fmpq]) -> tuple[list[fmpz], fmpz]:
    """Return exact numbers as whole numbers over their least common denominator."""
    below = fmpz(1)
    for value in (numbers := list(values)):
        below = below.lcm(value.q)
    return [value.p * (below // value.q) for value in numbers], below


def _total(forms: Any) -> QuadraticForm:
    products = ((i, j, value) for form in forms for (i, j), value in form.terms.items())
    return QuadraticForm.of(products)


def _rank(table: NDArray[Any]) -> int:
    """Return the rank modulo a prime, which is at most the rank; -1 where that has no meaning."""
    denominators = [value.q % PRIME for value in table.ravel()]
    if 0 in denominators:
        return -1
    entries = [
        nmod(int(value.p % PRIME), PRIME) / nmod(int(denominator), PRIME)
        for value, denominator in zip(table.ravel(), denominators, strict=True)
    ]
    return int(
        nmod_mat(len(table), table.shape[1], [int(entry) for entry in entries], PRIME).rank()
    )

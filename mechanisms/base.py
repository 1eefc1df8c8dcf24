"""What a mechanism is: bids in, outcome out; it never sees a utility, and holds no state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np

from deviator.arrays import check_one_kind, finite_foreign, is_foreign, namespace
from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.units import fields_of, relabelled_fields, rescaled_fields
from deviator.validation import (
    Floats,
    finite_array,
    finite_number,
    given,
    positive,
    trader_index,
)

from . import portable
from .languages import BidLanguage, Bids
from .menu import Menu
from .outcome import Outcome, TraderOutcome, check_cleared

Claim = Literal[
    "truthful",
    "universally_truthful",
    "individually_rational",
    "budget_surplus",
    "efficient",
    "anonymous",
]
"""What a mechanism may claim, at honest bids and at every profile of types.

truthful: no bid of one trader beats the honest one, in a lottery on average over the lots;
universally_truthful: none does for any lots; individually_rational: nobody is worse off than
without trade; budget_surplus: transfers never sum to less than 0; efficient: the allocation is of
the largest total utility; anonymous: traders who swap their bids swap their outcomes.
"""


DOUBLE = float(np.finfo(float).eps)
"""The rounding of doubles, relative to their size."""


COARSEST = 1e-3
"""The least exact that a rule may compute: gains below its rounding are not seen."""


class Mechanism(ABC):
    """A market rule; a plugin must write `language`, `name` and `clear`.

    That is enough for a verdict: best deviations are then searched numerically. Exact answers need
    `menu`, and certificates a `ResidualLineMechanism`, which derives all of these from clearing and
    payment. Members are frozen dataclasses of their settings.

    Attributes
    ----------
    claims : frozenset of str
        What the rule promises (`Claim`); the conformance kit tests each claim.
    waivers : mapping of str to str
        Checks of the conformance kit that the rule is known to fail, each with the reason.
    """

    language: ClassVar[BidLanguage]
    claims: ClassVar[frozenset[Claim]] = frozenset()
    waivers: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """Registered name, as in ``sigma-dcda``."""

    @property
    def tax_slope(self) -> float:
        """Slope of the quadratic tax that honest bids allow for; 0 without a tax."""
        return 0.0

    @property
    def precision(self) -> float:
        """How exactly quantities and transfers are computed, relative to their size.

        The rounding of doubles by default. A rule that computes in float32, or solves to 1e-9,
        states its own: a gain below this share of what it is a difference of is rounding.
        """
        return DOUBLE

    @property
    def draws(self) -> int:
        """D, how many numbers the rule draws for each market; 0 by default.

        With D > 0 it writes ``clear(bids, lots)``, and is given lots (B, D), independent and
        uniform in [0, 1). A rule that draws by itself is refused: a search keeps what was lucky.
        """
        return 0

    @abstractmethod
    def clear(self, bids: Any) -> Outcome:
        """Clear every market of a batch.

        Parameters
        ----------
        bids : Bids
            A record of the mechanism's language. A `ResidualLineMechanism` also takes arrays of
            other libraries than NumPy, and its outcome is of their kind; other rules refuse them.
        """

    def honest_bids(self, economy: Economy, types: Floats) -> Bids:
        """Return what honest traders submit; a trader's bid uses the own type only.

        Parameters
        ----------
        economy : Economy
        types : ndarray of float, shape (B, N)

        Raises
        ------
        InvalidInputError
            If the economy is not an Economy, or types are not finite or of other traders.
        RefusedError
            If the language determines no honest bid in this economy.
        """
        if not isinstance(economy, Economy):
            raise InvalidInputError(
                f"economy must be an Economy, got {given(economy)}; call "
                "honest_bids(economy, types)"
            )
        if is_foreign(types):
            return portable.honest_bids(self, economy, types)
        checked = finite_array("types", types, (None, economy.n_traders))
        return self.language.honest_bids(economy, checked, checked_tax_slope(self))

    def menu(self, bids: Any, trader: int) -> Menu | None:
        """Return what a trader can reach while the others' bids are fixed; None if unknown."""
        return None

    def bid_limits(self, trader: int) -> tuple[Floats, Floats] | None:
        """Return the least and largest value of each number of a trader's bid, each (K,).

        None, as by default, where the language itself says what is allowed.
        """
        return None

    def allowed_bids(self, trader: int, bids: Floats, own: Floats) -> Floats:
        """Return the nearest bids of a trader that language and limits allow, shape (B, M, K).

        Parameters
        ----------
        trader : int
        bids : ndarray of float, shape (B, M, K)
            Candidates.
        own : ndarray of float, shape (B, K)
            The trader's present, allowed bids.
        """
        allowed = self.language.admissible(bids, own)
        limits = self.bid_limits(trader)
        return allowed if limits is None else np.clip(allowed, *limits)

    def menu_bid(self, bids: Any, trader: int, quantity: Floats) -> Floats:
        """Return bids that lead one trader to points of the menu, shape (B, K).

        By default the level of the present bid is moved until it buys the quantity.

        Parameters
        ----------
        bids : Bids
        trader : int
        quantity : ndarray of float, shape (B,)
            A quantity on the menu.
        """
        portable.require_numpy("bids that lead to points of menus", bids)
        bid = bids.of_trader(trader)
        present = self.clear_deviations(bids, trader, bid[:, None]).quantity[:, 0]
        bid[:, self.language.level] += (quantity - present) / quantity_per_level(self, bids, trader)
        return np.asarray(bid, dtype=np.float64)

    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        """Return a trader's outcomes under candidate bids, the others' bids fixed.

        Parameters
        ----------
        bids : Bids
            Bids of all traders, B markets.
        trader : int
        candidates : ndarray of float, shape (B, M, K)
            M candidates per market.

        Raises
        ------
        InvalidInputError
            If `clear` returns anything but an outcome of these markets.
        NotConvergedError
            If a market could not be solved.
        """
        checked, index = check_candidates(bids, trader, candidates)
        tiled = bids.with_candidates(index, checked)
        outcome = self._clear_candidates(tiled, checked.shape[1])
        if bids.is_numpy:
            check_cleared(self.name, outcome, tiled.shape[:2])
        xp, shape = namespace(checked), tuple(checked.shape[:2])
        columns = (outcome.price_of(index), outcome.quantity[:, index], outcome.transfer[:, index])
        return TraderOutcome(*(xp.reshape(column, shape) for column in (*columns, outcome.traded)))

    def _clear_candidates(self, tiled: Any, candidates: int) -> Outcome:
        """Return the outcomes of B M markets, so many candidates beside each other."""
        return self.clear(tiled)

    def example_economies(self) -> tuple[Economy, ...]:
        """Return economies in which the rule is at home: the conformance kit tries it there.

        By default those that the rule holds; any other rule is tried in the standard ones of
        the kit. Override this where honest bids exist in other economies only.
        """
        return tuple(value for value, _ in fields_of(self).values() if isinstance(value, Economy))

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the same rule for traders who are renumbered: new trader i is old order[i].

        Economies, public statistics and rules that it holds are renumbered; override this where
        other settings tell traders apart.
        """
        return relabelled_fields(self, order)

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same rule in other units, of which there go more to a price or a quantity.

        What it holds is restated, and settings whose units are declared (`deviator.units`);
        override this where another setting carries units.

        Parameters
        ----------
        price, quantity : float
            Factors that numbers of prices and of quantities are multiplied by.
        """
        return rescaled_fields(self, price, quantity)


def checked_tax_slope(mechanism: Mechanism) -> float:
    """Return the tax slope of a rule, one number for all traders.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    slope = mechanism.tax_slope
    if np.ndim(slope):
        raise InvalidInputError(
            f"tax_slope must be one number for all traders, that of {mechanism.name} has shape "
            f"{np.shape(slope)}; state a single slope, or let the payment charge traders apart"
        )
    return finite_number("tax_slope", slope)


def checked_precision(mechanism: Mechanism) -> float:
    """Return how exactly a rule computes, relative to the size of its numbers.

    Raises
    ------
    InvalidInputError
        If it is not a number above 0 and up to `COARSEST`.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> checked_precision(SigmaDCDA(0.2))
    2.220446049250313e-16
    """
    precision = positive("precision", mechanism.precision)
    if precision > COARSEST:
        raise InvalidInputError(
            f"precision must be at most {COARSEST}, that of {mechanism.name} is {precision:.6g}; "
            "compute more exactly, as coarser numbers hide gains"
        )
    return precision


def quantity_per_level(mechanism: Mechanism, bids: Bids, trader: int) -> Floats:
    """Return by how many units the trader's quantity moves per unit of the bid's level, (B,)."""
    bid = bids.of_trader(trader)
    level = mechanism.language.level
    # A level far below the others' would move the market by less than its rounding errors.
    own, usual = np.abs(bid[:, level]), np.abs(bids.as_array()[..., level]).max(axis=1)
    unit = np.where(own > 1e-3 * usual, own, usual)
    unit = np.where(unit == 0, 1.0, unit)
    pair = np.stack([bid, bid], axis=1)
    pair[:, 1, level] += unit
    quantity = mechanism.clear_deviations(bids, trader, pair).quantity
    return (quantity[:, 1] - quantity[:, 0]) / unit


def check_candidates(bids: Bids, trader: int, candidates: Floats) -> tuple[Floats, int]:
    """Return candidate bids (B, M, K) of one trader and its index, or raise InvalidInputError."""
    batch, n, size = bids.shape
    index, shape = trader_index(trader, n), (batch, None, size)
    if bids.is_numpy:
        return finite_array("candidates", candidates, shape), index
    check_one_kind(candidates=candidates, bids=bids.as_array())
    return finite_foreign("candidates", candidates, shape), index

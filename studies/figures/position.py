"""One trader at one profile, while everybody follows the strategy: what figures of menus read."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.mechanisms import Bids, Mechanism
from deviator.mechanisms.menu import Menu
from deviator.mechanisms.outcome import TraderOutcome
from deviator.policies.mixing import drawn_bids
from deviator.policies.situation import rules_drawn
from deviator.validation import Floats, finite_array, trader_index


@final
@dataclass(frozen=True, eq=False)
class Position:
    """One trader at one profile; of rules that draw lots, and strategies that mix, for one draw.

    Build it with `of`, which checks what it is given.

    Attributes
    ----------
    tested : Market
    trader : int
    types : ndarray of float, shape (1, N)
    rule : Mechanism
        The mechanism; one that draws lots with its first lots.
    """

    tested: Market
    trader: int
    types: Floats
    rule: Mechanism

    @classmethod
    def of(cls, tested: Market, trader: int, types: Floats) -> "Position":
        """Return a trader's position at a profile (N,).

        Raises
        ------
        InvalidInputError
            If there is no such trader, or the types are not finite or of other traders.
        """
        n = tested.economy.n_traders
        profile = finite_array("types", types, (n,))[None]
        return cls(tested, trader_index(trader, n), profile, rules_drawn(tested.mechanism, 1)[0])

    @cached_property
    def bids(self) -> Bids:
        """What the strategy submits, one market."""
        return drawn_bids(self.tested.strategy, self.types)

    @cached_property
    def present(self) -> TraderOutcome:
        """What the trader has, (1, 1)."""
        outcome = self.rule.clear(self.bids)
        own = [self.trader]
        return TraderOutcome(
            outcome.price_of(self.trader)[:, None],
            outcome.quantity[:, own],
            outcome.transfer[:, own],
            outcome.traded[:, None],
        )

    @property
    def traded(self) -> float:
        """Units that the trader receives, negative where sold."""
        return float(self.present.quantity[0, 0])

    @property
    def price(self) -> float:
        """The price that the trader meets; NaN in autarky."""
        return float(self.present.price[0, 0])

    @cached_property
    def menu(self) -> Menu | None:
        """What the trader can reach, where the mechanism states it."""
        if self.tested.bids_are_surfaces:
            return None
        try:
            return self.rule.menu(self.bids, self.trader)
        except RefusedError:
            return None

    @cached_property
    def usual_quantity(self) -> float:
        """The largest quantity of the market; the efficient one where nobody trades, or 1."""
        present = np.abs(self.rule.clear(self.bids).quantity).max()
        efficient = self.tested.economy.efficient_allocation
        return float(present or np.abs(efficient(self.types)).max() or 1.0)

    def best_quantity(self, menu: Menu) -> float | None:
        """Return the best quantity on a menu, or None where it has no closed form."""
        try:
            best = menu.best(self.tested.economy, self.types, self.trader, self.present)
        except RefusedError:
            return None
        return float(best.quantity[0])

    def marginal_utility(self, quantity: Floats) -> Floats:
        """Return what further units are worth to the trader at quantities (M,)."""
        units, profiles = self._repeated(quantity)
        return np.asarray(self.tested.economy.marginal_utility(units, profiles)[:, self.trader])

    def utility(self, quantity: Floats) -> Floats:
        """Return what quantities (M,) are worth to the trader."""
        units, profiles = self._repeated(quantity)
        return np.asarray(self.tested.economy.utility(units, profiles)[:, self.trader])

    def _repeated(self, quantity: Floats) -> tuple[Floats, Floats]:
        """Return quantities that only the trader has, (M, N), and the profile as often."""
        units = np.zeros((len(quantity), self.types.shape[1]))
        units[:, self.trader] = quantity
        return units, np.repeat(self.types, len(quantity), axis=0)

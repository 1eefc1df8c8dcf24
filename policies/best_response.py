"""The exact best response of one trader as a bid."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, QuadraticEconomy, TypeDistribution
from deviator.errors import RefusedError
from deviator.mechanisms import AllocationLanguage, LineMenu, Mechanism
from deviator.mechanisms.menu import linear_economy
from deviator.validation import Floats, finite_array, trader_index

from .affine_shift import (
    ConditionalShift,
    affine_shift,
    check_readable,
    check_shape_is_free,
    conditional_shift,
)
from .base import Deviation, Policy, View, check_market
from .best_point import best_point, line_menu
from .gains import required_distribution
from .information import Information, check_information, knows_profile, rung_within, seen_by
from .mixing import unmixed_bids
from .revelation import Revelation


@final
@dataclass(frozen=True, eq=False)
class BestResponse(Deviation):
    """The exact best response of one trader, as a bid in the mechanism's own language.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        As in `exact_gain`.
    information : {"profile", "own", "statistics", "signal:DEVIATION"} or Rung
        A bid depends on what the rung shows.
    distribution : TypeDistribution, optional
        Law of the types; needed for all but "profile".
    others : Policy, optional
        The strategy deviated from; honesty by default.
    """

    mechanism: Mechanism
    economy: Economy
    information: Information = "profile"
    distribution: TypeDistribution | None = None
    others: Policy | None = None

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        check_information(self.information)

    @property
    def policy(self) -> Policy:
        """The strategy deviated from."""
        return self.others or Revelation(self.mechanism, self.economy)

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        types = finite_array("types", View.of(view).types, (None, self.economy.n_traders))
        index = trader_index(trader, self.economy.n_traders)
        bids = unmixed_bids(self.policy, types)
        if knows_profile(self.information):
            best = best_point(self.mechanism, self.economy, self.policy, types, index)
            reached = self.mechanism.menu_bid(bids, index, best.quantity)
            return np.where(best.gain[:, None] > 0, reached, bids.of_trader(index))
        economy, law = linear_economy(self.economy), required_distribution(self.distribution)
        check_shape_is_free(self.mechanism)
        if self.mechanism.language.reads == "allocation":
            return self._hyperplane(economy, types, index)
        if self.mechanism.language.reads == "price":
            return self._schedule(economy, types, index, law)
        shift, seen = self._shift(economy, types, index, law)
        honest = self.mechanism.clear_deviations(bids, index, bids.of_trader(index)[:, None])
        wanted = honest.quantity[:, 0] + shift.at(types, seen)
        return self.mechanism.menu_bid(bids, index, wanted)

    def _shift(
        self, economy: QuadraticEconomy, types: Floats, trader: int, law: TypeDistribution
    ) -> tuple[ConditionalShift, Floats]:
        """Return the best shift given what a bid can condition on, and what is seen."""
        rung = rung_within(self.information, self.mechanism, economy)
        shift = affine_shift(self.mechanism, economy, self.policy, trader)
        best = conditional_shift(self.mechanism, self.policy, shift, law, trader, rung)
        return best, np.asarray(seen_by(rung, types, trader))

    def _schedule(
        self, economy: QuadraticEconomy, types: Floats, trader: int, law: TypeDistribution
    ) -> Floats:
        """Return the schedule that demands honest quantity + E[shift | seen, residual intercept].

        On the residual line p = a + k q the honest quantity is (level - b a) / (1 + b k).
        """
        shift, seen = self._shift(economy, types, trader, law)
        bids = unmixed_bids(self.policy, types)
        menu = line_menu(self.mechanism, bids, trader)
        honest = bids.of_trader(trader)
        scale = 1 + honest[:, 1] * menu.slope
        constant = shift.constant - shift.on_intercept * shift.intercept_constant
        demand = honest[:, 0] / scale + constant + seen @ shift.on_seen
        steepness = honest[:, 1] / scale - shift.on_intercept
        left = 1 - steepness * menu.slope
        return np.stack([demand / left, steepness / left], axis=-1)

    def _hyperplane(self, economy: QuadraticEconomy, types: Floats, trader: int) -> Floats:
        """Return v_i(q, p) - T'(0) = bend q_i, reading the others' types off their bids.

        T'(0) is proportional to the residual intercept p - k q_i.
        """
        check_readable(self.policy)
        language = _allocation_language(self.mechanism)
        bids: Any = unmixed_bids(self.policy, types)
        menu = line_menu(self.mechanism, bids, trader)
        weights = economy.effects_on(trader).copy()
        own, weights[trader] = float(weights[trader]), 0.0
        row = -language.combined(bids, weights, trader)
        bend = menu.curvature(float(economy.slope[trader]))
        on_price = _marginal_price(menu)
        row[:, language.own_place(trader)] += bend - on_price * menu.slope
        row[:, -2] += on_price
        row[:, -1] += types @ weights + own * types[:, trader] + economy.intercept[trader]
        slope, value = float(economy.slope[trader]), economy.value(types)[:, trader]
        reached = self.mechanism.clear_deviations(bids, trader, (row / own)[:, None])
        best = menu.shift(value, slope, reached.quantity[:, 0]).best
        size = np.abs(best).max() + np.abs(menu.intercept / bend).max()
        if np.abs(reached.quantity[:, 0] - best).max() > 1e-6 * size:
            raise RefusedError(
                "an own-type best response must reach the best quantity at every profile, and in "
                f"{self.mechanism.name} it does not; use information='profile'"
            )
        return row / own


def _allocation_language(mechanism: Mechanism) -> AllocationLanguage:
    if not isinstance(mechanism.language, AllocationLanguage):
        raise RefusedError(
            "an own-type best response that reads the allocation is known in languages of "
            f"hyperplanes only, got that of {mechanism.name}; use information='profile'"
        )
    return mechanism.language


def _marginal_price(menu: LineMenu) -> float:
    """Return the price of the first unit over the residual intercept: 1 unless rules distort it."""
    largest = int(np.abs(menu.intercept).argmax())
    if menu.intercept[largest] == 0:
        return 1.0
    return float(menu.linear[largest] / menu.intercept[largest])

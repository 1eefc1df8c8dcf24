"""Direct mechanisms that state an allocation, and charge pivotal prices for it."""

from abc import abstractmethod
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from typing_extensions import override

from deviator.economies import QuadraticEconomy, single_crossing_violation
from deviator.economies.bounds import interdependence_limit, largest_average_effect
from deviator.economies.quadratic import checked_quadratic
from deviator.errors import RefusedError
from deviator.validation import Floats

from ..base import Claim, check_candidates
from ..chunking import in_chunks
from ..clearing.reported import check_reports
from ..outcome import Outcome, TraderOutcome
from .direct_mechanism import DirectMechanism
from .falling_quantities import first_fall
from .own_line import MarketLabels, OwnLine
from .pivotal_pricing import Fall, OwnQuantity, refusal

MARKETS = 4096
"""Markets priced together."""

PRECISION = 1e-12
"""How exactly transfers are computed, relative to the size of their terms."""


class Allocation(NamedTuple):
    """What a direct mechanism does with reports, before transfers."""

    price: Floats  # (B,)
    quantity: Floats  # (B, N)


class PivotalMechanism(DirectMechanism):
    """Reports in; a stated allocation at pivotal prices out (Section 6).

    Members are frozen dataclasses that hold the economy and state `allocate_values`; when they are
    built they call `look_for_falling_quantities` once their settings are checked. Quantities must
    increase in the own type. Where no assumption guarantees it (`increases`),
    `monotonicity_violation` looks for a profile at which one falls, and clearing is refused with
    it. Besides, clearing checks all reports between the pivotal type of the first unit and the own
    one. The rent at no trade, the paper's T_i(s_-i) <= 0, is 0.

    Attributes
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows. Reports stay in its set of types; with bounded types
        pivotal types stop at its ends, see `mechanisms.direct.pivotal_pricing`.
    nodes : int
        Gauss-Legendre nodes per smooth piece of the own quantity: 2 where it is straight, so that a
        piece on which it falls is seen.
    jumps : bool
        Whether the own quantity may jump as the own report moves.
    straight : bool
        Whether the own quantity is straight between the kinks and jumps that `until_kink` states.
    """

    economy: QuadraticEconomy
    nodes: ClassVar[int] = 2
    jumps: ClassVar[bool] = False
    straight: ClassVar[bool] = False

    @abstractmethod
    def allocate_values(self, value: Floats, labels: MarketLabels) -> Allocation:
        """Return price (B,) and quantities (B, N) for marginal utilities of first units (B, N).

        The same number added to all values of a market raises its price by it, and no more.

        Parameters
        ----------
        value : ndarray of float, shape (B, N)
            v = W s + c, in money per unit, less any number of each market's own.
        labels : MarketLabels
            What errors call the markets.
        """

    def allocate(self, types: Floats, markets: Any = None) -> Allocation:
        """Return price (B,) and quantities (B, N) for reported types (B, N).

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        markets : ndarray of int, shape (B,), optional
            What errors call the markets; by default 0, 1, ....
        """
        value = self.economy.value(types)
        level = value[:, 0] + (value - value[:, :1]).mean(axis=1)
        allocation = self.allocate_values(value - level[:, None], MarketLabels(types, markets))
        return allocation._replace(price=level + allocation.price)

    def until_kink(self, value: Floats, effects: Floats) -> Floats:
        """Return how far an own report may move on until the own quantity bends or jumps, (B,).

        Rules whose quantities are straight in between state it; in others kinks are searched.

        Parameters
        ----------
        value : ndarray of float, shape (B, N)
            As in `allocate_values`.
        effects : ndarray of float, shape (B, N)
            By how much one more of the report, in the direction of its move, moves the values.
        """
        del effects
        return np.full(len(value), np.inf)

    @property
    def least_spread(self) -> float:
        """A difference of values that matters where all values are the same, in money per unit."""
        return 0.0

    def markets_together(self, quantity: Floats) -> int:
        """Return how many markets are priced together where these quantities (B, M) are."""
        return MARKETS

    @property
    @override
    def precision(self) -> float:
        """How closely integrals over pivotal types agree."""
        return PRECISION

    @property
    def increases(self) -> bool:
        """Whether quantities increase in the own type at every profile, by single crossing."""
        return single_crossing_violation(self.economy) is None

    def monotonicity_violation(self) -> Fall | None:
        """Return a quantity that falls in the own type of its owner; None where none is known.

        Its market counts for nothing. Where it is not None, no transfers make the allocation
        incentive compatible, and clearing is refused. The answer follows from the rule alone: the
        profiles that are tried lie around values that differ by what matters to it.
        """
        return self._violation

    def look_for_falling_quantities(self) -> None:
        """Have `monotonicity_violation` answer from what is found now, not when it is asked."""
        _ = self._violation

    @cached_property
    def _violation(self) -> Fall | None:
        return None if self.increases else first_fall(self)

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        """Nobody loses; reports are truthful where quantities always increase in the own type."""
        always: frozenset[Claim] = frozenset({"individually_rational"})
        return always | {"truthful"} if self.increases else always

    @override
    def clear(self, bids: Any) -> Outcome:
        types = self._implementable(bids)
        markets: Any = np.arange(len(types))
        parts = in_chunks(self._clear, types, markets, chunk=MARKETS)
        return Outcome(*(np.concatenate(field) for field in zip(*parts, strict=True)))

    @override
    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        types = self._implementable(bids)
        checked, index = check_candidates(bids, trader, candidates)
        reports = checked[..., 0]
        tiled = np.repeat(types, reports.shape[1], axis=0)
        tiled[:, index] = reports.ravel()
        markets = np.arange(len(types))
        rows = np.repeat(markets, reports.shape[1])
        check_reports(self.economy, tiled, rows)
        allocation = self.allocate(tiled, rows)
        quantity = allocation.quantity[:, index].reshape(reports.shape)
        transfer = self._transfers(types, index, reports, quantity, markets)
        price = allocation.price.reshape(reports.shape)
        return TraderOutcome(price, quantity, transfer, np.ones(reports.shape, dtype=bool))

    def _implementable(self, bids: Any) -> Floats:
        """Return the reported types, of a rule that no falling quantity is known of."""
        types = self.reported_types(bids)
        fall = self.monotonicity_violation()
        if fall is not None:
            raise RefusedError(refusal(fall, "", self._why_quantities_fall()))
        return types

    def _clear(self, types: Floats, markets: Any) -> tuple[Floats, Floats, Floats]:
        price, quantity = self.allocate(types, markets)
        transfer = np.empty_like(quantity)
        for trader in range(self.economy.n_traders):
            own = slice(trader, trader + 1)
            transfer[:, own] = self._transfers(
                types, trader, types[:, own], quantity[:, own], markets
            )
        return price, quantity, transfer

    def _transfers(
        self, types: Floats, trader: int, reports: Floats, quantity: Floats, markets: Any
    ) -> Floats:
        """Return what a trader pays for quantities (B, M) at reports (B, M)."""

        def priced(types: Floats, reports: Floats, quantity: Floats, markets: Any) -> Floats:
            line = OwnLine.of(self.economy, types, trader, markets, self.least_spread)
            return self.transfers_on(line, line.offsets(reports), quantity)

        chunk = self.markets_together(quantity)
        return np.concatenate(in_chunks(priced, types, reports, quantity, markets, chunk=chunk))

    def transfers_on(self, line: OwnLine, offsets: Floats, quantity: Floats) -> Floats:
        """Return what a trader pays for quantities (B, M) at reports (B, M), given as offsets."""
        effect = line.effects[line.trader]
        area = self.own_quantity(line).areas(offsets)
        first_unit = line.base[:, [line.trader]] + effect * offsets
        utility = (first_unit - 0.5 * self.economy.slope[line.trader] * quantity) * quantity
        return np.asarray(line.level[:, None] * quantity + (utility - effect * area))

    def own_quantity(self, line: OwnLine) -> OwnQuantity:
        """Return the quantity of the trader of a line as a function of the report."""

        def allocate(value: Floats, rows: Any, reports: Floats) -> Floats:
            return self.allocate_values(value, line.labels(rows, reports)).quantity

        until_kink = self.until_kink if self.straight else None
        why = self._why_quantities_fall
        return OwnQuantity(line, allocate, self.nodes, self.jumps, until_kink, why)

    def _why_quantities_fall(self) -> str:
        """Return the assumptions under which no quantity falls that fail here, with witnesses."""
        broken = []
        limit = interdependence_limit(self.economy)
        phi, trader = largest_average_effect(self.economy)
        if phi >= limit:
            broken.append(
                f"assumption A4^N fails: phi_N = {phi:.6g}, by the type of trader {trader}, is not "
                f"below {limit:.6g}"
            )
        crossing = single_crossing_violation(self.economy)
        if crossing is not None:
            owner, reacting = crossing
            effect = float(self.economy.effects_on(reacting)[owner])
            own = float(self.economy.own_type_effects[owner])
            broken.append(
                f"single crossing fails: the type of trader {owner} moves trader {reacting} by "
                f"{effect:.6g}, itself by {own:.6g}"
            )
        return "; ".join(broken)


def checked_economy(economy: object) -> QuadraticEconomy:
    """Return the economy if pivotal prices exist in it.

    InvalidInputError if it is not linear-quadratic, RefusedError if a trader's own type does not
    matter (assumption A3).
    """
    quadratic = checked_quadratic(economy)
    own = quadratic.own_type_effects
    if (own <= 0).any():
        trader = int(own.argmin())
        raise RefusedError(
            "pivotal prices need own types that raise marginal utilities (assumption A3), got "
            f"w_ii = {own[trader]:.6g} for trader {trader}"
        )
    return quadratic

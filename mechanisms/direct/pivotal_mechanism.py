"""Direct mechanisms that state an allocation, and charge pivotal prices for it."""

from abc import abstractmethod
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
from .pivotal_pricing import OwnQuantity, Regime, signs

MARKETS = 4096
"""Markets priced together."""


class Allocation(NamedTuple):
    """What a direct mechanism does with reports, before transfers."""

    price: Floats  # (B,)
    quantity: Floats  # (B, N)


class PivotalMechanism(DirectMechanism):
    """Reports in; a stated allocation at pivotal prices out (Section 6).

    Members are frozen dataclasses that hold the economy and state `allocate`. Quantities must
    increase in the own type at the profiles that are cleared: this is checked on all reports
    between the pivotal type of the first unit and the own one, and refused with its witness.
    The rent at no trade, the paper's T_i(s_-i) <= 0, is 0.

    Attributes
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows. Reports stay in its set of types; with bounded types
        pivotal types stop at its ends, see `mechanisms.direct.pivotal_pricing`.
    nodes : int
        Gauss-Legendre nodes per smooth piece of the own quantity: 1 where it is constant, 2 where
        it is straight, so that a piece on which it falls is seen.
    jumps : bool
        Whether the own quantity may jump as the own report moves.
    """

    economy: QuadraticEconomy
    nodes: ClassVar[int] = 2
    jumps: ClassVar[bool] = False

    @abstractmethod
    def allocate(self, types: Floats, markets: Any = None) -> Allocation:
        """Return price (B,) and quantities (B, N) for reported types (B, N).

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        markets : ndarray of int, shape (B,), optional
            What errors call the markets; by default 0, 1, ....
        """

    @property
    def regime(self) -> Regime:
        """What must stay the same for the own quantity to be smooth in the own report."""
        return signs

    def markets_together(self, quantity: Floats) -> int:
        """Return how many markets are priced together where these quantities (B, M) are."""
        return MARKETS

    @property
    def increases(self) -> bool:
        """Whether quantities increase in the own type at every profile, by single crossing."""
        return single_crossing_violation(self.economy) is None

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        """Nobody loses; reports are truthful where quantities always increase in the own type."""
        always: frozenset[Claim] = frozenset({"individually_rational"})
        return always | {"truthful"} if self.increases else always

    @override
    def clear(self, bids: Any) -> Outcome:
        types = self.reported_types(bids)
        markets: Any = np.arange(len(types))
        parts = in_chunks(self._clear, types, markets, chunk=MARKETS)
        return Outcome(*(np.concatenate(field) for field in zip(*parts, strict=True)))

    @override
    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        types = self.reported_types(bids)
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

        def priced(*arrays: Any) -> Floats:
            return self._transfers_in_chunk(trader, *arrays)

        chunk = self.markets_together(quantity)
        return np.concatenate(in_chunks(priced, types, reports, quantity, markets, chunk=chunk))

    def _transfers_in_chunk(
        self, trader: int, types: Floats, reports: Floats, quantity: Floats, markets: Any
    ) -> Floats:
        low, high = (float(end[trader]) for end in self.economy.type_set)
        own = OwnQuantity(
            lambda profile, rows: self.allocate(profile, rows).quantity,
            self.regime,
            types,
            trader,
            self.nodes,
            self.jumps,
            low,
            high,
            markets,
            self._why_quantities_fall,
        )
        value = self.economy.value(types)
        effect = float(self.economy.own_type_effects[trader])
        area = own.areas(reports, np.ptp(value, axis=1) / effect)
        first_unit = value[:, [trader]] + effect * (reports - types[:, [trader]])
        utility = (first_unit - 0.5 * self.economy.slope[trader] * quantity) * quantity
        return np.asarray(utility - effect * area)

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

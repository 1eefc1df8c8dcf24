"""VCG with quadratic taxes in smooth economies (Definitions 1 and 2).

The allocation solves (3.8), and a trader pays

t_i = integral from 0 to q_i of p^sigma(s_i(x), s_-i) dx + sigma q_i^2 / 2,

equation (3.10), by Gauss-Legendre quadrature whose nodes are doubled until two answers agree. The
residual prices at these nodes serve all reports of a trader at once. Where types are bounded, units
up to z, the least quantity that a report of the trader leads to, have the nearest report as their
pivotal type (3.11).
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.economies import (
    Economy,
    SmoothEconomy,
    own_response,
    pivotal_market,
    taxed_allocation,
)
from deviator.economies.smooth_walrasian import check_monotone, solved_allocation
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.numerics.quadrature import gauss_legendre, legendre_integrals
from deviator.units import SLOPE
from deviator.validation import Floats, freeze, non_negative

from ..base import Claim, check_candidates
from ..chunking import in_chunks
from ..clearing.reported import check_reports
from ..outcome import Outcome, TraderOutcome
from .direct_mechanism import DirectMechanism
from .sigma_vcg import UnreachedUnits, checked_unreached_units

PROFILES = 64
"""Profiles of types at which monotonicity is checked where the bounds do not guarantee it."""

NODES = (8, 16, 32, 64, 128, 256, 512)
"""Nodes of the quadrature, doubled until two answers agree."""

AGREES = 1e-12
"""How closely two answers have to agree, of the largest price difference times the units."""

NUMBERS = 2**21
"""Type effects that a chunk of markets may have at the first quadrature."""


class _Curves(NamedTuple):
    """Residual price curves of one trader each, C of them, through a point that is solved."""

    market: Any  # (C,) of int, for errors
    trader: Any  # (C,) of int
    types: Floats  # (C, N)
    quantity: Floats  # (C, N)
    price: Floats  # (C,)

    @property
    def own(self) -> Floats:
        """The traders' own quantities, (C,)."""
        return np.take_along_axis(self.quantity, self.trader[:, None], axis=1)[:, 0]

    def of(self, places: Any) -> "_Curves":
        return _Curves(*(values[places] for values in self))


@final
@dataclass(frozen=True, eq=False)
class SmoothSigmaVCG(DirectMechanism):
    """Reports in; taxed Walrasian allocation and pivotal prices out, in a smooth economy.

    Parameters
    ----------
    economy : SmoothEconomy
        The utilities that the designer knows. Reports stay in its set of types.
    sigma, unreached_units
        As in `SigmaVCG`.

    Raises
    ------
    InvalidInputError
        If sigma is negative or not finite, or the economy not smooth.
    RefusedError
        If types are unbounded and the economy's bounds break A3, or A2 by more than the tax makes
        up for; or if quantities do not increase in the own type at some profile, so that no
        transfers make the allocation incentive compatible. Where A4^N does not exclude it, it is
        checked at sampled profiles first, and then wherever a market is cleared.
    NotConvergedError
        From clearing, if a market or a transfer could not be computed.

    References
    ----------
    Andreyanov and Sadzik (2021), Definitions 1 and 2, Appendix B.

    Examples
    --------
    >>> from deviator.economies import saturating
    >>> from deviator.mechanisms import Reports
    >>> rule = SmoothSigmaVCG(saturating(4), sigma=0.5)
    >>> outcome = rule.clear(Reports(np.array([[1.0, 0.5, -0.5, -1.0]])))
    >>> outcome.quantity.round(3), outcome.transfer.round(3)
    (array([[ 0.521,  0.253, -0.253, -0.521]]), array([[-0.06 , -0.014, -0.014, -0.06 ]]))
    """

    economy: SmoothEconomy
    sigma: float = field(default=0.0, metadata=SLOPE)
    unreached_units: UnreachedUnits = "printed"
    name: ClassVar[str] = "sigma-vcg"

    def __post_init__(self) -> None:
        if not isinstance(self.economy, SmoothEconomy):
            raise InvalidInputError(
                f"economy must be a smooth economy, got {type(self.economy).__name__}; sigma_vcg "
                "takes linear-quadratic ones too"
            )
        freeze(self, sigma=non_negative("sigma", self.sigma))
        checked_unreached_units(self.unreached_units)
        self._check_bounds()
        self._look_for_falling_quantities()

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        """Reports are truthful (Definition 2); only without a tax is the allocation efficient."""
        always: frozenset[Claim] = frozenset({"truthful", "individually_rational"})
        return always if self.sigma > 0 else always | {"efficient"}

    @property
    @override
    def tax_slope(self) -> float:
        return self.sigma

    @property
    @override
    def precision(self) -> float:
        """How closely two quadratures of a transfer agree."""
        return AGREES

    @override
    def clear(self, bids: Any) -> Outcome:
        reports = self.reported_types(bids)
        price, quantity = taxed_allocation(self.economy, self.sigma, reports)
        batch, n = reports.shape
        traders = np.tile(np.arange(n), batch)
        markets = np.repeat(np.arange(batch), n)
        curves = _Curves(markets, traders, reports[markets], quantity[markets], price[markets])
        transfer = self._transfers(curves, quantity.reshape(-1, 1)).reshape(quantity.shape)
        response = own_response(self.economy, self.sigma, traders, curves.quantity, curves.types)
        slope = response.residual_slope.reshape(quantity.shape)
        solved = np.ones(batch, dtype=bool)
        return Outcome(price, quantity, transfer, solved, solved.copy(), slope)

    @override
    def clear_deviations(self, bids: Any, trader: int, candidates: Floats) -> TraderOutcome:
        present = self.reported_types(bids)
        checked, index = check_candidates(bids, trader, candidates)
        shape = checked.shape[:2]
        markets = np.arange(shape[0])
        rows = np.repeat(markets, shape[1])
        reports = bids.with_candidates(index, checked).types
        check_reports(self.economy, reports, rows)
        price, quantity = taxed_allocation(self.economy, self.sigma, reports, rows)
        check_monotone(self.economy, self.sigma, np.full_like(rows, index), quantity, reports)
        units = quantity[:, index].reshape(shape)
        at_present = taxed_allocation(self.economy, self.sigma, present)
        curves = _Curves(markets, np.full_like(markets, index), present, *at_present[::-1])
        transfer = self._transfers(curves, units)
        return TraderOutcome(price.reshape(shape), units, transfer, np.ones(shape, dtype=bool))

    def _check_bounds(self) -> None:
        """Refuse what breaks A2 or A3 at some types; bounded ones may never come there."""
        bounds, name = self.economy.bounds, self.economy.name
        if self.economy.has_bounded_types:
            return
        if bounds.flattest + self.sigma < 0:
            raise RefusedError(
                f"taxed utilities must be concave (assumption A2 at sigma = 0), the {name} economy "
                f"has marginal utilities of slope {-bounds.flattest:.6g} and sigma is "
                f"{self.sigma:.6g}; raise sigma to {-bounds.flattest:.6g} or change the economy"
            )
        if bounds.own_effect <= 0:
            raise RefusedError(
                f"own types must raise marginal utilities (assumption A3), the {name} economy has "
                f"an own type effect of {bounds.own_effect:.6g}; change the economy"
            )

    def _look_for_falling_quantities(self) -> None:
        economy: Economy = self.economy
        if self.economy.bounds.guarantee_monotone(self.sigma):
            return
        types = economy.types().sample(np.random.default_rng(0), PROFILES)
        _, quantity, solved = solved_allocation(self.economy, self.sigma, types)
        types, quantity = types[solved], quantity[solved]
        for trader in range(economy.n_traders):
            traders = np.full(len(types), trader)
            check_monotone(self.economy, self.sigma, traders, quantity, types)

    def _transfers(self, curves: _Curves, units: Floats) -> Floats:
        """Return what each trader pays for M quantities on the own curve, shape (C, M)."""
        chunk = max(1, NUMBERS // (self.economy.n_traders**2 * NODES[1]))
        return np.concatenate(in_chunks(self._transfers_in_chunk, *curves, units, chunk=chunk))

    def _transfers_in_chunk(self, *arrays: Any) -> Floats:
        curves, units = _Curves(*arrays[:-1]), arrays[-1]
        check_monotone(self.economy, self.sigma, curves.trader, curves.quantity, curves.types)
        least, cost = (values[:, None] for values in self._unreached(curves))
        at_one_price = curves.price[:, None] * (units - least)
        discount = self._area_below_price(curves, least, units)
        tax = 0.5 * self.sigma * (units**2 - least**2)
        return np.asarray(at_one_price - discount + tax + cost)

    def _unreached(self, curves: _Curves) -> tuple[Floats, Floats]:
        """Return the quantity nearest to 0 that a report leads to, and what units up to it cost."""
        least, cost = np.zeros_like(curves.price), np.zeros_like(curves.price)
        for end, sign in zip(self.economy.type_set, (1.0, -1.0), strict=True):
            # Only who buys now can buy at all reports; only who sells now can sell at all.
            places = np.flatnonzero(np.isfinite(end[curves.trader]) & (sign * curves.own > 0))
            if not len(places):
                continue
            some = curves.of(places)
            reports = some.types.copy()
            reports[np.arange(len(places)), some.trader] = end[some.trader]
            price, quantity = taxed_allocation(self.economy, self.sigma, reports, some.market)
            nearest = some._replace(types=reports, quantity=quantity, price=price)
            unreached = sign * nearest.own > 0
            least[places] = np.where(unreached, nearest.own, 0.0)
            cost[places] = np.where(unreached, self._cost_of_unreached(nearest), 0.0)
        return least, cost

    def _cost_of_unreached(self, nearest: _Curves) -> Floats:
        """Return what all units cost in markets with the reports nearest to no trade."""
        own = nearest.own
        if self.unreached_units == "printed":
            return nearest.price * own + 0.5 * self.sigma * own**2
        worth = self.economy.utility(nearest.quantity, nearest.types)
        return np.take_along_axis(worth, nearest.trader[:, None], axis=1)[:, 0]

    def _area_below_price(self, curves: _Curves, least: Floats, units: Floats) -> Floats:
        """Return integrals from z to x of p - p^sigma(s_i(x), s_-i), shape (C, M)."""
        area, _ = self._quadrature(curves, least, units, NODES[0])
        moving = np.arange(len(area))
        for nodes in NODES[1:]:
            some = curves.of(moving)
            finer, size = self._quadrature(some, least[moving], units[moving], nodes)
            apart = (np.abs(finer - area[moving]) > AGREES * size[:, None]).any(axis=1)
            area[moving] = finer
            moving = moving[apart]
            if not len(moving):
                return area
        raise NotConvergedError(
            f"a transfer must be an integral that {NODES[-1]} nodes compute, that of trader "
            f"{curves.trader[moving[0]]} in market {curves.market[moving[0]]} of the "
            f"{self.economy.name} economy is not; smooth the utilities"
        )

    def _quadrature(
        self, curves: _Curves, least: Floats, units: Floats, nodes: int
    ) -> tuple[Floats, Floats]:
        """Return the integrals (C, M) from so many nodes, and how large they may be, (C,)."""
        ends = np.concatenate([least, units], axis=1)
        middle, half = 0.5 * (ends.max(axis=1) + ends.min(axis=1)), 0.5 * np.ptp(ends, axis=1)
        place = gauss_legendre(nodes)[0]
        below = curves.price[:, None] - self._residual_prices(
            curves, middle[:, None] + half[:, None] * place
        )
        scaled = (ends - middle[:, None]) / np.where(half > 0, half, 1.0)[:, None]
        integrals = half[:, None] * legendre_integrals(below, np.clip(scaled, -1.0, 1.0))
        size = np.abs(curves.price) + np.abs(below).max(axis=1)
        return integrals[:, 1:] - integrals[:, :1], half * size

    def _residual_prices(self, curves: _Curves, units: Floats) -> Floats:
        """Return p^sigma(s_i(x), s_-i) at quantities x on each curve, shape (C, K)."""
        many, flat = curves.of(np.repeat(np.arange(len(units)), units.shape[1])), units.ravel()
        pivotal = pivotal_market(
            self.economy, self.sigma, many.trader, flat, many.quantity, many.types
        )
        self._check_solved(pivotal.converged, many.trader, many.market, flat)
        check_monotone(self.economy, self.sigma, many.trader, pivotal.quantity, pivotal.types)
        return pivotal.price.reshape(units.shape)

    def _check_solved(self, converged: Any, traders: Any, markets: Any, units: Floats) -> None:
        if converged.all():
            return
        place = int(np.flatnonzero(~converged)[0])
        raise NotConvergedError(
            f"every unit must have a pivotal type (3.11), none was found for {units[place]:.6g} "
            f"units of trader {int(traders[place])} in market {int(markets[place])} of the "
            f"{self.economy.name} economy at sigma = {self.sigma:.6g}; weaken the interdependence "
            "of values"
        )

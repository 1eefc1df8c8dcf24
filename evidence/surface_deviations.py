"""Deviations in smooth markets, where bids are surfaces: tried one by one against honest others.

In the sigma-DCDA whatever a trader submits leads to a point of their residual demand curve or to
autarky (proof of Proposition 3), so that none of them may gain.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism
from deviator.mechanisms.clearing.surfaces.clearing import solve_surfaces
from deviator.mechanisms.languages import SurfaceBids
from deviator.mechanisms.surfaces import (
    Hyperplane,
    Kinked,
    LevelSet,
    Points,
    Sheets,
    Shifted,
    Surface,
    Tilted,
)
from deviator.validation import Floats, finite_array, trader_index

SHARES = (-1.0, -0.3, -0.1, -0.03, 0.03, 0.1, 0.3, 1.0)
"""Changes of a bid, of what moves a market from no trade to its outcome."""


def surface_gains(
    mechanism: Mechanism,
    economy: Economy,
    types: Floats,
    trader: int,
    deviations: Mapping[str, Surface] | None = None,
) -> dict[str, Floats]:
    """Return what a trader gains by other surfaces while all others are honest.

    Parameters
    ----------
    mechanism : Mechanism
        An auction that takes `SurfaceBids`.
    economy : Economy
        Smooth, so that honest bids are surfaces.
    types : ndarray of float, shape (B, N)
    trader : int
    deviations : mapping of str to Surface, optional
        Other bids of the trader, each for B markets; those of `surface_deviations` by default.

    Returns
    -------
    dict of str to ndarray of float, shape (B,)
        Utility less that of the honest bid, in units of money per market.

    Raises
    ------
    InvalidInputError
        If honest bids are not surfaces.
    NotConvergedError
        If a market could not be solved.

    Examples
    --------
    Where one price is paid for all units, it pays to shade the bid:

    >>> from deviator.economies import saturating
    >>> from deviator.mechanisms import SigmaDCDA, UniformConditional
    >>> types = np.array([[1.0, 0.5, -0.5, -1.0]])
    >>> for rule in (UniformConditional(), SigmaDCDA(0.2)):
    ...     gains = surface_gains(rule, saturating(4), types, 0)
    ...     print(rule.name, bool(max(gain.max() for gain in gains.values()) > 1e-9))
    uniform-conditional True
    sigma-dcda False
    """
    honest = honest_surface_bids(mechanism, economy, types)
    index = trader_index(trader, economy.n_traders)
    tried = surface_deviations(honest, index) if deviations is None else deviations
    utility = _utility(mechanism, economy, types, honest, index)
    return {
        name: _utility(mechanism, economy, types, honest.with_surface(index, surface), index)
        - utility
        for name, surface in tried.items()
    }


def surface_deviations(honest: SurfaceBids, trader: int) -> dict[str, Surface]:
    """Return other bids of a trader: one or more of each kind that a smooth market allows.

    Other types' bids, shifted, tilted and kinked surfaces, correspondences (quantities insisted on
    at any price, and a bid without weight on the price at the honest outcome), and bids of several
    sheets, which break uniqueness.

    Parameters
    ----------
    honest : SurfaceBids
        The bids of all traders.
    trader : int
    """
    own = honest.surfaces[trader]
    unit, price, quantity = _sizes(honest, trader)
    deviations: dict[str, Surface] = {}
    for share in SHARES:
        deviations[f"shifted by {share:g}"] = Shifted(own, share * unit)
        deviations[f"tilted by {share:g} in the price"] = Tilted(
            own, 0 * quantity, share * unit / price
        )
    deviations |= _reshaped(own, trader, unit, quantity)
    if isinstance(own, LevelSet) and len(own.own_type) > 1:
        others = np.roll(own.own_type, 1)
        deviations["another market's type"] = LevelSet(own.inverse, trader, others)
    for share in (-0.5, 0.5, 0.9, 1.1, 2.0):
        insists = np.eye(len(quantity))[trader]
        level = share * quantity[trader]
        deviations[f"insists on {share:g} times a usual quantity"] = Hyperplane(insists, 0.0, level)
    return deviations | _vertical(honest, trader)


def _reshaped(own: Surface, trader: int, unit: float, quantity: Floats) -> dict[str, Surface]:
    """Return tilted, kinked and folded surfaces."""
    deviations: dict[str, Surface] = {}
    n, usual = len(quantity), quantity[trader]
    for share in (-0.3, 0.3, 1.0):
        for other in (trader, (trader + 1) % n):
            tilt = share * unit / usual * np.eye(n)[other]
            deviations[f"tilted by {share:g} in q_{other}"] = Tilted(own, tilt)
        for at in (-0.5, 0.0, 0.5):
            bend = abs(share) * unit / usual
            deviations[f"kinked by {abs(share):g} at {at:g}"] = Kinked(
                own, trader, at * usual, bend
            )
    for offsets in ((0.0, 1.0), (0.0, -0.5), (-0.3, 0.0, 0.3), (0.0, 5.0), (0.5, 0.7)):
        named = " and ".join(f"{offset:g}" for offset in offsets)
        deviations[f"sheets at {named}"] = Sheets(own, [unit * offset for offset in offsets])
    return deviations


def _vertical(honest: SurfaceBids, trader: int) -> dict[str, Surface]:
    """Return the bid without weight on the price at the honest outcome."""
    own = honest.surfaces[trader]
    points = _outcome(honest)
    weight = own.at(points).by_price
    return {"no weight on the price at the outcome": Tilted(own, np.zeros(own.n_traders), -weight)}


def _outcome(honest: SurfaceBids) -> Points:
    solution = solve_surfaces(honest)
    return Points(solution.price, solution.quantity, np.arange(len(solution.price)))


def _sizes(honest: SurfaceBids, trader: int) -> tuple[float, float, Floats]:
    """Return usual sizes: of the bid's function, of prices, and of each trader's quantity."""
    batch, n, _ = honest.shape
    nothing = Points(np.zeros(batch), np.zeros((batch, n)), np.arange(batch))
    unit = float(np.abs(honest.surfaces[trader].at(nothing).value).mean())
    outcome = _outcome(honest)
    price, quantity = np.abs(outcome.price).mean(), np.abs(outcome.quantity).mean(axis=0)
    return unit or 1.0, float(price) or 1.0, np.where(quantity > 0, quantity, 1.0)


def honest_surface_bids(mechanism: Mechanism, economy: Economy, types: Floats) -> SurfaceBids:
    """Return honest bids that are surfaces.

    Raises
    ------
    InvalidInputError
        If they are of another kind.
    """
    checked = finite_array("types", types, (None, economy.n_traders))
    bids: Any = mechanism.honest_bids(economy, checked)
    if not isinstance(bids, SurfaceBids):
        raise InvalidInputError(
            f"surfaces deviate from surfaces, and honest bids of {mechanism.name} in the "
            f"{economy.name} economy are {type(bids).__name__}; use exact_gain or NumericSearch"
        )
    return bids


def _utility(
    mechanism: Mechanism, economy: Economy, types: Floats, bids: SurfaceBids, trader: int
) -> Floats:
    outcome = mechanism.clear(bids)
    payoff = economy.payoff(outcome.quantity, outcome.transfer, types)
    return np.asarray(payoff[:, trader])

"""Pivotal types: the report under which a trader would receive given units, equation (3.11)."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.numerics.newton import damped_newton
from deviator.validation import Bools, Floats

from .efficient import size_at_rest
from .smooth import SmoothEconomy


@final
@dataclass(frozen=True, eq=False)
class PivotalMarket:
    """Markets in which one trader's report is the pivotal one.

    Attributes
    ----------
    types : ndarray of float, shape (B, N)
        The profile (s_i(x), s_-i).
    quantity : ndarray of float, shape (B, N)
        q^sigma at that profile; the trader has x.
    price : ndarray of float, shape (B,)
        The residual price p^sigma(s_i(x), s_-i).
    converged : ndarray of bool, shape (B,)
        Whether the market was solved; the other attributes mean nothing elsewhere.
    """

    types: Floats
    quantity: Floats
    price: Floats
    converged: Bools


def pivotal_market(
    economy: SmoothEconomy,
    sigma: float,
    traders: Any,
    units: Floats,
    quantity: Floats,
    types: Floats,
) -> PivotalMarket:
    """Solve (3.8) in (q_-i, p, s_i) with q_i = x, for one trader i in each market.

    Newton's method from a taxed allocation. With g_j = mu_j - sigma q_j, which have to agree, and
    y_j = 1 / (sigma - mu_jq), the arrow-shaped system has the solution
    ds_i = sum_j y_j (g_j - g_i) / sum_j y_j (mu_ii - mu_ji),
    dq_j = y_j (g_j - g_i + (mu_ji - mu_ii) ds_i), which leaves q_i = x and the sum of q at 0.

    Parameters
    ----------
    economy : SmoothEconomy
        Types count as unbounded here: where they are not, ask only for units that a report
        leads to.
    sigma : float
    traders : ndarray of int, shape (B,)
        Whose type is sought.
    units : ndarray of float, shape (B,)
        x, the units that the trader is to receive.
    quantity, types : ndarray of float, shape (B, N)
        A taxed Walrasian allocation and its types; the types of the others stay.

    Examples
    --------
    Under private values a pivotal price lies on the others' demand:

    >>> from deviator.economies import saturating
    >>> from deviator.economies.smooth_walrasian import taxed_allocation
    >>> economy = saturating(3, beta=0.0, flat=1.0, steep=1.0)
    >>> types = np.array([[1.0, 0.0, -1.0]])
    >>> quantity = taxed_allocation(economy, 0.0, types)[1]
    >>> pivotal = pivotal_market(economy, 0.0, [0], np.array([0.25]), quantity, types)
    >>> pivotal.price, pivotal.types
    (array([-0.375]), array([[-0.125,  0.   , -1.   ]]))
    """
    rows = np.arange(len(types))
    selected = np.arange(types.shape[1]) == np.asarray(traders)[:, None]
    start = _with_units(economy, sigma, selected, units, quantity, types)

    def profile(own_type: Floats) -> Floats:
        return np.where(selected, own_type[:, None], types)

    def net(point: Floats, own_type: Floats) -> Floats:
        return economy.marginal_utility(point, profile(own_type)) - sigma * point

    def step(point: Floats, own_type: Floats) -> tuple[Floats, Floats]:
        reported = profile(own_type)
        steepness = _steepness(economy, sigma, point, reported)
        effects = economy.effects_of(traders, point, reported)
        apart, excess = (
            values - values[rows, traders][:, None] for values in (net(point, own_type), effects)
        )
        room = -(steepness * excess).sum(axis=1)
        change = (steepness * apart).sum(axis=1) / np.where(room > 0, room, np.inf)
        return steepness * (apart + excess * change[:, None]), change

    size = size_at_rest(economy.marginal_utility, types) + np.ptp(
        net(start, types[rows, traders]), axis=1
    )
    (reached, own_type), converged = damped_newton(net, step, (start, types[rows, traders]), size)
    price = net(reached, own_type).mean(axis=1)
    return PivotalMarket(profile(own_type), reached, price, converged)


def _steepness(economy: SmoothEconomy, sigma: float, quantity: Floats, types: Floats) -> Floats:
    slopes = sigma - economy.quantity_slopes(quantity, types)
    return np.where(slopes > 0, 1 / np.where(slopes > 0, slopes, 1.0), 0.0)


def _with_units(
    economy: SmoothEconomy,
    sigma: float,
    selected: Bools,
    units: Floats,
    quantity: Floats,
    types: Floats,
) -> Floats:
    """Return quantities of which the trader has the units asked for, and which sum to 0."""
    others = np.where(selected, 0.0, _steepness(economy, sigma, quantity, types))
    more = units - (selected * quantity).sum(axis=1)
    moved = quantity - others * (more / others.sum(axis=1))[:, None]
    return np.where(selected, units[:, None], moved)

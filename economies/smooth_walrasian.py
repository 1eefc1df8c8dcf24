"""The taxed Walrasian allocation and its derivatives, smooth case (Definition 1, Appendix B)."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.errors import NotConvergedError, RefusedError
from deviator.validation import Bools, Floats

from .efficient import agreeing_quantities
from .profiles import profile_text
from .smooth import SmoothEconomy


@final
@dataclass(frozen=True, eq=False)
class OwnResponse:
    """How price and quantity move with one trader's type, one trader i in each market.

    Attributes
    ----------
    price_effect : ndarray of float, shape (B,)
        dp/ds_i, equation (B.3).
    own_effect : ndarray of float, shape (B,)
        dq_i/ds_i, equation (B.2); positive where the allocation is monotone.
    """

    price_effect: Floats
    own_effect: Floats

    @property
    def residual_slope(self) -> Floats:
        """Slope of the residual demand curve, equation (B.5), shape (B,)."""
        return self.price_effect / self.own_effect


def taxed_allocation(
    economy: SmoothEconomy, sigma: float, types: Floats, markets: Any = None
) -> tuple[Floats, Floats]:
    """Return the taxed Walrasian price (B,) and quantities (B, N), equation (3.8).

    mu_i(q_i, s) = p + sigma q_i for all i, and the sum of q is 0.

    Parameters
    ----------
    economy : SmoothEconomy
    sigma : float
        Slope of the quadratic tax, non-negative; 0 is efficient.
    types : ndarray of float, shape (B, N)
    markets : ndarray of int, shape (B,), optional
        What the error calls the markets; by their place by default.

    Raises
    ------
    NotConvergedError
        If a market is not solved, as where A2 fails and no price clears it.

    Examples
    --------
    >>> from deviator.economies import saturating
    >>> price, quantity = taxed_allocation(saturating(3), 0.4, np.array([[1.0, 0.5, -1.5]]))
    >>> quantity.round(4)
    array([[ 0.573 ,  0.2846, -0.8575]])
    """
    price, quantity, converged = solved_allocation(economy, sigma, types)
    if not converged.all():
        place = int(np.flatnonzero(~converged)[0])
        market = place if markets is None else int(markets[place])
        raise NotConvergedError(
            f"a market must have a price that clears it, none was found in market {market} of the "
            f"{economy.name} economy at sigma = {sigma:.6g}, s = {profile_text(types[place])} "
            "(existence follows from A2); raise sigma, or keep slopes away from 0"
        )
    return price, quantity


def solved_allocation(
    economy: SmoothEconomy, sigma: float, types: Floats
) -> tuple[Floats, Floats, Bools]:
    """Return price, quantities, and whether each market was solved; see `taxed_allocation`."""

    def net(quantity: Floats, types: Floats) -> Floats:
        return economy.marginal_utility(quantity, types) - sigma * quantity

    def slopes(quantity: Floats, types: Floats) -> Floats:
        return economy.quantity_slopes(quantity, types) - sigma

    quantity, converged = agreeing_quantities(net, slopes, types)
    return net(quantity, types).mean(axis=1), quantity, converged


def own_response(
    economy: SmoothEconomy, sigma: float, traders: Any, quantity: Floats, types: Floats
) -> OwnResponse:
    """Return the derivatives with respect to the type of one trader in each market.

    With y_j = 1 / (sigma - mu_jq): dp/ds_i = sum_j y_j mu_ji / sum_j y_j, and
    dq_i/ds_i = y_i (mu_ii - dp/ds_i).

    Parameters
    ----------
    economy : SmoothEconomy
    sigma : float
    traders : ndarray of int, shape (B,)
        Whose type moves.
    quantity, types : ndarray of float, shape (B, N)
        A taxed Walrasian allocation and its types.
    """
    steepness = 1 / (sigma - economy.quantity_slopes(quantity, types))
    effects = economy.effects_of(traders, quantity, types)
    rows = np.arange(len(types))
    price_effect = (steepness * effects).sum(axis=1) / steepness.sum(axis=1)
    own = steepness[rows, traders] * (effects[rows, traders] - price_effect)
    return OwnResponse(price_effect, own)


def check_monotone(
    economy: SmoothEconomy, sigma: float, traders: Any, quantity: Floats, types: Floats
) -> None:
    """Refuse allocations that do not rise in the own type, at whose prices truth would not be best.

    Taxed utilities must be concave there (A2), or it is no allocation of the largest total. The
    error is the witness; parameters are those of `own_response`.
    """
    if economy.bounds.guarantee_monotone(sigma):
        return
    _check_concave(economy, sigma, quantity, types)
    own = own_response(economy, sigma, traders, quantity, types).own_effect
    if (own > 0).all():
        return
    market = int(np.flatnonzero(~(own > 0))[0])
    trader = int(np.broadcast_to(traders, own.shape)[market])
    raise RefusedError(
        "a direct mechanism needs quantities that increase in the own type (dq_i/ds_i > 0, "
        f"implied by A4^N), got {own[market]:.6g} for trader {trader} at s = "
        f"{profile_text(types[market])}; weaken the interdependence of values"
    )


def _check_concave(economy: SmoothEconomy, sigma: float, quantity: Floats, types: Floats) -> None:
    slopes = economy.quantity_slopes(quantity, types) - sigma
    if (slopes < 0).all():
        return
    market, trader = (int(index) for index in np.argwhere(~(slopes < 0))[0])
    raise RefusedError(
        "taxed utilities must be concave (assumption A2 at sigma = 0), got marginal utilities of "
        f"slope {slopes[market, trader]:.6g} for trader {trader} at s = "
        f"{profile_text(types[market])}, q = {profile_text(quantity[market])} and sigma = "
        f"{sigma:.6g}; raise sigma"
    )

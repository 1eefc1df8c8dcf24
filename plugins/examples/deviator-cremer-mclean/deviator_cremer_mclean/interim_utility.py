"""A trader's expected utility in the Walrasian auction, by type and report.

Quantity, price and value are affine in types, and types are Normal, so the expected utility of
reporting r at type s is a quadratic polynomial. With n = v_i - p - mu_i q_i / 2,

    U(r; s) = E[n q_i | s_i = s] = E[n | s] E[q_i | s] + Cov(n, q_i | s), the others honest,

and the covariance depends on neither r nor s. Both are measured from the mean of the types here.
"""

from typing import NamedTuple

import numpy as np

from deviator.economies import walrasian_response
from deviator.mechanisms import NaiveWalrasian
from deviator.validation import Floats

from .beliefs import Beliefs


class InterimUtility(NamedTuple):
    """U and U_s where r = s = x, and U_ss, for each trader, in units of money.

    U(x; x) = at + slope x + bend x^2 and U_s(x; x) = gradient + gradient_slope x; all (N,).
    """

    at: Floats
    slope: Floats
    bend: Floats
    gradient: Floats
    gradient_slope: Floats
    type_bend: Floats


class _Expected(NamedTuple):
    """A conditional mean, at + on_report r + on_type s, for each trader; all (N,)."""

    at: Floats
    on_report: Floats
    on_type: Floats

    @property
    def on_both(self) -> Floats:
        """Its change when r and s move together."""
        return self.on_report + self.on_type


def interim_utility(auction: NaiveWalrasian, beliefs: Beliefs) -> InterimUtility:
    """Return the expected utility without bets, under the designer's beliefs."""
    economy = auction.economy
    response = walrasian_response(economy, 0.0)
    paid_effect = response.price_effect + 0.5 * economy.slope[:, None] * response.quantity_effect
    center = np.full((1, beliefs.n_traders), float(beliefs.mean))
    outcome = auction.clear(auction.honest_bids(economy, center))
    paid = outcome.price + 0.5 * economy.slope * outcome.quantity[0]
    quantity = _expected(outcome.quantity[0], response.quantity_effect, beliefs)
    own = np.diagonal(economy.weights)
    net = _expected(economy.value(center)[0] - paid, economy.weights - paid_effect, beliefs)
    # The value depends on the true type, not on the report.
    net = net._replace(on_report=net.on_report - own, on_type=net.on_type + own)
    covariance = _covariance_of_news(
        economy.weights - paid_effect, response.quantity_effect, beliefs
    )
    return _on_diagonal(net, quantity, covariance)


def _expected(at: Floats, effect: Floats, beliefs: Beliefs) -> _Expected:
    """Return the conditional mean of a variable that is affine in reports, effect (N, N)."""
    own = np.diagonal(effect)
    return _Expected(at, own, beliefs.correlation * (effect.sum(axis=1) - own))


def _covariance_of_news(left: Floats, right: Floats, beliefs: Beliefs) -> Floats:
    """Return the covariance, given the own type, of two variables affine in types, (N,)."""
    others = 1 - np.eye(beliefs.n_traders)
    rho = beliefs.correlation
    given_one = beliefs.covariance() - rho**2 * beliefs.deviation**2
    return np.asarray(np.einsum("ij,jk,ik->i", left * others, given_one, right * others))


def _on_diagonal(net: _Expected, quantity: _Expected, covariance: Floats) -> InterimUtility:
    return InterimUtility(
        at=net.at * quantity.at + covariance,
        slope=net.at * quantity.on_both + net.on_both * quantity.at,
        bend=net.on_both * quantity.on_both,
        gradient=net.on_type * quantity.at + net.at * quantity.on_type,
        gradient_slope=net.on_type * quantity.on_both + net.on_both * quantity.on_type,
        type_bend=2 * net.on_type * quantity.on_type,
    )

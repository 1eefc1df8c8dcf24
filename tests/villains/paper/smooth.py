"""Wrong formulas for the statements on smooth economies; each must make its statement fail."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from deviator.economies import OwnResponse, own_response, taxed_allocation
from deviator.mechanisms import SmoothSigmaVCG


def subsidy_of_small_trades(sigma, quantity):
    """Net marginal utilities rise around no trade: utilities are not concave there."""
    return -2 * np.tanh(2 * quantity)


def untaxed_allocation(economy, sigma, types):
    return taxed_allocation(economy, 0.0, types)


def price_moves_by_the_plain_average(economy, sigma, traders, quantity, types):
    """The slope-weighted average of (B.3) replaced by the average that A4^N speaks of."""
    own = own_response(economy, sigma, traders, quantity, types).own_effect
    return OwnResponse(economy.effects_of(traders, quantity, types).mean(axis=1), own)


def slope_without_interdependence(steepness, effects, trader):
    others = np.arange(steepness.shape[1]) != trader
    return 1 / steepness[:, others].sum(axis=1)


@dataclass(frozen=True)
class OnePrice:
    """All units at the market's price, and the tax."""

    economy: object
    sigma: float

    @property
    def sound(self):
        return SmoothSigmaVCG(self.economy, self.sigma)

    def clear(self, bids):
        outcome = self.sound.clear(bids)
        paid = outcome.price[:, None] * outcome.quantity + self.sigma * outcome.quantity**2 / 2
        return replace(outcome, transfer=paid)

    def clear_deviations(self, bids, trader, candidates):
        outcome = self.sound.clear_deviations(bids, trader, candidates)
        paid = outcome.price * outcome.quantity + self.sigma * outcome.quantity**2 / 2
        return replace(outcome, transfer=paid)


VILLAINS = {
    "Definition 1: uniqueness, smooth economies": {"tax": subsidy_of_small_trades},
    "Definition 1: market clearing, smooth economies": {"allocation": untaxed_allocation},
    "Definition 2: monotone allocation, smooth economies": {
        "response": price_moves_by_the_plain_average
    },
    "Definition 2: residual slope, smooth economies": {"first": slope_without_interdependence},
    "Definition 2: transfers, smooth economies": {"rule": OnePrice},
    "Definition 2: bounded types, smooth economies": {
        "rule": partial(SmoothSigmaVCG, unreached_units="pivotal")
    },
    "Definition 2: incentives, smooth economies": {"rule": OnePrice},
}

MORE_VILLAINS = [
    # The second line of the slope is under test too.
    (
        "Definition 2: residual slope, smooth economies",
        {"second": slope_without_interdependence},
    ),
]

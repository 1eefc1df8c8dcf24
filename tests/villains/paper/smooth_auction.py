"""Wrong rules and formulas for the statements on bids that are surfaces."""

from dataclasses import dataclass, replace

import numpy as np

from deviator.mechanisms import Outcome, SigmaDCDA, UniformConditional
from deviator.mechanisms.clearing.surfaces.newton import clearing_pairs, located


@dataclass(frozen=True)
class Spoiled:
    """The sigma-DCDA with another outcome."""

    sigma: float

    def honest_bids(self, economy, types):
        return SigmaDCDA(self.sigma).honest_bids(economy, types)

    def clear(self, bids):
        return self.changed(SigmaDCDA(self.sigma).clear(bids))


class Rationed(Spoiled):
    def changed(self, outcome):
        return replace(outcome, quantity=0.99 * outcome.quantity)


class Steeper(Spoiled):
    """Charges half as much again as residual demand falls; the outcome itself is right."""

    def changed(self, outcome):
        tax = self.sigma * outcome.quantity**2 / 2
        at_one_price = outcome.price[:, None] * outcome.quantity
        discount = np.nan_to_num(at_one_price - (outcome.transfer - tax))
        return replace(outcome, transfer=outcome.transfer - 0.5 * discount)


class Straight(Spoiled):
    """Takes residual demand for its tangent: right for hyperplanes only."""

    def changed(self, outcome):
        slope, quantity = outcome.residual_slope, outcome.quantity
        price = outcome.price[:, None]
        return replace(outcome, transfer=price * quantity + (self.sigma - slope) * quantity**2 / 2)


@dataclass(frozen=True)
class NeverAutarky(Spoiled):
    """Takes the first pair that Newton's method comes to."""

    def clear(self, bids):
        batch, n, _ = bids.shape
        start = located(bids, np.zeros((batch, n + 1)), np.arange(batch))
        pairs = clearing_pairs(bids, start)[0].point
        return Outcome(pairs[:, -1], pairs[:, :-1], pairs[:, -1:] * pairs[:, :-1])


def one_price(sigma):
    return UniformConditional()


def untaxed(sigma):
    return SigmaDCDA(0.0)


def plain_quantities(economy, quantity):
    """The statistic of a linear-quadratic economy."""
    return quantity


def column_sums(effects):
    """FUN with columns for rows."""
    return np.linalg.inv(effects).sum(axis=1)


VILLAINS = {
    "Definition 3: allocation, smooth bids": {"auction": Rationed},
    "Definition 3: transfers, smooth bids": {"auction": Straight},
    "Definition 3: autarky, smooth bids": {"auction": NeverAutarky},
    "Proposition 3: outcome, smooth economies": {"auction": Straight},
    "Proposition 3: equilibrium, smooth economies": {"auction": one_price},
    "Lemma 2: quantities, smooth economies": {"transform": plain_quantities},
    "Lemma 3: functions, smooth economies": {"fun": column_sums},
    "Lemma 3: clearing, smooth economies": {"auction": Rationed},
}

MORE_VILLAINS = [
    ("Definition 3: transfers, smooth bids", {"auction": one_price}),
    ("Proposition 3: outcome, smooth economies", {"auction": untaxed}),
    ("Proposition 3: equilibrium, smooth economies", {"auction": Steeper}),
    ("Lemma 3: clearing, smooth economies", {"auction": Steeper}),
]

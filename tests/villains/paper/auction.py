"""Wrong rules and formulas for the statements on Definition 3, Proposition 3 and Lemmas 2 to 4."""

from dataclasses import dataclass

import numpy as np

from deviator.economies import public_statistics
from deviator.mechanisms import Mutated, Outcome, SigmaDCDA, UniformConditional
from deviator.paper.statements.conditional_bids import dominant
from deviator.paper.statements.conditional_demands import conditional_price


def steeper(sigma):
    """Charges 1.5 k: the honest first-order condition of the market notices nothing."""
    return Mutated(SigmaDCDA(sigma), "residual-slope", 0.5)


def rationed(sigma):
    return Mutated(SigmaDCDA(sigma), "clearing", 0.01)


def taxed_twice(sigma):
    return Mutated(SigmaDCDA(sigma), "tax", 1.0) if sigma > 0 else steeper(sigma)


def untaxed(sigma):
    return SigmaDCDA(0.0)


def one_price(sigma):
    return UniformConditional()


@dataclass
class NeverAutarky:
    """Picks some market-clearing pair where there are many, or none."""

    sigma: float

    def clear(self, bids):
        array = bids.as_array()
        batch, n, _ = array.shape
        equations = np.append(array[..., :-1], np.ones((batch, 1, n + 1)), axis=1)
        equations[:, n, n] = 0.0
        right = np.append(array[..., -1], np.zeros((batch, 1)), axis=1)
        pairs = np.einsum("bij,bj->bi", np.linalg.pinv(equations), right)
        return Outcome(pairs[:, -1], pairs[:, :-1], pairs[:, -1:] * pairs[:, :-1])


def reads_one_quantity(economy, trader, own_type, quantity, *, sigma):
    other = quantity[:, (trader + 1) % economy.n_traders]
    return conditional_price(economy, trader, own_type, quantity, sigma=sigma) + 0.01 * other


def sums_of_types(economy, sigma):
    """The statistics of the types, not tilted by the slopes of demand."""
    return economy.statistics


def one_statistic(economy, sigma):
    return public_statistics(economy, sigma)[:1]


def one_statistic_too_many(economy, sigma):
    return np.vstack([public_statistics(economy, sigma), np.eye(economy.n_traders)[2]])


def values_without_statistics(economy):
    return lambda types: economy.own * types


def column_sums(economy):
    """FUN with columns for rows."""
    sums = np.linalg.inv(economy.weights).sum(axis=0)
    return list(np.abs(sums) > 1e-9 * np.abs(sums).max())


def weak_dominance(weights):
    return dominant(weights, factor=(len(weights) - 1) / len(weights))


def almost_equicommon(weights):
    rows = [sum(row) for row in weights]
    return max(rows) <= 1.1 * min(rows)


VILLAINS = {
    "Definition 3: allocation": {"auction": rationed},
    "Definition 3: transfers": {"auction": steeper},
    "Definition 3: autarky": {"auction": NeverAutarky},
    "Proposition 3: outcome": {"auction": steeper},
    "Proposition 3: equilibrium": {"auction": steeper},
    "Proposition 3: certificate": {"auction": steeper},
    "Lemma 2: quantities": {"price": reads_one_quantity},
    "Lemma 2: bid": {"utility": values_without_statistics},
    "Lemma 3: functions": {"fun": column_sums},
    "Lemma 3: clearing": {"auction": rationed},
    "Lemma 4: (i)": {"condition": weak_dominance},
    "Lemma 4: (ii)": {"condition": almost_equicommon},
}

MORE_VILLAINS = [
    ("Definition 3: transfers", {"auction": one_price}),
    ("Proposition 3: outcome", {"auction": untaxed}),
    ("Proposition 3: equilibrium", {"auction": one_price}),
    ("Proposition 3: equilibrium", {"auction": taxed_twice}),
    ("Proposition 3: certificate", {"auction": one_price}),
    ("Proposition 3: certificate", {"auction": taxed_twice}),
    ("Lemma 2: quantities", {"statistics": sums_of_types}),
    ("Lemma 2: quantities", {"statistics": one_statistic}),
    ("Lemma 2: quantities", {"statistics": one_statistic_too_many}),
]

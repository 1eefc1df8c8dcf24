"""Slow plain versions of the kernels, one market at a time, straight from the formulas."""

import numpy as np
from scipy.optimize import minimize_scalar


def sigma_vcg(weights, slope, intercept, sigma, types):
    """Definitions 1 and 2 for one market: price, quantity, transfer, residual slope.

    The transfer integrates the price along the trader's own pivotal types by Simpson's rule,
    which is exact for the straight lines of a linear-quadratic economy.
    """
    n = len(slope)

    def clear(profile):
        value = [sum(weights[i][j] * profile[j] for j in range(n)) + intercept[i] for i in range(n)]
        steep = [1 / (slope[i] + sigma) for i in range(n)]
        price = sum(s * v for s, v in zip(steep, value, strict=True)) / sum(steep)
        return price, [s * (v - price) for s, v in zip(steep, value, strict=True)]

    price, quantity = clear(types)
    transfer, residual = [], []
    for i in range(n):
        moved = list(types)
        moved[i] += 1.0
        price_up, quantity_up = clear(moved)
        k = (price_up - price) / (quantity_up[i] - quantity[i])
        pivotal = list(types)
        prices = []
        for share in (0.0, 0.5, 1.0):
            expected = share * quantity[i]
            pivotal[i] = types[i] + (expected - quantity[i]) / (quantity_up[i] - quantity[i])
            prices.append(clear(pivotal)[0])
        area = quantity[i] * (prices[0] + 4 * prices[1] + prices[2]) / 6
        transfer.append(area + sigma * quantity[i] ** 2 / 2)
        residual.append(k)
    return price, np.array(quantity), np.array(transfer), np.array(residual)


def linear_bids(weights, price_weights, level):
    """Definition 3 for one market of linear bids: price, quantity, residual slopes."""
    n = len(level)
    matrix = np.block([[weights, price_weights[:, None]], [np.ones((1, n)), np.zeros((1, 1))]])
    solution = np.linalg.solve(matrix, np.append(level, 0.0))
    slopes = []
    for i in range(n):
        shifted = np.linalg.solve(matrix, np.append(level + np.eye(n)[i], 0.0)) - solution
        slopes.append(shifted[n] / shifted[i])
    return solution[n], solution[:n], np.array(slopes)


def best_gain_by_search(market, types, level_unit):
    """Best gain over one market's honest bid by shifting the level, a scalar search."""
    level = market.mechanism.language.level
    honest = market.strategy.bids(types[None]).of_trader(market.trader)[0]

    def loss(shift):
        bid = honest.copy()
        bid[level] += shift * level_unit
        return -market.gains(types[None], bid[None])[0]

    return -minimize_scalar(loss, bracket=(-1.0, 1.0), tol=1e-10).fun

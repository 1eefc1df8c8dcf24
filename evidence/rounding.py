"""How far rounding may put what honest traders get and pay from its value."""

import numpy as np

from deviator.economies import Economy, Factored, QuadraticEconomy
from deviator.mechanisms import Outcome
from deviator.validation import Floats

from .market import Market

SAFETY = 16.0
"""How many roundings each of N terms may suffer."""


def roundings(tested: Market) -> float:
    """Return what part of the sizes that money is made of may be rounding."""
    return SAFETY * tested.economy.n_traders * tested.precision


def outcome_rounding(tested: Market, types: Floats, outcome: Outcome) -> Floats:
    """Return what rounding may make of each trader's utility or transfer, (B, N).

    A value rounded by v moves a quantity by v over the slope of marginal utility, and that moves
    money by as much as the largest value.
    """
    economy, quantity = tested.economy, np.abs(outcome.quantity)
    value = _value_size(economy, outcome.quantity, types)[:, None]
    slope = np.abs(economy.quantity_slopes(outcome.quantity, types))
    reach = np.where(slope > 0, value / np.where(slope > 0, slope, 1.0), 0.0)
    money = np.abs(outcome.transfer) + value * (quantity + reach)
    return np.asarray(roundings(tested) * money)


def _value_size(economy: Economy, quantity: Floats, types: Floats) -> Floats:
    """Return the size of the terms that the largest marginal utility is a sum of, (B,)."""
    here = np.abs(economy.marginal_utility(quantity, types))
    first = np.abs(economy.marginal_utility(np.zeros_like(quantity), types))
    terms = _type_terms(economy, quantity, types)
    return np.asarray(np.maximum(np.maximum(here, first), terms).max(axis=1))


def _type_terms(economy: Economy, quantity: Floats, types: Floats) -> Floats:
    """Return sum_j |d mu_i/ds_j| |s_j|, or a bound on it, (B, N)."""
    sizes = np.abs(types)
    if isinstance(economy, Factored):
        spread = (sizes @ np.abs(economy.statistics).T) @ np.abs(economy.loadings).T
        return np.asarray(np.abs(economy.own) * sizes + spread)
    if isinstance(economy, QuadraticEconomy):
        return np.asarray(sizes @ np.abs(economy.weights).T)
    effects = np.abs(economy.type_effects(quantity, types))
    return np.asarray((effects @ sizes[..., None])[..., 0])

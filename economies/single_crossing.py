"""Single crossing: no type moves anybody's marginal utility more than its owner's.

Sufficient and, with unbounded types and a tax that keeps some traders out, necessary for
quantities that increase in the own type: at a profile where only i and k trade, the price moves by
an average of w_ii and w_ki, which exceeds w_ii where w_ki does. Assumption A4^N bounds averages
over all traders only, so it does not imply it.
"""

import numpy as np

from .quadratic import QuadraticEconomy, checked_quadratic


def single_crossing_violation(economy: QuadraticEconomy) -> tuple[int, int] | None:
    """Return traders (i, k) where k reacts to i's type at least as i does, w_ki >= w_ii.

    None where no such pair exists, so that the economy has single crossing.

    Parameters
    ----------
    economy : QuadraticEconomy

    Examples
    --------
    >>> from deviator.economies import linear_quadratic, private_values
    >>> single_crossing_violation(private_values(3)) is None
    True
    >>> single_crossing_violation(linear_quadratic([[1, 0, 0], [1.2, 2, 0], [0, 0, 1]], 1.0))
    (0, 1)
    """
    own = checked_quadratic(economy).own_type_effects
    for traders, effects in economy.blocks_of_effects(diagonal=-np.inf):
        crossing = np.argwhere(effects >= own)
        if len(crossing):
            reacting, owner = crossing[0]
            return int(owner), int(traders.start + reacting)
    return None


def affects_others_alike(economy: QuadraticEconomy) -> bool:
    """Return whether each type moves all other traders' marginal utilities by the same, and less.

    So it is with private values and in Examples 1 and 3. The allocation of the largest total of
    utilities less taxes, whatever the tax on each trader's quantity, then increases in the own
    type: that total is a maximum of functions that are linear in s_i, so its derivative
    sum_k w_ki q_k = (w_ii - w_ki) q_i increases.

    Examples
    --------
    >>> from deviator.economies import fundamental_value, two_groups
    >>> affects_others_alike(fundamental_value(5)), affects_others_alike(two_groups(4))
    (True, False)
    """
    checked_quadratic(economy)
    lowest = np.full(economy.n_traders, np.inf)
    highest = np.full(economy.n_traders, -np.inf)
    for _, effects in economy.blocks_of_effects(diagonal=np.nan):
        lowest = np.fmin(lowest, np.nanmin(effects, axis=0, initial=np.inf))
        highest = np.fmax(highest, np.nanmax(effects, axis=0, initial=-np.inf))
    own = economy.own_type_effects
    return bool((highest - lowest <= 1e-12 * np.abs(own)).all() and (highest < own).all())

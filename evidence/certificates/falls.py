"""Where an allocation is not implementable: a quantity that falls as the own type rises."""

import numpy as np

from deviator.economies import QuadraticEconomy, TypeDistribution
from deviator.economies.profiles import profile_text
from deviator.errors import DeviatorError
from deviator.mechanisms.direct.pivotal_mechanism import PivotalMechanism
from deviator.validation import Floats

SEED = 3_000_031
SAMPLED = 60
"""Profiles, from that seed, at which each trader's type is moved."""

STEPS = np.linspace(-3.0, 3.0, 61)
"""To where, as multiples of the law's spread."""

WIDTHS = np.array([1.0, 3.0, 30.0])
"""How much wider than the law profiles are, in turn: far types are where few trade."""

MOST_TRADERS = 10
"""Whose types are moved."""

FALLS = 1e-6
"""A fall beyond rounding, of the largest quantity in the market."""


def where_a_quantity_falls(
    mechanism: PivotalMechanism, economy: QuadraticEconomy, law: TypeDistribution
) -> str:
    """Return a witness in words that no transfers make reports truthful; empty if none was found.

    Parameters
    ----------
    mechanism : PivotalMechanism
    economy : QuadraticEconomy
        What it holds.
    law : TypeDistribution
        Around which profiles are tried.

    Examples
    --------
    >>> from deviator.economies import linear_quadratic
    >>> from deviator.mechanisms import SpreadVCG
    >>> economy = linear_quadratic([[1, 0, 0], [1.5, 2, 0], [0, 0, 1]], 1.0)
    >>> words = where_a_quantity_falls(SpreadVCG(economy, 0.3), economy, economy.types())
    >>> words.startswith("no transfers make it so: trader 0's quantity falls from ")
    True
    """
    types = law.sample(np.random.default_rng(SEED), SAMPLED)
    types = law.mean + np.resize(WIDTHS, SAMPLED)[:, None] * (types - law.mean)
    types = np.clip(types, *economy.type_set)
    for trader in range(min(economy.n_traders, MOST_TRADERS)):
        moved = np.repeat(types[:, None], len(STEPS), axis=1)
        reports = types[:, [trader]] + law.deviation[trader] * STEPS
        moved[..., trader] = np.clip(reports, *(end[trader] for end in economy.type_set))
        try:
            words = _fall(mechanism, moved, trader)
        except DeviatorError:
            return ""
        if words:
            return words
    return ""


def _fall(mechanism: PivotalMechanism, moved: Floats, trader: int) -> str:
    """Return the largest fall between neighbouring reports (B, M, N) in words, if there is one."""
    all_quantities = mechanism.allocate(moved.reshape(-1, moved.shape[2])).quantity
    quantity = all_quantities[:, trader].reshape(moved.shape[:2])
    size = np.abs(all_quantities).reshape(*moved.shape[:2], -1).max(axis=(1, 2))
    fall = (quantity[:, :-1] - quantity[:, 1:]) / np.where(size > 0, size, 1.0)[:, None]
    market, step = np.unravel_index(int(fall.argmax()), fall.shape)
    if fall[market, step] <= FALLS:
        return ""
    before, after = quantity[market, step], quantity[market, step + 1]
    return (
        f"no transfers make it so: trader {trader}'s quantity falls from {before:.6g} to "
        f"{after:.6g} as its type rises to {moved[market, step + 1, trader]:.6g} from types "
        f"{profile_text(moved[market, step])}"
    )

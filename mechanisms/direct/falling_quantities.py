"""Quantities that fall in the own type: where one does, no transfers make reports truthful."""

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from deviator.errors import DeviatorError
from deviator.validation import Floats

from .cells import FALLS
from .pivotal_pricing import Fall

if TYPE_CHECKING:
    from .pivotal_mechanism import PivotalMechanism

PROFILES = 512
"""Profiles that are tried at each scale of values."""

REPORTS = np.linspace(-4.0, 4.0, 49)
"""Own reports that are tried at each profile, in multiples of the scale."""

SCALES = (0.5, 1.0, 2.0, 4.0)
"""Multiples of the differences of values that matter to a rule at which profiles are drawn."""


def first_fall(rule: "PivotalMechanism") -> Fall | None:
    """Return a quantity of a rule that falls in the own type of its owner, or None.

    Profiles of types are drawn from a fixed seed, around the mean of the economy's own law: at the
    law's own spread, and at that of the values that matter to the rule.
    """
    economy = rule.economy
    law, own = economy.types(), economy.own_type_effects
    widths = [law.deviation, *(scale * rule.least_spread / own for scale in SCALES)]
    noise = np.random.default_rng(0).standard_normal((PROFILES, economy.n_traders))
    for width in widths:
        if not np.max(width) > 0:
            continue
        types = np.clip(law.mean + width * noise, *economy.type_set)
        for trader in range(economy.n_traders):
            fall = None
            # Where a profile cannot be allocated, clearing there says why.
            with suppress(DeviatorError):
                fall = _fall_of(rule, types, trader, law.mean[trader] + width[trader] * REPORTS)
            if fall is not None:
                return fall
    return None


def _fall_of(rule: "PivotalMechanism", types: Floats, trader: int, reports: Floats) -> Fall | None:
    """Return a fall of one trader's quantity among its reports at some profiles, or None."""
    low, high = (float(end[trader]) for end in rule.economy.type_set)
    tried = np.unique(np.clip(reports, low, high))
    profiles = np.repeat(types, len(tried), axis=0)
    profiles[:, trader] = np.tile(tried, len(types))
    everybody = rule.allocate(profiles).quantity
    shape = (len(types), len(tried))
    largest = np.abs(everybody).max(axis=1, initial=0.0).reshape(shape)
    own = everybody[:, trader].reshape(shape)
    falls = own[:, :-1] - own[:, 1:] - FALLS * np.maximum(largest[:, :-1], largest[:, 1:])
    if not (falls > 0).any():
        return None
    market, place = np.unravel_index(int(falls.argmax()), falls.shape)
    profile = types[market].copy()
    profile[trader] = tried[place]
    quantities = (float(own[market, place + each]) for each in (0, 1))
    return Fall(int(market), trader, profile, float(tried[place + 1]), *quantities)

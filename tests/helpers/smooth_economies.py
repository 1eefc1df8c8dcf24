"""Economies that are not quadratic."""

from deviator.economies import Saturating, VaryingEffects, saturating, varying_effects

LEAD = [[1.0, 0.1, 0.2], [0.1, 1.0, 0.0], [0.0, 0.2, 1.0]]
"""Weights of three traders, within A4^N for the slopes below."""

MEMBERS = [
    Saturating(LEAD, [0.8, 0.9, 1.0], [1.2, 1.1, 1.5], [0.4, 1.0, 2.0], [0.3, 0.0, -0.2]),
    VaryingEffects(LEAD, [1.0, 1.2, 1.1], 0.3, 0.8, 1.2, [0.3, 0.0, -0.2]),
    VaryingEffects(LEAD, [1.0, 1.2, 1.1], -0.3, 0.8, 1.2, 0.0),
    saturating(4, beta=0.0, flat=0.3, steep=3.0, quantity_scale=0.3),
    varying_effects(4, beta=0.0, bend=0.8),
]

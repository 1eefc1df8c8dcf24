"""Where learning to bid starts from: bids that take no account of the other traders.

A neutral bid looks at the own type's effect on the own value alone, as if values were private and
prices given. It sets the natural units of a bid's numbers, and is no equilibrium but by accident.
"""

import numpy as np

from deviator.economies import QuadraticEconomy, is_linear_quadratic
from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.mechanisms import (
    ConditionalLanguage,
    FlooredScheduleLanguage,
    Mechanism,
    ReportLanguage,
    ScheduleLanguage,
)
from deviator.policies import AffineStrategy
from deviator.validation import Floats

REFERENCE_PROFILES = 2048
"""Profiles drawn, from a fixed seed, to learn how large prices and quantities are."""


def neutral_strategy(tested: Market) -> AffineStrategy:
    """Return the neutral bids of a market's traders.

    Parameters
    ----------
    tested : Market
        Whatever its strategy is, which is not looked at.

    Raises
    ------
    RefusedError
        If the bid language or the economy is not one in which bids can be learned.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> auction = market(UniformDoubleAuction(), private_values(3, slope=2.0))
    >>> neutral_strategy(auction).base[0], neutral_strategy(auction).effect[0]
    (array([0. , 0.5]), array([0.5, 0. ]))
    """
    language, n = tested.mechanism.language, tested.economy.n_traders
    if isinstance(language, ReportLanguage):
        return AffineStrategy(language, np.zeros((n, 1)), np.ones((n, 1)))
    economy = tested.economy
    if not is_linear_quadratic(economy):
        raise RefusedError(
            "an equilibrium in schedules or hyperplanes is learned where utilities are "
            f"linear-quadratic, got {type(economy).__name__}; take a mechanism of reports"
        )
    constant = _own_constant(economy, tested.distribution.mean)
    match language:
        case ScheduleLanguage() | FlooredScheduleLanguage():
            return _schedules(tested.mechanism, economy, constant)
        case ConditionalLanguage():
            return _hyperplanes(tested.mechanism, economy, constant)
        case _:
            raise RefusedError(
                "an equilibrium is learned in schedules, conditional inverse demands without "
                f"statistics or reports, got {language.name} in {tested.mechanism.name}"
            )


def _own_constant(economy: QuadraticEconomy, mean: Floats) -> Floats:
    """Return what a trader's value is at an own type of 0, the others' at their means."""
    return np.asarray(economy.value(mean[None])[0] - economy.own_type_effects * mean)


def _schedules(mechanism: Mechanism, economy: QuadraticEconomy, constant: Floats) -> AffineStrategy:
    slope = economy.slope + mechanism.tax_slope
    if isinstance(mechanism.language, FlooredScheduleLanguage):
        slope = np.maximum(slope, mechanism.language.floor)
    nothing = np.zeros_like(slope)
    base = np.stack([constant / slope, 1 / slope], axis=1)
    effect = np.stack([economy.own_type_effects / slope, nothing], axis=1)
    return AffineStrategy(mechanism.language, base, effect)


def _hyperplanes(
    mechanism: Mechanism, economy: QuadraticEconomy, constant: Floats
) -> AffineStrategy:
    """Return own value = price + sigma q, written so that the level is the own type."""
    n, own = economy.n_traders, economy.own_type_effects
    if (own == 0).any():
        raise RefusedError(
            "hyperplanes are learned where the own type matters (assumption A3), got an own effect "
            f"of 0 for trader {int((own == 0).argmax())}"
        )
    base = np.zeros((n, n + 2))
    base[np.arange(n), np.arange(n)] = (economy.slope + mechanism.tax_slope) / own
    base[:, -2] = 1 / own
    base[:, -1] = constant / own
    effect = np.zeros_like(base)
    effect[:, -1] = 1.0
    return AffineStrategy(mechanism.language, base, effect)


def natural_units(tested: Market, neutral: AffineStrategy) -> Floats:
    """Return by how much each number moves a bid as far as its level usually does, (N, K).

    The level's unit is its standard deviation under neutral bids; prices and quantities are those
    that neutral bids lead to.
    """
    language = tested.mechanism.language
    law = tested.distribution
    types = law.matched_sample(np.random.default_rng(0), REFERENCE_PROFILES)
    outcome = tested.mechanism.clear(neutral.bids(types))
    price = outcome.price[outcome.traded]
    usual_price = float(np.sqrt((price**2).mean())) if price.size else 1.0
    quantity = np.sqrt((outcome.quantity**2).mean(axis=0))
    quantity = np.where(quantity > 0, quantity, quantity.max() or 1.0)
    spread = np.abs(neutral.effect[:, language.level]) * law.deviation
    return np.stack(
        [
            language.coordinate_ranges(float(wide), usual_price or 1.0, quantity, own)
            for wide, own in zip(spread, neutral.base, strict=True)
        ]
    )

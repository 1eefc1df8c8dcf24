"""Witnesses: one market and one bid that pays, in small numbers, re-checked exactly.

A witness is plain data: the economy, the types, everybody's honest bids, the deviator's bid, both
outcomes and the gain. `recheck` clears the two markets again in rational arithmetic.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.envs import Market
from deviator.mechanisms import ResidualLineMechanism
from deviator.mechanisms.exact import RationalBids, RationalEconomy, rational
from deviator.policies import Deviation
from deviator.validation import Floats

DECIMALS = (1, 2, 3, 4, 6, 9)
"""Witnesses are rounded to the fewest decimals that keep half of the gain."""


def find_witness(tested: Market, deviation: Deviation, types: Floats) -> dict[str, Any] | None:
    """Return a readable witness that a deviation pays, or None where none holds exactly.

    Parameters
    ----------
    tested : Market
        With exact forms, as for a certificate.
    deviation : Deviation
        The profitable deviation.
    types : ndarray of float, shape (B, N)
        Profiles to choose from; the one with the largest gain is rounded.
    """
    gains = tested.gains(types, deviation.bid(types, tested.trader))
    best = int(gains.argmax())
    if gains[best] <= 0:
        return None
    for decimals in DECIMALS:
        profile = np.round(types[[best]], decimals)
        bid = np.round(deviation.bid(profile, tested.trader)[0], decimals + 1)
        found = _witness(tested, profile[0], bid)
        if found is not None and found["gain"] >= 0.5 * gains[best]:
            return found
    return None


def recheck(tested: Market, types: Floats, bid: Floats) -> Fraction | None:
    """Return the exact gain of one bid at one profile, or None in autarky or without exact forms.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (N,)
    bid : ndarray of float, shape (K,)
    """
    found = _exact_utilities(tested, types, bid)
    return None if found is None else found[1]["utility"] - found[0]["utility"]


def _witness(tested: Market, types: Floats, bid: Floats) -> dict[str, Any] | None:
    found = _exact_utilities(tested, types, bid)
    if found is None:
        return None
    honest, deviating = found
    gain = deviating["utility"] - honest["utility"]
    if gain <= 0:
        return None
    return {
        "mechanism": tested.mechanism.name,
        "tax_slope": tested.mechanism.tax_slope,
        "economy": tested.economy.to_dict(),  # type: ignore[attr-defined]
        "trader": tested.trader,
        "types": types.tolist(),
        "honest_bids": tested.strategy.bids(types[None]).as_array()[0].tolist(),
        "bid": bid.tolist(),
        "honest_outcome": {key: float(value) for key, value in honest.items()},
        "deviating_outcome": {key: float(value) for key, value in deviating.items()},
        "gain": float(gain),
    }


def _exact_utilities(
    tested: Market, types: Floats, bid: Floats
) -> tuple[dict[str, Fraction], dict[str, Fraction]] | None:
    mechanism, economy = tested.mechanism, tested.economy
    if not isinstance(mechanism, ResidualLineMechanism) or not isinstance(
        economy, QuadraticEconomy
    ):
        return None
    profile = rational(types[None])
    honest = tested.strategy.exact_bids(profile)
    coefficients, levels = honest.coefficients.copy(), honest.levels.copy()
    coefficients[tested.trader], levels[0, tested.trader] = _split(mechanism, rational(bid))
    outcomes = [
        _outcome(mechanism, economy, tested.trader, profile, bids)
        for bids in (honest, RationalBids(coefficients, levels))
    ]
    if outcomes[0] is None or outcomes[1] is None:
        return None
    return outcomes[0], outcomes[1]


def _split(mechanism: ResidualLineMechanism, bid: Any) -> tuple[Any, Fraction]:
    """Return a bid's coefficients and its level."""
    level = mechanism.language.level % len(bid)
    return np.delete(bid, level), bid[level]


def _outcome(
    mechanism: ResidualLineMechanism,
    economy: QuadraticEconomy,
    trader: int,
    profile: Any,
    bids: RationalBids,
) -> dict[str, Fraction] | None:
    cleared = mechanism.clear_exact(bids)
    if cleared is None:
        return None
    solution, transfers = cleared
    quantity, transfer = solution.quantity[0, trader], transfers[0, trader]
    value = RationalEconomy.of(economy).value(profile)[0, trader]
    worth = value * quantity - Fraction(float(economy.slope[trader])) * quantity**2 / 2
    return {
        "price": solution.price[0],
        "quantity": quantity,
        "transfer": transfer,
        "utility": worth - transfer,
    }

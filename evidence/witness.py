"""Witnesses: one market and one bid that pays, in small numbers, re-checked.

A witness is plain data: the economy, the types, everybody's honest bids (null where these are
surfaces, which the types tell), the deviator's bid, both outcomes and the gain. Where mechanism,
economy and strategy have exact forms, the two markets are cleared again in rational arithmetic;
elsewhere each is cleared alone by the mechanism itself.
"""

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import Economy, QuadraticEconomy, is_linear_quadratic
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, Hyperplane, ResidualLineMechanism
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import rational
from deviator.policies import Deviation
from deviator.validation import Floats

from .certificates.known import foreign_parts
from .market import Market
from .surface_best_response import SurfaceBest

DECIMALS = (1, 2, 3, 4, 6, 9)
"""Witnesses are rounded to the fewest decimals that keep the gain within a factor of two."""


def find_witness(tested: Market, deviation: Deviation, types: Floats) -> dict[str, Any] | None:
    """Return a readable witness that a deviation pays, or None where nothing holds up.

    Parameters
    ----------
    tested : Market
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
        profile = np.clip(np.round(types[[best]], decimals), *tested.economy.type_set)
        bid = deviation.bid(profile, tested.trader)[0]
        # Rounding may bring a bid to a tie, which only its last digits break.
        limits = tested.mechanism.bid_limits(tested.trader) or (-np.inf, np.inf)
        for written in (np.clip(np.round(bid, decimals + 1), *limits), bid):
            witness = _allowed_witness(tested, profile[0], written)
            if _stands_for(witness, float(gains[best]), tested):
                return witness
    return None


def find_surface_witness(tested: Market, types: Floats, best: SurfaceBest) -> dict[str, Any] | None:
    """Return a readable witness that insisting on a quantity pays, or None where nothing holds up.

    Parameters
    ----------
    tested : Market
        One in which bids are surfaces.
    types : ndarray of float, shape (B, N)
    best : SurfaceBest
        The best points of the residual curves at these types.
    """
    market, n = int(best.gain.argmax()), types.shape[1]
    for decimals in DECIMALS:
        profile = np.clip(np.round(types[market], decimals), *tested.economy.type_set)
        units = float(np.round(best.quantity[market], decimals + 1))
        insists = Hyperplane(np.eye(n)[tested.trader], 0.0, units)
        honest: Any = tested.strategy.bids(profile[None])
        both = honest, honest.with_surface(tested.trader, insists)
        before, after = (_plain_outcome(tested, profile, bids) for bids in both)
        bid = np.array([*insists.quantity_weights[0], 0.0, units])
        witness = _described(tested, profile, None, bid, before, after, "floating point")
        if _stands_for(witness, float(best.gain[market]), tested):
            return witness
    return None


def _stands_for(witness: dict[str, Any] | None, gain: float, tested: Market) -> bool:
    """Return whether a witness in rounded numbers shows about the gain that was measured."""
    if witness is None or witness["gain"] <= tested.epsilon:
        return False
    return bool(0.5 * gain <= witness["gain"] <= 2 * gain)


def recheck(tested: Market, types: Floats, bid: Floats) -> Fraction | None:
    """Return the exact gain of one bid at one profile, or None in autarky or without exact forms.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (N,)
    bid : ndarray of float, shape (K,)
    """
    outcomes = _exact_outcomes(tested, types, bid)
    return None if outcomes is None else outcomes[1]["utility"] - outcomes[0]["utility"]


def _allowed_witness(tested: Market, types: Floats, bid: Floats) -> dict[str, Any] | None:
    """Return the witness, or None also where rounding took the bid out of its language."""
    try:
        return _witness(tested, types, bid)
    except InvalidInputError:
        return None


def _witness(tested: Market, types: Floats, bid: Floats) -> dict[str, Any] | None:
    exact = has_exact_forms(tested)
    outcomes: tuple[dict[str, Any], dict[str, Any]] | None = (
        _exact_outcomes(tested, types, bid) if exact else _plain_outcomes(tested, types, bid)
    )
    if outcomes is None:
        return None
    arithmetic = "rational" if exact else "floating point"
    honest_bids = tested.strategy.bids(types[None]).as_array()[0]
    return _described(tested, types, honest_bids, bid, *outcomes, arithmetic)


def _described(
    tested: Market,
    types: Floats,
    honest_bids: Floats | None,
    bid: Floats,
    honest: dict[str, Any],
    deviating: dict[str, Any],
    arithmetic: str,
) -> dict[str, Any] | None:
    """Return the witness as plain data, or None where the deviation does not pay."""
    gain = deviating["utility"] - honest["utility"]
    if gain <= 0:
        return None
    return {
        "mechanism": tested.mechanism.name,
        "tax_slope": tested.mechanism.tax_slope,
        "economy": economy_as_data(tested.economy),
        "trader": tested.trader,
        "types": types.tolist(),
        "honest_bids": None if honest_bids is None else honest_bids.tolist(),
        "bid": bid.tolist(),
        "honest_outcome": {key: _number(value) for key, value in honest.items()},
        "deviating_outcome": {key: _number(value) for key, value in deviating.items()},
        "gain": float(gain),
        "arithmetic": arithmetic,
    }


def has_exact_forms(tested: Market) -> bool:
    """Return whether a market can be cleared in rational arithmetic."""
    mechanism = tested.mechanism
    if not isinstance(mechanism, ResidualLineMechanism) or foreign_parts(mechanism):
        return False
    if not is_linear_quadratic(tested.economy):
        return False
    try:
        bids = tested.strategy.exact_bids(rational(np.zeros((1, tested.economy.n_traders))))
        mechanism.clear_exact(bids)
    except (NotImplementedError, RefusedError):
        return False
    return True


def economy_as_data(economy: Economy) -> dict[str, Any]:
    """Return an economy as plain data: its own description, or its fields."""
    describe = getattr(economy, "to_dict", None)
    if describe is not None:
        return dict(describe())
    thing: Any = economy
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    described = {field.name: np.asarray(getattr(thing, field.name)).tolist() for field in fields}
    return {"name": economy.name} | described


def _number(value: Any) -> float | None:
    """Return a float, or None where there is no price."""
    return float(value) if np.isfinite(float(value)) else None


def _plain_outcomes(
    tested: Market, types: Floats, bid: Floats
) -> tuple[dict[str, float], dict[str, float]]:
    """Clear the honest and the deviated market, each alone."""
    honest = tested.strategy.bids(types[None])
    deviated = honest.with_candidates(tested.trader, bid[None, None])
    outcomes = [_plain_outcome(tested, types, bids) for bids in (honest, deviated)]
    return outcomes[0], outcomes[1]


def _plain_outcome(tested: Market, types: Floats, bids: Bids) -> dict[str, float]:
    trader = tested.trader
    outcome = tested.mechanism.clear(bids)
    units = np.zeros((1, len(types)))
    units[0, trader] = outcome.quantity[0, trader]
    worth = tested.economy.utility(units, types[None])[0, trader]
    return {
        "price": float(outcome.price_of(trader)[0]),
        "quantity": float(units[0, trader]),
        "transfer": float(outcome.transfer[0, trader]),
        "utility": float(worth - outcome.transfer[0, trader]),
    }


def _exact_outcomes(
    tested: Market, types: Floats, bid: Floats
) -> tuple[dict[str, Fraction], dict[str, Fraction]] | None:
    mechanism, economy = tested.mechanism, tested.economy
    if not isinstance(mechanism, ResidualLineMechanism):
        return None
    if not is_linear_quadratic(economy):
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

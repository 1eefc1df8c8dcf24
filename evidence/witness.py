"""Witnesses: one market and one bid that pays, in small numbers, re-checked.

A witness is plain data: the economy, the types, everybody's honest bids (null where these are
surfaces, which the types tell), the deviator's bid, both outcomes and the gain. Where mechanism,
economy and strategy have exact forms, the two markets are cleared again in rational arithmetic;
elsewhere each is cleared alone by the mechanism itself. The format is described in
``docs/witnesses.md``, and `deviator.evidence.recheck` holds a script that checks files of it.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import QuadraticEconomy, is_linear_quadratic
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, Hyperplane, ResidualLineMechanism, exact_payment
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import Rationals, rational
from deviator.policies import Deviation
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

from .certificates.honest_markets import MOST_TRADERS
from .certificates.known import foreign_parts
from .fresh_lots import FRESH, fresh_gain, has_chance
from .market import Market
from .plain_data import fractions, market_as_data, number
from .surface_best_response import SurfaceBest

FORMAT, VERSION = "deviator deviation witness", 1

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
        witness = witness_of_bid(tested, profile, np.array([*np.eye(n)[tested.trader], 0.0, units]))
        if _stands_for(witness, float(best.gain[market]), tested):
            return witness
    return None


def witness_of_bid(tested: Market, types: Floats, bid: Floats) -> dict[str, Any] | None:
    """Return the witness that one bid pays at one profile, or None where it does not.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (N,)
    bid : ndarray of float, shape (K,)
        Where others' bids are surfaces, a hyperplane: weights on quantities and price, and level.
    """
    if not tested.bids_are_surfaces:
        return _allowed_witness(tested, types, bid)
    honest: Any = drawn_bids(tested.strategy, types[None])
    hyperplane = Hyperplane(bid[:-2], float(bid[-2]), float(bid[-1]))
    both = honest, honest.with_surface(tested.trader, hyperplane)
    before, after = (_plain_outcome(tested, types, bids) for bids in both)
    return _described(tested, types, None, bid, before, after)


def _stands_for(witness: dict[str, Any] | None, gain: float, tested: Market) -> bool:
    """Return whether a witness in rounded numbers shows about the gain that was measured."""
    if witness is None or witness["gain"] <= tested.epsilon:
        return False
    return bool(0.5 * gain <= witness["gain"] <= 2 * gain)


def recheck(tested: Market, types: Floats, bid: Floats) -> Fraction | None:
    """Return the exact gain of one bid at one profile, or None without exact forms.

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
    if has_chance(tested):
        return _average_witness(tested, types, bid)
    outcomes: tuple[dict[str, Any], dict[str, Any]] | None = (
        _exact_outcomes(tested, types, bid) if exact else _plain_outcomes(tested, types, bid)
    )
    if outcomes is None:
        return None
    honest_bids = drawn_bids(tested.strategy, types[None]).as_array()[0]
    if not exact:
        return _described(tested, types, honest_bids, bid, *outcomes)
    level = tested.mechanism.language.level
    rows = bids_as_rows(tested.strategy.exact_bids(rational(types[None])), level)
    return _described(tested, types, honest_bids, bid, *outcomes, rows)


def _average_witness(tested: Market, types: Floats, bid: Floats) -> dict[str, Any] | None:
    """Return the witness that a bid pays on average over fresh draws, or None where luck may do."""
    found = fresh_gain(tested, types, bid)
    if found.least <= 0:
        return None
    own = tested.situation(types[None]).present.as_array()[0]
    honest = None if tested.strategy.mixes else own
    described = _described(tested, types, honest, bid, found.honest, found.deviating)
    over = {"draws": FRESH, "gain": found.gain, "standard_error": found.error}
    return None if described is None else described | {"gain": found.gain, "average_over": over}


def _described(
    tested: Market,
    types: Floats,
    honest_bids: Floats | None,
    bid: Floats,
    honest: dict[str, Any],
    deviating: dict[str, Any],
    exact_bids: Rationals | None = None,
) -> dict[str, Any] | None:
    """Return the witness as plain data, or None where the deviation does not pay."""
    gain = deviating["utility"] - honest["utility"]
    if gain <= 0:
        return None
    exact = {
        "honest_bids": exact_bids,
        "honest_outcome": honest,
        "deviating_outcome": deviating,
        "gain": gain,
    }
    return {
        "format": FORMAT,
        "version": VERSION,
        **market_as_data(tested),
        "trader": tested.trader,
        "types": types.tolist(),
        "honest_bids": None if honest_bids is None else honest_bids.tolist(),
        "bid": bid.tolist(),
        "honest_outcome": {key: number(value) for key, value in honest.items()},
        "deviating_outcome": {key: number(value) for key, value in deviating.items()},
        "gain": float(gain),
        "arithmetic": "floating point" if exact_bids is None else "rational",
        "exact": None if exact_bids is None else fractions(exact),
    }


def bids_as_rows(bids: RationalBids, level: int) -> Rationals:
    """Return the exact bids of one market as numbers in the order of the language, (N, K)."""
    coefficients, levels = bids.coefficients, bids.levels[0]
    rows: Rationals = np.insert(coefficients, level % (coefficients.shape[1] + 1), levels, axis=1)
    return rows


def has_exact_forms(tested: Market) -> bool:
    """Return whether a market can be cleared in rational arithmetic."""
    mechanism = tested.mechanism
    if not isinstance(mechanism, ResidualLineMechanism) or foreign_parts(mechanism):
        return False
    if not is_linear_quadratic(tested.economy) or tested.economy.n_traders > MOST_TRADERS:
        return False
    try:
        tested.strategy.exact_bids(rational(np.zeros((1, tested.economy.n_traders))))
        exact_payment(mechanism, Fraction(0), Fraction(0), Fraction(1))
    except (NotImplementedError, RefusedError):
        return False
    return True


def _plain_outcomes(
    tested: Market, types: Floats, bid: Floats
) -> tuple[dict[str, float], dict[str, float]]:
    """Clear the honest and the deviated market, each alone."""
    honest = drawn_bids(tested.strategy, types[None])
    deviated = honest.with_candidates(tested.trader, bid[None, None])
    outcomes = [_plain_outcome(tested, types, bids) for bids in (honest, deviated)]
    return outcomes[0], outcomes[1]


def _plain_outcome(tested: Market, types: Floats, bids: Bids) -> dict[str, float]:
    trader = tested.trader
    outcome = tested.mechanism.clear(bids)
    units = np.zeros((1, len(types)))
    units[0, trader] = outcome.quantity[0, trader]
    paid = np.zeros((1, len(types)))
    paid[0, trader] = outcome.transfer[0, trader]
    return {
        "price": float(outcome.price_of(trader)[0]),
        "quantity": float(units[0, trader]),
        "transfer": float(outcome.transfer[0, trader]),
        "utility": float(tested.economy.payoff(units, paid, types[None])[0, trader]),
    }


def _exact_outcomes(
    tested: Market, types: Floats, bid: Floats
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    mechanism, economy = tested.mechanism, tested.economy
    if not isinstance(mechanism, ResidualLineMechanism):
        return None
    if not is_linear_quadratic(economy):
        return None
    profile = rational(types[None])
    honest = tested.strategy.exact_bids(profile)
    coefficients, levels = honest.coefficients.copy(), honest.levels.copy()
    coefficients[tested.trader], levels[0, tested.trader] = _split(mechanism, rational(bid))
    deviating = RationalBids(coefficients, levels)
    first, second = (
        _outcome(mechanism, economy, tested.trader, profile, bids) for bids in (honest, deviating)
    )
    return first, second


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
) -> dict[str, Any]:
    cleared = mechanism.clear_exact(bids)
    if cleared is None:
        nothing = dict.fromkeys(("quantity", "transfer", "utility"), Fraction(0))
        return {"price": None} | nothing
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

"""Bids far from what an honest trader submits: their level moved by any power of ten."""

from typing import NamedTuple

import numpy as np

from deviator.mechanisms import BidLanguage, Bids, LanguageOverRounds, TraderOutcome
from deviator.mechanisms.outcome import check_outcome
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

from ..constraints.violations import HonestMarkets, honest_markets
from ..market import Market
from ..results import payoff_rounding
from ..rounding import roundings

LEVELS = np.geomspace(1e-6, 1e6, 37)
"""How far the level is moved, of its usual size: three steps to a power of ten."""

USUAL_PROFILES = 256
"""Profiles, from a fixed seed, that tell the usual size of a bid's level."""


class FarDeviation(NamedTuple):
    """The best of bids near and far, at B profiles.

    Attributes
    ----------
    gain : ndarray of float, shape (B,)
        Over the strategy's own bid, in money; 0 where rounding explains it.
    bid : ndarray of float, shape (B, K)
        The strategy's own where nothing is gained.
    """

    gain: Floats
    bid: Floats


def far_deviations(tested: Market, types: Floats) -> FarDeviation:
    """Return the best of the market's trader's bids whose level is moved, near and very far.

    Parameters
    ----------
    tested : Market
        One in which bids are numbers.
    types : ndarray of float, shape (B, N)

    Raises
    ------
    InvalidInputError
        If types are malformed, or an outcome is not finite.
    NotConvergedError, RefusedError
        If a market cannot be solved, or bids are surfaces.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> tested = market(UniformDoubleAuction(), private_values(4, slope=2.0))
    >>> bool(far_deviations(tested, np.array([[1.0, 0.0, 0.0, 0.0]])).gain[0] > 0.008)
    True
    """
    return far_from(honest_markets(tested, types), tested.trader)


def far_from(honest: HonestMarkets, trader: int) -> FarDeviation:
    """Return the best of a trader's bids whose level is moved, beside honest markets."""
    bids = drawn_bids(honest.tested.strategy, honest.types)
    own = bids.of_trader(trader)
    candidates = _candidates(honest.tested, trader, own)
    gain, rounding = _gains(honest, bids, trader, candidates)
    beyond = np.where(gain > rounding, gain, 0.0)
    best, rows = beyond.argmax(axis=1), np.arange(len(own))
    # Candidate 0 is the own bid.
    return FarDeviation(beyond[rows, best], candidates[rows, best])


def _candidates(tested: Market, trader: int, own: Floats) -> Floats:
    """Return the own bid, and beside it those with other levels, shape (B, 1 + M, K)."""
    moves = _usual_level(tested, trader) * np.concatenate([[0.0], -LEVELS, LEVELS])
    moved = []
    for numbers in _moved_together(tested.mechanism.language, own.shape[1]):
        candidates = np.repeat(own[:, None], len(moves), axis=1)
        candidates[:, :, numbers] += moves[:, None]
        moved.append(candidates)
    return tested.mechanism.allowed_bids(trader, np.concatenate(moved, axis=1), own)


def _moved_together(language: BidLanguage, numbers: int) -> list[list[int]]:
    """Return which numbers of a bid are moved: its level, in plans over rounds all or one."""
    if not isinstance(language, LanguageOverRounds):
        return [[language.level]]
    levels = language.levels(numbers)
    return [levels, levels[:1], levels[-1:]]


def _usual_level(tested: Market, trader: int) -> float:
    """Return the spread of the level over the law, else its size, else 1."""
    types = tested.distribution.sample(np.random.default_rng(0), USUAL_PROFILES)
    own = drawn_bids(tested.strategy, types).of_trader(trader)
    level = own[:, tested.mechanism.language.level]
    size = float(np.abs(level).mean())
    spread = float(level.std())
    return spread if spread > 1e-9 * size else size or 1.0


def _gains(
    honest: HonestMarkets, bids: Bids, trader: int, candidates: Floats
) -> tuple[Floats, Floats]:
    """Return what candidates gain over the first, and what rounding makes of it, (B, 1 + M)."""
    tested = honest.tested
    found = tested.mechanism.clear_deviations(bids, trader, candidates)
    outcome = check_outcome(tested.mechanism.name, found)
    worth = tested.economy.utility_of(trader, outcome.quantity, honest.types)
    money = roundings(tested) * _sizes(outcome, worth)
    if tested.economy.quasilinear:
        utility = worth - outcome.transfer
        return utility - utility[:, :1], honest.rounding[:, [trader]] + money

    def payoff_at(transfer: Floats) -> Floats:
        return tested.economy.payoff_of(trader, outcome.quantity, transfer, honest.types)

    payoff = payoff_at(outcome.transfer)
    rounding = payoff_rounding(payoff_at, outcome.transfer, money)
    return payoff - payoff[:, :1], honest.rounding[:, [trader]] + rounding


def _sizes(outcome: TraderOutcome, worth: Floats) -> Floats:
    """Return the sizes of the terms of a deviator's utility, shape (B, 1 + M)."""
    paid = np.abs(np.nan_to_num(outcome.price) * outcome.quantity)
    return np.asarray(np.abs(outcome.transfer) + np.abs(worth) + paid)

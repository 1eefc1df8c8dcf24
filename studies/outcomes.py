"""What the strategy's bids lead to, measured over held-out profiles, with standard errors."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, final

import numpy as np
from threadpoolctl import threadpool_limits

from deviator.evidence import Market, held_out_profiles
from deviator.evidence.constraints.violations import HonestMarkets, no_efficiency, solved_markets
from deviator.evidence.market import SURFACE_PROFILES
from deviator.mechanisms import LinearBids
from deviator.mechanisms.clearing.dense.condition import condition_numbers
from deviator.mechanisms.lottery import Drawn, standard_lots
from deviator.policies.mixing import drawn_bids
from deviator.policies.situation import SCENARIOS
from deviator.validation import Bools, Floats, check_kind, whole_number

HELD_OUT = 2000
"""Profiles on which outcomes are measured by default."""

PIECE = 2**20
"""Numbers of traders' outcomes that are held at once."""


@final
@dataclass(frozen=True)
class Measured:
    """A measured number.

    Attributes
    ----------
    value : float
    error : float or None
        Standard error over profiles; None of extremes, and of what does not depend on the profile.
    """

    value: float
    error: float | None = None


class _Seen(NamedTuple):
    """What happened at B profiles, in all: money, and units of payoff for `utility`."""

    first_best: Floats  # (B,), gains from trade of the efficient allocation
    gains: Floats  # (B,), gains from trade realised
    surplus: Floats  # (B,)
    deficit: Bools  # (B,), beyond rounding
    idle: Bools  # (B,), whether nobody trades
    volume: Floats  # (B,), units that change hands
    distance: Floats  # (B,), the largest distance of a quantity from the efficient one
    largest_trade: Floats  # (B,), the largest efficient quantity
    utility: Floats  # (B, N)
    told: Bools  # (B,), whether gains are a measure


def measured_outcomes(tested: Market, held_out: int = HELD_OUT) -> dict[str, Measured]:
    """Return what happens while everybody follows the strategy, on average over the law of types.

    Amounts are per trader, so that markets of several sizes compare. The profiles are those on
    which deviators are judged. Where their mean and covariance are matched to a Normal law, means
    of sums of squares are exact, and the standard errors, of independent profiles, too large.

    Parameters
    ----------
    tested : Market
    held_out : int
        Profiles, fewer in markets of very many traders and where bids are surfaces.

    Returns
    -------
    dict of str to Measured
        ``first_best`` and ``gains``: gains from trade, of the efficient allocation and realised;
        ``inefficiency``: the share of them that is lost; ``distance`` and ``largest_trade``: the
        largest |q_i - q_i^0| of any trader at any profile, epsilon of Definition 1, and the largest
        |q_i^0|, in units; ``surplus`` and ``least_surplus``: what
        the traders pay in all, on average and at the worst profile; ``deficit``: the mean of what
        is missing; ``surplus_share``: the mean surplus over the first best; ``deficit_share`` and
        ``autarky_share``: of profiles at which money is missing, and at which nobody trades;
        ``utility`` and ``least_utility``: what honest traders are left with, on average and at
        least; ``volume``: units bought; ``condition``: the largest condition number of the
        clearing system, where bids are linear and condition on all quantities (`autarky` says
        where it counts as singular); ``unsolved_share``: of profiles that could not be solved.
        What is not known is left out: gains where payoffs are not quasi-linear or somebody outside
        trades, everything but the last where no profile can be solved.

    Raises
    ------
    InvalidInputError
        If an argument is malformed or an outcome is not finite.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> found = measured_outcomes(market(SigmaDCDA(1.0), private_values(5)))
    >>> round(found["first_best"].value, 3), round(found["inefficiency"].value, 3)
    (0.4, 0.25)
    >>> found["deficit_share"].value, found["autarky_share"].value
    (0.0, 0.0)
    """
    check_kind("tested", tested, Market, "build one with deviator.market(mechanism, economy)")
    count = whole_number("held_out", held_out, at_least=1)
    if tested.bids_are_surfaces:
        count = min(count, SURFACE_PROFILES)
    with threadpool_limits(limits=1):
        types = held_out_profiles(tested, count)
        parts = [_seen(markets) for markets in _solved(tested, types)]
        solved = sum(len(part.surplus) for part in parts)
        missing = {"unsolved_share": _share(np.arange(len(types)) >= solved)}
        if not parts:
            return missing
        seen = _Seen(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        return _measures(seen) | _conditions(tested, types) | missing


def plain_outcomes(outcomes: dict[str, Measured]) -> dict[str, dict[str, float | None]]:
    """Return measured outcomes as plain data."""
    return {name: asdict(measured) for name, measured in outcomes.items()}


def _solved(tested: Market, types: Floats) -> Iterator[HonestMarkets]:
    """Yield what happens at those profiles that can be solved, each with one draw of the lots."""
    for rule, some in _drawn(tested, types):
        pieces = -(-some.size // PIECE)
        for piece in np.array_split(some, max(1, pieces)):
            yield from (markets for _, markets in solved_markets(rule, piece))


def _drawn(tested: Market, types: Floats) -> Iterator[tuple[Market, Floats]]:
    """Yield the market and the profiles; of a lottery, each draw of its lots and its profiles."""
    draws = tested.mechanism.draws
    if not draws:
        yield tested, types
        return
    lots = standard_lots(draws, SCENARIOS)
    for drawn, some in zip(lots, np.array_split(types, len(lots)), strict=True):
        if len(some):
            yield replace(tested, mechanism=Drawn(tested.mechanism, drawn)), some


def _seen(markets: HonestMarkets) -> _Seen:
    outcome, economy = markets.outcome, markets.tested.economy
    idle = economy.utility(np.zeros_like(markets.types), markets.types).sum(axis=1)
    bought = np.maximum(outcome.quantity, 0.0).sum(axis=1)
    sold = np.maximum(-outcome.quantity, 0.0).sum(axis=1)
    told = np.full(len(bought), no_efficiency(markets) is None)
    return _Seen(
        markets.gains_from_trade,
        markets.worth.sum(axis=1) - idle,
        outcome.transfer.sum(axis=1),
        markets.violation("budget_surplus") > 0,
        np.asarray(~outcome.quantity.any(axis=1)),
        np.maximum(bought, sold),
        np.abs(outcome.quantity - markets.efficient).max(axis=1),
        np.abs(markets.efficient).max(axis=1),
        markets.utility,
        told,
    )


def _measures(seen: _Seen) -> dict[str, Measured]:
    n = seen.utility.shape[1]
    measures = {
        "surplus": _mean(seen.surplus / n),
        "least_surplus": Measured(float(seen.surplus.min() / n)),
        "deficit": _mean(np.where(seen.deficit, -seen.surplus, 0.0) / n),
        "deficit_share": _share(seen.deficit),
        "autarky_share": _share(seen.idle),
        "utility": _mean(seen.utility.mean(axis=1)),
        "least_utility": Measured(float(seen.utility.min())),
        "volume": _mean(seen.volume / n),
    }
    if not seen.told.all():
        return measures
    gains = {"first_best": _mean(seen.first_best / n), "gains": _mean(seen.gains / n)}
    if not seen.first_best.any():
        return gains | measures
    lost = seen.first_best - seen.gains
    far = {
        "distance": Measured(float(seen.distance.max())),
        "largest_trade": Measured(float(seen.largest_trade.max())),
    }
    return (
        gains
        | {"inefficiency": _ratio(lost, seen.first_best)}
        | far
        | measures
        | {"surplus_share": _ratio(seen.surplus, seen.first_best)}
    )


def _conditions(tested: Market, types: Floats) -> dict[str, Measured]:
    """Return the largest condition number at the profiles, where bids are linear."""
    if tested.bids_are_surfaces:
        return {}
    bids: Any = drawn_bids(tested.strategy, types)
    if not isinstance(bids, LinearBids):
        return {}
    return {"condition": Measured(float(condition_numbers(bids).max()))}


def _mean(values: Floats) -> Measured:
    return Measured(float(values.mean()), _error(values))


def _share(values: Bools) -> Measured:
    return _mean(values.astype(float))


def _ratio(part: Floats, whole: Floats) -> Measured:
    """Return the ratio of two means, with the standard error of first order."""
    ratio = float(part.mean() / whole.mean())
    error = _error(part - ratio * whole)
    return Measured(ratio, None if error is None else error / float(whole.mean()))


def _error(values: Floats) -> float | None:
    if len(values) < 2:
        return None
    return float(values.std(ddof=1) / np.sqrt(len(values)))

"""How far actions move bids: the box of a market, by default that of its matched control."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError
from deviator.evidence import (
    Market,
    check_matched,
    deviation_size,
    seat_of,
    standing_control,
)
from deviator.mechanisms import (
    AllocationLanguage,
    BidLanguage,
    FlooredScheduleLanguage,
    ScheduleLanguage,
)
from deviator.policies import ActionBox, ActionMode, Information
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats, check_kind, finite_array, positive

from .best_reach import allowed_range, best_reach

RANGE_MULTIPLE = 4.0
"""Default range of the level, as a multiple of the root mean square of the matched control's best
shift: under Normal types the truncation costs the best deviation 6e-6 of its gain."""

RESPONSE_SHARE = 0.5
"""Range of the weight of the own quantity, as a share of the level's. Under linear prices and
quadratic utility the best bid of a trader who knows the own type only needs less than twice the
best shift there, since the best quantity is more than half the honest one."""

OTHERS_SHARE = 0.25
"""Range of the other numbers together, as a share of the level's. In schedules the best bid needs
two thirds of it, at three traders; in conditional bids nothing, and far moves of many numbers at
once bring the market close to having no prices."""

REFERENCE_PROFILES = 4096
"""Profiles drawn, from a fixed seed, to learn how large typical bids, prices and trades are."""

CLEARLY_BEYOND = 1.25
"""A market's own best deviation goes beyond its control's box where it needs so many times as much.
Measured on drawn profiles, reaches of the control itself vary by some per cent."""


class Sizes(NamedTuple):
    """How far a worthwhile deviation goes, and what it gains."""

    reference: Market  # whose prices and quantities are typical
    level_range: float  # in units of a bid's level
    gain: float  # the unit of reward, in units of payoff


def sizes(tested: Market, control: Market | None, range_multiple: float) -> Sizes:
    """Return the sizes of a market's decision problem, which are its matched control's.

    Parameters
    ----------
    tested : Market
    control : Market, optional
        By default `standing_control`. Without one the range is the usual spread of the strategy's
        own bids, and the unit of reward the first-best surplus per trader, or the stakes where
        payoffs are not quasi-linear.
    range_multiple : float

    Raises
    ------
    InvalidInputError
        If the control is not matched or offers nothing to gain, or there is none and the multiple
        would go unused.
    """
    multiple = positive("range_multiple", range_multiple)
    if control is not None:
        check_matched(seat_of(tested), seat_of(control))
    reference = control or standing_control(tested)
    if reference is None:
        if multiple != RANGE_MULTIPLE:
            raise InvalidInputError(
                f"range_multiple goes by a matched control, and {tested.mechanism.name} has none, "
                f"got {multiple}; state ranges, or a control"
            )
        unit = tested.scale if tested.economy.quasilinear else tested.stakes or 1.0
        return Sizes(tested, _usual_spread(tested), unit)
    gain, usual_shift = deviation_size(reference)
    if gain <= reference.epsilon:
        raise InvalidInputError(
            "the matched control must have a profitable deviation, got an exact gain of "
            f"{gain:.3g} in {reference.mechanism.name}; name another control"
        )
    if tested.unit != reference.unit and reference.stakes > 0:
        # The control pays in money, and the market under test in payoff.
        gain *= (tested.stakes or reference.stakes) / reference.stakes
    return Sizes(reference, usual_shift * multiple, gain)


def action_box(
    tested: Market,
    size: Sizes,
    mode: ActionMode,
    information: Information,
    ranges: ArrayLike | None = None,
) -> ActionBox:
    """Return a box that contains the best deviations, and few bids that are far worse than honesty.

    Prices and quantities are the control's, so that both markets have the same ranges: but where a
    market is known to pay, and its best deviation goes clearly beyond them, they are its own.

    Parameters
    ----------
    tested : Market
    size : Sizes
    mode : {"relative", "absolute"}
    information : {"profile", "own"}
        What the deviator knows.
    ranges : array-like of float, shape (K,), optional
        Ranges of one's own for the numbers of a bid, in their units.
    """
    types = tested.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    bid = drawn_bids(tested.strategy, types).of_trader(tested.trader)
    low, high = tested.mechanism.bid_limits(tested.trader) or (None, None)
    if ranges is not None:
        half_width = _given(ranges, tested)
    else:
        half_width = _ranges(size, tested, bid)
        reach = best_reach(tested, information, types, bid)
        beyond = reach > CLEARLY_BEYOND * half_width
        if beyond.any():
            half_width = np.where(beyond, reach, half_width)
            low, high = allowed_range(tested, types, bid)
    if mode == "relative":
        return ActionBox("relative", np.zeros(len(half_width)), half_width, low, high)
    spread = np.abs(bid - bid.mean(axis=0)).max(axis=0)
    return ActionBox(mode, bid.mean(axis=0), half_width + spread, low, high)


def check_markets(tested: object, control: object) -> None:
    """Raise InvalidInputError unless these are a market, and a market or None."""
    way_out = "build one with deviator.evidence.market(mechanism, economy)"
    check_kind("tested", tested, Market, way_out)
    if control is not None:
        check_kind("control", control, Market, way_out)


def _ranges(size: Sizes, tested: Market, bid: Floats) -> Floats:
    reference = size.reference
    usual = reference.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    rule, bids = reference.situation(usual).scenarios[0]
    outcome = rule.clear(bids)
    price = outcome.price_of(reference.trader)[outcome.traded]
    typical = (
        float(np.sqrt((price**2).mean())),
        np.sqrt((outcome.quantity**2).mean(axis=0)),
        bid.mean(axis=0),
    )
    language = tested.mechanism.language
    shares = _shares(language, tested.trader, tested.bid_size)
    by_share = {
        share: language.coordinate_ranges(share * size.level_range, *typical)
        for share in set(shares)
    }
    return np.array([by_share[share][number] for number, share in enumerate(shares)])


def _shares(language: BidLanguage, trader: int, numbers: int) -> list[float]:
    """Return how far each number moves a bid, as a share of how far the level does.

    In languages of third parties all but the level together move it as far as the level.
    """
    known = isinstance(language, AllocationLanguage | ScheduleLanguage | FlooredScheduleLanguage)
    shares = [(OTHERS_SHARE if known else 1.0) / np.sqrt(numbers)] * numbers
    if isinstance(language, AllocationLanguage):
        shares[language.own_place(trader)] = RESPONSE_SHARE
    shares[language.level] = 1.0
    return shares


def _given(ranges: ArrayLike, tested: Market) -> Floats:
    given = finite_array("ranges", ranges, (tested.bid_size,))
    if (given <= 0).any():
        raise InvalidInputError(f"ranges must be positive, got {given.min()}")
    return given


def _usual_spread(tested: Market) -> float:
    """Return the standard deviation of the level of the strategy's own bids."""
    types = tested.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    own = drawn_bids(tested.strategy, types).of_trader(tested.trader)
    level = own[:, tested.mechanism.language.level]
    return float(level.std()) or float(np.abs(level).mean()) or 1.0

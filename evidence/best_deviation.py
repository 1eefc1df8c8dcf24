"""The best deviation known without learning: exact where there is a menu, else searched."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, final

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, SurfaceBids
from deviator.mechanisms.outcome import check_cleared
from deviator.policies import (
    BestResponse,
    Information,
    NumericSearch,
    exact_gain,
    expected_exact_gain,
    level_shift,
)
from deviator.trust import foreign_methods
from deviator.validation import Floats

from .market import SURFACE_PROFILES, Market
from .power import captured_share
from .surface_best_response import surface_best_response
from .witness import find_surface_witness, find_witness

HELD_OUT_SEED = 2_000_003
"""Seeds the held-out profiles, the same in every cell with the same law of types."""

ROUNDED_TO_ZERO = 1e-12
"""Mean gains below this multiple of the scale are sums of rounding errors and stated as 0."""

SEARCHED = 2000
"""Held-out profiles at which a best deviation is searched, where every one needs its own search."""

COMPARED = 200
"""Held-out profiles at which a third party's menu is compared with a search."""

TRADE_PROFILES = 200
"""Held-out profiles at which a market without any trade counts as one in which nobody trades."""

SIZE_PROFILES = 2048
"""Profiles, from a fixed seed, on which sizes are measured where they have no closed form."""

Kind = Literal["exact", "searched"]


@final
@dataclass(frozen=True, eq=False)
class BestDeviation:
    """The mean gain of the best deviation.

    Attributes
    ----------
    gain : float
        In units of money per market; if searched, a lower bound.
    error : float
        Three standard errors of the mean, from the choice of profiles.
    kind : {"exact", "searched"}
    epsilon : float
        Gains up to here count as zero, in units of money.
    witness : dict or None
        A market and a bid that show a positive gain.
    """

    gain: float
    error: float
    kind: Kind
    epsilon: float
    witness: dict[str, Any] | None = None

    def share(self, gain: float) -> float | None:
        """Return what another gain is of this one; None where there is nothing to gain."""
        return captured_share(gain, self.gain, self.epsilon)

    @property
    def exact_gain(self) -> float | None:
        """The gain if it is exact."""
        return self.gain if self.kind == "exact" else None


class DeviationSize(NamedTuple):
    """The mean gain of the best deviation, all types known, and its usual size."""

    gain: float  # in units of money
    shift: float  # root mean square of the change of the bid's level


class _Gains(NamedTuple):
    """What one deviation gains at each profile, and where to look for a witness."""

    gain: Floats
    kind: Kind
    find_witness: Callable[[], dict[str, Any] | None]


def held_out_profiles(tested: Market, count: int) -> Floats:
    """Draw the profiles on which deviators are judged, shape (count, N).

    Under Normal types their mean and covariance are the law's, so that the exact gain measured on
    them is the expected one.
    """
    return tested.distribution.matched_sample(np.random.default_rng(HELD_OUT_SEED), count)


def trades(tested: Market, types: Floats) -> bool:
    """Return whether anybody trades at some of the profiles while all follow the strategy."""
    outcome = tested.mechanism.clear(tested.strategy.bids(types[:TRADE_PROFILES]))
    return bool(outcome.quantity.any())


def best_deviation(tested: Market, types: Floats, information: Information) -> BestDeviation:
    """Return the best deviator's mean gain on given profiles, and a witness if it pays.

    On the own-type rung bids are cleared on the same profiles, so that a learner's share is
    measured with common random numbers.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (B, N)
    information : {"profile", "own"}

    Raises
    ------
    InvalidInputError
        If the mechanism clears the same bids differently, or changes them.
    RefusedError
        If bids are surfaces and deviations of own types are asked for.
    """
    if foreign_methods(tested.mechanism, ["clear"]):
        check_repeatable(tested, types[:COMPARED])
    if tested.bids_are_surfaces:
        return _mean(
            tested, _on_residual_curves(tested, types[:SURFACE_PROFILES], information), information
        )
    try:
        exact = _mean(tested, _exact(tested, types, information), information)
    except RefusedError:
        return _mean(tested, _searched(tested, types, information), information)
    if not foreign_methods(tested.mechanism, ["menu"]):
        return exact
    # A third party's menu may be wrong: what a search gains beyond it counts.
    searched = _mean(tested, _searched(tested, types[:COMPARED], information), information)
    allowed = exact.gain + exact.error + searched.error + tested.epsilon
    return searched if searched.gain > allowed else exact


def deviation_size(tested: Market) -> DeviationSize:
    """Return how much there is to gain, and how far a worthwhile deviation goes.

    In closed form where there is one, else at the best deviation of drawn profiles.
    """
    mechanism, economy, strategy = tested.mechanism, tested.economy, tested.strategy
    law, trader = tested.distribution, tested.trader
    try:
        gain = expected_exact_gain(mechanism, economy, law, trader, others=strategy)
        return DeviationSize(gain, level_shift(mechanism, economy, strategy, law, trader))
    except RefusedError:
        pass
    types = law.sample(np.random.default_rng(0), SIZE_PROFILES)
    try:
        gains = _exact_gains(tested, types)
        bid = _best_response(tested, "profile").bid(types, trader)
    except RefusedError:
        bid, gains = _search(tested, "profile").find(types)
    change = (bid - strategy.bids(types).of_trader(trader))[:, mechanism.language.level]
    return DeviationSize(float(gains.mean()), float(np.sqrt((change**2).mean())))


def sampling_error(gains: Floats) -> float:
    """Return three standard errors of the mean gain, from the choice of profiles."""
    return 3 * float(gains.std()) / float(np.sqrt(len(gains)))


def pays(tested: Market, gains: Floats, information: Information) -> bool:
    """Return whether a deviation's gains at drawn profiles are worth a search for a witness.

    A deviator who knows the profile deviates only where it pays: one gain refutes, however rare.
    One who knows only their own type may lose at profiles that were not drawn.
    """
    luck = sampling_error(gains) if information == "own" else 0.0
    return float(gains.mean()) > max(luck, tested.epsilon)


def check_repeatable(tested: Market, types: Floats) -> None:
    """Check that a mechanism clears the same bids the same again, and leaves them as they were.

    A search keeps what was lucky, so that gains in a mechanism that draws lots are not real.

    Raises
    ------
    InvalidInputError
        If it does not.
    """
    bids = tested.strategy.bids(types)
    before = _numbers(bids).copy()
    name, shape = tested.mechanism.name, bids.shape[:2]
    first, again = (
        check_cleared(name, tested.mechanism.clear(bids), shape).transfer.copy() for _ in range(2)
    )
    if not np.array_equal(before, _numbers(bids)):
        raise InvalidInputError(
            f"mechanism {name} must leave bids alone, and changed them; run `deviator check` on it"
        )
    if not np.array_equal(first, again, equal_nan=True):
        raise InvalidInputError(
            f"mechanism {name} must clear the same bids the same again, and did "
            "not; run `deviator check` on it"
        )


def _numbers(bids: Bids) -> Floats:
    """Return what a mechanism could change in bids; surfaces are functions, and hold no numbers."""
    return np.empty(0) if isinstance(bids, SurfaceBids) else np.asarray(bids.as_array())


def _mean(tested: Market, measured: _Gains, information: Information) -> BestDeviation:
    gain = float(measured.gain.mean())
    witness = measured.find_witness() if pays(tested, measured.gain, information) else None
    stated = gain if abs(gain) > ROUNDED_TO_ZERO * tested.scale else 0.0
    error = sampling_error(measured.gain)
    return BestDeviation(stated, error, measured.kind, tested.epsilon, witness)


def _exact(tested: Market, types: Floats, information: Information) -> _Gains:
    best = _best_response(tested, information)
    if information == "profile":
        gains = _exact_gains(tested, types)
    elif isinstance(tested.economy, QuadraticEconomy):
        gains = tested.gains(types, best.bid(types, tested.trader))
    else:
        raise RefusedError("an own-type answer in closed form needs linear utilities")
    return _Gains(gains, "exact", partial(find_witness, tested, best, types))


def _searched(tested: Market, types: Floats, information: Information) -> _Gains:
    search = _search(tested, information)
    if information == "own":
        gains = tested.gains(types, search.bid(types, tested.trader))
    else:
        types = types[:SEARCHED]
        gains = search.find(types).gain
    return _Gains(gains, "searched", partial(find_witness, tested, search, types))


def _on_residual_curves(tested: Market, types: Floats, information: Information) -> _Gains:
    if information == "own":
        raise RefusedError(
            "deviations of own types are not searched where bids are surfaces; ask for "
            "information='profile', which bounds what they gain"
        )
    mechanism: Any = tested.mechanism
    best = surface_best_response(
        mechanism, tested.economy, types, tested.trader, others=tested.strategy
    )
    return _Gains(best.gain, "searched", partial(find_surface_witness, tested, types, best))


def _exact_gains(tested: Market, types: Floats) -> Floats:
    return exact_gain(
        tested.mechanism, tested.economy, types, others=tested.strategy, trader=tested.trader
    )


def _best_response(tested: Market, information: Information) -> BestResponse:
    return BestResponse(
        tested.mechanism, tested.economy, information, tested.distribution, tested.strategy
    )


def _search(tested: Market, information: Information) -> NumericSearch:
    return NumericSearch(
        tested.mechanism,
        tested.economy,
        tested.trader,
        information,
        tested.distribution,
        tested.strategy,
    )

"""The best deviation known without learning: exact where there is a menu, else searched."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, final

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, SurfaceBids
from deviator.mechanisms.outcome import check_cleared
from deviator.policies import BestResponse, Information, NumericSearch, exact_gain
from deviator.trust import is_ours
from deviator.validation import Floats

from .market import Market
from .surface_best_response import surface_best_response
from .verdict import epsilon_of, pays, sampling_error
from .witness import find_surface_witness, find_witness

HELD_OUT_SEED = 2_000_003
"""Seeds the held-out profiles, the same in every cell with the same law of types."""

ROUNDING = 1e-12
"""Exact gains below this multiple of the scale are rounding errors and stated as 0."""

SEARCHED = 2000
"""Held-out profiles at which a best deviation is searched, where every one needs its own search."""

TRIED = 200
"""Held-out profiles at which a stranger's menu is compared with a search."""

CURVES = 100
"""Held-out profiles at which residual curves of surfaces are searched."""

AnswerKind = Literal["exact", "searched"]


@final
@dataclass(frozen=True, eq=False)
class Answer:
    """The mean gain of the best deviation.

    Attributes
    ----------
    gain : float
        In units of money per market; if searched, a lower bound.
    error : float
        Three standard errors of the mean, from the choice of profiles.
    kind : {"exact", "searched"}
    witness : dict or None
        A market and a bid that show a positive gain.
    """

    gain: float
    error: float
    kind: AnswerKind
    witness: dict[str, Any] | None

    @property
    def exact_gain(self) -> float | None:
        """The gain if it is exact."""
        return self.gain if self.kind == "exact" else None


def check_repeatable(tested: Market, types: Floats) -> None:
    """Check that a rule clears the same bids the same again, and leaves them as they were.

    A search keeps what was lucky, so that gains in a rule that draws lots are none.

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
    """Return what a rule could change in bids; surfaces are functions, and hold none."""
    return np.empty(0) if isinstance(bids, SurfaceBids) else np.asarray(bids.as_array())


def trades(tested: Market, types: Floats) -> bool:
    """Return whether anybody trades at any of some profiles while all follow the strategy."""
    outcome = tested.mechanism.clear(tested.strategy.bids(types[:TRIED]))
    return bool(outcome.quantity.any())


def held_out_profiles(tested: Market, count: int) -> Floats:
    """Draw the profiles on which deviators are judged, shape (count, N).

    Under Normal types their mean and covariance are the law's, so that the exact gain measured on
    them is the expected one.
    """
    return tested.distribution.matched_sample(np.random.default_rng(HELD_OUT_SEED), count)


def best_answer(tested: Market, types: Floats, information: Information) -> Answer:
    """Return the best deviator's mean gain on given profiles, and a witness if it pays.

    On the own-type rung his bids are cleared on the same profiles, so that a learner's share is
    measured with common random numbers.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (B, N)
    information : {"profile", "own"}
    """
    if not is_ours(type(tested.mechanism).clear):
        check_repeatable(tested, types[:TRIED])
    if isinstance(tested.strategy.bids(types[:1]), SurfaceBids):
        return _on_residual_curves(tested, types[:CURVES], information)
    try:
        exact = _exact(tested, types, information)
    except RefusedError:
        return _searched(tested, types, information)
    if is_ours(type(tested.mechanism).menu):
        return exact
    # A stranger's menu may be wrong: what a search finds beyond it counts.
    searched = _searched(tested, types[:TRIED], information)
    allowed = exact.gain + exact.error + searched.error + epsilon_of(tested)
    return searched if searched.gain > allowed else exact


def _exact(tested: Market, types: Floats, information: Information) -> Answer:
    if information == "own" and not isinstance(tested.economy, QuadraticEconomy):
        raise RefusedError("an own-type answer in closed form needs linear utilities")
    best = BestResponse(
        tested.mechanism, tested.economy, information, tested.distribution, tested.strategy
    )
    if information == "own":
        gains = tested.gains(types, best.bid(types, tested.trader))
    else:
        gains = exact_gain(
            tested.mechanism, tested.economy, types, others=tested.strategy, trader=tested.trader
        )
    return _answer(tested, gains, information, "exact", partial(find_witness, tested, best, types))


def _searched(tested: Market, types: Floats, information: Information) -> Answer:
    search = NumericSearch(
        tested.mechanism,
        tested.economy,
        tested.trader,
        information,
        tested.distribution,
        tested.strategy,
    )
    if information == "own":
        gains = tested.gains(types, search.bid(types, tested.trader))
        find = partial(find_witness, tested, search, types)
        return _answer(tested, gains, information, "searched", find)
    few = types[:SEARCHED]
    gains = search.find(few).gain
    find = partial(find_witness, tested, search, few)
    return _answer(tested, gains, information, "searched", find)


def _on_residual_curves(tested: Market, types: Floats, information: Information) -> Answer:
    if information == "own":
        raise RefusedError(
            "deviations of own types are not searched where bids are surfaces; ask for "
            "information='profile', which bounds what they gain"
        )
    mechanism: Any = tested.mechanism
    best = surface_best_response(
        mechanism, tested.economy, types, tested.trader, others=tested.strategy
    )
    witness = partial(find_surface_witness, tested, types, best)
    return _answer(tested, best.gain, information, "searched", witness)


def _answer(
    tested: Market,
    gains: Floats,
    information: Information,
    kind: AnswerKind,
    find: Callable[[], dict[str, Any] | None],
) -> Answer:
    gain = float(gains.mean())
    witness = find() if pays(tested, gains, information) else None
    stated = gain if abs(gain) > ROUNDING * tested.scale() else 0.0
    return Answer(stated, sampling_error(gains), kind, witness)

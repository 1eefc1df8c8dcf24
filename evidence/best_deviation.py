"""The best deviation known without learning: exact where there is a menu, else searched."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple, final

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, Mechanism, SurfaceBids
from deviator.mechanisms.outcome import check_cleared
from deviator.memory import require_memory
from deviator.policies import (
    BestResponse,
    Information,
    NumericSearch,
    exact_gain,
    expected_exact_gain,
    knows_profile,
    level_shift,
)
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

from .certificates.known import is_all_ours
from .fresh_lots import has_chance
from .market import SURFACE_PROFILES, Market
from .over_rounds import of_whole_shares
from .power import captured_share
from .surface_best_response import surface_best_response
from .witness import find_surface_witness, find_witness

HELD_OUT_SEED = 2_000_003
"""Seeds the held-out profiles, the same in every cell with the same law of types."""

SEARCHED = 2000
"""Held-out profiles at which a best deviation is searched, where every one needs its own search."""

COMPARED = 200
"""Held-out profiles at which a third party's menu is compared with a search."""

TRADE_PROFILES = 200
"""Held-out profiles at which a market without any trade counts as one in which nobody trades."""

STANDARD_ERRORS = 3.0
"""By how many a sampled mean gain must exceed 0 to count."""

FEW_SCENARIOS = 4
"""In so many it is tried whether anybody trades, and the same bids clear alike."""

CHANCE_HELD_OUT = 2500
"""Profiles on which deviators are judged at most where payoffs are means over chance."""

CHANCE = 32
"""Where payoffs are means over chance, bids are searched at so many times fewer profiles."""

CHANCE_ROUNDS, CHANCE_CANDIDATES = 10, 32
"""Effort of the search at each of them."""

FAR = 2.0 ** np.arange(-8, 9)
"""How far from their own the deviator's bids are tried, of the largest bid, to see if any trade."""

SIZE_PROFILES = 2048
"""Profiles, from a fixed seed, on which sizes are measured where they have no closed form."""

HELD_OUT_NUMBERS = 2**23
"""Types that are held at once: in larger markets deviators are judged on fewer profiles."""

FEWEST = 32
"""Profiles on which deviators are judged in the largest markets."""

COPIES = 16
"""Numbers that are held at once for each type on which deviators are judged."""

Kind = Literal["exact", "searched", "bound"]
"""Whether a gain is exact, what a search gained, or more than what any deviation gains."""


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
    kind : {"exact", "searched", "bound"}
    epsilon : float
        Gains up to here count as zero, in units of money.
    witness : dict or None
        A market and a bid that show a positive gain.
    beyond_rounding : float
        The largest gain at one profile that is more than rounding; 0 where none is.
    """

    gain: float
    error: float
    kind: Kind
    epsilon: float
    witness: dict[str, Any] | None = None
    beyond_rounding: float = 0.0

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
    rounding: Floats
    kind: Kind
    find_witness: Callable[[], dict[str, Any] | None]


def held_out_profiles(tested: Market, count: int) -> Floats:
    """Draw the profiles on which deviators are judged, shape (count, N).

    Under Normal types their mean and covariance are the law's, so that the exact gain measured on
    them is the expected one.

    Raises
    ------
    RefusedError
        If judging deviators on so many profiles needs more memory than there is.
    """
    profiles, n_traders = affordable_profiles(tested, count), tested.economy.n_traders
    require_memory(
        8.0 * COPIES * profiles * n_traders,
        f"judging deviators on {profiles} profiles of {n_traders} traders",
        "lower held_out",
    )
    rng = np.random.default_rng(HELD_OUT_SEED)
    return tested.distribution.matched_sample(rng, profiles)


def affordable_profiles(tested: Market, count: int) -> int:
    """Return on how many profiles deviators are judged where `count` are asked for."""
    most = max(FEWEST, HELD_OUT_NUMBERS // tested.economy.n_traders)
    return min(count, most, CHANCE_HELD_OUT) if has_chance(tested) else min(count, most)


def trades(tested: Market, types: Floats) -> bool:
    """Return whether anybody trades at some of the profiles while all follow the strategy."""
    few = types[: affordable_profiles(tested, TRADE_PROFILES)]
    return any(
        check_cleared(rule.name, rule.clear(bids), few.shape).quantity.any()
        for rule, bids in tested.situation(few).scenarios[:FEW_SCENARIOS]
    )


def deviations_trade(tested: Market, types: Floats) -> bool:
    """Return whether some bid of the deviator, far or near, trades at some of the profiles."""
    if tested.bids_are_surfaces:
        return False
    few = types[:TRADE_PROFILES]
    situation = tested.situation(few)
    present, own = situation.present, situation.own
    size = np.abs(present.as_array()).max(axis=(0, 1))
    reach = np.where(size > 0, size, 1.0) * FAR[:, None]
    candidates = np.concatenate([own[:, None] + reach, own[:, None] - reach], axis=1)
    allowed = tested.mechanism.allowed_bids(tested.trader, candidates, own)
    return any(outcome.quantity.any() for outcome in situation.outcomes(allowed))


def best_deviation(
    tested: Market, types: Floats, information: Information, searched: int = SEARCHED
) -> BestDeviation:
    """Return the best deviator's mean gain on given profiles, and a witness if it pays.

    Below the whole profile bids are cleared on the same profiles, so that a learner's share is
    measured with common random numbers.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (B, N)
    information : str or Rung
    searched : int
        At how many of the profiles deviations are searched, where every one needs its own search.

    Raises
    ------
    InvalidInputError
        If the mechanism clears the same bids differently, or changes them.
    """
    whole = of_whole_shares(tested)
    if whole is not None:
        return _of_shares(best_deviation(whole, types, information, searched), information)
    foreign = not is_all_ours(tested.mechanism)
    if foreign:
        check_repeatable(tested, types[:COMPARED])
    if tested.bids_are_surfaces:
        # A surface reads the others' types off the market, so that all rungs gain the same (INJ).
        return _mean(tested, _on_residual_curves(tested, types[:SURFACE_PROFILES]), information)
    try:
        exact = _mean(tested, _exact(tested, types, information), information)
    except RefusedError:
        return _mean(tested, _searched(tested, types, information, searched), information)
    if not foreign:
        return exact
    # What a third party's rule charges may differ from its menu: what a search gains counts.
    found = _mean(tested, _searched(tested, types[:COMPARED], information), information)
    allowed = exact.gain + exact.error + found.error + tested.epsilon
    return found if found.gain > allowed else exact


def deviation_size(tested: Market) -> DeviationSize:
    """Return how much there is to gain, and how far a worthwhile deviation goes.

    In closed form where there is one, else at the best deviation of drawn profiles.
    """
    tested = of_whole_shares(tested) or tested
    mechanism, economy, strategy = tested.mechanism, tested.economy, tested.strategy
    law, trader = tested.distribution, tested.trader
    try:
        gain = expected_exact_gain(mechanism, economy, law, trader, others=strategy)
        return DeviationSize(gain, level_shift(mechanism, economy, strategy, law, trader))
    except RefusedError:
        pass
    types = law.sample(np.random.default_rng(0), SIZE_PROFILES)
    try:
        gains = exact_gains(tested, types)
        bid = _best_response(tested, "profile").bid(types, trader)
    except RefusedError:
        bid, gains = _search(tested, "profile").find(types)
    change = (bid - drawn_bids(strategy, types).of_trader(trader))[:, mechanism.language.level]
    return DeviationSize(float(gains.mean()), float(np.sqrt((change**2).mean())))


def _of_shares(best: BestDeviation, information: Information) -> BestDeviation:
    """Return a one-shot market's best deviation as that of the one that trades it in shares.

    Who does not know all types may learn from the first shares what pays in the others.
    """
    kind: Kind = best.kind if knows_profile(information) else "searched"
    return replace(best, kind=kind, witness=None)


def sampling_error(gains: Floats) -> float:
    """Return three standard errors of the mean gain, from the choice of profiles."""
    return STANDARD_ERRORS * float(gains.std()) / float(np.sqrt(len(gains)))


def pays(tested: Market, gains: Floats, information: Information) -> bool:
    """Return whether a deviation's gains at drawn profiles are worth a search for a witness.

    A deviator who knows the profile deviates only where it pays: one gain refutes, however rare.
    One who knows less may lose at profiles that were not drawn.
    """
    luck = 0.0 if knows_profile(information) else sampling_error(gains)
    return float(gains.mean()) > max(luck, tested.epsilon)


def check_repeatable(tested: Market, types: Floats) -> None:
    """Check that a mechanism clears the same bids alike each time, and leaves them unchanged.

    A search keeps what was lucky, so that gains in a mechanism that draws by itself are not real;
    one with lots is tried in a few draws.

    Raises
    ------
    InvalidInputError
        If it does not.
    """
    for rule, bids in tested.situation(types).scenarios[:FEW_SCENARIOS]:
        _check_repeatable(rule, bids)


def _check_repeatable(rule: Mechanism, bids: Bids) -> None:
    before = _numbers(bids).copy()
    name, shape = rule.name, bids.shape[:2]
    first, again = (check_cleared(name, rule.clear(bids), shape).transfer.copy() for _ in range(2))
    if not np.array_equal(before, _numbers(bids)):
        raise InvalidInputError(
            f"mechanism {name} must leave bids alone, and changed them; run `deviator check` on it"
        )
    if not np.array_equal(first, again, equal_nan=True):
        raise InvalidInputError(
            f"mechanism {name} must clear the same bids alike each time, and did "
            "not; run `deviator check` on it"
        )


def _numbers(bids: Bids) -> Floats:
    """Return what a mechanism could change in bids; surfaces are functions, and hold no numbers."""
    return np.empty(0) if isinstance(bids, SurfaceBids) else np.asarray(bids.as_array())


def _mean(tested: Market, measured: _Gains, information: Information) -> BestDeviation:
    gain = float(measured.gain.mean())
    witness = measured.find_witness() if pays(tested, measured.gain, information) else None
    # Over fresh draws there may be less to gain than over those of the search.
    lucky = has_chance(tested) and witness is None
    return BestDeviation(
        gain if abs(gain) > tested.rounding else 0.0,
        sampling_error(measured.gain),
        measured.kind,
        tested.epsilon,
        witness,
        0.0 if lucky else largest_beyond(measured.gain, measured.rounding),
    )


def largest_beyond(gain: Floats, rounding: Floats) -> float:
    """Return the largest gain that is more than its rounding; 0 where none is."""
    return float(np.where(gain > rounding, gain, 0.0).max())


def _exact(tested: Market, types: Floats, information: Information) -> _Gains:
    best = _best_response(tested, information)
    find = partial(find_witness, tested, best, types)
    if knows_profile(information):
        gains = exact_gains(tested, types)
        return _Gains(gains, tested.honest_results(types).rounding, "exact", find)
    if not isinstance(tested.economy, QuadraticEconomy):
        raise RefusedError("an expected answer in closed form needs linear utilities")
    compared = tested.compared(types, best.bid(types, tested.trader))
    return _Gains(compared.gain, compared.rounding, "exact", find)


def _searched(
    tested: Market, types: Floats, information: Information, searched: int = SEARCHED
) -> _Gains:
    search = _search(tested, information)
    count = max(FEWEST, searched // CHANCE) if has_chance(tested) else searched
    few = types[:count] if knows_profile(information) else types
    compared = tested.compared(few, search.bid(few, tested.trader))
    find = partial(find_witness, tested, search, few)
    return _Gains(compared.gain, compared.rounding, "searched", find)


def _on_residual_curves(tested: Market, types: Floats) -> _Gains:
    mechanism: Any = tested.mechanism
    best = surface_best_response(
        mechanism, tested.economy, types, tested.trader, others=tested.strategy
    )
    find = partial(find_surface_witness, tested, types, best)
    return _Gains(best.gain, tested.honest_results(types).rounding, "searched", find)


def exact_gains(tested: Market, types: Floats) -> Floats:
    """Return the best gain at each profile, all types known, (B,); errors as in `exact_gain`."""
    return exact_gain(
        tested.mechanism, tested.economy, types, others=tested.strategy, trader=tested.trader
    )


def _best_response(tested: Market, information: Information) -> BestResponse:
    return BestResponse(
        tested.mechanism, tested.economy, information, tested.distribution, tested.strategy
    )


def _search(tested: Market, information: Information) -> NumericSearch:
    if has_chance(tested):
        return tested.search(information, rounds=CHANCE_ROUNDS, candidates=CHANCE_CANDIDATES)
    return tested.search(information)

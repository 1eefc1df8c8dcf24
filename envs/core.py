"""The batched core of every environment: a market as one deviator's decision problem.

The core draws types, shows the deviator what they may know, turns their action into a bid, clears
the market beside the honest one and pays the gain. The adapters only translate.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.arrays import Array, is_foreign, namespace
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market
from deviator.evidence.best_deviation import exact_gains
from deviator.mechanisms.lottery import require_no_lots
from deviator.policies import (
    ActionBox,
    ActionMode,
    Deviation,
    Information,
    LearnedDeviation,
    Network,
    Observation,
    check_information,
    rung_within,
)
from deviator.policies.mixing import seed_of, unmixed_bids
from deviator.policies.situation import Situation
from deviator.validation import Floats, finite_array, given, positive

from .action_ranges import RANGE_MULTIPLE, action_box, check_markets, sizes
from .decision_problem import DecisionProblem, Played
from .lots import parted, rule_with

ROUNDING = 1e-6
"""How far beyond the bounds actions in float32 may be, which are clipped."""


@final
@dataclass(frozen=True, eq=False)
class DeviationCore(DecisionProblem):
    """A market in batches, for one deviator; build it with `deviation_core`.

    Parameters
    ----------
    market : Market
    information : {"profile", "own", "statistics", "signal:DEVIATION"} or Rung
        What the deviator sees (`deviator.policies.information`).
    box : ActionBox
        What the deviator's actions mean.
    reward_unit : float
        The constant that gains are divided by, in units of money.
    """

    market: Market
    information: Information
    box: ActionBox
    reward_unit: float

    def __post_init__(self) -> None:
        check_information(self.information)
        positive("reward_unit", self.reward_unit)
        if self.box.size != self.market.bid_size:
            raise InvalidInputError(
                f"box must have {self.market.bid_size} numbers, one per number of a bid, got "
                f"{self.box.size}"
            )

    @cached_property
    def observation(self) -> Observation:
        """What the deviator sees."""
        market = self.market
        rung = rung_within(self.information, market.mechanism, market.economy)
        return Observation.of(market.distribution, rung, market.trader)

    @property
    @override
    def action_size(self) -> int:
        return self.box.size

    @property
    @override
    def observation_size(self) -> int:
        return self.observation.size

    @override
    def observe(self, types: Array) -> Array:
        return self.observation(parted(types, self.market.economy.n_traders).types)

    def bid(self, types: Floats, action: Floats) -> Floats:
        """Return the bids that actions stand for, shape (B, K).

        Raises
        ------
        InvalidInputError
            If an action has the wrong shape, is not finite, or leaves [-1, 1].
        """
        own = self._situation(types).own
        checked = checked_action(action, (len(own), self.box.size))
        bid: Floats = self.box.to_bid(own, checked)
        return bid

    @override
    def reward(self, types: Array, action: Array) -> Array:
        """Return own utility minus own utility from honesty, over `reward_unit`, (B,)."""
        if is_foreign(types):
            return self._tensor_reward(types, action)
        return self.play(types, action).reward

    @override
    def play(self, types: Floats, action: Floats) -> Played:
        situation = self._situation(types)
        checked = checked_action(action, (len(types), self.box.size))
        bid = self.box.to_bid(situation.own, checked)
        seen = situation.compared(bid)
        gain = seen.payoff[:, 1] - seen.payoff[:, 0]
        info = {name: getattr(seen, name)[:, 1] for name in ("price", "quantity", "transfer")}
        return Played(gain / self.reward_unit, {"gain": gain, **info})

    @override
    def best_gains(self, types: Floats) -> Floats | None:
        try:
            return exact_gains(self.market, parted(types, self.market.economy.n_traders).types)
        except RefusedError:
            return None

    @override
    def deviation(self, network: Network) -> Deviation:
        return LearnedDeviation(network, self.observation, self.box, self.market.strategy)

    @override
    def gains(self, types: Floats, deviation: Deviation) -> Floats:
        known = parted(types, self.market.economy.n_traders).types
        return self.market.gains(known, deviation.bid(known, self.market.trader))

    def _situation(self, decided: Floats) -> Situation:
        """Return the decision for given lots, or over all where there are none.

        Other markets meet other draws of a strategy that mixes.
        """
        market = self.market
        types, lots = parted(decided, market.economy.n_traders)
        rule = rule_with(market.mechanism, lots) if lots.shape[1] else market.mechanism
        seed = seed_of(types) if market.strategy.mixes else 0
        return Situation.of(rule, market.economy, market.strategy, types, market.trader, seed)

    def _tensor_reward(self, types: Array, action: Array) -> Array:
        market, xp = self.market, namespace(types)
        require_no_lots("a rule on tensors", market.mechanism)
        present = unmixed_bids(market.strategy, types)
        own = present.of_trader(market.trader)
        moved = self.box.to_bid(own, xp.clip(action, -1.0, 1.0))
        bids = xp.stack([own, moved], axis=1)
        outcome = market.mechanism.clear_deviations(present, market.trader, bids)
        utility = market.economy.payoff_of(market.trader, outcome.quantity, outcome.transfer, types)
        return (utility[:, 1] - utility[:, 0]) / self.reward_unit


def deviation_core(
    tested: Market,
    *,
    information: Information = "profile",
    control: Market | None = None,
    mode: ActionMode = "relative",
    range_multiple: float = RANGE_MULTIPLE,
    ranges: ArrayLike | None = None,
) -> DeviationCore:
    """Return a market as a decision problem with a finite action box.

    Parameters
    ----------
    tested : Market
    information : str or Rung
    control : Market, optional
        The matched control, by default `standing_control`. Its best shift sets the range of the
        actions and its best deviation's mean gain is the unit of reward, so that a learner meets
        the same problem in both, but for the mechanism. Without a standing control the range is
        the usual spread of the strategy's own bids, and the unit the first-best surplus per trader.
    mode : {"relative", "absolute"}
        Whether an action is a change to the honest bid, or the bid itself.
    range_multiple : float
        Range of the level as a multiple of the root mean square of the control's best shift; the
        ranges of the other numbers follow in proportion. Refused without a control.
    ranges : array-like of float, shape (K,), optional
        Ranges of one's own for the numbers of a bid, in their units.

    Raises
    ------
    InvalidInputError
        If an argument is malformed or the control offers nothing to gain.
    """
    check_markets(tested, control)
    size = sizes(tested, control, range_multiple)
    return DeviationCore(
        tested, information, action_box(tested, size, mode, information, ranges), size.gain
    )


def checked_action(action: Floats, shape: tuple[int, ...]) -> Floats:
    """Return actions of the given shape within [-1, 1], where rounding leaves it, clipped.

    Raises
    ------
    InvalidInputError
        If an action has another shape, is not finite, or leaves [-1, 1].
    """
    plain = isinstance(action, np.ndarray) and action.dtype in (np.float32, np.float64)
    checked = action if plain and action.shape == shape else finite_array("action", action, shape)
    # Both ends are NaN where a number is, and infinite ones are outside.
    size = max(checked.max(initial=0.0), -checked.min(initial=0.0))
    if size <= 1:
        return checked
    finite_array("action", checked, shape)
    if size > 1 + ROUNDING:
        worst = float(checked.flat[np.abs(checked).argmax()])
        raise InvalidInputError(
            f"action must be within [-1, 1], got {worst}; clip it, or widen the box with "
            "range_multiple or ranges"
        )
    return np.clip(checked, -1.0, 1.0)


def check_core(core: object) -> None:
    """Check that what adapters and learners are given is a core.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    if not isinstance(core, DecisionProblem):
        raise InvalidInputError(
            f"core must be a DeviationCore, got {given(core)}; build one with "
            "deviator.envs.deviation_core(market(mechanism, economy))"
        )

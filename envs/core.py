"""The batched core of every environment: a market as one deviator's decision problem.

The core draws types, shows the deviator what they may know, turns their action into a bid, clears
the market beside the honest one and pays the gain. The adapters only translate.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from gymnasium import spaces

from deviator.errors import InvalidInputError
from deviator.evidence import (
    Market,
    check_matched,
    deviation_size,
    seat_of,
    standing_control,
)
from deviator.policies import (
    OBSERVATION_BOUND,
    ActionBox,
    ActionMode,
    Information,
    Observation,
    check_information,
)
from deviator.validation import Floats, finite_array, given, positive

RANGE_MULTIPLE = 5.0
"""Default range of a relative action, as a multiple of the matched control's best shift."""

REFERENCE_PROFILES = 4096
"""Profiles drawn, from a fixed seed, to learn how large typical bids, prices and trades are."""


@final
@dataclass(frozen=True, eq=False)
class DeviationCore:
    """A market in batches, for one deviator; build it with `deviation_core`.

    Parameters
    ----------
    market : Market
    information : {"profile", "own"}
        Whether the deviator sees all types or their own.
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

    @property
    def observation(self) -> Observation:
        """What the deviator sees."""
        return Observation.of(self.market.distribution, self.information, self.market.trader)

    def draw(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw types, shape (batch, N)."""
        return self.market.distribution.sample(rng, batch)

    def bid(self, types: Floats, action: Floats) -> Floats:
        """Return the bids that actions stand for, shape (B, K).

        Raises
        ------
        InvalidInputError
            If an action has the wrong shape, is not finite, or leaves [-1, 1].
        """
        own = self.market.strategy.bids(types).of_trader(self.market.trader)
        return self.box.to_bid(own, self._checked(action, len(own)))

    def reward(self, types: Floats, action: Floats) -> Floats:
        """Return own utility minus own utility from honesty, over `reward_unit`, (B,)."""
        market = self.market
        present = market.strategy.bids(types)
        bids = np.empty((len(types), 2, self.box.size))
        bids[:, 0] = present.of_trader(market.trader)
        self.box.to_bid(bids[:, 0], self._checked(action, len(types)), out=bids[:, 1])
        utility = market.utilities_beside(present, types, bids)
        return (utility[:, 1] - utility[:, 0]) / self.reward_unit

    def _checked(self, action: Floats, batch: int) -> Floats:
        checked = finite_array("action", action, (batch, self.box.size))
        if max(checked.max(initial=0.0), -checked.min(initial=0.0)) > 1:
            worst = float(checked.flat[np.abs(checked).argmax()])
            raise InvalidInputError(f"action must be within [-1, 1], got {worst}")
        return checked


def deviation_core(
    tested: Market,
    *,
    information: Information = "profile",
    control: Market | None = None,
    mode: ActionMode = "relative",
    range_multiple: float = RANGE_MULTIPLE,
) -> DeviationCore:
    """Return a market as a decision problem with a finite action box.

    Parameters
    ----------
    tested : Market
    information : {"profile", "own"}
    control : Market, optional
        The matched control, by default `standing_control`. Its best shift sets the range of the
        actions and its best deviation's mean gain is the unit of reward, so that a learner meets
        the same problem in both, but for the mechanism. Without a standing control the range is
        the usual spread of the strategy's own bids, and the unit the first-best surplus per trader.
    mode : {"relative", "absolute"}
        Whether an action is a change to the honest bid, or the bid itself.
    range_multiple : float
        Range of the level as a multiple of the root mean square of the control's best shift; not
        used without a control.

    Raises
    ------
    InvalidInputError
        If an argument is malformed or the control offers nothing to gain.
    """
    for name, value in {"tested": tested, "control": control}.items():
        if not isinstance(value, Market) and (name == "tested" or value is not None):
            raise InvalidInputError(
                f"{name} must be a Market, got {given(value)}; build one with "
                "deviator.evidence.market(mechanism, economy)"
            )
    if control is not None:
        check_matched(seat_of(tested), seat_of(control))
    reference = control or standing_control(tested)
    if reference is None:
        box = _action_box(tested, tested, mode, _usual_spread(tested))
        return DeviationCore(tested, information, box, tested.scale)
    gain, usual_shift = deviation_size(reference)
    if gain <= reference.epsilon:
        raise InvalidInputError(
            "the matched control must have a profitable deviation, got an exact gain of "
            f"{gain:.3g} in {reference.mechanism.name}; name another control"
        )
    shift = usual_shift * positive("range_multiple", range_multiple)
    return DeviationCore(tested, information, _action_box(tested, reference, mode, shift), gain)


def action_space(core: DeviationCore) -> spaces.Box:
    """Return [-1, 1]^K, one number per number of a bid."""
    return spaces.Box(-1.0, 1.0, (core.box.size,), np.float32)


def observation_space(core: DeviationCore) -> spaces.Box:
    """Return the box of types in standard deviations."""
    bound = OBSERVATION_BOUND
    return spaces.Box(-bound, bound, (core.observation.size,), np.float32)


def check_core(core: object) -> None:
    """Check that what adapters and learners are given is a core.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    if not isinstance(core, DeviationCore):
        raise InvalidInputError(
            f"core must be a DeviationCore, got {given(core)}; build one with "
            "deviator.envs.deviation_core(market(mechanism, economy))"
        )


def _usual_spread(tested: Market) -> float:
    """Return the standard deviation of the level of the strategy's own bids."""
    types = tested.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    own = tested.strategy.bids(types).of_trader(tested.trader)
    level = own[:, tested.mechanism.language.level]
    return float(level.std()) or float(np.abs(level).mean()) or 1.0


def _action_box(
    tested: Market, reference: Market, mode: ActionMode, level_range: float
) -> ActionBox:
    """Return a box in which each number of a bid moves it as much as the level's range does.

    Prices and quantities are the control's, so that both markets have the same ranges.
    """
    usual = reference.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    outcome = reference.mechanism.clear(reference.strategy.bids(usual))
    price = outcome.price_of(reference.trader)[outcome.traded]
    types = tested.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    bid = tested.strategy.bids(types).of_trader(tested.trader)
    half_width = tested.mechanism.language.coordinate_ranges(
        level_range,
        float(np.sqrt((price**2).mean())),
        np.sqrt((outcome.quantity**2).mean(axis=0)),
        bid.mean(axis=0),
    )
    low, high = tested.mechanism.bid_limits(tested.trader) or (None, None)
    if mode == "relative":
        return ActionBox("relative", np.zeros(len(half_width)), half_width, low, high)
    spread = np.abs(bid - bid.mean(axis=0)).max(axis=0)
    return ActionBox(mode, bid.mean(axis=0), half_width + spread, low, high)

"""Several traders at once: every one of them acts, in batches of markets, over one or more rounds.

Types, rewards, observations and what is public are arrays of B markets, NumPy's or tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, final, get_args

import numpy as np
from numpy.typing import ArrayLike

from deviator.arrays import Array, beside, common, is_foreign, namespace
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market
from deviator.mechanisms import Bids, History, Mechanism, Outcome, Round, RoundsMechanism
from deviator.mechanisms.lottery import require_no_lots
from deviator.mechanisms.over_rounds.rounds_mechanism import shown_by, total
from deviator.mechanisms.own_type_bids import OwnTypeBids
from deviator.policies import (
    OBSERVATION_BOUND,
    ActionBox,
    ActionMode,
    Information,
    Observation,
    OwnType,
    Revelation,
    Rung,
    WholeProfile,
    check_information,
    rung_within,
)
from deviator.policies.mixing import drawn_bids, seed_of
from deviator.validation import Floats, whole_number

from .acting_traders import acting_traders, each_size
from .action_ranges import (
    RANGE_MULTIPLE,
    REFERENCE_PROFILES,
    action_box,
    check_markets,
)
from .joint_box import JointBox
from .lots import parted, rule_with, with_lots
from .own_type_bids import own_type_bids
from .public_rounds import check_rounds_of, public_sizes, rounds_of, sizes_of

Baseline = Literal["honesty", "strategy", "nothing"]
"""What utilities are compared with: everybody honest, everybody following the strategy, or 0."""

HISTORY_BOUND = 1e3
"""Past prices and quantities are shown in units of their typical size, clipped here."""


class State(NamedTuple):
    """Markets before a round."""

    types: Array  # (B, N)
    present: Bids  # what everybody would bid under the strategy
    value: Array | None  # (B, N), the worth of the first units in linear-quadratic economies
    baseline: Array  # (B, turns, A), what rewards are compared with, in every round or in each
    history: Array  # (B, rounds, P), what past rounds showed, in units of its size
    round: int
    past: History = ()  # rounds of a rule over rounds that are over
    lots: Array | None = None  # (B, rounds D) of a rule that draws D in each


class Step(NamedTuple):
    """What a round led to."""

    state: State
    bids: Bids
    outcome: Outcome
    reward: Array  # (B, A)
    ended: bool


@final
@dataclass(frozen=True, eq=False)
class ExchangeCore:
    """Markets in batches in which several traders act at once; build it with `exchange_core`.

    Parameters
    ----------
    market : Market
        Its own trader is not used.
    information : {"own", "profile", "statistics", "signal:DEVIATION"} or Rung
        What each trader sees of the types (`deviator.policies.information`).
    traders : tuple of int
        The A traders who act; the others follow the market's strategy.
    boxes : tuple of ActionBox
        What the actions of each mean.
    reward_units : tuple of float
        What one unit of reward is worth to each, in units of money.
    rounds : int
        How often the same traders meet with the same types; prices and quantities of past rounds
        are public, and each round pays by itself. A rule over rounds (`RoundsMechanism`) is played
        once, over its own rounds: it says what is public, and rewards add up to what the traders
        have at the end.
    baseline : {"honesty", "strategy", "nothing"}
        What utilities are compared with. Relative to everybody's honesty, returns fall while all
        learn an equilibrium.
    """

    market: Market
    information: Information
    traders: tuple[int, ...]
    boxes: tuple[ActionBox, ...]
    reward_units: tuple[float, ...]
    rounds: int = 1
    baseline: Baseline = "strategy"

    def __post_init__(self) -> None:
        check_information(self.information)
        whole_number("rounds", self.rounds, 1)
        if self.rounds > 1 and self._rule is None and self.market.strategy.mixes:
            raise RefusedError(
                f"a strategy that draws anew each time is played for one round, and "
                f"{self.market.strategy.name} mixes; leave rounds out"
            )
        if self._rule is not None:
            check_rounds_of(self._rule, self.rounds)
            require_no_lots("a rule over rounds", self._rule)
        if self.baseline not in get_args(Baseline):
            raise InvalidInputError(
                f"baseline must be one of {', '.join(get_args(Baseline))}, got {self.baseline!r}"
            )

    @property
    def action_size(self) -> int:
        """K, how many numbers an action has."""
        return self.market.bid_size

    @property
    def observation_size(self) -> int:
        """How many numbers each trader sees."""
        types = self._rung.size(self.market.economy.n_traders)
        return types if self.rounds == 1 else types + 1 + self.rounds * self.public_size

    @property
    def public_size(self) -> int:
        """P, how many numbers a round shows everybody."""
        return 1 + self.market.economy.n_traders if self._rule is None else len(self._public_unit)

    @cached_property
    def observation_bound(self) -> Floats:
        """The largest size of each number that a trader sees, shape (observation_size,)."""
        n = self.market.economy.n_traders
        types = np.full(self._rung.size(n), OBSERVATION_BOUND)
        if self.rounds == 1:
            return types
        shown = self.rounds * self.public_size
        return np.concatenate([types, [1.0], np.full(shown, HISTORY_BOUND)])

    def draw(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw types, shape (batch, N), with lots for each round beside them, if it has any."""
        types = self.market.distribution.sample(rng, batch)
        return with_lots(self.market.mechanism, types, rng, self.rounds)

    def start(self, decided: Array) -> State:
        """Return the markets of types (B, N), with lots beside them, before the first round."""
        types, lots = parted(decided, self.market.economy.n_traders)
        xp, batch = namespace(types), types.shape[0]
        known, strategy = self._own_type_bids, self.market.strategy
        if known is None:
            present = drawn_bids(strategy, types, self._seed(types))
        else:
            present = known.bids(types)
        kind = {"dtype": types.dtype, "device": types.device} if is_foreign(types) else {}
        shown = (batch, self.rounds, self.public_size) if self.rounds > 1 else (batch, 0, 0)
        history = xp.zeros(shown, **kind)
        economy: Any = self.market.economy
        value = economy.value(types) if _is_quadratic(economy) else None
        baseline = self._baseline(types, present, value, lots)
        return State(types, present, value, baseline, history, 0, lots=lots)

    def observe(self, state: State) -> Array:
        """Return what each acting trader sees, shape (B, A, observation_size)."""
        types, acting = state.types, len(self.traders)
        xp, batch = namespace(types), types.shape[0]
        seen = self._seen(types)
        if self.rounds == 1:
            return seen
        public = xp.reshape(state.history, (batch, 1, -1))
        progress = xp.zeros_like(public[..., :1]) + state.round / self.rounds
        public = xp.concat([progress, public], axis=-1)
        return xp.concat(
            [seen, xp.broadcast_to(public, (batch, acting, public.shape[-1]))], axis=-1
        )

    def bids(self, state: State, actions: Array) -> Bids:
        """Return everybody's bids where actions (B, A, K) are chosen.

        Raises
        ------
        InvalidInputError
            If NumPy actions have the wrong shape, are not finite, or leave [-1, 1]. Tensors are
            clipped.
        """
        return self._box.bids(state.present, actions)

    def step(self, state: State, actions: Array) -> Step:
        """Clear a round in which actions (B, A, K) are chosen."""
        bids = self.bids(state, actions)
        outcome, past = self._cleared(bids, state.past, self.rule_at(state))
        earned = self._earned(outcome, past, state.types, state.value)
        turn = min(state.round, state.baseline.shape[1] - 1)
        reward = self._reward(earned, state.baseline[:, turn, :])
        shown = self._remembered(state, outcome, past)
        after = state._replace(round=state.round + 1, history=shown, past=past)
        return Step(after, bids, outcome, reward, after.round == self.rounds)

    def rule_at(self, state: State) -> Mechanism:
        """Return the rule of the next round, with its lots where it draws any."""
        lots = state.types[:, :0] if state.lots is None else state.lots
        return rule_with(self.market.mechanism, lots, state.round)

    def with_information(self, information: Information) -> "ExchangeCore":
        """Return the same markets in which traders see something else."""
        same = check_information(information) == check_information(self.information)
        return self if same else replace(self, information=information)

    def _seed(self, types: Array) -> int:
        """Return the seed of the draws of a strategy that mixes: other markets meet others."""
        return seed_of(types) if self.market.strategy.mixes else 0

    @cached_property
    def _rung(self) -> Rung:
        return rung_within(self.information, self.market.mechanism, self.market.economy)

    @cached_property
    def _observations(self) -> tuple[Observation, ...]:
        law = self.market.distribution
        return tuple(Observation.of(law, self._rung, trader) for trader in self.traders)

    def _seen(self, types: Array) -> Array:
        """Return what each acting trader sees of the types, (B, A, O)."""
        xp = namespace(types)
        if isinstance(self._rung, OwnType):
            standard = self._standard(types)
            return (standard if self._box.everyone else standard[:, self._box.acting])[..., None]
        if isinstance(self._rung, WholeProfile):
            shape = types.shape[0], len(self.traders), types.shape[1]
            return xp.broadcast_to(self._standard(types)[:, None, :], shape)
        return xp.stack([observation(types) for observation in self._observations], axis=1)

    @cached_property
    def _box(self) -> JointBox:
        return JointBox(self.traders, self.boxes, self.market.economy.n_traders)

    @cached_property
    def _own_type_bids(self) -> OwnTypeBids | None:
        return own_type_bids(self.market)

    @cached_property
    def _mean(self) -> Floats:
        return self.market.distribution.mean

    @cached_property
    def _deviations(self) -> Floats:
        return self.market.distribution.deviation

    @cached_property
    def _units(self) -> Floats:
        return np.array(self.reward_units)

    @property
    def _rule(self) -> RoundsMechanism | None:
        """The rule, where it is one over rounds."""
        rule = self.market.mechanism
        return rule if isinstance(rule, RoundsMechanism) else None

    def _cleared(self, bids: Bids, past: History, rule: Mechanism) -> tuple[Outcome, History]:
        """Return the outcome of a round, and for a rule over rounds all rounds that are over."""
        if self._rule is None:
            return rule.clear(bids), past
        outcome = self._rule.clear_round(bids, past)
        return outcome, (*past, Round(bids, outcome))

    @cached_property
    def _public_unit(self) -> Floats:
        """Root mean squares of what rounds show under the strategy, shape (P,)."""
        decided = self.draw(np.random.default_rng(0), REFERENCE_PROFILES)
        types, lots = parted(decided, self.market.economy.n_traders)
        bids = drawn_bids(self.market.strategy, types)
        if self._rule is not None:
            return public_sizes(self._rule, bids)
        return sizes_of(shown_by(rule_with(self.market.mechanism, lots).clear(bids)))

    def _standard(self, types: Array) -> Array:
        """Return types in standard deviations within the observation bound, (B, N)."""
        bound = OBSERVATION_BOUND
        if is_foreign(types):
            tensor = (types - beside(types, self, "_mean")) / beside(types, self, "_deviations")
            return namespace(types).clip(tensor, -bound, bound)
        standard: Floats = types / common(self._deviations)
        if self._mean.any():
            standard -= common(self._mean / self._deviations)
        return np.clip(standard, -bound, bound, out=standard)

    def _earned(self, outcome: Outcome, past: History, types: Array, value: Array | None) -> Array:
        """Return utility from a round, or what it added to that from all rounds, (B, A)."""
        if self._rule is None:
            return self._utility(outcome, types, value)
        earned = self._utility(total(past), types, value)
        return earned - self._utility(total(past[:-1]), types, value) if past[1:] else earned

    def _utility(self, outcome: Outcome, types: Array, value: Array | None) -> Array:
        economy: Any = self.market.economy
        if value is None or is_foreign(value):
            worth = economy.payoff(outcome.quantity, outcome.transfer, types)
        else:
            worth = economy.utility_at(value, outcome.quantity)
            worth -= outcome.transfer
        return worth if self._box.everyone else worth[:, self._box.acting]

    def _reward(self, utility: Array, baseline: Array) -> Array:
        """Return what utilities exceed the baseline by, in units of reward, in their place."""
        if is_foreign(utility):
            return (utility - baseline) / beside(utility, self, "_units")
        utility -= baseline
        utility /= common(self._units)
        return utility

    def _baseline(self, types: Array, present: Bids, value: Array | None, lots: Array) -> Array:
        mechanism, economy = self.market.mechanism, self.market.economy
        if self.baseline == "nothing":
            return namespace(types).zeros_like(types[:, self._box.acting])[:, None, :]
        if self.baseline == "honesty" and not isinstance(self.market.strategy, Revelation):
            present = Revelation(mechanism, economy).bids(types)
        past: History = ()
        earned = []
        alike = self._rule is None and not mechanism.draws
        for turn in range(1 if alike else self.rounds):
            outcome, past = self._cleared(present, past, rule_with(mechanism, lots, turn))
            earned.append(self._earned(outcome, past, types, value))
        return namespace(types).stack(earned, axis=1)

    def _remembered(self, state: State, outcome: Outcome, past: History) -> Array:
        if self.rounds == 1:
            return state.history
        xp = namespace(state.types)
        public = shown_by(outcome) if self._rule is None else self._rule.public(past)
        unit = beside(state.types, self, "_public_unit")
        shown = xp.clip(public / unit, -HISTORY_BOUND, HISTORY_BOUND)[:, None, :]
        past, future = state.history[:, : state.round, :], state.history[:, state.round + 1 :, :]
        return xp.concat([past, shown, future], axis=1)


def exchange_core(
    tested: Market,
    *,
    traders: Sequence[int] | None = None,
    information: Information = "own",
    rounds: int | None = None,
    control: Market | None = None,
    mode: ActionMode = "relative",
    range_multiple: float = RANGE_MULTIPLE,
    ranges: ArrayLike | None = None,
    baseline: Baseline = "strategy",
) -> ExchangeCore:
    """Return a market in which several traders act at once; arguments as in `deviation_core`.

    Parameters
    ----------
    tested : Market
    traders : sequence of int, optional
        Who acts; everybody by default.
    information, baseline
        As in `ExchangeCore`.
    rounds : int, optional
        As in `ExchangeCore`: 1 by default, or as many as a rule over rounds has.
    control, mode, range_multiple, ranges
        As in `deviation_core`. A control's deviator is replaced by each acting trader.

    Raises
    ------
    InvalidInputError
        If an argument is malformed or a control offers nothing to gain.
    """
    check_markets(tested, control)
    acting = acting_traders(traders, tested.economy.n_traders)
    boxes, units = [], []
    for trader, size in zip(
        acting, each_size(tested, acting, control, range_multiple), strict=True
    ):
        boxes.append(action_box(replace(tested, trader=trader), size, mode, information, ranges))
        units.append(size.gain)
    turns = rounds_of(tested.mechanism) if rounds is None else rounds
    return ExchangeCore(tested, information, acting, tuple(boxes), tuple(units), turns, baseline)


def _is_quadratic(economy: Economy) -> bool:
    """Return whether payoffs are those of all linear-quadratic economies."""
    quadratic = isinstance(economy, QuadraticEconomy) and economy.quasilinear
    return quadratic and type(economy).utility is QuadraticEconomy.utility

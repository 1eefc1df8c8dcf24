"""A deviator who meets the same traders, with the same types, for several rounds.

Either a one-shot rule is played again and again, and each round pays by itself; or a rule over
rounds (`RoundsMechanism`) is played once, and pays for what traders have at the end. The others
follow the strategy in every round. What a deviator can learn from the rounds before is what others
know: on the own-type rung what was public tells of the others' types.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.arrays import Array
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market
from deviator.mechanisms import RoundsMechanism
from deviator.policies import (
    ActionMode,
    Deviation,
    Information,
    Network,
    NetworkOverRounds,
    Observation,
    RoundsDeviation,
    View,
    rung_within,
)
from deviator.policies.recurrent import RecurrentDeviation, RecurrentNetwork
from deviator.validation import Floats

from .action_ranges import RANGE_MULTIPLE
from .core import DeviationCore
from .decision_problem import DecisionProblem
from .exchange_core import ExchangeCore, Step, exchange_core
from .lots import with_standard_lots


@final
@dataclass(frozen=True, eq=False)
class RoundsCore(DecisionProblem):
    """A market of several rounds, for one deviator; build it with `rounds_core`.

    Learners step `exchange`, in which the deviator alone acts. Gains are in units of money per
    market: means over the rounds of a one-shot rule, the whole gain in a rule over rounds.

    Parameters
    ----------
    market : Market
    exchange : ExchangeCore
    reward_unit : float
        What one unit of a round's reward is worth, in units of money.

    Raises
    ------
    InvalidInputError
        If others than the market's deviator act.
    """

    market: Market
    exchange: ExchangeCore
    reward_unit: float

    def __post_init__(self) -> None:
        if self.exchange.traders != (self.market.trader,):
            raise InvalidInputError(
                f"traders must be the market's deviator alone, {self.market.trader}, got "
                f"{list(self.exchange.traders)}"
            )

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return self.exchange.rounds

    @property
    def pays_together(self) -> bool:
        """Whether what counts is what traders have after all rounds, as in a rule over rounds."""
        return isinstance(self.market.mechanism, RoundsMechanism)

    @property
    def information(self) -> Information:
        """What the deviator sees of the types."""
        return self.exchange.information

    @property
    @override
    def action_size(self) -> int:
        return self.exchange.action_size

    @property
    @override
    def observation_size(self) -> int:
        return self.exchange.observation_size

    @property
    def observation(self) -> Observation:
        """What the deviator sees of the types, standardised."""
        market = self.market
        rung = rung_within(self.information, market.mechanism, market.economy)
        return Observation.of(market.distribution, rung, market.trader)

    @override
    def draw(self, rng: np.random.Generator, batch: int) -> Floats:
        return self.exchange.draw(rng, batch)

    @override
    def observe(self, types: Array) -> Array:
        """Return what is seen before the first round, shape (B, observation_size)."""
        return self.exchange.observe(self.exchange.start(types))[:, 0]

    @override
    def reward(self, types: Array, action: Array) -> Array:
        raise RefusedError(
            f"a market of {self.rounds} rounds pays after each of them, which one action cannot "
            "play; use a learner of rounds, as recurrent-ppo, or gains"
        )

    @override
    def deviation(self, network: Network | RecurrentNetwork) -> RoundsDeviation:
        """Return the deviation in which a network, with or without a memory, acts each round."""
        seat = (self.observation, self.exchange.boxes[0], self.market.strategy, self.rounds)
        shown = self.exchange.public_size
        if isinstance(network, RecurrentNetwork):
            return RecurrentDeviation(*seat, network, public_size=shown)
        return NetworkOverRounds(*seat, network, public_size=shown)

    @override
    def gains(self, types: Floats, deviation: Deviation) -> Floats:
        """Return what a deviation gains; one of single rounds plays each alike."""
        if not isinstance(deviation, RoundsDeviation):
            return self.market.gains(types, deviation.bid(types, self.market.trader))
        decided = with_standard_lots(self.market.mechanism, types, self.rounds)
        total = sum(np.asarray(step.reward)[:, 0] for step in self._steps(decided, deviation))
        mean = np.reshape(total, (-1, len(types))).mean(axis=0)
        gains: Floats = mean * (self.reward_unit / (1 if self.pays_together else self.rounds))
        return gains

    def bids(self, types: Floats, deviation: RoundsDeviation) -> Floats:
        """Return what a deviation comes to bid in the rounds, side by side, shape (B, R K)."""
        trader = self.market.trader
        bids = [step.bids.of_trader(trader) for step in self._steps(types, deviation)]
        return np.concatenate(bids, axis=1)

    def _steps(self, types: Floats, deviation: RoundsDeviation) -> Iterator[Step]:
        """Yield the rounds in which a deviation acts."""
        exchange = self.exchange
        if deviation.box is not exchange.boxes[0]:
            exchange = replace(exchange, boxes=(deviation.box,))
        state, memory = exchange.start(types), None
        for _ in range(self.rounds):
            seen = np.asarray(exchange.observe(state)[:, 0])
            action, memory = deviation.act(seen, memory)
            step = exchange.step(state, action[:, None])
            state = step.state
            yield step


@final
@dataclass(frozen=True, eq=False)
class AsPlan(Deviation):
    """What a deviation comes to bid in the rounds of a rule over rounds, as one plan for them.

    Parameters
    ----------
    core : RoundsCore
    deviation : RoundsDeviation
    """

    core: RoundsCore
    deviation: RoundsDeviation

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        return self.core.bids(View.of(view).types, self.deviation)


def rounds_core(
    tested: Market,
    *,
    rounds: int | None = None,
    information: Information = "own",
    control: Market | None = None,
    mode: ActionMode = "relative",
    range_multiple: float = RANGE_MULTIPLE,
    ranges: ArrayLike | None = None,
) -> RoundsCore:
    """Return a market of several rounds as one deviator's problem; arguments as `exchange_core`'s.

    A rule over rounds says itself how many there are.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> core = rounds_core(market(UniformDoubleAuction(), private_values(4)), rounds=3)
    >>> core.observation_size  # own type, progress, and price and quantities of each round
    17
    """
    exchange = exchange_core(
        tested,
        traders=(tested.trader,),
        rounds=rounds,
        information=information,
        control=control,
        mode=mode,
        range_multiple=range_multiple,
        ranges=ranges,
    )
    return RoundsCore(tested, exchange, exchange.reward_units[0])


def core_for(tested: Market, deviation: RoundsDeviation, information: Information) -> RoundsCore:
    """Return the market in which a deviation is judged, with its own actions, paid in money."""
    seat = (tested.trader,), (deviation.box,), (1.0,)
    exchange = ExchangeCore(tested, information, *seat, deviation.rounds)
    return RoundsCore(tested, exchange, 1.0)


def one_round(core: DeviationCore) -> RoundsCore:
    """Return the problem of a single round as one over rounds."""
    acting, units = (core.market.trader,), (core.reward_unit,)
    exchange = ExchangeCore(core.market, core.information, acting, (core.box,), units)
    return RoundsCore(core.market, exchange, core.reward_unit)

"""A deviator who meets the same traders, with the same types, for several rounds.

The others follow the strategy in every round. What a deviator can learn from the rounds before is
what others know: on the own-type rung prices and quantities tell of the others' types.
"""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.arrays import Array
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market
from deviator.policies import (
    ActionMode,
    Deviation,
    Information,
    Network,
    NetworkOverRounds,
    Observation,
    RoundsDeviation,
    rung_within,
)
from deviator.policies.recurrent import RecurrentDeviation, RecurrentNetwork
from deviator.validation import Floats

from .action_ranges import RANGE_MULTIPLE
from .core import DeviationCore
from .decision_problem import DecisionProblem
from .exchange_core import ExchangeCore, exchange_core


@final
@dataclass(frozen=True, eq=False)
class RoundsCore(DecisionProblem):
    """A market of several rounds, for one deviator; build it with `rounds_core`.

    Learners step `exchange`, in which the deviator alone acts. Gains are means over the rounds, in
    units of money per market and round.

    Parameters
    ----------
    market : Market
    exchange : ExchangeCore
    reward_unit : float
        What one unit of a round's reward is worth, in units of money.
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
        if isinstance(network, RecurrentNetwork):
            return RecurrentDeviation(*seat, network)
        return NetworkOverRounds(*seat, network)

    @override
    def gains(self, types: Floats, deviation: Deviation) -> Floats:
        """Return what a deviation gains per round; one of single rounds plays each alike."""
        if not isinstance(deviation, RoundsDeviation):
            return self.market.gains(types, deviation.bid(types, self.market.trader))
        exchange = self.exchange
        if deviation.box is not exchange.boxes[0]:
            exchange = replace(exchange, boxes=(deviation.box,))
        state, memory = exchange.start(types), None
        total = np.zeros(len(types))
        for _ in range(self.rounds):
            seen = np.asarray(exchange.observe(state)[:, 0])
            action, memory = deviation.act(seen, memory)
            step = exchange.step(state, action[:, None])
            state, total = step.state, total + np.asarray(step.reward)[:, 0]
        return total * (self.reward_unit / self.rounds)


def rounds_core(
    tested: Market,
    *,
    rounds: int,
    information: Information = "own",
    control: Market | None = None,
    mode: ActionMode = "relative",
    range_multiple: float = RANGE_MULTIPLE,
    ranges: ArrayLike | None = None,
) -> RoundsCore:
    """Return a market of several rounds as one deviator's problem; arguments as `exchange_core`'s.

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


def one_round(core: DeviationCore) -> RoundsCore:
    """Return the problem of a single round as one over rounds."""
    acting, units = (core.market.trader,), (core.reward_unit,)
    exchange = ExchangeCore(core.market, core.information, acting, (core.box,), units)
    return RoundsCore(core.market, exchange, core.reward_unit)

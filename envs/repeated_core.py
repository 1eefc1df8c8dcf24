"""One deviator who meets the same traders over several rounds, as a decision problem.

The others follow the strategy in every round. Past prices and quantities are public, and tell the
deviator about types that they do not see.
"""

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market
from deviator.policies import Deviation, Network, Observation
from deviator.policies.recurrent import RecurrentDeviation, RecurrentNetwork
from deviator.validation import Floats, check_kind, whole_number

from .core import DeviationCore
from .decision_problem import DecisionProblem
from .exchange_core import ExchangeCore, exchange_core


@final
@dataclass(frozen=True, eq=False)
class RepeatedCore(DecisionProblem):
    """A market over several rounds for one deviator; build it with `repeated_core`.

    Parameters
    ----------
    exchange : ExchangeCore
        In which one trader acts.
    """

    exchange: ExchangeCore

    def __post_init__(self) -> None:
        check_kind("exchange", self.exchange, ExchangeCore, "build one with exchange_core")
        acting = self.exchange.traders
        if acting != (self.exchange.market.trader,):
            raise InvalidInputError(
                f"traders must be the market's deviator alone, {self.exchange.market.trader}, got "
                f"{list(acting)}"
            )

    @property
    @override
    def market(self) -> Market:  # type: ignore[override]
        return self.exchange.market

    @property
    @override
    def reward_unit(self) -> float:  # type: ignore[override]
        return self.exchange.reward_units[0]

    @property
    @override
    def action_size(self) -> int:
        return self.exchange.action_size

    @property
    @override
    def observation_size(self) -> int:
        return self.exchange.observation_size

    @override
    def observe(self, types: Array) -> Array:
        """Return what is seen in the first round, shape (B, observation_size)."""
        return self.exchange.observe(self.exchange.start(types))[:, 0]

    @override
    def reward(self, types: Array, action: Array) -> Array:
        """Refuse, as each round pays and the later ones depend on the earlier."""
        raise RefusedError(self._has_rounds())

    @override
    def deviation(self, network: Network) -> Deviation:
        """Refuse, as a network without memory is not what plays over several rounds."""
        raise RefusedError(self._has_rounds())

    def recurrent_deviation(self, network: RecurrentNetwork) -> RecurrentDeviation:
        """Return the deviation in which a recurrent network chooses the actions of each round."""
        exchange, market = self.exchange, self.market
        seen = Observation.of(market.distribution, exchange.information, market.trader)
        return RecurrentDeviation(
            network, seen, exchange.boxes[0], market.strategy, exchange.rounds
        )

    @override
    def gains(self, types: Floats, deviation: Deviation) -> Floats:
        """Return what a deviation gains per round in each market, in units of money, shape (B,).

        One without a memory bids the same in every round.
        """
        if not isinstance(deviation, RecurrentDeviation):
            return self.market.gains(types, deviation.bid(types, self.market.trader))
        exchange, memory, total = self.exchange, None, np.zeros(len(types))
        if deviation.box is not exchange.boxes[0]:
            exchange = replace(exchange, boxes=(deviation.box,))
        state = exchange.start(types)
        for _ in range(exchange.rounds):
            action, memory = deviation.act(exchange.observe(state)[:, 0], memory)
            step = exchange.step(state, action[:, None])
            state, total = step.state, total + step.reward[:, 0]
        return total * (self.reward_unit / exchange.rounds)

    def _has_rounds(self) -> str:
        return (
            f"a market over {self.exchange.rounds} rounds is played round by round, by the learner "
            "recurrent-ppo; for others build a deviation_core, which is played once"
        )


def repeated_core(tested: Market, rounds: int, **settings: Any) -> RepeatedCore:
    """Return a market over several rounds as one deviator's problem.

    Parameters
    ----------
    tested : Market
    rounds : int
    **settings
        As in `exchange_core`, but for the traders.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> repeated_core(market(UniformDoubleAuction(), private_values(4)), 3).observation_size
    17
    """
    check_kind("tested", tested, Market, "build one with deviator.evidence.market")
    rounds = whole_number("rounds", rounds, 1)
    return RepeatedCore(exchange_core(tested, traders=(tested.trader,), rounds=rounds, **settings))


def once(core: DeviationCore) -> RepeatedCore:
    """Return the same problem as one round."""
    acting, units = (core.market.trader,), (core.reward_unit,)
    return RepeatedCore(ExchangeCore(core.market, core.information, acting, (core.box,), units))

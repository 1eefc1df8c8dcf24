"""PPO with a recurrent policy, by sb3-contrib, for markets over several rounds.

What the first rounds show of the others' types, the later ones use. Public history is also among
what the policy sees, so that the critic needs no memory of its own.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np
import torch
from typing_extensions import override

from deviator.envs import DecisionProblem, DeviationCore, RoundsCore
from deviator.envs.rounds_core import one_round
from deviator.errors import InvalidInputError, RefusedError
from deviator.learners.session import Session
from deviator.policies import Deviation, Network
from deviator.policies.recurrent import RecurrentNetwork

from .actor import copied
from .rounds import RoundsVecEnv
from .shared import SB3Learner, check_whole_batches, falling, sb3_seed


@final
@dataclass(frozen=True)
class RecurrentPPOLearner(SB3Learner):
    """Recurrent PPO for one deviator in a `RoundsCore`; a `DeviationCore` is one round.

    Parameters
    ----------
    markets : int
        Markets per rollout, each played over all its rounds.
    batch_size, n_epochs : int
        Bids in a minibatch, and passes over each rollout.
    learning_rate : float
        Falls with the budget that is left.
    log_exploration : float
        Logarithm of the initial exploration of a bid, as a share of its range.
    offset : float
        How far from honesty learning starts, as a share of the range.
    memory : int
        Units of the recurrent layer.
    critic : tuple of int
        Widths of the critic's hidden layers.
    discount : float
        What a round counts beside the one before it, where each pays by itself. In rules over
        rounds all count alike.
    reward_limit : float
        Rewards beyond are drawn in to a logarithm while learning, in units of reward.
    points : int
        Points of the learning curve.

    Raises
    ------
    RefusedError
        If sb3-contrib is not installed, or a problem is neither of the two.
    """

    markets: int = 512
    batch_size: int = 512
    n_epochs: int = 4
    learning_rate: float = 4e-3
    log_exploration: float = -2.0
    offset: float = 0.3
    memory: int = 32
    critic: tuple[int, ...] = (64, 64)
    discount: float = 0.0
    reward_limit: float = 100.0
    points: int = 20
    name: ClassVar[str] = "recurrent-ppo"
    plays_rounds: ClassVar[bool] = True
    counts: ClassVar[tuple[str, ...]] = ("n_epochs", "memory")
    widths: ClassVar[tuple[str, ...]] = ("critic",)

    @override
    def _check_batches(self) -> None:
        check_whole_batches(self.markets, self.batch_size)

    @override
    def check_problem(self, problem: DecisionProblem) -> None:
        _recurrent_ppo()
        if not isinstance(problem, DeviationCore | RoundsCore):
            raise RefusedError(
                "recurrent-ppo plays a rounds_core or a deviation_core, got "
                f"{type(problem).__name__}; use another learner"
            )

    @override
    def _model(self, session: Session) -> Any:
        core = _in_rounds(session.problem)
        return _recurrent_ppo()(
            "MlpLstmPolicy",
            RoundsVecEnv(session, core, self.markets, self.reward_limit),
            n_steps=core.exchange.rounds,
            batch_size=self.batch_size,
            n_epochs=self.n_epochs,
            gamma=1.0 if core.pays_together else self.discount,
            gae_lambda=1.0,
            learning_rate=falling(self.learning_rate, session),
            policy_kwargs={
                "net_arch": {"pi": [], "vf": list(self.critic)},
                "lstm_hidden_size": self.memory,
                "enable_critic_lstm": False,
                "log_std_init": self._log_exploration(session),
            },
            seed=sb3_seed(session),
            device="cpu",
        )

    @override
    def _read(self, policy: Any) -> RecurrentNetwork:
        lstm, last = policy.lstm_actor, policy.action_net
        return RecurrentNetwork(
            copied(lstm.weight_ih_l0),
            copied(lstm.weight_hh_l0),
            copied(lstm.bias_ih_l0) + copied(lstm.bias_hh_l0),
            Network((copied(last.weight),), (copied(last.bias),)),
        )

    @override
    def _write(self, policy: Any, network: RecurrentNetwork) -> None:
        present = self._read(policy)
        if not isinstance(network, RecurrentNetwork) or network.sizes != present.sizes:
            raise InvalidInputError(
                f"the network to start from must have a memory and layers of {present.sizes}, got "
                f"{type(network).__name__} of {network.sizes}; start from a checkpoint of the same "
                "learner"
            )
        lstm, last, head = policy.lstm_actor, policy.action_net, network.head
        pairs = (
            (lstm.weight_ih_l0, network.input_weights),
            (lstm.weight_hh_l0, network.hidden_weights),
            (lstm.bias_ih_l0, network.bias),
            (lstm.bias_hh_l0, np.zeros_like(network.bias)),
            (last.weight, head.weights[0]),
            (last.bias, head.biases[0]),
        )
        with torch.no_grad():
            for parameter, numbers in pairs:
                parameter.copy_(torch.from_numpy(numbers.copy()))

    @override
    def _offset(self, network: RecurrentNetwork, session: Session) -> RecurrentNetwork:
        head: Network = super()._offset(network.head, session)
        return replace(network, head=head)

    @override
    def _deviation(self, network: RecurrentNetwork, session: Session) -> Deviation:
        return _in_rounds(session.problem).deviation(network)


def _in_rounds(problem: Any) -> RoundsCore:
    return one_round(problem) if isinstance(problem, DeviationCore) else problem


def _recurrent_ppo() -> Any:
    """Import sb3-contrib when it is used: it is an optional extra."""
    try:
        from sb3_contrib import RecurrentPPO
    except ImportError:
        raise RefusedError(
            "recurrent-ppo needs sb3-contrib, which is not installed; run "
            "`pip install 'deviator[recurrent]'`"
        ) from None
    return RecurrentPPO

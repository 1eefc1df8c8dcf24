"""Tianshou's collectors and PPO on our Gymnasium environment."""

import gymnasium
import pytest
from helpers.interoperability_page import assert_section_holds
from helpers.own_networks import MARKET, core_of_market, share_of_best

tianshou = pytest.importorskip("tianshou", reason="Tianshou is not installed; make matrix tries it")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # Tianshou's own, which are not ours to mend
]


def make_market():
    return gymnasium.make("deviator/Deviation-v0", **MARKET)


def test_one_deviator_learns():
    import torch
    from tianshou.algorithm import PPO
    from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
    from tianshou.algorithm.optim import AdamOptimizerFactory
    from tianshou.data import Collector, VectorReplayBuffer
    from tianshou.env import DummyVectorEnv
    from tianshou.trainer import OnPolicyTrainerParams
    from tianshou.utils.net.common import Net
    from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic
    from torch.distributions import Independent, Normal

    env = make_market()
    markets = DummyVectorEnv([make_market] * 16)
    markets.seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        shape = {"state_shape": env.observation_space.shape, "hidden_sizes": (16,)}
        actor = ContinuousActorProbabilistic(
            preprocess_net=Net(**shape, activation=torch.nn.Tanh),
            action_shape=env.action_space.shape,
            unbounded=True,
        )
        torch.nn.init.constant_(actor.sigma_param, -2.0)
        for part in actor.mu.parameters():
            torch.nn.init.zeros_(part)  # honest to begin with
        policy = ProbabilisticActorPolicy(
            actor=actor,
            dist_fn=lambda both: Independent(Normal(*both), 1),
            action_space=env.action_space,
            observation_space=env.observation_space,
        )
        algorithm = PPO(
            policy=policy,
            critic=ContinuousCritic(preprocess_net=Net(**shape)),
            optim=AdamOptimizerFactory(lr=5e-3),
            gamma=0.0,
            ent_coef=0.0,
        )
        collector = Collector(algorithm, markets, VectorReplayBuffer(512, 16))
        algorithm.run_training(
            OnPolicyTrainerParams(
                training_collector=collector,
                max_epochs=1,
                epoch_num_steps=512 * 8,
                collection_step_num_env_steps=512,
                update_step_num_repetitions=8,
                batch_size=256,
                show_progress=False,
            )
        )
    layers = [m for m in actor.modules() if isinstance(m, torch.nn.Linear)]
    share = share_of_best(core_of_market(), layers)
    print(f"\nTianshou's PPO: {share:.1%} of the best gain")
    assert 0.2 < share <= 1 + 1e-9


def test_the_page_holds():
    assert_section_holds("Tianshou")

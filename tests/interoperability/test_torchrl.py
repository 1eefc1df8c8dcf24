"""TorchRL's wrappers, collectors and losses on our environments."""

import gymnasium
import pettingzoo
import pytest
from helpers.interoperability_page import assert_section_holds
from helpers.own_networks import MARKET, core_of_market, share_of_best

torchrl = pytest.importorskip("torchrl", reason="TorchRL is not installed; make matrix tries it")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # TorchRL's own, which are not ours to mend
]


def test_one_deviator_in_many_markets_learns():
    import torch
    from tensordict.nn import TensorDictModule
    from tensordict.nn.distributions import NormalParamExtractor
    from torch import nn
    from torchrl.collectors import Collector
    from torchrl.envs import GymWrapper, check_env_specs
    from torchrl.modules import IndependentNormal, ProbabilisticActor, ValueOperator
    from torchrl.objectives import ClipPPOLoss
    from torchrl.objectives.value import GAE

    env = GymWrapper(gymnasium.make("deviator/Deviation-v0", **MARKET))
    check_env_specs(env)
    seen, actions = env.observation_spec["observation"].shape[-1], env.action_spec.shape[-1]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = nn.Linear(seen, 2 * actions)
        with torch.no_grad():
            layer.weight.zero_()  # honest to begin with
            layer.bias[:actions] = 0.0
            layer.bias[actions:] = -3.0  # and with little exploration
        actor = ProbabilisticActor(
            TensorDictModule(
                nn.Sequential(layer, NormalParamExtractor()), ["observation"], ["loc", "scale"]
            ),
            in_keys=["loc", "scale"],
            distribution_class=IndependentNormal,
            return_log_prob=True,
            spec=env.action_spec,
            safe=True,  # actions beyond [-1, 1] are refused
        )
        critic = ValueOperator(nn.Linear(seen, 1), in_keys=["observation"])
        loss = ClipPPOLoss(actor, critic, entropy_coeff=0.0)
        advantage = GAE(gamma=0.0, lmbda=0.0, value_network=critic)
        optimizer = torch.optim.Adam(loss.parameters(), lr=2e-2)
        collector = Collector(env, actor, frames_per_batch=128, total_frames=128 * 10)
        for batch in collector:
            for _ in range(8):
                advantage(batch)
                losses = loss(batch)
                optimizer.zero_grad()
                sum(value for name, value in losses.items() if name.startswith("loss_")).backward()
                optimizer.step()
        collector.shutdown()
    mean = nn.Linear(seen, actions)
    mean.weight.data, mean.bias.data = layer.weight.data[:actions], layer.bias.data[:actions]
    share = share_of_best(core_of_market(), [mean])
    print(f"\nTorchRL's PPO: {share:.1%} of the best gain")
    assert 0.2 < share <= 1 + 1e-9


def test_everyone_in_a_market_steps():
    from torchrl.envs import PettingZooWrapper, check_env_specs

    market = {"mechanism": "uniform-double-auction", "economy": "private-values"}
    everyone = pettingzoo.make(
        "parallel", "deviator/exchange-v0", **market, economy_settings={"n_traders": 4}, rounds=2
    )
    env = PettingZooWrapper(everyone, return_state=True)
    check_env_specs(env)
    played = env.rollout(2)
    assert played["next", "trader", "reward"].shape == (2, 4, 1)
    assert played["next", "trader", "reward"].isfinite().all()


def test_the_page_holds():
    assert_section_holds("TorchRL")

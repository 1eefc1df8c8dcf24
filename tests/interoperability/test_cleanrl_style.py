"""A loop in CleanRL's style: one file, plain torch, Gymnasium's vector environment."""

import gymnasium
import pytest
import torch
from helpers.interoperability_page import assert_section_holds
from helpers.own_networks import MARKET, core_of_market, share_of_best
from torch import nn
from torch.distributions import Normal

pytestmark = pytest.mark.slow

MARKETS = 512


class Agent(nn.Module):
    """A linear actor with a spread of its own, and a critic."""

    def __init__(self, observations, actions):
        super().__init__()
        self.actor = nn.Linear(observations, actions)
        self.spread = nn.Parameter(torch.full((actions,), -2.0))
        self.critic = nn.Sequential(nn.Linear(observations, 32), nn.Tanh(), nn.Linear(32, 1))

    def actions(self, seen):
        return Normal(self.actor(seen), self.spread.exp())


def update(agent, optimizer, seen, action, reward, old):
    """Make one step on PPO's clipped objective; episodes last one step."""
    advantage = reward - agent.critic(seen).squeeze(-1)
    scaled = (advantage.detach() - advantage.mean().detach()) / (advantage.std().detach() + 1e-8)
    ratio = (agent.actions(seen).log_prob(action).sum(-1) - old).exp()
    policy = torch.min(scaled * ratio, scaled * ratio.clamp(0.8, 1.2)).mean()
    loss = -policy + 0.5 * advantage.square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def test_ppo_in_one_file_finds_the_gain():
    envs = gymnasium.make_vec("deviator/Deviation-v0", num_envs=MARKETS, **MARKET)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        agent = Agent(envs.single_observation_space.shape[0], envs.single_action_space.shape[0])
        optimizer = torch.optim.Adam(agent.parameters(), lr=5e-3)
        seen = torch.as_tensor(envs.reset(seed=0)[0])
        for _ in range(150):
            with torch.no_grad():
                action = agent.actions(seen).sample()
                old = agent.actions(seen).log_prob(action).sum(-1)
            bids = action.clamp(-1, 1).numpy()
            following, reward, ended, _, infos = envs.step(bids)
            assert ended.all()
            assert (infos["final_info"]["gain"] <= infos["final_info"]["best_gain"] + 1e-9).all()
            reward = torch.as_tensor(reward, dtype=torch.float32)
            for _ in range(4):
                update(agent, optimizer, seen, action, reward, old)
            seen = torch.as_tensor(following)
    share = share_of_best(core_of_market(), [agent.actor])
    print(f"\nPPO in plain torch: {share:.1%} of the best gain")
    assert 0.7 < share <= 1 + 1e-9


def test_the_page_holds():
    assert_section_holds("Plain torch")

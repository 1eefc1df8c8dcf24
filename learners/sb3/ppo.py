from dataclasses import dataclass, asdict
from typing import ClassVar
import numpy as np
from stable_baselines3 import PPO
from .shared import SB3Learner, short_seed

@dataclass(frozen=True)
class PPOLearner(SB3Learner):
    markets: int = 2048
    batch_size: int = 1024
    n_epochs: int = 4
    learning_rate: float = 4e-3
    log_exploration: float = -2.0
    offset: float = 0.3
    hidden: tuple = ()
    critic: tuple = (64, 64)
    reward_limit: float = 1e9
    averaged: float = 8.
    clip: float = .2
    power: float = 1.
    name: ClassVar[str] = "ppo"
    def settings(self): return asdict(self)
    def _model(self, env, session):
        size=session.problem.action_size
        rate=self.learning_rate*min(1.,12/size)
        return PPO("MlpPolicy", env, n_steps=1, batch_size=self.batch_size, n_epochs=self.n_epochs, gamma=0., gae_lambda=1.,clip_range=self.clip,
          learning_rate=lambda _: max(rate*session.left**self.power,1e-5),
          policy_kwargs={"net_arch":{"pi":list(self.hidden),"vf":list(self.critic)},"log_std_init":self.log_exploration-.5*float(np.log(size))},
          seed=short_seed(session.seed), device="cpu")

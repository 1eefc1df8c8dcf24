"""Learning on a device: everyone's steps with PPO, and a deviator's along pathwise gradients."""

from __future__ import annotations

import functools

import torch

from deviator.economies import private_values
from deviator.envs import deviation_core, exchange_core, market
from deviator.envs.tensor_env import TensorEnv
from deviator.evidence import Market
from deviator.learners.equilibrium.ppo import EveryonesPPO, train_everyone
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA, UniformDoubleAuction

from .device import Bench
from .harness import Row, at_least, at_most

TRADERS, SIGMA = 10, 0.4


def everyone(bench: Bench) -> list[Row]:
    """Measure steps of all traders at once, alone and with PPO's learning."""
    tested = market(UniformDoubleAuction(), private_values(TRADERS))
    core, markets = exchange_core(tested), bench.sizes.environment
    env = TensorEnv(core, markets, device=bench.device)
    env.reset()
    actions = 0.1 * bench.uniform(markets, TRADERS, core.action_size) - 0.15
    step = bench.seconds(lambda: env.step(actions))
    settings = EveryonesPPO(markets=markets, alone=False)
    train = functools.partial(
        train_everyone, core, settings, updates=bench.sizes.updates, device=str(bench.device)
    )
    update = bench.seconds(train) / bench.sizes.updates
    types = env.core.market.economy.n_traders
    state = core.start(bench.normal(markets, types))
    again = bench.seconds(lambda: core.step(state, actions))
    start = bench.seconds(lambda: core.start(bench.normal(markets, types)))
    share = (start + 2 * again) / update
    rate, size = markets * TRADERS, f"{markets:,} markets x {TRADERS} traders"
    work = "everyone acts"
    return [
        Row(work, size, "million agent steps a second, TensorEnv.step", 1e-6 * rate / step),
        Row(
            work,
            size,
            "million agent steps a second, PPO's learning included",
            1e-6 * rate / update,
            bench.bar(at_least(10)),
            note="uniform price, an actor for each trader, float64, everyone explores",
        ),
        Row(
            work,
            size,
            "the market's share of an update",
            share,
            bench.bar(at_most(0.2)),
            deviator=start + 2 * again,
            baseline=update,
            note="types, honest bids and their clearing, bids tried and of means, both cleared",
        ),
    ]


def deviators(bench: Bench) -> list[Row]:
    """Measure one deviator's steps along pathwise gradients, with Adam."""
    economy = private_values(TRADERS)
    rules = UniformDoubleAuction(), NaiveWalrasian(economy), SigmaDCDA(SIGMA)
    return [_deviator(bench, market(rule, economy)) for rule in rules]


def _deviator(bench: Bench, tested: Market) -> Row:
    core, markets = deviation_core(tested), bench.sizes.environment
    env = TensorEnv(core, markets, device=bench.device)
    actor = torch.nn.Linear(core.observation_size, core.action_size)
    actor = actor.to(bench.device, torch.float64)
    optimizer = torch.optim.Adam(actor.parameters(), lr=1e-3)
    seen = env.reset()

    def climb() -> None:
        nonlocal seen
        step = env.step(torch.tanh(actor(seen)))
        optimizer.zero_grad()
        (-step.reward.mean()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seen = step.observation

    figure = "million steps a second, gradient and Adam included"
    size = f"{tested.mechanism.name}, {markets:,} markets x {TRADERS} traders"
    return Row("pathwise deviator", size, figure, 1e-6 * markets / bench.seconds(climb))

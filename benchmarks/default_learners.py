"""What stable-baselines3 learners with default settings reach, in the default box and a wide one.

In the wide box each number of a bid moves it as far as the level, five times the best shift, and
losses count in full. By default losses beyond three units count logarithmically. Pieces:
``python -m benchmarks.default_learners SAC TD3 --cells reports --rungs own --seeds 0 1 --wide``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, get_args

import numpy as np

from deviator.economies import UnitDemands, fundamental_value, private_values, two_groups
from deviator.envs import DeviationCore, deviation_core
from deviator.envs.action_ranges import OTHERS_SHARE, RESPONSE_SHARE
from deviator.envs.reward_tails import LOSS_BOUND
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.evidence import Market, market
from deviator.mechanisms import (
    AllocationLanguage,
    KDoubleAuction,
    NaiveWalrasian,
    ScheduleLanguage,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import Information, expected_exact_gain
from deviator.validation import Floats

from .harness import Row, at_least, threads

WORK = "default learner"
TRADERS, STEPS, HELD_OUT = 10, 200_000, 20_000
WIDE_MULTIPLE = 5 / 4
"""The range of the level in the wide box over the default one."""

LEARNERS: Mapping[str, str] = {
    name: "stable_baselines3" for name in ("PPO", "A2C", "SAC", "TD3", "DDPG")
} | {"TQC": "sb3_contrib"}

CELLS: Mapping[str, Callable[[], Market]] = {
    "reports, common values": lambda: _of(NaiveWalrasian, fundamental_value(TRADERS)),
    "reports, two groups": lambda: _of(NaiveWalrasian, two_groups(TRADERS)),
    "schedules, private values": lambda: market(UniformDoubleAuction(), private_values(TRADERS)),
    "conditional, common values": lambda: market(UniformConditional(), fundamental_value(TRADERS)),
    "conditional, two groups": lambda: market(UniformConditional(), two_groups(TRADERS)),
    "single units": lambda: _single_units(),
}
"""The matched controls, in which deviating pays, by the bids that they take."""


@dataclass(frozen=True)
class Reached:
    """Where a learner ended: the share of the exact gain, and what it took."""

    share: float
    seconds: float


def rows() -> list[Row]:
    """Train A2C, the quickest, everywhere, and the others where bids have the most numbers."""
    measured = []
    for cell in CELLS:
        for information in get_args(Information):
            names = list(LEARNERS) if cell == "conditional, two groups" else ["A2C"]
            measured += [_row(name, cell, information) for name in names]
    return measured


def trained(
    learner: str, core: DeviationCore, seed: int, loss_bound: float | None, **settings: Any
) -> Reached:
    """Train a learner with its default settings, but those given, in the default environment."""
    env = DeviationVecEnv(core, seed=seed, details=False, loss_bound=loss_bound)
    started = time.process_time()
    with threads(1):
        model: Any = getattr(import_module(LEARNERS[learner]), learner)
        policy = model("MlpPolicy", env, seed=seed, device="cpu", **settings).learn(STEPS)
    types = core.draw(np.random.default_rng(seed + 1_000_003), HELD_OUT)
    action, _ = policy.predict(core.observe(types).astype(np.float32), deterministic=True)
    gain = float(core.reward(types, action).mean()) * core.reward_unit
    return Reached(gain / _best(core), time.process_time() - started)


def wide(core: DeviationCore) -> DeviationCore:
    """Return a core with the wide box: each number moves a bid as far as the level does."""
    language, trader = core.market.mechanism.language, core.market.trader
    share = np.full(core.box.size, OTHERS_SHARE / np.sqrt(core.box.size))
    if isinstance(language, AllocationLanguage):
        share[language.own_place(trader)] = RESPONSE_SHARE
    share[language.level] = 1.0
    half_width = core.box.half_width * WIDE_MULTIPLE / share
    if isinstance(language, ScheduleLanguage):
        types = core.draw(np.random.default_rng(0), 1)
        steepness = core.market.strategy.bids(types).of_trader(trader)[0, 1]
        half_width[1] = min(half_width[1], 0.9 * steepness)
    return replace(core, box=replace(core.box, half_width=half_width))


def uniform_rewards(core: DeviationCore) -> Floats:
    """Return what actions drawn uniformly from the box earn, in units of reward."""
    rng = np.random.default_rng(1)
    actions = rng.uniform(-1.0, 1.0, (HELD_OUT, core.box.size))
    return np.asarray(core.reward(core.draw(rng, HELD_OUT), actions))


def _row(learner: str, cell: str, information: Information) -> Row:
    core = deviation_core(CELLS[cell](), information=information)
    reached = trained(learner, core, 0, LOSS_BOUND)
    uniform, in_wide = uniform_rewards(core), uniform_rewards(wide(core))
    note = (
        f"{reached.seconds:.0f} CPU s; uniform actions earn {uniform.mean():.3g} on average and "
        f"{uniform.min():.3g} at worst, {in_wide.mean():.3g}, {in_wide.min():.3g} in the wide box"
    )
    size = f"{cell}, {information}, {TRADERS} traders"
    figure = f"share of the exact gain, {learner}, {STEPS:,} steps"
    return Row(WORK, size, figure, reached.share, at_least(0.0), note=note)


def _of(mechanism: Callable[[Any], Any], economy: Any) -> Market:
    return market(mechanism(economy), economy)


def _single_units() -> Market:
    economy = UnitDemands(("buyer",) * (TRADERS // 2) + ("seller",) * (TRADERS // 2))
    buyers = tuple(np.flatnonzero(economy.buyers).tolist())
    return market(KDoubleAuction(buyers=buyers, unit=economy.unit), economy)


def _best(core: DeviationCore) -> float:
    """Return the exact gain; of single units that of who knows everybody's value."""
    tested = core.market
    if isinstance(tested.economy, UnitDemands):
        return core.reward_unit
    return expected_exact_gain(
        tested.mechanism,
        tested.economy,
        tested.distribution,
        tested.trader,
        information=core.information,
    )


def pieces(options: argparse.Namespace) -> Iterator[str]:
    """Yield a line of Markdown for each cell, rung, learner and seed that is asked for."""
    for cell in (cell for cell in CELLS if cell.startswith(tuple(options.cells))):
        for information in options.rungs:
            core = deviation_core(CELLS[cell](), information=information)
            core, bound = (wide(core), None) if options.wide else (core, LOSS_BOUND)
            noise = {} if options.log_std is None else {"log_std_init": options.log_std}
            settings = {"policy_kwargs": noise} if noise else {}
            for learner in options.learners:
                for seed in options.seeds:
                    reached = trained(learner, core, seed, bound, **settings)
                    yield (
                        f"| {cell} | {information} | {learner} | {seed} | "
                        f"{'wide' if options.wide else 'default'} | {reached.share:.3g} | "
                        f"{reached.seconds:.0f} |"
                    )


def uniform_lines() -> Iterator[str]:
    """Yield a line of Markdown for each cell: uniform actions in the wide and the default box."""
    for cell, build in CELLS.items():
        core = deviation_core(build())
        in_wide, default = uniform_rewards(wide(core)), uniform_rewards(core)
        yield (
            f"| {cell} | {in_wide.mean():.3g} | {in_wide.min():.3g} | {default.mean():.3g} | "
            f"{default.min():.3g} |"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the pieces that are asked for; without learners, what uniform actions earn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.default_learners")
    parser.add_argument("learners", nargs="*", choices=[*LEARNERS, []])
    parser.add_argument("--cells", nargs="+", default=list(CELLS))
    parser.add_argument("--rungs", nargs="+", default=list(get_args(Information)))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--log-std", type=float, help="initial exploration of PPO and A2C")
    options = parser.parse_args(arguments)
    for line in pieces(options) if options.learners else uniform_lines():
        print(line, flush=True)


if __name__ == "__main__":
    main()

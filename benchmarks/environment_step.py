"""The market's share of a PPO training run, and its steps against plain environments.

One deviator's steps stand beside plain PettingZoo environments; everyone's beside a bare loop, and
beside one market at a time.

The share counts everything that is the market's: drawing types, observations, honest bids, the
rank-one clearing, rewards, and the gains of the learning curve. The rest is PPO in torch. Both are
on one thread, as the learner trains.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np

from deviator.economies import fundamental_value, private_values
from deviator.envs import DeviationCore, ExchangeCore, deviation_core, exchange_core
from deviator.envs.malloc import keep_freed_memory
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.evidence import Market, market
from deviator.learners.ppo import PPOLearner
from deviator.learners.sb3.markets import MarketsVecEnv
from deviator.mechanisms import SigmaDCDA, UniformConditional, UniformDoubleAuction
from deviator.validation import Floats

from .bare_exchange_loop import BareExchangeLoop
from .harness import Row, at_least, at_most, busiest, side_by_side, threads
from .one_market_exchange_env import OneMarketExchangeEnv
from .plain_exchange_env import PlainExchangeEnv
from .plain_market_env import AGENT, PlainMarketEnv

MARKETS, SAMPLE = 4096, 256
TRADERS = 10
ONE_PRICE_MARKETS, CONDITIONAL_MARKETS = 65_536, 16_384
ROLLOUTS, RUNS = 60, 3
WORK = "environment step"
MARKETS_PART = ((MarketsVecEnv, "step_wait"), (MarketsVecEnv, "reset"), (Market, "gains"))
"""What is counted as the market's time in a training run."""


def rows() -> list[Row]:
    """Measure at 10 and 30 traders, and check that both environments pay the same."""
    measured = []
    with threads(1):
        for n in (10, 30):
            core = deviation_core(market(SigmaDCDA(0.2), fundamental_value(n)))
            measured += [_share(core, n), *_speeds(core, n)]
        measured += [_everyone(ONE_PRICE_MARKETS), _conditional(CONDITIONAL_MARKETS)]
    return measured


def _share(core: DeviationCore, n: int) -> Row:
    learner = PPOLearner(markets=MARKETS)
    runs = [_share_of_run(core, learner, seed) for seed in range(RUNS)]
    value, parts, wholes = (statistics.median(field) for field in zip(*runs, strict=True))
    return Row(
        WORK,
        f"{MARKETS} markets x {n} traders",
        "share of a PPO run's wall time",
        value,
        at_most(0.10),
        deviator=parts,
        baseline=wholes,
        spread=(min(run[0] for run in runs), max(run[0] for run in runs)),
        note=f"{ROLLOUTS} rollouts, our preset; the rest is PPO in torch",
    )


def _share_of_run(
    core: DeviationCore, learner: PPOLearner, seed: int
) -> tuple[float, float, float]:
    """Return the market's share, its seconds and those of the whole run."""
    with _counted() as clock:
        start = time.perf_counter()
        learner.train(core, ROLLOUTS * MARKETS, seed)
        whole = time.perf_counter() - start
    return clock.seconds / whole, clock.seconds, whole


class _Clock:
    """Adds up the time of the outermost of the functions that it watches."""

    def __init__(self) -> None:
        self.seconds, self.depth = 0.0, 0

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            start, self.depth = time.perf_counter(), self.depth + 1
            try:
                return function(*arguments, **named)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds += time.perf_counter() - start

        return timed


@contextlib.contextmanager
def _counted() -> Iterator[_Clock]:
    """Time the market's part of all that runs."""
    clock = _Clock()
    with contextlib.ExitStack() as stack:
        for owner, name in MARKETS_PART:
            stack.enter_context(patch.object(owner, name, clock.watched(getattr(owner, name))))
        yield clock


def _speeds(core: DeviationCore, n: int) -> list[Row]:
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (MARKETS, core.box.size))
    plain, env = PlainMarketEnv(core), DeviationVecEnv(core, MARKETS, seed=0, details=False)
    difference = _largest_difference(plain, core, actions[:SAMPLE])
    if difference > 1e-9:
        raise AssertionError(f"rewards must agree to 1e-9, differ by {difference:.3g}")
    env.reset()
    bar = at_least(100) if n == 10 else None

    def step() -> None:
        env.step_async(actions)
        env.step_wait()

    note = (
        f"draws and clears in both; largest difference of rewards {difference:.1e}; "
        f"{busiest(step)} of the time"
    )

    rows = []
    for baseline, who in ((PlainExchangeEnv(core), "every trader"), (plain, "one trader")):
        sides = side_by_side(
            step, _one_by_one(baseline, actions[:SAMPLE]), baseline_scale=MARKETS / SAMPLE
        )
        figure = f"times a plain PettingZoo env stepped one by one, {who} an agent"
        size = f"{MARKETS} markets x {n} traders"
        rows.append(Row.times_faster(WORK, size, sides, bar, figure=figure, note=note))
    return rows


def _everyone(markets: int) -> Row:
    """Measure everyone acting at one price against a loop by hand, which must pay the same."""
    tested = market(UniformDoubleAuction(), private_values(TRADERS, alpha=1.0, slope=1.0))
    core = exchange_core(tested)
    actions = _float_actions(core, markets)
    ranges, unit = core.boxes[0].half_width, core.reward_units[0]
    bare = BareExchangeLoop(markets, TRADERS, 1.0, 1.0, ranges, unit)
    paid = core.step(core.start(bare.types), actions).reward
    difference = float(np.abs(bare.step(actions)[1] - paid).max() / np.abs(paid).max())
    if difference > 1e-9:
        raise AssertionError(f"rewards must agree to 1e-9, differ by {difference:.3g}")
    sides = side_by_side(_play(core, actions), lambda: bare.step(actions))
    return Row.times_faster(
        WORK,
        f"{markets} markets x {TRADERS} traders who all act, one price",
        sides,
        at_least(0.8),
        figure="times a bare NumPy loop that draws, clears by hand and pays",
        note=f"nothing is checked in the loop; largest difference of rewards {difference:.1e}",
    )


def _conditional(markets: int) -> Row:
    """Measure everyone acting with conditional bids against one market at a time."""
    tested = market(UniformConditional(), fundamental_value(TRADERS))
    core, single = exchange_core(tested), OneMarketExchangeEnv(tested)
    actions = _float_actions(core, markets)
    difference = _largest_difference_of_all(single, core, actions[:SAMPLE])
    if difference > 1e-9:
        raise AssertionError(f"rewards must agree to 1e-9, differ by {difference:.3g}")

    def one_by_one() -> None:
        for action in actions[:SAMPLE]:
            single.reset()
            single.step(dict(zip(single.agents, action, strict=True)))

    scale = markets / SAMPLE
    sides = side_by_side(_play(core, actions), one_by_one, baseline_scale=scale)
    return Row.times_faster(
        WORK,
        f"{markets} markets x {TRADERS} traders who all act, conditional bids",
        sides,
        at_least(500),
        figure="times one market at a time, with a decision problem for each trader",
        note=f"largest difference of rewards {difference:.1e}; {busiest(_play(core, actions))}",
    )


def _float_actions(core: ExchangeCore, markets: int) -> Any:
    shape = (markets, len(core.traders), core.action_size)
    return np.random.default_rng(0).uniform(-0.2, 0.2, shape).astype(np.float32)


def _play(core: ExchangeCore, actions: Any) -> Callable[[], None]:
    """Return a round of all markets: draw, look, bid, clear and pay."""
    rng = np.random.default_rng(0)
    keep_freed_memory()

    def play() -> None:
        state = core.start(core.draw(rng, len(actions)))
        core.observe(state).astype(np.float32)
        core.step(state, actions)

    return play


def _largest_difference_of_all(
    single: OneMarketExchangeEnv, core: ExchangeCore, actions: Any
) -> float:
    """Compare the rewards of all traders in each market, as shares of the largest."""
    rewards, types = [], []
    for action in actions:
        single.reset()
        types.append(single.types[0])
        paid = single.step(dict(zip(single.agents, action, strict=True)))[1]
        rewards.append(list(paid.values()))
    batch = core.step(core.start(np.array(types)), actions).reward
    return float(np.abs(batch - np.array(rewards)).max() / np.abs(batch).max())


def _one_by_one(env: PlainMarketEnv | PlainExchangeEnv, actions: Floats) -> Callable[[], None]:
    """Return the play of trader 0's actions, one market each, the others honest."""
    honest = dict.fromkeys(env.possible_agents, np.zeros(actions.shape[1]))

    def play() -> None:
        for action in actions:
            env.reset()
            env.step(honest | {AGENT: action})

    return play


def _largest_difference(plain: PlainMarketEnv, core: DeviationCore, actions: Floats) -> float:
    """Compare rewards at the same types and actions, as shares of the largest."""
    types, rewards = np.empty((len(actions), core.observation.size)), np.empty(len(actions))
    for seed, action in enumerate(actions):
        plain.reset(seed=seed)
        types[seed] = plain.types
        rewards[seed] = plain.step({AGENT: action})[1][AGENT]
    return float(np.abs(core.reward(types, actions) - rewards).max() / np.abs(rewards).max())

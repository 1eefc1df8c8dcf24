"""The benchmarks' own arithmetic, table and topics; nothing is timed here."""

import ast
import importlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from benchmarks import __main__ as runner
from benchmarks import harness, topics
from benchmarks.harness import (
    Row,
    Timing,
    at_least,
    at_most,
    busiest,
    run_apart,
    side_by_side,
    threads,
)
from benchmarks.machine import machine
from benchmarks.plain_exchange_env import PlainExchangeEnv
from benchmarks.plain_market_env import AGENT, PlainMarketEnv
from benchmarks.plain_smooth_clearing import clear, saturating_surfaces
from benchmarks.table import Results, cells, markdown, plain_number, quantity
from benchmarks.topics import EXTRA_TOPICS, TOPICS, TopicResult, run_topic
from deviator.economies import heterogeneous, saturating
from deviator.envs import DeviationCore, deviation_core
from deviator.evidence import market
from deviator.mechanisms import Reports, SigmaDCDA, sigma_vcg

FOLDER = Path(harness.__file__).parent
TIMING = Timing((2.0, 3.0, 4.0), (1.0, 1.0, 4.0))
ROW = Row("clearing", "3 | 8", "times inv", 1.25, at_most(1.3), 0.0125, 0.01, "s", (1.2, 1.4), "n")


class Clock:
    """A clock that the work itself moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def work(self, name: str, seconds: Callable[[], float]) -> Callable[[], None]:
        def run() -> None:
            self.calls.append(name)
            self.now += seconds()

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(harness.time, "perf_counter", lambda: clock.now)
    return clock


@pytest.mark.parametrize(
    ("bar", "figure", "met"),
    [
        (at_most(1.3), 1.3, True),
        (at_most(1.3), 1.31, False),
        (at_least(10), 10.0, True),
        (at_least(10), 9.99, False),
        (at_most(1.3), math.nan, False),
        (at_least(10), math.nan, False),
    ],
)
def test_a_bar_is_met_on_its_own_side_only(bar: harness.Bar, figure: float, met: bool) -> None:
    assert bar.met(figure) is met
    assert Row("w", "s", "f", figure, bar).met is met
    assert Row("w", "s", "f", figure).met is None


def test_ratios_and_their_spread_are_of_pairs() -> None:
    assert (TIMING.deviator, TIMING.baseline) == (3.0, 1.0)
    slower = Row.times_slower("w", "s", TIMING, at_most(1.9), figure="f")
    faster = Row.times_faster("w", "s", TIMING, at_least(0.5), figure="f")
    assert (slower.value, slower.spread, slower.met) == (2.0, (1.5, 2.5), False)
    assert (faster.value, faster.met) == (0.5, True)
    assert faster.spread == pytest.approx((5 / 12, 3 / 4))


def test_one_run_has_no_spread() -> None:
    assert Row.times_slower("w", "s", Timing((1.0,), (2.0,)), None, figure="f").spread is None


def test_the_two_sides_take_turns(clock: Clock) -> None:
    timing = side_by_side(clock.work("o", lambda: 2.0), clock.work("b", lambda: 1.0), repeats=4)
    assert "".join(clock.calls) == "ob" + "ob" + "bo" + "ob" + "bo"  # the first pair warms up
    assert timing.slowdown == 2.0
    assert len(timing.deviator_runs) == len(timing.baseline_runs) == 4


def test_a_machine_that_becomes_slower_does_not_move_the_ratio(clock: Clock) -> None:
    deviator = clock.work("o", lambda: 2.0 * (1 + len(clock.calls) // 2))
    baseline = clock.work("b", lambda: 1.0 * (1 + len(clock.calls) // 2))
    timing = side_by_side(deviator, baseline, repeats=30)
    assert timing.slowdown == pytest.approx(2.0, rel=0.05)


def test_fast_work_is_repeated_and_its_seconds_are_those_of_one_call(clock: Clock) -> None:
    deviator, baseline = clock.work("o", lambda: 0.001), clock.work("b", lambda: 0.5)
    timing = side_by_side(deviator, baseline, repeats=3, at_least_seconds=0.02)
    assert clock.calls.count("o") == 2 + 3 * 20
    assert timing.deviator == pytest.approx(0.001)
    assert timing.baseline == 0.5


def test_one_function_alone(clock: Clock) -> None:
    assert harness.seconds_of(clock.work("o", lambda: 2.0), 3) == (2.0, 2.0, 2.0)


def test_a_baseline_on_a_sample_is_scaled_to_the_whole(clock: Clock) -> None:
    deviator, baseline = clock.work("o", lambda: 1.0), clock.work("b", lambda: 1.0)
    assert side_by_side(deviator, baseline, baseline_scale=500.0).speedup == 500.0


def test_a_profile_names_where_the_time_goes() -> None:
    assert re.fullmatch(r"sum \d+%, .+ \d+%", busiest(lambda: sum(range(10**6)), 2))


def test_threads_are_held_inside_and_given_back() -> None:
    def counts() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info()]

    before = counts()
    with threads(1):
        assert set(counts()) == {1}
    assert counts() == before


def test_a_process_apart_reports_result_and_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = "def memory(size):\n    print('words')\n    return len(bytearray(b'1') * size)\n"
    (tmp_path / "hold.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    apart = run_apart("hold:memory", 200 * 2**20)
    assert apart.value == 200 * 2**20
    assert 190 * 2**20 < apart.bytes_used < 220 * 2**20


def test_a_failing_process_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"statistics:mean failed .*mean requires at least one"):
        run_apart("statistics:mean", [])


def test_a_process_that_hangs_is_ended() -> None:
    with pytest.raises(RuntimeError, match=r"time:sleep took longer than 0\.2 s"):
        run_apart("time:sleep", 60, seconds=0.2)


def test_json_round_trip() -> None:
    failed = TopicResult("b", failure="b failed in its own process: no")
    results = Results({"cores": "2"}, (TopicResult("a", (ROW,), 1.5), failed))
    assert Results.from_json(results.to_json()) == results


def test_the_page_shows_rows_notes_failures_and_machine() -> None:
    failed = TopicResult("b", failure="b failed in its own process: no memory")
    page = markdown(Results({"cores": "2"}, (TopicResult("a", (ROW,), 90.0), failed)))
    expected = r"| clearing | 3 \| 8 | times inv | 1.25 (1.2 to 1.4) | at most 1.3 | yes | 12.5 ms | 10 ms |"
    assert expected in page.splitlines()
    for text in ("`b` failed", "no memory", "- cores: 2", "1.5 minutes", "times inv*: n"):
        assert text in page


def test_a_bar_that_is_missed_stands_out() -> None:
    assert cells(Row("w", "s", "f", 2.0, at_most(1.3)))[5] == "**no**"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (plain_number(12345678.9), "12,345,679"),
        (plain_number(1.2345), "1.23"),
        (quantity(0.000002, "s"), "2 us"),
        (quantity(3 * 2**30, "bytes"), "3 GiB"),
        (quantity(2.5e7, "markets/s"), "25,000,000 markets/s"),
        (quantity(0.0, "s"), "0 ns"),
        (quantity(None, "s"), ""),
    ],
)
def test_numbers_are_short(text: str, expected: str) -> None:
    assert text == expected


def test_a_topic_that_fails_costs_its_own_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(topic: str) -> TopicResult:
        return run_topic("nowhere") if topic == "bad" else TopicResult(topic, (ROW,), 1.0)

    monkeypatch.setattr(runner, "run_topic", run)
    results = runner.measure(["bad", "good"])
    assert [result.topic for result in results.failures] == ["nowhere"]
    assert "No module named 'benchmarks.nowhere'" in str(results.failures[0].failure)
    assert results.rows == (ROW,)


def test_only_a_run_of_all_topics_writes_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "run_topic", lambda topic: TopicResult(topic, (ROW,), 1.0))
    monkeypatch.setattr(runner, "HERE", tmp_path)
    assert runner.main([TOPICS[0]]) == 0
    assert not list(tmp_path.iterdir())
    assert runner.main([]) == 0
    written = Results.from_json((tmp_path / "results.json").read_text())
    assert tuple(result.topic for result in written.topics) == TOPICS
    assert (tmp_path / "results.md").read_text() == markdown(written)


def test_an_unknown_topic_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        runner.main(["weather"])
    assert "got weather" in capsys.readouterr().err


def test_machine_facts_name_no_host_and_no_path() -> None:
    facts = machine()
    assert {"processor", "cores", "memory", "numpy", "scipy", "torch", "numpy's BLAS"} <= set(facts)
    assert importlib.import_module("platform").node() not in json.dumps(facts)
    assert not any("/" in fact for fact in facts.values())


def has_rows(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return any(isinstance(part, ast.FunctionDef) and part.name == "rows" for part in body)


def test_every_script_with_rows_is_a_topic() -> None:
    result = {path.stem for path in FOLDER.glob("*.py") if has_rows(path)}
    assert result == {*TOPICS, *EXTRA_TOPICS}


@pytest.mark.parametrize("topic", TOPICS)
def test_importing_a_topic_measures_nothing(topic: str, clock: Clock) -> None:
    if topic == "type_grid":
        pytest.importorskip("mechaudit", reason="the suite does without the extra bench")
    module = importlib.import_module(f"benchmarks.{topic}")
    assert callable(module.rows)


def test_the_tracked_page_is_the_tracked_run() -> None:
    results = Results.from_json((FOLDER / "results.json").read_text())
    assert (FOLDER / "results.md").read_text() == markdown(results)
    assert tuple(result.topic for result in results.topics) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_states_a_bar(topic: str) -> None:
    results = Results.from_json((FOLDER / "results.json").read_text())
    (result,) = [result for result in results.topics if result.topic == topic]
    assert result.failure is None
    assert any(row.bar for row in result.rows)


def test_plain_rows_come_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        @staticmethod
        def rows() -> list[Row]:
            return [ROW, Row("w", "s", "f", 1.0)]

    monkeypatch.setattr(topics.importlib, "import_module", lambda name: Module)
    plain = json.loads(json.dumps(topics.plain_rows("any")))
    assert [topics.row_of(row) for row in plain] == Module.rows()


@pytest.fixture
def core() -> DeviationCore:
    tested = market(SigmaDCDA(0.4), heterogeneous(6, 1.0, 0.3, 1.0, 2.0))
    return deviation_core(tested, information="profile")


def test_the_plain_env_is_the_same_market(core: DeviationCore) -> None:
    env = PlainMarketEnv(core)
    for seed in range(5):
        observation = env.reset(seed=seed)[0][AGENT]
        action = np.random.default_rng(seed).uniform(-1, 1, core.box.size)
        reward = env.step({AGENT: action})[1][AGENT]
        types = env.types[None]
        np.testing.assert_allclose(reward, core.reward(types, action[None])[0], rtol=1e-9)
        np.testing.assert_allclose(observation, core.observation(types)[0], atol=1e-6)


def test_where_all_others_are_honest_the_exchange_pays_the_same(core: DeviationCore) -> None:
    env, alone = PlainExchangeEnv(core), PlainMarketEnv(core)
    honest = dict.fromkeys(env.possible_agents, np.zeros(core.box.size))
    for seed in range(5):
        env.reset(seed=seed)
        alone.reset(seed=seed)
        action = np.random.default_rng(seed).uniform(-1, 1, core.box.size)
        rewards = env.step(honest | {AGENT: action})[1]
        np.testing.assert_allclose(rewards[AGENT], alone.step({AGENT: action})[1][AGENT])
        env.reset(seed=seed)
        assert set(env.step(honest)[1].values()) == {0.0}


def test_plain_smooth_clearing_gives_what_sigma_vcg_does() -> None:
    economy, types = saturating(5), np.random.default_rng(0).standard_normal((2, 5))
    expected = sigma_vcg(economy, 0.4).clear(Reports(types))
    for index, own in enumerate(types):
        outcome = clear(saturating_surfaces(economy, 0.4, own), 5, 0.4)
        np.testing.assert_allclose(outcome.price, expected.price[index], atol=1e-10)
        np.testing.assert_allclose(outcome.quantity, expected.quantity[index], atol=1e-10)
        np.testing.assert_allclose(outcome.transfer, expected.transfer[index], atol=1e-10)

"""Large markets: chunks of traders and shards give what one clearing of all gives."""

import contextlib
import doctest
import os
import re
import signal
import subprocess
import sys
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from helpers.repository import DOCS
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deviator import memory
from deviator.economies import private_values
from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.mechanisms import (
    FactoredBids,
    PublicStatistics,
    Shard,
    ShardOutcome,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
    clear_sharded,
    read_outcome,
    write_shard,
)
from deviator.mechanisms.clearing import FactoredClearing
from deviator.mechanisms.clearing.factored import outcomes, passes
from deviator.mechanisms.clearing.factored.parts import Scratch
from deviator.mechanisms.clearing.factored.sums import merged_quick_sums, quick_sums
from deviator.mechanisms.sharded.basis import closer_look, find_basis
from deviator.mechanisms.sharded.first_pass import first_pass, joined, sums_in
from deviator.mechanisms.sharded.parquet import write_outcome
from deviator.mechanisms.sharded.shard import rows_of

FIELDS = ("price", "quantity", "transfer", "residual_slope")


def random_bids(rng, n, g, batch=1, markets=1):
    statistics = PublicStatistics(rng.uniform(0.5, 1.0, (g, n)) / n)
    return statistics, FactoredBids(
        rng.uniform(0.5, 2.0, (markets, n)),
        rng.normal(size=(markets, n, g)) * np.sqrt(n),
        rng.uniform(0.5, 1.5, (markets, n)),
        rng.normal(size=(batch, n)),
    )


def small_clearing(statistics, bids, payment):
    """The oracle: all traders of a market at once, with the traders of small own weights kept."""
    solution = FactoredClearing(statistics, large=10**9).solve(bids)
    price, quantity, slope = solution.price, solution.quantity, solution.residual_slope
    return price, quantity, payment(price[:, None], quantity, slope), slope, solution.regular


def payment_of(rule):
    return partial(rule.payment, tax_slope=rule.tax_slope)


def assert_close(got, want, tolerance=1e-12):
    size = max(np.abs(want).max(initial=0.0), 1.0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * size)


def assert_same(outcome, want):
    *fields, regular = want
    np.testing.assert_array_equal(outcome.traded, regular)
    for name, field in zip(FIELDS, fields, strict=True):
        got = getattr(outcome, name)
        assert_close(got[regular], field[regular])
    assert np.isnan(outcome.price[~regular]).all()
    assert (outcome.quantity[~regular] == 0).all()
    assert (outcome.transfer[~regular] == 0).all()
    assert np.isnan(outcome.residual_slope[~regular]).all()


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("g", [0, 1, 2, 9])
@pytest.mark.parametrize("zeros", [0, 1, "all but one"])
def test_passes_over_chunks_equal_one_clearing(monkeypatch, quick, g, zeros):
    if not quick:
        monkeypatch.setattr(passes, "quick_solution", lambda *_: None)
    rng = np.random.default_rng([g, quick])
    for shared in (True, False):
        n = 40
        statistics, bids = random_bids(rng, n, g, 3, 1 if shared else 3)
        bids.own_weights[0, : n - 1 if zeros == "all but one" else zeros] = 0.0
        rule = SigmaDCDA(0.3, statistics)
        clearing = FactoredClearing(statistics, large=1, chunk=7)
        outcome = clearing.settle(bids, payment_of(rule))
        assert_same(outcome, small_clearing(statistics, bids, payment_of(rule)))
        assert outcome.traded.all() == (zeros != "all but one")
        solution = clearing.solve(bids)
        np.testing.assert_array_equal(solution.regular, outcome.traded)
        assert_close(solution.quantity[outcome.traded], outcome.quantity[outcome.traded])


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(3, 30), st.integers(0, 3), st.floats(-17, -5))
def test_autarky_of_nearly_singular_markets_is_that_of_one_clearing(seed, n, g, exponent):
    """Rows of very different units, some without own weights, two of them nearly the same."""
    rng = np.random.default_rng(seed)
    statistics, bids = random_bids(rng, n, g)
    array = bids.as_array()
    array[:, : rng.integers(0, min(n, g + 3)), 0] *= 10.0 ** rng.integers(-20, 1)
    if rng.integers(2):
        array[:, 1] = array[:, 0] * (1 + 10**exponent * rng.normal(size=g + 3))
    array[:, :, -2] *= 10.0 ** rng.integers(-12, 12)
    array *= np.exp(rng.uniform(-20, 20, (1, n, 1)))
    bids = FactoredBids.from_array(array)
    want = FactoredClearing(statistics).solve(bids).regular
    in_passes = FactoredClearing(statistics, large=1, chunk=4).solve(bids).regular
    np.testing.assert_array_equal(in_passes, want)


def test_a_large_market_takes_little_more_than_inputs_and_outputs():
    n = 200_000
    statistics, bids = random_bids(np.random.default_rng(0), n, 2)
    rule = SigmaDCDA(0.3, statistics)
    tracemalloc.start()
    outcome = rule.clear(bids)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.traded.all()
    assert peak < 24 * n * 2  # outputs are 24 bytes a trader, and inputs are not counted here
    assert_same(outcome, small_clearing(statistics, bids, payment_of(rule)))


def test_more_memory_than_there_is_is_refused_with_both_figures(monkeypatch):
    statistics, bids = random_bids(np.random.default_rng(0), 5000, 1)
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 100_000)
    with pytest.raises(
        RefusedError, match=r"5000 traders needs .* GiB .* available.*clear_sharded"
    ):
        SigmaDCDA(0.1, statistics).clear(bids)


# --- shards


def make_shard(seed, n=700, g=2):
    rng = np.random.default_rng(seed)
    return Shard(
        rng.uniform(0.5, 2.0, n),
        rng.normal(size=(n, g)),
        rng.uniform(0.5, 1.5, n),
        rng.normal(size=n),
        rng.uniform(0.5, 1.0, (g, n)) / 100,
    )


def one_market(shards):
    statistics = PublicStatistics(np.concatenate([each.statistics for each in shards], axis=1))
    rows = [
        np.concatenate([getattr(each, name) for each in shards])[None]
        for name in ("own_weights", "statistic_weights", "price_weights", "level")
    ]
    return statistics, FactoredBids(*rows)


def assert_shards_equal_one_market(sharded, shards, rule=SigmaDCDA, tolerance=1e-12):
    statistics, bids = one_market(shards)
    mechanism = rule(statistics=statistics)
    want = mechanism.clear(bids)
    got = list(sharded.outcomes())
    assert [len(each.quantity) for each in got] == [len(each) for each in shards]
    assert sharded.traded == want.traded[0]
    assert sharded.n_traders == bids.level.size
    assert_close(sharded.price, want.price[0], tolerance)
    for name in FIELDS[1:]:
        values = np.concatenate([getattr(each, name) for each in got])
        assert_close(values, getattr(want, name)[0], tolerance)
    assert_close(sharded.budget, want.transfer.sum(), tolerance * 100)
    assert_close(sharded.volume, np.abs(want.quantity).sum() / 2, tolerance * 100)


@pytest.mark.parametrize("rule", [SigmaDCDA, UniformConditional])
@pytest.mark.parametrize("sizes", [(2100,), (1, 2, 2097), (700, 700, 700), (0, 2100)])
def test_shards_equal_one_market(rule, sizes):
    shards = [make_shard(seed, n) for seed, n in enumerate(sizes)]
    assert_shards_equal_one_market(clear_sharded(rule(), shards), shards, rule)


class Counting:
    """Counts how often each shard is read."""

    def __init__(self, shards):
        self.shards, self.reads = shards, [0] * len(shards)

    def makers(self):
        return [partial(self.make, place) for place in range(len(self.shards))]

    def make(self, place):
        self.reads[place] += 1
        return self.shards[place]


def weigh_one_heavily(shards):
    shards[1].statistics[0, 3] = 0.09  # the statistic says over half of this trader's quantity


def nearly_repeat_a_statistic(shards):
    for shard in shards:
        shard.statistics[1] = shard.statistics[0] * (1 + 1e-4 * shard.level)


def empty_an_own_weight(shards):
    shards[1].own_weights[3] = 0.0


@pytest.mark.parametrize(
    ("change", "times"),
    [
        (lambda shards: None, 2),
        (weigh_one_heavily, 3),
        (nearly_repeat_a_statistic, 3),
        (empty_an_own_weight, 3),
    ],
)
def test_most_markets_are_settled_in_two_passes(change, times):
    shards = [make_shard(seed) for seed in range(3)]
    change(shards)
    counting = Counting(shards)
    sharded = clear_sharded(SigmaDCDA(), counting.makers())
    assert counting.reads == [times] * 3
    assert_shards_equal_one_market(sharded, shards, tolerance=1e-11)


def test_bounds_settle_large_markets_too(monkeypatch):
    """The squared condition number grows as N, and so do the bounds on it, not as N^2."""
    monkeypatch.setattr(outcomes, "tolerance", lambda n: 1 / np.sqrt(200 * n))
    counting = Counting([make_shard(seed, 10_000) for seed in range(3)])
    assert clear_sharded(SigmaDCDA(), counting.makers()).traded
    assert counting.reads == [2] * 3


def sums_by_themselves(shards, basis):
    """Add up what crosses traders when the basis is known, one shard after the other."""
    parts = []
    for shard in shards:
        rows = rows_of(shard, *basis.columns(shard.statistics))
        scratch = Scratch.of(basis.reading, len(shard))
        parts.append(quick_sums(rows, basis.reading, scratch))
    return merged_quick_sums(parts)


@settings(max_examples=30)
@given(
    st.integers(0, 2**32),
    st.integers(0, 4),
    st.floats(-8, 8),
    st.floats(-0.1, 0.1),
    st.integers(0, 1),
)
def test_sums_of_the_first_pass_are_those_in_the_basis(seed, g, unit, offset, empty):
    """Whatever the units of the statistics, and however far apart the shards' means are."""
    rng = np.random.default_rng(seed)
    shards = [make_shard(seed, n, g) for n in (200, 300 * (1 - empty), 1500)]
    units = 10 ** (unit * rng.uniform(size=(g, 1)))
    for shard in shards:
        shard.statistics[:] = units * (shard.statistics * 30 + offset * rng.normal(size=(g, 1)))
    whole = joined([first_pass(shard) for shard in shards])
    basis = find_basis(whole.look, lambda basis: sum(closer_look(s, basis) for s in shards))
    got, want = sums_in(basis, whole), sums_by_themselves(shards, basis)
    assume(got is not None)
    assert_close(got.moments, want.moments, 1e-13)
    assert 0.5 < got.unsaid <= want.unsaid
    drifted = whole._replace(moments=whole.moments + 1e-9)  # the villain: sums that are a bit off
    with pytest.raises(AssertionError):
        assert_close(sums_in(basis, drifted).moments, want.moments, 1e-13)


@pytest.mark.parametrize("zeros", [0, 1, 3])
def test_traders_without_own_weights_may_be_in_any_shard(zeros):
    shards = [make_shard(seed, 300) for seed in range(4)]
    for place in range(zeros):
        shards[3 - place].own_weights[place] = 0.0
    sharded = clear_sharded(SigmaDCDA(), shards)
    assert sharded.traded
    assert_shards_equal_one_market(sharded, shards)


def test_one_trader_forces_autarky_on_all_shards(tmp_path):
    shards = [make_shard(seed, 300) for seed in range(3)]
    for array in (shards[2].own_weights, shards[2].statistic_weights, shards[2].price_weights):
        array[5] = 0.0
    sharded = clear_sharded(SigmaDCDA(), shards, folder=tmp_path)
    assert not sharded.traded
    assert np.isnan(sharded.price)
    assert (sharded.budget, sharded.volume) == (0.0, 0.0)
    for place, each in enumerate(sharded.outcomes()):
        for outcome in (each, read_outcome(tmp_path / f"outcome-{place:05}.parquet")):
            assert (outcome.quantity == 0).all()
            assert (outcome.transfer == 0).all()
            assert np.isnan(outcome.residual_slope).all()


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("constant", [12345.678, 1e8 / 3])
def test_constant_statistics_say_nothing_in_any_units(constant, near):
    """Nor where another is nearly a copy, so that all are looked at more closely."""
    rng = np.random.default_rng(0)
    shards = [make_shard(seed, n, 3) for seed, n in enumerate((997, 331, 2203))]
    for shard in shards:
        shard.statistics[:] = rng.normal(size=shard.statistics.shape)
        shard.statistics[0] = constant
        if near:
            shard.statistics[2] = shard.statistics[1] + 1e-6 * shard.statistics[2]
        shard.statistic_weights[:] /= 50
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), shards), shards)


@pytest.mark.parametrize("distance", [0.0, 1e-13, 1e-9, 1e-6, 1e-3])
def test_statistics_of_deficient_rank_say_what_they_say_in_one_market(distance):
    """Sums of all groups, of which one is idle, a constant, and one nearly a copy of another."""
    rng = np.random.default_rng(1)
    shards = []
    for seed in range(3):
        shard = make_shard(seed, 400, 5)
        group = rng.integers(0, 2, 400)
        near = shard.statistics[0] * (1 + distance * rng.normal(size=400))
        shard.statistics[:] = [shard.statistics[0], group, 1 - group, np.full(400, 3.0), near]
        shards.append(shard)
    statistics, bids = one_market(shards)
    got = clear_sharded(SigmaDCDA(), shards)
    want = SigmaDCDA(0.0, statistics).clear(bids)
    assert got.traded == want.traded[0] == True  # noqa: E712
    quantity = np.concatenate([each.quantity for each in got.outcomes()])
    assert_close(quantity, want.quantity[0], 1e-11)
    assert_close(got.price, want.price[0], 1e-11)


def test_statistics_far_from_zero():
    shards = [make_shard(seed, 300) for seed in range(3)]
    for shard in shards:
        shard.statistics[:] += 1e4
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), shards), shards, tolerance=1e-8)


def test_a_market_of_parquet_files_leaves_outcomes_as_parquet_files(tmp_path):
    shards = [make_shard(seed, 100 + seed) for seed in range(3)]
    paths = [tmp_path / f"bids-{place}.parquet" for place in range(3)]
    for shard, path in zip(shards, paths, strict=True):
        write_shard(shard, path)
    sharded = clear_sharded(SigmaDCDA(), paths, folder=tmp_path / "outcomes")
    assert_shards_equal_one_market(sharded, shards)
    for place, each in enumerate(sharded.outcomes()):
        written = read_outcome(tmp_path / "outcomes" / f"outcome-{place:05}.parquet")
        for name in FIELDS[1:]:
            np.testing.assert_array_equal(getattr(written, name), getattr(each, name))
    assert len(list((tmp_path / "outcomes").iterdir())) == 3


class Repeating:
    """Does all work twice, as Dask does that of a worker who dies before he has reported."""

    def map(self, task, reads, pure):
        return [[task(read) for _ in range(2)][1] for read in reads]

    def gather(self, results):
        return results


@pytest.mark.parametrize("traded", [True, False])
def test_files_of_outcomes_may_be_written_and_named_twice(tmp_path, traded):
    shards = [make_shard(seed, 300) for seed in range(2)]
    if not traded:
        for array in (shards[0].own_weights, shards[0].statistic_weights, shards[0].price_weights):
            array[5] = 0.0
    sharded = clear_sharded(SigmaDCDA(), shards, client=Repeating(), folder=tmp_path)
    assert sharded.traded == traded
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "outcome-00000.parquet",
        "outcome-00001.parquet",
    ]
    for place, outcome in enumerate(sharded.outcomes()):
        written = read_outcome(tmp_path / f"outcome-{place:05}.parquet")
        np.testing.assert_array_equal(written.quantity, outcome.quantity)


def test_functions_make_shards_when_they_are_needed():
    makers = [partial(make_shard, seed, 50) for seed in range(3)]
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), makers), [make() for make in makers])


CHANGING = iter(range(10, 100))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: clear_sharded(SigmaDCDA(), []), "at least one"),
        (lambda: clear_sharded(SigmaDCDA(), (make_shard(s) for s in (0, 1))), "more than once"),
        (lambda: clear_sharded(SigmaDCDA(), make_shard(0)), "collection"),
        (lambda: clear_sharded(SigmaDCDA(), [make_shard(0), 3]), "shard 1 must be"),
        (lambda: clear_sharded(SigmaDCDA(), [lambda: 3]), "shard 0 must be"),
        (lambda: clear_sharded(SigmaDCDA(), [make_shard(0), make_shard(1, 9, 3)]), "2 in shard 0"),
        (lambda: clear_sharded(SigmaDCDA(), [make_shard(0, 2)]), "n_traders"),
        (lambda: clear_sharded(SigmaDCDA(0, np.eye(3)), [make_shard(0)]), "without statistics"),
        (lambda: clear_sharded(UniformDoubleAuction(), [make_shard(0)]), "conditional bids"),
        (lambda: clear_sharded(SigmaDCDA(), ["nowhere.parquet"]), "shard 0: .*nowhere"),
        (
            lambda: clear_sharded(SigmaDCDA(), [lambda: make_shard(0, next(CHANGING))]),
            "same traders",
        ),
        (lambda: Shard([1.0], [[1.0]], [1.0], [1.0], [[1.0, 2.0]]), "statistics must have shape"),
        (lambda: Shard([1.0], [[1.0]], [np.nan], [1.0], [[1.0]]), "price_weights must be finite"),
    ],
)
def test_malformed_shards_are_one_clear_sentence(build, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_files_that_hold_something_else_are_refused(tmp_path):
    (tmp_path / "text.parquet").write_text("no columns")
    with pytest.raises(InvalidInputError, match="must be a Parquet file"):
        clear_sharded(SigmaDCDA(), [tmp_path / "text.parquet"])
    clear_sharded(SigmaDCDA(), [make_shard(0)], folder=tmp_path)
    with pytest.raises(InvalidInputError, match="must have a column own_weight"):
        clear_sharded(SigmaDCDA(), [tmp_path / "outcome-00000.parquet"])
    with pytest.raises(InvalidInputError, match="must hold no outcomes of another market"):
        clear_sharded(SigmaDCDA(), [make_shard(1)], folder=tmp_path)
    with pytest.raises(InvalidInputError, match="must be a folder, got the file"):
        clear_sharded(SigmaDCDA(), [make_shard(1)], folder=tmp_path / "text.parquet")


def fatal_shard(seed, folder):
    """Make a shard; the first worker that reads one again, in the second pass, dies."""
    read = folder / f"read-{seed}"
    if not read.exists():
        read.touch()
    else:
        # Of two workers that come by at once only one can remove it.
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(folder / "all-alive")
            os.kill(os.getpid(), signal.SIGKILL)
    return make_shard(seed, 200)


@pytest.mark.filterwarnings("default")
def test_a_market_on_workers_of_whom_one_dies(tmp_path):
    distributed = pytest.importorskip("distributed")
    (tmp_path / "all-alive").mkdir()
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        before = set(client.scheduler_info()["workers"])
        makers = [partial(fatal_shard, seed, tmp_path) for seed in range(6)]
        sharded = clear_sharded(SigmaDCDA(), makers, client=client)
        client.wait_for_workers(2, timeout=600)
        assert set(client.scheduler_info()["workers"]) != before
    assert_shards_equal_one_market(sharded, [make_shard(seed, 200) for seed in range(6)])


def test_the_address_of_a_scheduler_is_no_client():
    with pytest.raises(
        InvalidInputError, match=r"got 'tls://.*'; connect first, by distributed\.C"
    ):
        clear_sharded(SigmaDCDA(), [make_shard(0, 50)], client="tls://scheduler:8786")


def test_the_local_dask_script_of_the_page_runs(tmp_path):
    pytest.importorskip("distributed")
    page = DOCS / "large-markets.md"
    found = re.search(r"`on_dask\.py`:\n\n```python\n(.*?)```", page.read_text(), re.DOTALL)
    script = tmp_path / "on_dask.py"
    script.write_text(found[1])
    run = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == "4000 True\n"


def test_the_page_on_large_markets_prints_what_it_says():
    page = DOCS / "large-markets.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_shards_and_paths_that_cannot_be_written_are_one_clear_sentence(tmp_path):
    shard, outcome = make_shard(0, 5), ShardOutcome(np.zeros(2), np.zeros(2), np.ones(2))
    taken, missing = tmp_path / "folder", tmp_path / "missing" / "shard.parquet"
    taken.mkdir()
    for write, thing in ((write_shard, shard), (write_outcome, outcome)):
        kind = type(thing).__name__
        for first, path, message in [
            (
                "shard.parquet",
                thing,
                f"must be a {kind}, got str; give it first, and the path second",
            ),
            (
                thing,
                missing,
                "must be in a folder that exists, got .*shard.parquet; make .*missing first",
            ),
            (thing, taken, "must be a file's, got the folder .*folder; name a file in it"),
            (thing, 3, "must be a file's path, got int"),
        ]:
            with pytest.raises(InvalidInputError, match=message) as caught:
                write(first, path)
            assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_disk_that_refuses_a_shard_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(table, path):
        Path(path).write_bytes(b"part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(ResultsError, match=r"cannot be written .*No space left"):
        write_shard(make_shard(0, 5), tmp_path / "shard.parquet")
    assert not list(tmp_path.iterdir())


class RepeatingClient:
    """Workers that do every task twice, as Dask does where one dies before all is gathered."""

    def __init__(self, between=lambda: None):
        self.between = between

    def map(self, task, reads, pure):
        for read in reads:
            task(read)
        self.between()
        return [task(read) for read in reads]

    def gather(self, results):
        return results


def test_workers_may_finish_a_shard_twice(tmp_path):
    pytest.importorskip("pyarrow")
    shards = [make_shard(seed, 50) for seed in range(3)]
    once = clear_sharded(SigmaDCDA(0.1), shards, folder=tmp_path / "once")
    twice = clear_sharded(
        SigmaDCDA(0.1), shards, client=RepeatingClient(), folder=tmp_path / "twice"
    )
    assert once.traded
    assert once.price == twice.price
    for name in (f"outcome-{place:05}.parquet" for place in range(3)):
        left, right = (read_outcome(tmp_path / way / name) for way in ("once", "twice"))
        np.testing.assert_array_equal(left.quantity, right.quantity)


def test_an_outcome_that_vanishes_is_not_passed_over(tmp_path):
    pytest.importorskip("pyarrow")

    def lose_outcomes():
        for path in tmp_path.glob("outcome-*.parquet"):
            path.unlink()

    client = RepeatingClient(lose_outcomes)
    with pytest.raises(FileNotFoundError):
        clear_sharded(SigmaDCDA(0.1), [make_shard(0, 50)], client=client, folder=tmp_path)


def test_a_sharded_outcome_shows_the_market_and_not_its_arrays():
    told = repr(clear_sharded(SigmaDCDA(0.1), [make_shard(seed, 50) for seed in range(3)]))
    assert told.startswith("ShardedOutcome(")
    assert "n_traders=150, shards=3" in told
    assert len(told) < 160


def test_bids_of_the_other_kind_are_answered_with_the_auction_that_takes_them():
    statistics, bids = random_bids(np.random.default_rng(0), 5, 2)
    takes = r"takes bids as LinearBids, got FactoredBids, which are for .* SigmaDCDA\(sigma, statistics\)"
    for ask in (SigmaDCDA(0.2).clear, lambda bids: UniformConditional().menu(bids, 0)):
        with pytest.raises(InvalidInputError, match=takes):
            ask(bids)
    linear = SigmaDCDA(0.2).honest_bids(private_values(5), np.zeros((1, 5)))
    with pytest.raises(InvalidInputError, match=r"without statistics, such as SigmaDCDA\(sigma\)$"):
        SigmaDCDA(0.2, statistics).clear(linear)
    with pytest.raises(
        InvalidInputError, match="got ndarray; build LinearBids, or have honest ones"
    ):
        SigmaDCDA(0.2).clear(np.zeros((1, 5)))

"""Shards that change, break or get lost between passes: one sentence that names them."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from helpers.shards import assert_shards_equal_one_market, make_shard

from deviator.errors import InvalidInputError, ResultsError, WorkersLostError
from deviator.mechanisms import Shard, SigmaDCDA, clear_sharded, read_outcome, write_shard
from deviator.mechanisms.sharded import clear
from deviator.mechanisms.sharded.parquet import read_shard

SHARD_FIELDS = ("own_weights", "statistic_weights", "price_weights", "level", "statistics")


def sentence(kind, build):
    with pytest.raises(kind) as caught:
        build()
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_function_that_draws_anew_makes_no_market():
    drawn = iter(range(100))
    makers = [partial(make_shard, 0, 50), lambda: make_shard(next(drawn), 50)]
    message = sentence(InvalidInputError, lambda: clear_sharded(SigmaDCDA(), makers))
    assert message.startswith("shard 1 must hold the same bids")


@pytest.mark.parametrize("change", [np.negative, np.flip, lambda x: x * (1 + 1e-15), np.roll])
def test_whatever_changes_in_a_shard_is_noticed(change):
    """Also a permutation, and the last digit, in markets of more traders than are folded at once."""
    shard, reads = make_shard(0, 40_000), iter((0, 1))

    def make():
        if next(reads):
            shard.level[:] = (
                change(shard.level, 2**14) if change is np.roll else change(shard.level)
            )
        return shard

    message = sentence(InvalidInputError, lambda: clear_sharded(SigmaDCDA(), [make]))
    assert message.startswith("shard 0 must hold the same bids")


def test_shards_that_change_before_their_outcomes_are_read_have_none(tmp_path):
    path = tmp_path / "bids.parquet"
    write_shard(make_shard(1, 50), path)
    held = make_shard(0, 50)
    market = clear_sharded(SigmaDCDA(), [held, path])
    assert sum(len(each.quantity) for each in market.outcomes()) == 100
    write_shard(make_shard(2, 50), path)
    message = sentence(InvalidInputError, lambda: list(market.outcomes()))
    assert message.startswith(f"shard 1 ({path}) must hold the same bids")
    held.level[3] += 1.0
    assert sentence(InvalidInputError, lambda: list(market.outcomes())).startswith("shard 0 must")


def fail():
    raise KeyError("no such column")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (fail, r"shard 1 cannot be made \(KeyError: 'no such column'\)"),
        (lambda: make_shard(0, 2 * 10**30), "shard 1 cannot be made"),
        (lambda: Shard([1.0], [[1.0]], [np.nan], [1.0], [[1.0]]), "shard 1: price_weights must be"),
        (lambda: Shard(["one"], [[1.0]], [1.0], [1.0], [[1.0]]), "shard 1: own_weights must be"),
        (
            lambda: Shard(np.array(["2020"], "M8[D]"), [[1.0]], [1.0], [1.0], [[1.0]]),
            "shard 1: own_weights must be an array of numbers .dates",
        ),
        (lambda: Shard([], [], [], [], []), r"shard 1: statistic_weights must have shape \(0, any"),
    ],
)
def test_a_shard_that_cannot_be_made_is_named(make, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        clear_sharded(SigmaDCDA(), [make_shard(0, 50), make])
    assert "\n" not in str(caught.value)


def test_a_number_that_was_spoilt_after_its_shard_was_made_is_named():
    shards = [make_shard(seed, 50) for seed in range(2)]
    shards[1].level[3] = np.nan
    message = sentence(InvalidInputError, lambda: clear_sharded(SigmaDCDA(), shards))
    assert message == "shard 1: level must be finite, got nan at index (3,)"


def test_shards_of_single_precision_whole_numbers_or_no_rows_make_the_same_market():
    base = make_shard(0, 300)
    single = Shard(*(np.asarray(getattr(base, each), np.float32) for each in SHARD_FIELDS))
    whole = Shard(
        np.full(50, 2), np.ones((50, 2), int), np.ones(50, int), np.arange(50), [[0] * 50] * 2
    )
    none = Shard([], np.zeros((0, 2)), [], [], np.zeros((2, 0)))
    shards = [single, none, whole]
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), shards), shards)


def test_nobody_trades_where_all_want_the_same_and_that_is_balanced():
    """Quantities are rounding only: what they sum to may be any share of it."""
    n = 1001
    same = Shard(
        np.full(n, 0.7), np.zeros((n, 1)), np.full(n, 1.3), np.full(n, 0.1), np.zeros((1, n))
    )
    market = clear_sharded(SigmaDCDA(), [same, same])
    assert market.traded
    assert market.volume < 1e-9


def test_quantities_that_do_not_sum_to_zero_are_no_outcome(monkeypatch):
    """A worker that computes something else than it is asked to."""
    honest = clear.trade

    def villain(rows, start, solution, out, scratch):
        extremes = honest(rows, start, solution, out, scratch)
        out.quantity[:] += 0.01
        return extremes

    monkeypatch.setattr(clear, "trade", villain)
    shards = [make_shard(seed, 50) for seed in range(2)]
    message = sentence(ResultsError, lambda: clear_sharded(SigmaDCDA(), shards))
    assert "must sum to 0, got 1 of a volume" in message


def damaged(content, rng):
    """Return bytes of which one bit, or eight, are another, or that end early."""
    changed = bytearray(content)
    kind = rng.integers(3)
    if kind == 2:
        return bytes(changed[: rng.integers(len(changed))])
    for _ in range((1, 8)[kind]):
        changed[rng.integers(len(changed))] ^= 1 << rng.integers(8)
    return bytes(changed)


@pytest.mark.parametrize("tries", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_bits_that_flip_in_a_file_never_make_another_market(tmp_path, tries):
    path, shard, rng = tmp_path / "bids.parquet", make_shard(0, 300), np.random.default_rng(0)
    write_shard(shard, path)
    content, refused = path.read_bytes(), []
    for _ in range(tries):
        path.write_bytes(damaged(content, rng))
        try:
            read = read_shard(path)
        except InvalidInputError as error:
            refused.append(str(error))
        else:
            for name in SHARD_FIELDS:
                np.testing.assert_array_equal(getattr(read, name), getattr(shard, name))
    assert len(refused) > 0.9 * tries
    assert all(str(path) in message and "\n" not in message for message in refused)


def test_a_damaged_outcome_is_not_read(tmp_path):
    clear_sharded(SigmaDCDA(), [make_shard(0, 300)], folder=tmp_path)
    path = tmp_path / "outcome-00000.parquet"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    assert "not damaged, got" in sentence(InvalidInputError, lambda: read_outcome(path))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (
            "own_weight",
            ["1.5"] * 3,
            "'own_weight' of the Parquet file .* must hold numbers, got str",
        ),
        ("level", [1.0, None, 2.0], "level must be finite"),
        ("level", [[1.0]] * 3, "must hold numbers, got list"),
        ("statistic_1", [1.0] * 3, "must have a column statistic_weight_1"),
    ],
)
def test_columns_of_another_kind_are_named(tmp_path, column, values, message):
    from pyarrow import parquet, table

    names = ("own_weight", "statistic_weight_0", "price_weight", "level", "statistic_0")
    columns = {name: [1.0, 2.0, 3.0] for name in names} | {column: values}
    parquet.write_table(table(columns), tmp_path / "mine.parquet")
    with pytest.raises(InvalidInputError, match=f"^shard 0 .*mine.parquet.*{message}"):
        clear_sharded(SigmaDCDA(), [tmp_path / "mine.parquet"])


class FailingClient:
    """Dask where tasks go out and an error comes back."""

    def __init__(self, error):
        self.error = error

    def map(self, task, reads, pure):
        class Future:
            def __init__(self, key):
                self.key = key

        return [Future(f"task-{read.number}") for read in reads]

    def gather(self, futures):
        raise self.error


class KilledError(Exception):
    task = "task-1"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError("connection\nclosed"), "were lost while 3 shards .*OSError: connection closed"),
        (KilledError(), "^shard 1 cannot be read, as all Dask workers that tried ended"),
    ],
)
def test_a_lost_scheduler_or_worker_is_one_sentence(error, message):
    shards = [make_shard(seed, 50) for seed in range(3)]
    with pytest.raises(WorkersLostError, match=message) as caught:
        clear_sharded(SigmaDCDA(), shards, client=FailingClient(error))
    assert "\n" not in str(caught.value)


ON_DASK = """
import os, subprocess, sys, threading, time
from functools import partial
from distributed import Client
from deviator.errors import DeviatorError
from deviator.mechanisms import Shard, SigmaDCDA, clear_sharded

def fatal(number):
    if number == 3:
        os.kill(os.getpid(), 9)
    return Shard([1.0] * 5, [[0.1]] * 5, [1.0] * 5, [float(number)] * 5, [[0.1] * 5])

def failing(number):
    return {}[number]

def endless(number):
    open(f"began-{number}", "w").close()
    time.sleep(3600)

def say(make, client):
    try:
        clear_sharded(SigmaDCDA(), [partial(make, number) for number in range(4)], client=client)
    except DeviatorError as error:
        print(type(error).__name__, error)

def dask(command, *options):
    command = [sys.executable, "-m", f"distributed.cli.dask_{command}", "--no-dashboard"]
    return subprocess.Popen([*command, "--scheduler-file", "at", *options], stderr=subprocess.DEVNULL)

def end_when_begun(scheduler):
    while not os.path.exists("began-0"):
        time.sleep(0.05)
    scheduler.kill()

if __name__ == "__main__":
    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0")
    workers = dask("worker", "--nworkers", "2", "--nthreads", "1", "--local-directory", ".")
    with Client(scheduler_file="at", timeout=600) as client:
        client.wait_for_workers(2)
        say(failing, client)
        say(fatal, client)
        threading.Thread(target=end_when_begun, args=[scheduler], daemon=True).start()
        say(endless, client)
        workers.kill()
"""


@pytest.mark.slow
def test_a_scheduler_that_ends_is_one_sentence(tmp_path):
    (tmp_path / "on_dask.py").write_text(ON_DASK)
    run = subprocess.run(
        [sys.executable, "on_dask.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = run.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["InvalidInputError", *["WorkersLostError"] * 2]
    assert "cannot be made (KeyError: " in lines[0]
    assert "shard 3 cannot be read" in lines[1]
    assert "scheduler or its workers were lost" in lines[2]

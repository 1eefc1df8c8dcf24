"""Shards and outcomes in Parquet files, and workers that share them."""

import contextlib
import os
import signal
from functools import partial

import numpy as np
import pytest
from helpers.shards import FIELDS, assert_shards_equal_one_market, make_shard

from deviator.errors import InvalidInputError, ResultsError
from deviator.mechanisms import ShardOutcome, SigmaDCDA, clear_sharded, read_outcome, write_shard
from deviator.mechanisms.sharded.parquet import write_outcome


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


@pytest.mark.parametrize("traded", [True, False])
def test_files_of_outcomes_may_be_written_and_named_twice(tmp_path, traded):
    shards = [make_shard(seed, 300) for seed in range(2)]
    if not traded:
        for array in (shards[0].own_weights, shards[0].statistic_weights, shards[0].price_weights):
            array[5] = 0.0
    sharded = clear_sharded(SigmaDCDA(), shards, client=RepeatingClient(), folder=tmp_path)
    assert sharded.traded == traded
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "outcome-00000.parquet",
        "outcome-00001.parquet",
    ]
    for place, outcome in enumerate(sharded.outcomes()):
        written = read_outcome(tmp_path / f"outcome-{place:05}.parquet")
        np.testing.assert_array_equal(written.quantity, outcome.quantity)


def test_files_that_hold_something_else_are_refused(tmp_path):
    (tmp_path / "text.parquet").write_text("no columns")
    with pytest.raises(InvalidInputError, match="must be a Parquet file that is not damaged"):
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


def test_shards_and_paths_that_cannot_be_written_are_one_clear_sentence(tmp_path):
    shard, outcome = make_shard(0, 5), ShardOutcome(np.zeros(2), np.zeros(2), np.ones(2))
    folder, missing = tmp_path / "folder", tmp_path / "missing" / "shard.parquet"
    folder.mkdir()
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
            (thing, folder, "must be a file's, got the folder .*folder; name a file in it"),
            (thing, 3, "must be a file's path, got int"),
        ]:
            with pytest.raises(InvalidInputError, match=message) as caught:
                write(first, path)
            assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_disk_that_refuses_a_shard_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(table, file, **options):
        file.write(b"part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(ResultsError, match=r"cannot be written .*No space left"):
        write_shard(make_shard(0, 5), tmp_path / "shard.parquet")
    assert not list(tmp_path.iterdir())


def test_an_outcome_that_vanishes_is_not_passed_over(tmp_path):
    pytest.importorskip("pyarrow")

    def lose_outcomes():
        for path in tmp_path.glob("outcome-*.parquet"):
            path.unlink()

    client = RepeatingClient(lose_outcomes)
    with pytest.raises(ResultsError, match="outcome of shard 0 cannot be named"):
        clear_sharded(SigmaDCDA(0.1), [make_shard(0, 50)], client=client, folder=tmp_path)

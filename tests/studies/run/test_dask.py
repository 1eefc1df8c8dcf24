"""Dask: whatever is lost of a cluster costs time, and nothing else."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deviator.errors import InvalidInputError
from deviator.studies.run.executors import ExecutorLostError, Limits, execute
from deviator.studies.run.executors.dask_cluster import run_on_dask
from deviator.studies.run.executors.elsewhere import new_run

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

DASK = str(Path(sys.executable).parent / "dask")


TASKS = [(0.2 + place / 1000,) for place in range(20)]
"""Seconds for `time.sleep`, which workers know that cannot import this module."""


class Cluster:
    """A scheduler and a nanny with two workers, in processes of their own."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.start()

    def start(self):
        _, _, port = self.address.rpartition(":")
        local = ["--host", "127.0.0.1", "--no-dashboard"]
        self.scheduler = self._run("scheduler", "--port", port, *local)
        self.workers = self._run(
            "worker", self.address, "--nworkers", "2", "--nthreads", "1", *local
        )

    def lose_a_worker(self):
        children = psutil.Process(self.workers.pid).children(recursive=True)
        next(each for each in children if "spawn_main" in " ".join(each.cmdline())).kill()

    def lose_the_scheduler(self):
        self.scheduler.kill()
        self.scheduler.wait()

    def end(self):
        self.lose_the_scheduler()
        for each in [*psutil.Process(self.workers.pid).children(recursive=True), self.workers]:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        self.workers.wait()

    def _run(self, *arguments):
        return subprocess.Popen([DASK, *arguments], stderr=subprocess.DEVNULL, env=os.environ)


@pytest.fixture
def cluster():
    made = Cluster()
    yield made
    made.end()


def test_a_lost_worker_and_a_lost_scheduler_lose_nothing(cluster):
    run, own, done = new_run(Limits(), ()), lambda _: None, []
    ended = run_on_dask(time.sleep, iter(TASKS), cluster.address, 2, run, own, return_s=3600.0)
    for task, _, error in ended:
        assert error is None
        done.append(task)
        if len(done) == 4:
            cluster.lose_a_worker()
        if len(done) == 8:
            cluster.end()
            cluster.start()
    assert sorted(done) == TASKS


def test_a_scheduler_that_is_gone_for_good_is_named(cluster):
    run, own = new_run(Limits(), ()), lambda _: None
    ended = run_on_dask(time.sleep, iter(TASKS), cluster.address, 2, run, own, return_s=5.0)
    assert next(ended).error is None
    cluster.lose_the_scheduler()
    with pytest.raises(
        ExecutorLostError, match="must be there, and has not been for 5 s; finished"
    ):
        list(ended)


def test_an_address_where_nobody_answers_is_named(monkeypatch):
    monkeypatch.setattr("deviator.studies.run.executors.dask_cluster.CONNECT_S", 1.0)
    address = "tcp://127.0.0.1:9"
    ended = execute(time.sleep, iter(TASKS), "dask", workers=1, address=address)
    with pytest.raises(InvalidInputError, match="address must be that of a Dask scheduler that"):
        next(ended)

"""Executors: the same answers and the same limits on each, whatever a task does to its process."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from deviator.errors import InvalidInputError
from deviator.plugins.guard import GuardError, ProcessEndedError
from deviator.plugins.guarded_pool import ended_in_window
from deviator.studies.run.executors import ExecutorLostError, Limits, execute
from deviator.studies.run.executors.on_worker import Driver


def work(place, what="good"):
    """Answer, or harm the process in one of the ways that a plugin can."""
    import ctypes
    import sys

    if what == "ends":
        os._exit(3)
    elif what == "crashes":
        ctypes.string_at(0)
    elif what == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "hangs":
        time.sleep(3600)
    elif what == "takes all memory":
        held = []
        while True:
            held.append(b"x" * 10_000_000)
    elif what == "forks":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    elif what == "forks and forks":
        for _ in range(8):
            os.fork()
        time.sleep(3600)
    elif what == "prints without end":
        while True:
            print("loud " * 1000)
    elif what == "raises":
        raise KeyError(place)
    return place


POISON = {
    "ends": (ProcessEndedError, r"ended it \(exit code 3\), 2 times"),
    "crashes": (ProcessEndedError, r"ended it \(SIGSEGV\), 2 times"),
    "is killed": (ProcessEndedError, r"ended it \(SIGKILL\), 2 times"),
    "hangs": (GuardError, "it must end within 3 s, and did not"),
    "takes all memory": (GuardError, "took more than 0.5 GiB of memory"),
    "forks": (type(None), ""),
    "forks and forks": (GuardError, "took more than 0.5 GiB of memory"),
    "prints without end": (GuardError, "it must end within 3 s, and did not"),
    "raises": (KeyError, "7"),
}
"""What tasks do, and what becomes of them."""


def made(name):
    """Return an executor by its name."""
    if name == "threads":
        return ThreadPoolExecutor(2)
    if name == "process pool":
        return ProcessPoolExecutor(2)
    if name == "loky":
        return pytest.importorskip("loky").get_reusable_executor(2)
    if name == "dask":
        pytest.importorskip("distributed")
    return name


def test_tasks_are_read_as_workers_become_free():
    out, most = set(), []

    def tasks() -> Iterator[tuple[int]]:
        for place in range(200):
            out.add(place)
            most.append(len(out))
            yield (place,)

    with ThreadPoolExecutor(2) as threads:
        submit = lambda task: threads.submit(abs, *task)  # noqa: E731
        for task, value, _ in ended_in_window(submit, tasks(), lambda: 3):
            assert value == task[0]
            out.remove(value)
    assert not out
    assert max(most) <= 3


def test_one_task_after_the_other_runs_here_and_errors_come_back():
    tasks = iter([(1,), (2, "raises"), (3,)])
    ended = list(execute(lambda *task: (os.getpid(), work(*task)), tasks, "serial", workers=4))
    assert [each.value for each in ended] == [(os.getpid(), 1), None, (os.getpid(), 3)]
    assert isinstance(ended[1].error, KeyError)
    assert list(execute(work, iter([]), workers=2)) == []


def one_thread_and_owner(place):
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def test_tasks_of_different_owners_share_no_process():
    tasks = [(0,), (0,), (1,)]
    ended = execute(
        one_thread_and_owner,
        iter(tasks),
        ThreadPoolExecutor(1),
        workers=1,
        owner=lambda task: task[0],
    )
    pids = [(task, *value) for task, value, _ in ended]
    assert len(set(pids)) == 2
    assert {threads for _, _, threads in pids} == {"1"}


def die_once(place, folder):
    marker = folder / str(place)
    if place == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    marker.touch()


def test_a_killed_worker_costs_a_retry(tmp_path):
    tasks = [(place, tmp_path) for place in range(4)]
    ended = list(execute(die_once, iter(tasks), workers=2))
    assert sorted(task for task, _, _ in ended) == tasks
    assert all(error is None for _, _, error in ended)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"executor": "threads"}, "executor must be processes, serial or dask, or a"),
        ({"address": "tcp://127.0.0.1:8786"}, "address must be left out where executor is not"),
        ({"workers": 0}, "workers must be"),
    ],
)
def test_an_executor_that_is_none_is_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        execute(work, iter([]), **{"workers": 2} | settings)


def test_an_executor_that_is_lost_is_named():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(ExecutorLostError, match="ThreadPoolExecutor must keep its workers, and is"):
        list(execute(work, iter([(1,)]), executor, workers=1))


class Refusing(Executor):
    """Takes no task, for reasons of its own, and states no size."""

    _max_workers = None

    def submit(self, *_, **__):
        raise OSError("its queue is full")


def test_an_executor_that_refuses_tasks_is_said_to_be_lost():
    with pytest.raises(ExecutorLostError, match=r"Refusing .*OSError: its queue is full"):
        list(execute(abs, iter([(-1,)]), Refusing(), workers=1))


def test_a_driver_is_gone_only_where_it_can_be_seen():
    this = Driver.this()
    assert not this.is_gone()
    assert this._replace(created=0.0).is_gone()
    assert not this._replace(created=0.0, machine="elsewhere").is_gone()


def test_each_worker_may_hold_its_share():
    share = Limits().memory(workers=1)
    assert Limits().memory(workers=4) <= share
    assert Limits(memory_gib=0.5).memory(workers=4) == 2**29
    assert Limits(memory_gib=float("inf")).memory(workers=4) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["processes", "serial", "threads", "process pool", "loky", "dask"])
def test_poison_is_named_and_harms_nothing_else(name):
    tasks = [(place, "good") for place in range(20)]
    tasks[7:7] = [(7, what) for what in POISON]
    executor, limits = made(name), Limits(3.0, 0.5, attempts=2)
    ran = execute(work, iter(tasks), executor, workers=2, limits=limits)
    ended = {each.task: each for each in ran}
    assert all(ended[place, "good"].value == place for place in range(20))
    for what, (kind, text) in POISON.items():
        error = ended[7, what].error
        assert isinstance(error, kind), (what, error)
        assert error is None or re.search(text, str(error)), (what, error)
    if hasattr(executor, "shutdown"):
        executor.shutdown()

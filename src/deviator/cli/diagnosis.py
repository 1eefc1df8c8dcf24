"""What `deviator doctor` finds: each a subject, a state and what there is to tell."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple

from threadpoolctl import threadpool_info

import deviator
from deviator.memory import available_memory
from deviator.plugins.listing import PluginStatus
from deviator.trust import OWN
from deviator.trusted_files import state_folder

LIBRARIES = (
    "numpy", "scipy", "torch", "gymnasium", "pettingzoo", "stable-baselines3", "python-flint",
    "pandas", "pyarrow", "duckdb", "matplotlib",
)  # fmt: skip
"""Libraries that every installation has."""

OPTIONAL = ("sb3-contrib", "distributed", "marimo", "sphinx")
"""Libraries of extras, without which the rest works."""

LITTLE_GIB = 1.0
"""Memory below which larger markets will be refused."""

State = Literal["fine", "missing", "broken"]


class Finding(NamedTuple):
    """One thing that was looked at."""

    about: str
    state: State
    told: str


def diagnosis(plugins: Sequence[PluginStatus]) -> list[Finding]:
    """Return what is found of this installation.

    Parameters
    ----------
    plugins : sequence of PluginStatus
        As `plugin_statuses` finds them.
    """
    return [
        Finding("deviator", "fine", f"{deviator.__version__} in {Path(deviator.__file__).parent}"),
        Finding("Python", "fine", f"{platform.python_version()} at {sys.executable}"),
        Finding("system", "fine", platform.platform()),
        *(_library(name, "broken") for name in LIBRARIES),
        *(_library(name, "missing") for name in OPTIONAL),
        _cores(),
        *_linear_algebra(),
        _devices(),
        _memory(),
        *_folders(),
        *_of_plugins(plugins),
    ]


def _library(name: str, otherwise: State) -> Finding:
    try:
        return Finding(name, "fine", version(name))
    except PackageNotFoundError:
        way_out = "install it with its extra if you need it" if otherwise == "missing" else ""
        return Finding(name, otherwise, f"not installed; {way_out or 'install deviator again'}")


def _cores() -> Finding:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    there = os.cpu_count() or 1
    of_those = "" if allowed in (None, there) else f", of which this process may use {allowed}"
    stated = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    threads = f"; {', '.join(stated)}" if stated else ""
    return Finding("cores", "fine", f"{there}{of_those}{threads}")


THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that say how many threads linear algebra takes."""


def _linear_algebra() -> Iterator[Finding]:
    """Yield the libraries that NumPy and SciPy compute with; those are loaded by now."""
    import numpy
    import scipy.linalg  # noqa: F401 - so that its library is listed

    for each in threadpool_info():
        told = f"{each['internal_api']} {each['version'] or 'of unknown version'}"
        about = "BLAS" if each["user_api"] == "blas" else str(each["user_api"])
        yield Finding(about, "fine", f"{told}, threads: {each['num_threads']}")
    if not numpy.allclose(numpy.linalg.solve([[2.0, 0.0], [1.0, 4.0]], [2.0, 9.0]), [1.0, 2.0]):
        yield Finding("linear algebra", "broken", "two equations are solved wrongly; install NumPy")


def _devices() -> Finding:
    try:
        import torch

        found = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        if torch.backends.mps.is_available():
            found.append("Apple GPU (mps)")
    except (ImportError, OSError, RuntimeError) as error:
        return Finding("devices", "broken", f"PyTorch cannot be used ({error}); install it again")
    return Finding("devices", "fine", ", ".join(["CPU", *found]))


def _memory() -> Finding:
    available = available_memory()
    if available is None:
        return Finding("memory", "missing", "the system does not report how much is available")
    gib = available / 2**30
    state: State = "fine" if gib >= LITTLE_GIB else "missing"
    hint = "" if state == "fine" else "; larger markets will be refused"
    return Finding("memory", state, f"{gib:.3g} GiB available{hint}")


def _folders() -> Iterator[Finding]:
    """Yield whether results, temporary files and what is remembered can be written."""
    yield _folder("current folder", Path.cwd(), "name another folder for results with --out")
    yield _folder("temporary folder", Path(tempfile.gettempdir()), "set TMPDIR to another")
    remembered = state_folder()
    if remembered is None:
        told = "there is none: you are asked about trusted plugin files each time"
        yield Finding("state folder", "missing", told)
    else:
        inside = next(each for each in (remembered, *remembered.parents) if each.exists())
        hint = "you are asked about trusted plugin files each time"
        yield _folder("state folder", inside, hint, "missing")


def _folder(about: str, folder: Path, hint: str, otherwise: State = "broken") -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Finding(about, "fine", f"{folder} can be written to")
    except OSError as error:
        return Finding(about, otherwise, f"{folder} ({error.strerror}); {hint}")


def _of_plugins(plugins: Sequence[PluginStatus]) -> Iterator[Finding]:
    """Yield how many plugins can be used, and every other one."""
    for whose, are_ours in (("built-in plugins", True), ("third-party plugins", False)):
        some = [each for each in plugins if (each.spec.provider == OWN) == are_ours]
        ready = sum(each.is_ready for each in some)
        told = f"{ready} of {len(some)} can be used" if some else "none are installed"
        yield Finding(whose, "fine" if ready == len(some) else "broken", told)
        for each in some:
            if not each.is_ready:
                yield Finding(f"{each.spec.kind} {each.spec.name}", "broken", each.state)

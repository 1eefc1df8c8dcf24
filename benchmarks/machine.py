"""What the figures were measured on: processor, memory and versions, no host names or paths."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import psutil
import scipy.linalg
from threadpoolctl import threadpool_info

PACKAGES = ("numpy", "scipy", "torch", "stable-baselines3", "pettingzoo", "mechaudit", "numba")
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
CACHE_FACTS = ("type", "level", "size")


def machine() -> dict[str, str]:
    """Return the facts that a reader needs to place the figures, as text by name.

    The load is that of the moment: figures of a busy machine spread more.
    """
    facts = {
        "processor": _processor(),
        "cores": str(usable_cores()),
        "caches": _caches(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "load": f"{psutil.getloadavg()[0]:.1f} when the run began",
        "python": f"{platform.python_version()} on {platform.system()}",
        "numpy's BLAS": _blas("numpy"),
        "scipy's BLAS": _blas("scipy"),
    }
    return facts | {name: installed for name in PACKAGES if (installed := _version(name))}


def usable_cores() -> int:
    """Return how many cores this process may use; all there are where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Return the model of the processor as the system names it."""
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    match = re.search(r"model name\s*:\s*(.+)", text)
    name = match[1].strip() if match else platform.processor()
    family = re.search(r"cpu family\s*:\s*(\d+)", text)
    return f"{name}, {platform.machine()}" + (f", family {family[1]}" if family else "")


def _caches() -> str:
    """Return level and size of the caches of data that the system states."""
    folders = sorted(CACHES.glob("index*"))
    facts = [[(folder / name).read_text().strip() for name in CACHE_FACTS] for folder in folders]
    sizes = [f"L{level} {size}" for kind, level, size in facts if kind != "Instruction"]
    return ", ".join(sizes) or "unknown"


def _blas(package: str) -> str:
    """Return name, version and kernel of the BLAS that a package brings."""
    np.linalg.inv(np.eye(2))
    scipy.linalg.inv(np.eye(2))
    for pool in threadpool_info():
        if pool["user_api"] == "blas" and f"/{package}" in pool["filepath"]:
            kernel = pool.get("architecture", "unknown")
            return f"{pool['internal_api']} {pool['version']}, {kernel} kernels"
    return "unknown"


def _version(package: str) -> str | None:
    """Return the installed version of a package, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None

"""The far side of `harness.run_apart`: run one function and print what it took as JSON."""

import importlib
import json
import re
import sys
import time
from pathlib import Path

STATUS = Path("/proc/self/status")


def _held(field: str) -> int:
    """Return the bytes of memory that the process holds (VmRSS) or has held at most (VmHWM)."""
    match = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    if match is None:
        raise RuntimeError(f"{STATUS} must state {field}; memory is measured on Linux only")
    return int(match[1]) * 1024


def main(target: str, arguments: str) -> None:
    """Call ``module:function`` with JSON arguments and print its result, time and memory."""
    module, name = target.split(":")
    function = getattr(importlib.import_module(module), name)
    before = _held("VmRSS")
    start = time.perf_counter()
    value = function(*json.loads(arguments))
    seconds = time.perf_counter() - start
    record = {"value": value, "seconds": seconds}
    print(json.dumps(record | {"peak_bytes": _held("VmHWM"), "bytes_before": before}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

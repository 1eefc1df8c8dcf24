"""Memory for the arrays that every step allocates and frees."""

import numpy as np

LARGEST = 2**25
"""Bytes up to which glibc adapts to what a process frees (DEFAULT_MMAP_THRESHOLD_MAX)."""


def keep_freed_memory() -> None:
    """Let the process keep what a step frees for the next one, up to 64 MiB.

    By default glibc returns it to the system, and fetching it back page by page costs up to as
    much as clearing the markets. It returns memory only beyond twice the largest block freed so
    far (mallopt(3), on dynamic thresholds); so a large block is freed here, which is never written
    to and takes no memory. With other C libraries this does nothing.
    """
    np.empty(LARGEST - 2**13, dtype=np.uint8)

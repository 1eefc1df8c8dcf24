"""Results on disk: a folder per cell, which appears whole when the cell is done.

A cell is computed in a folder of its own, an attempt, which is renamed at the end: a run can be
killed at any moment and started again, and several drivers can share one folder. Finished cells are
kept, and what is damaged is known by its checksum.
"""

from .drivers import Driver
from .run_store import RunStore
from .writing import check_no_link, explained, to_json

__all__ = ["Driver", "RunStore", "check_no_link", "explained", "to_json"]

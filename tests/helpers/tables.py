"""Direct mechanisms given as tables: outcomes for every profile of a finite grid of types."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from deviator.mechanisms import Mechanism, Outcome, ReportLanguage


@dataclass(frozen=True, eq=False)
class Table(Mechanism):
    """Outcomes are looked up; reports are types of the grid."""

    axes: tuple[Any, ...]  # N arrays (T_i,)
    quantity: Any  # (T_1, ..., T_N, N)
    transfer: Any  # (T_1, ..., T_N, N)
    name = "table"
    language = ReportLanguage()

    def clear(self, bids):
        columns = zip(self.axes, bids.types.T, strict=True)
        places = tuple((axis == column[:, None]).argmax(axis=1) for axis, column in columns)
        price = np.zeros(len(bids.types))
        return Outcome(price, self.quantity[places], self.transfer[places])


def profiles_of(axes):
    """All profiles of a grid, the last trader's type running fastest, shape (P, N)."""
    return np.stack([side.ravel() for side in np.meshgrid(*axes, indexing="ij")], axis=1)

"""Markets in which one trader's report moves and the others' types stay."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from deviator.economies import QuadraticEconomy
from deviator.economies.profiles import profile_text
from deviator.validation import Floats


@final
@dataclass(frozen=True, eq=False)
class MarketLabels:
    """What errors call the rows of a computation: the market of each, and its types."""

    types: Floats  # (L, N), of each row
    markets: Any = None  # (L,) of int, of each row; by default rows are markets

    def of(self, row: int) -> str:
        """Return a row in words.

        Examples
        --------
        >>> import numpy as np
        >>> MarketLabels(np.array([[1.0, 0.5, -1.5]]), [7]).of(0)
        'in market 7 at s = (1, 0.5, -1.5)'
        """
        market = row if self.markets is None else int(self.markets[row])
        return f"in market {market} at s = {profile_text(self.types[row])}"


@final
@dataclass(frozen=True, eq=False)
class OwnLine:
    """The profiles that one trader's reports lead to, B markets; no number uses the own type.

    Reports are offsets from a reference report, the mean of the others' types, and values of first
    units are less the mean value there: neither loses digits where all types are large.
    """

    types: Floats  # (B, N), of which the own ones count for nothing
    trader: int
    markets: NDArray[np.intp]  # (B,), what errors call them
    report: Floats  # (B,), the reference report
    level: Floats  # (B,), mean value of the first unit at the reference report
    base: Floats  # (B, N), values there, less the level
    effects: Floats  # (N,), by how much one more of the own type moves the values
    low: Floats  # (B,), ends of the set of types, as offsets
    high: Floats  # (B,)
    step: Floats  # (B,), the usual distance of reports, above 0

    @classmethod
    def of(
        cls,
        economy: QuadraticEconomy,
        types: Floats,
        trader: int,
        markets: Any = None,
        least_spread: float = 0.0,
    ) -> "OwnLine":
        """Return the line of a trader's reports beside the others' types (B, N).

        `least_spread` is a difference of values that matters in any case, in money per unit.
        """
        low, high = (float(end[trader]) for end in economy.type_set)
        others = np.delete(types, trader, axis=1)
        report = np.clip(others[:, 0] + (others - others[:, :1]).mean(axis=1), low, high)
        profile = types.copy()
        profile[:, trader] = report
        values = economy.value(profile)
        level = values[:, 0] + (values - values[:, :1]).mean(axis=1)
        unit = np.zeros((1, types.shape[1]))
        unit[0, trader] = 1.0
        effects = economy.weighted_types(unit)[0]
        base = values - level[:, None]
        step = (np.ptp(base, axis=1) + least_spread) / effects[trader]
        called = np.arange(len(types)) if markets is None else np.asarray(markets)
        return cls(
            types, trader, called, report, level, base, effects, low - report, high - report,
            np.where(step > 0, step, 1.0),
        )  # fmt: skip

    def offsets(self, reports: Floats) -> Floats:
        """Return reports (B, M) as offsets from the reference reports."""
        return np.asarray(reports - self.report[:, None])

    def values(self, rows: NDArray[np.intp], offsets: Floats) -> Floats:
        """Return values less the level, (L, N), in some markets, each at an offset (L,)."""
        return np.asarray(self.base[rows] + offsets[:, None] * self.effects)

    def labels(self, rows: NDArray[np.intp], reports: Floats) -> MarketLabels:
        """Return what errors call rows with some reports (L,)."""
        types = self.types[rows]
        types[:, self.trader] = reports
        return MarketLabels(types, self.markets[rows])

    def profile(self, row: int, offset: float) -> Floats:
        """Return the types of a market at an offset, shape (N,)."""
        types: Floats = self.types[row].copy()
        types[self.trader] = self.report[row] + offset
        return types

    def place(self, row: int) -> str:
        """Return a market in words."""
        return MarketLabels(self.types, self.markets).of(int(row))

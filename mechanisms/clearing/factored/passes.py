"""The passes over a market of factored bids, wherever its traders' bids lie."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from . import quick as factored_quick
from .outcomes import Extremes, all_looked_closely, look_closely, regular, surely_regular
from .parts import Reading, Scratch, Solution, TraderRows
from .sums import measure, merged, solve

Job = Callable[[TraderRows, int, Scratch], Any]
"""What is done with a part of the traders, of whom so many come before it."""

Join = Callable[[Sequence[Any]], Any]
"""How results of successive parts become one."""


class Walk(Protocol):
    """A pass over all traders."""

    def __call__(self, job: Job, join: Join) -> Any:
        """Do the job part by part, and return the joined result."""


def settle_in_passes(
    walk: Walk,
    trade: Callable[[Solution], Extremes],
    reading: Reading,
    sums: factored_quick.QuickSums | None = None,
) -> tuple[Solution, bool]:
    """Clear a market, and say whether it is regular.

    Parameters
    ----------
    walk : Walk
    trade : callable
        Tells all traders what happens to them; the last call counts, and only in a regular market.
    reading : Reading
    sums : QuickSums, optional
        Of all traders, where an earlier pass has told them.
    """
    if sums is None:
        sums = walk(partial(_quick, reading=reading), factored_quick.merged)
    quick = factored_quick.solve(sums, reading)
    if quick is not None and surely_regular(quick, trade(quick), reading):
        return quick, True
    scale = factored_quick.squared_price_scale(sums, reading)
    closer = partial(_measure, reading=reading, squared_price_scale=scale)
    joined = walk(closer, partial(merged, reading=reading))
    solution = solve(joined, reading)
    if not solution.possible:
        return solution, False
    if surely_regular(solution, trade(solution), reading):
        return solution, True
    closely = partial(look_closely, solution=solution, reading=reading)
    return solution, regular(solution, walk(closely, all_looked_closely), reading)


def _quick(rows: TraderRows, start: int, scratch: Scratch, reading: Reading) -> Any:
    del start
    return factored_quick.measure(rows, reading, scratch)


def _measure(
    rows: TraderRows, start: int, scratch: Scratch, reading: Reading, squared_price_scale: float
) -> Any:
    del start
    return measure(rows, reading, scratch, squared_price_scale)

"""Who acts in a market in which several traders do, and the sizes of their problems."""

from collections.abc import Sequence
from dataclasses import replace

from deviator.errors import InvalidInputError
from deviator.evidence import Market, interchangeable_traders
from deviator.validation import trader_index

from .action_ranges import Sizes, sizes


def each_size(
    tested: Market, acting: tuple[int, ...], control: Market | None, range_multiple: float
) -> list[Sizes]:
    """Return the sizes of each trader's problem, worked out once for interchangeable traders."""
    first = {trader: group[0] for group in interchangeable_traders(tested) for trader in group}

    def of(trader: int) -> Sizes:
        own = None if control is None else replace(control, trader=trader)
        return sizes(replace(tested, trader=trader), own, range_multiple)

    known = {leader: of(leader) for leader in {first[trader] for trader in acting}}
    return [
        known[first[trader]]._replace(
            reference=replace(known[first[trader]].reference, trader=trader)
        )
        for trader in acting
    ]


def acting_traders(traders: Sequence[int] | None, n_traders: int) -> tuple[int, ...]:
    """Return who acts: everybody by default.

    Raises
    ------
    InvalidInputError
        If nobody is named, or somebody twice.
    """
    if traders is None:
        return tuple(range(n_traders))
    checked = tuple(trader_index(trader, n_traders) for trader in traders)
    if not checked or len(set(checked)) < len(checked):
        raise InvalidInputError(
            f"traders must be one or more different ones, got {list(traders)}; name each once"
        )
    return checked

"""Bids as a person reads them: equations where a bid is one, else its numbers by name."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from deviator.mechanisms import Bids, LinearBids, SurfaceBids
from deviator.mechanisms.languages import FactoredBids, Schedules
from deviator.validation import Floats

ROUNDING = 1e-15
"""Numbers up to this are shown as 0."""

DIGITS = 4
"""Significant digits of a number in a bid."""

MOST_NUMBERS = 12
"""Numbers of a bid beyond which the rest is counted only."""


def bid_text(bids: Bids, trader: int) -> str:
    """Return a trader's bid in the first market.

    Parameters
    ----------
    bids : Bids
    trader : int

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.mechanisms import SigmaDCDA, UniformDoubleAuction
    >>> types = np.array([[1.0, 0.0, 0.0, -1.0]])
    >>> bid_text(SigmaDCDA(0.2).honest_bids(fundamental_value(4), types), 0)
    '1.1 q0 - 0.1 q1 - 0.1 q2 - 0.1 q3 + 0.6667 p = 1'
    >>> bid_text(Schedules(types, np.ones((1, 4))), 3)
    'q = -1 - 1 p'
    """
    if isinstance(bids, SurfaceBids):
        return "a surface F(p, q) = 0"
    if isinstance(bids, LinearBids):
        *weights, price, level = bids.of_trader(trader)[0]
        terms = [(value, f"q{place}") for place, value in enumerate(weights)]
        return f"{_sum([*terms, (price, 'p')])} = {number_text(level)}"
    if isinstance(bids, Schedules):
        level, steepness = bids.of_trader(trader)[0]
        return f"q = {_sum([(level, ''), (-steepness, 'p')])}"
    return ", ".join(_named(bids, trader))


def number_text(value: float) -> str:
    """Return a number with few digits; what rounding leaves of 0 is 0.

    Examples
    --------
    >>> number_text(-0.0), number_text(1e-17), number_text(0.123456)
    ('0', '0', '0.1235')
    """
    return f"{value:.{DIGITS}g}" if abs(value) > ROUNDING else "0"


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    """Return a sum of terms that are not 0; of many, the first ones."""
    kept = [(value, name) for value, name in terms if value != 0]
    text = ""
    for value, name in kept[:MOST_NUMBERS]:
        sign = ("- " if value < 0 else "+ ") if text else ("-" if value < 0 else "")
        text += f" {sign}{number_text(abs(value))} {name}".rstrip()
    left = len(kept) - MOST_NUMBERS
    return (text.strip() or "0") + (f" + {left} more terms" if left > 0 else "")


def _named(bids: Any, trader: int) -> Iterator[str]:
    """Yield the numbers of a bid by the names of the record's fields."""
    if isinstance(bids, FactoredBids):
        yield from _listed("numbers", bids.of_trader(trader)[0])
        return
    for field in fields(bids):
        values = np.asarray(getattr(bids, field.name))
        if values.ndim > 1:
            yield from _listed(field.name, np.atleast_1d(values[0, trader]))


def _listed(name: str, values: Floats) -> Iterator[str]:
    shown = " ".join(number_text(float(value)) for value in values.ravel()[:MOST_NUMBERS])
    more = " ..." if values.size > MOST_NUMBERS else ""
    yield f"{name} {shown}{more}"

"""Comparisons that several checks make; a failure is one sentence: rule, values, place."""

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from deviator.mechanisms import Bids, Outcome
from deviator.validation import Floats

EXACT = 1e-12
"""How far results may differ that should be equal, of the largest value: rounding, and no more."""

RESTATES = "`rescaled` must restate every setting that is in money or in units of the good"
"""What must be written where a description in other units is not the same market."""

FIELDS = ("price", "quantity", "transfer", "traded", "converged")
"""What two outcomes are compared by."""


def assert_close(
    rule: str, got: Any, want: Any, *, tolerance: float = EXACT, size: float = 0.0
) -> None:
    """Assert that two arrays agree, up to rounding of their largest value.

    Parameters
    ----------
    rule : str
        What must hold; begins the sentence.
    got, want : array-like
        NaN agrees with NaN.
    tolerance : float
    size : float
        How large such values usually are, where the wanted ones may be tiny.
    """
    found, wanted = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    assert found.shape == wanted.shape, f"{rule}, got shapes {found.shape} and {wanted.shape}"
    if not found.size:
        return
    gone = np.isnan(found) != np.isnan(wanted)
    distance = np.where(gone, np.inf, np.nan_to_num(np.abs(found - wanted), nan=0.0, posinf=np.inf))
    scale = max(size, float(np.nan_to_num(np.abs(wanted)).max()))
    place = np.unravel_index(int(distance.argmax()), distance.shape)
    assert distance[place] <= tolerance * scale, (
        f"{rule}, got {found[place]:.9g} for {wanted[place]:.9g} at {_place(place)}"
    )


def assert_same_outcome(
    rule: str, got: Outcome, want: Outcome, *, tolerance: float = EXACT
) -> None:
    """Assert that two outcomes agree in every field, up to rounding."""
    for field in FIELDS:
        assert_close(
            f"{rule} in {field}", getattr(got, field), getattr(want, field), tolerance=tolerance
        )


def part_of(outcome: Outcome, markets: Any) -> Outcome:
    """Return the outcome of some of the markets."""
    return Outcome(*(getattr(outcome, field)[markets] for field in FIELDS))


def joined(outcomes: list[Outcome]) -> Outcome:
    """Return the outcomes of successive batches as one."""
    fields = ([getattr(outcome, field) for outcome in outcomes] for field in FIELDS)
    return Outcome(*(np.concatenate(parts) for parts in fields))


def renumbered(outcome: Outcome, order: list[int]) -> Outcome:
    """Return the outcome for traders who are renumbered: new trader i is old order[i]."""
    price = outcome.price if outcome.price.ndim == 1 else outcome.price[:, order]
    quantity, transfer = outcome.quantity[:, order], outcome.transfer[:, order]
    return Outcome(price, quantity, transfer, outcome.traded, outcome.converged)


def restated(outcome: Outcome, price: float, quantity: float) -> Outcome:
    """Return the outcome in other units of price and quantity; money is their product."""
    return Outcome(
        outcome.price * price,
        outcome.quantity * quantity,
        outcome.transfer * (price * quantity),
        outcome.traded,
        outcome.converged,
    )


def taken(bids: Bids, markets: Any) -> Bids:
    """Return the bids of some of the markets."""
    return bids.from_array(bids.as_array()[markets])


def repeated(bids: Bids, batch: int) -> Bids:
    """Return a batch of so many markets, which repeats the given ones."""
    return taken(bids, np.arange(batch) % bids.shape[0])


def arrays_in(thing: Any) -> Iterator[tuple[str, Floats]]:
    """Return the arrays among an object's fields, by name."""
    names = (
        [field.name for field in dataclasses.fields(thing)]
        if dataclasses.is_dataclass(thing)
        else list(getattr(thing, "__dict__", {}))
    )
    for name in names:
        value = getattr(thing, name, None)
        if isinstance(value, np.ndarray):
            yield name, value


def locked(thing: Any) -> Any:
    """Return a copy whose arrays cannot be written to."""
    if isinstance(thing, np.ndarray):
        copied = thing.copy()
        copied.setflags(write=False)
        return copied
    copied = copy.deepcopy(thing)
    for _, array in arrays_in(copied):
        array.setflags(write=False)
    return copied


def assert_untouched(rule: str, before: Any, after: Any) -> None:
    """Assert that the arrays of an object are bit for bit what they were."""
    if isinstance(before, np.ndarray):
        assert np.array_equal(before, after, equal_nan=True), f"{rule}, and they were changed"
        return
    for (name, old), (_, new) in zip(arrays_in(before), arrays_in(after), strict=True):
        assert np.array_equal(old, new, equal_nan=True), f"{rule}, and {name} was changed"


def _place(place: tuple[Any, ...]) -> str:
    words = ("market", "trader", "number")
    named = zip(words, place, strict=False)
    return ", ".join(f"{word} {int(index)}" for word, index in named) or "the only place"

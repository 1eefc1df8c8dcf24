"""Comparisons that several checks make; a failure is one sentence: rule, values, position."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from deviator.mechanisms import Bids, Outcome
from deviator.validation import Floats

from ..guard import Guard

EXACT = 1e-12
"""Allowed difference between results that should be equal, relative to the largest: rounding."""

ELSEWHERE_S = 60
"""Seconds that a few markets may take in another process."""

RESTATES = "`rescaled` must restate every setting that is in money or in units of the good"
"""The way out where a market stated in other units is not the same market."""

FIELDS = ("price", "quantity", "transfer", "traded", "converged", "outside")
"""Fields in which two outcomes are compared."""


def assert_close(
    rule: str, got: Any, want: Any, *, tolerance: float = EXACT, size: float = 0.0
) -> None:
    """Assert that two arrays agree, up to rounding of their largest value; NaN agrees with NaN.

    The tolerance is relative to the larger of `size`, the usual size of such values, and the
    largest wanted one, which may be tiny. `rule` says what must hold and begins the sentence.
    """
    actual, wanted = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    assert actual.shape == wanted.shape, f"{rule}, got shapes {actual.shape} and {wanted.shape}"
    if not actual.size:
        return
    distance = np.nan_to_num(np.abs(actual - wanted), nan=0.0, posinf=np.inf)
    distance = np.where(np.isnan(actual) != np.isnan(wanted), np.inf, distance)
    scale = max(size, float(np.nan_to_num(np.abs(wanted)).max()))
    index = np.unravel_index(int(distance.argmax()), distance.shape)
    assert distance[index] <= tolerance * scale, (
        f"{rule}, got {actual[index]:.9g} for {wanted[index]:.9g} at {_position(index)}"
    )


def assert_own_types_decide(
    rule: str, bids: Callable[[Floats], Floats], types: Floats, others: Floats, axis: int
) -> None:
    """Assert that bids at each place of an axis of the types depend on the types there only."""
    wanted = bids(types)
    for place in range(types.shape[axis]):
        here = (slice(None),) * axis + (place,)
        changed = others.copy()
        changed[here] = types[here]
        assert_close(rule.format(place), bids(changed)[here], wanted[here], tolerance=0.0)


def assert_same_outcome(
    rule: str, got: Outcome, want: Outcome, *, tolerance: float = EXACT
) -> None:
    """Assert that two outcomes agree in every field, up to rounding."""
    for field in FIELDS:
        assert_close(
            f"{rule} in {field}", getattr(got, field), getattr(want, field), tolerance=tolerance
        )


def outcome_of_markets(outcome: Outcome, markets: Any) -> Outcome:
    """Return the outcome of some of the markets."""
    return Outcome(**{field: getattr(outcome, field)[markets] for field in FIELDS})


def renumbered(outcome: Outcome, order: list[int]) -> Outcome:
    """Return the outcome of renumbered traders: new trader i is old trader order[i]."""
    price = outcome.price if outcome.price.ndim == 1 else outcome.price[:, order]
    quantity, transfer = outcome.quantity[:, order], outcome.transfer[:, order]
    return dataclasses.replace(
        outcome,
        price=price,
        quantity=quantity,
        transfer=transfer,
        residual_slope=outcome.residual_slope[:, order],
    )


def restated(outcome: Outcome, price: float, quantity: float) -> Outcome:
    """Return the outcome in other units of price and quantity; money is their product."""
    return dataclasses.replace(
        outcome,
        price=outcome.price * price,
        quantity=outcome.quantity * quantity,
        transfer=outcome.transfer * (price * quantity),
        residual_slope=outcome.residual_slope * (price / quantity),
        outside=outcome.outside * quantity,
    )


def bids_of_markets(bids: Bids, markets: Any) -> Bids:
    """Return the bids of some of the markets."""
    return bids.from_array(bids.as_array()[markets])


def repeated(bids: Bids, batch: int) -> Bids:
    """Return a batch of `batch` markets that repeats the given ones in turn."""
    return bids_of_markets(bids, np.arange(batch) % bids.shape[0])


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


def assert_unchanged(rule: str, before: Any, after: Any) -> None:
    """Assert that an array, or every array of an object, is bit for bit what it was."""
    if isinstance(before, np.ndarray):
        assert np.array_equal(before, after, equal_nan=True), f"{rule}, and they were changed"
        return
    for (name, old), (_, new) in zip(arrays_in(before), arrays_in(after), strict=True):
        assert np.array_equal(old, new, equal_nan=True), f"{rule}, and {name} was changed"


def assert_text(name: str, value: Any) -> None:
    """Assert that an attribute is a text that is not empty."""
    assert isinstance(value, str) and value, f"{name} must be a text, got {value!r}"


def assert_trader_count(value: Any) -> None:
    """Assert that `n_traders` is a whole number from 3."""
    whole = isinstance(value, int) and value >= 3
    assert whole, f"n_traders must be a whole number from 3, got {value!r}"


def in_another_process(
    subject: str,
    function: Callable[..., Any],
    thing: Any,
    *arguments: Any,
    limit_s: float = ELSEWHERE_S,
) -> Any:
    """Return what a function of a thing, which must pickle, gives in another process."""
    try:
        pickle.dumps(thing)
    except Exception as error:
        raise AssertionError(
            f"{subject} must pickle, to be used by worker processes, got {error}"
        ) from None
    return elsewhere(limit_s).run(function, thing, *arguments)


@cache
def elsewhere(limit_s: float) -> Guard:
    """Return the process that serves all comparisons of this one; it ends by itself when idle."""
    return Guard(limit_s)


def start_elsewhere() -> None:
    """Start the process that serves comparisons, before this one imports what it would inherit."""
    elsewhere(ELSEWHERE_S).run(len, "")


def largest_finite(values: Floats) -> float:
    """Return the largest finite size among the values, 0 where there is none."""
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def _position(index: tuple[Any, ...]) -> str:
    words = ("market", "trader", "number")
    named = zip(words, index, strict=False)
    return ", ".join(f"{word} {int(each)}" for word, each in named) or "the only position"

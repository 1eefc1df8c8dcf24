"""Units and axes over traders, declared once where a field is: restating a record follows from it.

The metadata of a dataclass field says in which units its numbers are, and under "trader_axes" which
of its axes run over traders::

    sigma: float = field(default=0.0, metadata=SLOPE)

Fields without metadata are pure numbers, the same for all traders.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from array_api_compat import device

from deviator.arrays import Array, namespace
from deviator.errors import RefusedError

Thing = TypeVar("Thing")


class Unit(NamedTuple):
    """A product of powers, each -1, 0 or 1, of the units of price and quantity."""

    price: int
    quantity: int

    def restated(self, numbers: Any, price: float, quantity: float) -> Any:
        """Return numbers of this unit where those of price and quantity get the given factors."""
        factors = ((price, self.price), (quantity, self.quantity))
        for factor, _ in (each for each in factors if each[1] > 0):
            numbers = numbers * factor
        for factor, _ in (each for each in factors if each[1] < 0):
            numbers = numbers / factor
        return numbers


def _declared(price: int, quantity: int) -> Mapping[str, Any]:
    return MappingProxyType({"unit": Unit(price, quantity)})


PRICE = _declared(1, 0)
QUANTITY = _declared(0, 1)
MONEY = _declared(1, 1)
SLOPE = _declared(1, -1)
"""Of inverse demand: marginal utilities, quadratic taxes."""
STEEPNESS = _declared(-1, 1)
"""Of demand."""
PER_PRICE = _declared(-1, 0)
PER_QUANTITY = _declared(0, -1)
PER_MONEY = _declared(-1, -1)
"""Of risk aversion."""

EACH_TRADER: Mapping[str, Any] = MappingProxyType({"trader_axes": (0,)})
PRICES = MappingProxyType({**PRICE, **EACH_TRADER})
QUANTITIES = MappingProxyType({**QUANTITY, **EACH_TRADER})
SLOPES = MappingProxyType({**SLOPE, **EACH_TRADER})
"""One number for each trader."""
TRADERS_BY_TRADERS: Mapping[str, Any] = MappingProxyType({"trader_axes": (0, 1)})


@runtime_checkable
class Rescalable(Protocol):
    """What states itself in other units: economies, taxes, mechanisms."""

    def rescaled(self, price: float, quantity: float) -> Any:
        """Return the same thing in other units."""


@runtime_checkable
class Relabellable(Protocol):
    """What states itself for renumbered traders: economies, public statistics, mechanisms."""

    def relabelled(self, order: Sequence[int]) -> Any:
        """Return the same thing where new trader i is old order[i]."""


def rescaled_fields(thing: Thing, price: float, quantity: float) -> Thing:
    """Return a thing with its fields in other units."""

    def restated(value: Any, metadata: Mapping[str, Any]) -> Any:
        if isinstance(value, Rescalable):
            return value.rescaled(price, quantity)
        if value is None or "unit" not in metadata:
            return value
        return metadata["unit"].restated(value, price, quantity)

    return _with_changed_fields(thing, restated)


def relabelled_fields(thing: Thing, order: Sequence[int], axes: Sequence[int] = ()) -> Thing:
    """Return a thing whose fields are for renumbered traders, as far as they tell them apart.

    Fields that do not say which of their axes run over traders have these.
    """

    def restated(value: Any, metadata: Mapping[str, Any]) -> Any:
        if isinstance(value, Relabellable):
            return value.relabelled(order)
        return _reordered(value, metadata.get("trader_axes", axes), order)

    return _with_changed_fields(thing, restated)


def renumbered(array: Array, order: Sequence[int], axis: int = 1) -> Array:
    """Return the array with entry order[i] in place i of an axis, negative places included."""
    xp, n = namespace(array), array.shape[axis]
    places = [range(n)[place] for place in order]
    return xp.take(array, xp.asarray(places, device=device(array)), axis=axis)


def _reordered(value: Any, trader_axes: Sequence[int], order: Sequence[int]) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(value[i] for i in order) if value and trader_axes else value
    for axis in trader_axes:
        value = renumbered(value, order, axis)
    return value


def fields_of(thing: Any) -> dict[str, tuple[Any, Mapping[str, Any]]]:
    """Return values and metadata of what a thing is built from."""
    if not is_dataclass(thing):
        return {name: (value, {}) for name, value in getattr(thing, "__dict__", {}).items()}
    entries = [entry for entry in fields(thing) if entry.init]
    return {entry.name: (getattr(thing, entry.name), entry.metadata) for entry in entries}


def _with_changed_fields(thing: Thing, changed: Callable[[Any, Mapping[str, Any]], Any]) -> Thing:
    old = fields_of(thing)
    new = {name: changed(*entry) for name, entry in old.items()}
    changes = {name: value for name, value in new.items() if value is not old[name][0]}
    if not changes:
        return thing
    if not is_dataclass(thing):
        raise RefusedError(
            f"a rule with settings must be a dataclass to be restated, {type(thing).__name__} "
            "is not; make it one, or override relabelled and rescaled"
        )
    return replace(thing, **changes)  # type: ignore[type-var]

"""What every certificate of one of our own rules rests on: nothing is foreign, all are honest."""

import sys
from dataclasses import fields
from functools import cached_property
from types import FunctionType
from typing import Any

from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.mechanisms import DirectMechanism, Mechanism
from deviator.policies import Revelation

from ..market import Market
from .certificate import Condition


def check_rule(theorem: str, mechanism: Mechanism, rules: tuple[type[Any], ...]) -> None:
    """Refuse a mechanism that is not one of some rules: a subclass may override anything.

    Raises
    ------
    RefusedError
        If it is none of them.
    """
    if type(mechanism) not in rules:
        names = ", ".join(rule.name for rule in rules)
        kind = type(mechanism)
        raise RefusedError(
            f"{theorem} is about {names} themselves, and not about {mechanism.name} "
            f"({kind.__module__}.{kind.__qualname__})"
        )


def all_ours(theorem: str, mechanism: Mechanism, economy: Economy) -> Condition:
    """Return that whatever rule and economy hold and do is defined in deviator.

    Raises
    ------
    RefusedError
        If something is not.
    """
    foreign = [*foreign_names(mechanism), *foreign_names(economy)]
    if foreign:
        raise RefusedError(
            f"{theorem} is about deviator's own rules and economies, and these have their own "
            f"{' and '.join(foreign)}"
        )
    return Condition("rule and economy are deviator's own", True, "every method and field")


def foreign_names(thing: object) -> list[str]:
    """Return what an object holds beside its fields, or its classes define beside ours.

    Examples
    --------
    >>> from deviator.mechanisms import KDoubleAuction
    >>> foreign_names(KDoubleAuction())
    []
    """
    known = {field.name for field in fields(thing)}  # type: ignore[arg-type]
    foreign = []
    for base in type(thing).__mro__[:-1]:
        for name, value in vars(base).items():
            if isinstance(value, cached_property):
                known.add(name)
            if not name.startswith("__") and _is_patched(base, value):
                foreign.append(name)
    return [*foreign, *(name for name in vars(thing) if name not in known)]


def _is_patched(base: type[Any], value: Any) -> bool:
    """Return whether a function of a class was written outside of the class's own module."""
    for wrapper in ("fget", "func", "__func__"):
        value = getattr(value, wrapper, None) or value
    if not isinstance(value, FunctionType):
        return False
    return value.__code__.co_filename != getattr(sys.modules[base.__module__], "__file__", None)


def all_honest(theorem: str, tested: Market) -> Condition:
    """Return that all others are honest, in the economy under test and in no other.

    Raises
    ------
    RefusedError
        If they are not.
    """
    strategy, mechanism = tested.strategy, tested.mechanism
    if type(strategy) is not Revelation or strategy.mechanism is not mechanism:
        raise RefusedError(
            f"{theorem} is about honest traders in one market, got the strategy {strategy.name}"
            f"{' of another mechanism' if type(strategy) is Revelation else ''}"
        )
    held = mechanism.economy if isinstance(mechanism, DirectMechanism) else tested.economy
    if not strategy.economy is tested.economy is held:
        raise RefusedError(
            f"{theorem} is about one economy, and strategy or mechanism is of another than the "
            "market under test"
        )
    return Condition("everybody else is honest", True, "in the economy under test")

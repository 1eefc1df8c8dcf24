"""What every certificate of one of our own rules rests on: nothing is foreign, all are honest."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from deviator.economies import TypeDistribution
from deviator.errors import RefusedError
from deviator.mechanisms import DirectMechanism, Mechanism
from deviator.policies import Revelation

from ..market import Market
from .certificate import Condition
from .known import foreign_parts, unknown_parts

KNOWN = "class, settings, parts, strategy"
"""What of a market is looked at."""


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


def all_known(theorem: str, tested: Market) -> Condition:
    """Return that all that decides outcomes and bids of a market is known.

    Raises
    ------
    RefusedError
        If something is not.
    """
    mechanism = tested.mechanism
    flaws = foreign_parts(mechanism)
    if flaws:
        name = getattr(mechanism, "name", type(mechanism).__name__)
        raise RefusedError(
            f"{theorem} needs all that decides an outcome to be known, and {name} has "
            f"{flaws[0]}; a rule of your own may define payment, as one arithmetic expression of "
            "its arguments and of plain numbers, and a tax_slope"
        )
    flaws = unknown_parts(tested.economy, "an economy")
    if flaws:
        raise RefusedError(
            f"{theorem} needs utilities that are known, and the market has {flaws[0]}; build the "
            "economy with deviator.economies"
        )
    flaws = unknown_parts(tested.strategy, "a strategy")
    if flaws:
        raise RefusedError(
            f"{theorem} needs bids that are known at every profile, and the market has "
            f"{flaws[0]}; have traders bid by a policy of deviator.policies"
        )
    return Condition("all that decides an outcome is known", True, KNOWN)


def check_law(theorem: str, law: TypeDistribution) -> None:
    """Refuse a law of types of which moments and support are not known.

    Raises
    ------
    RefusedError
        If it is not deviator's own, as it was built.
    """
    flaws = unknown_parts(law, "a law of types")
    if not flaws and not _has_its_moments(law):
        flaws = ["a law of types whose moments were changed"]
    if flaws:
        raise RefusedError(
            f"{theorem} needs a law of types that is known, and the market has {flaws[0]}; take "
            "one of deviator.economies"
        )


def _has_its_moments(law: TypeDistribution) -> bool:
    """Return whether a law has the moments that it is built with."""
    built: Any = replace(law)  # type: ignore[type-var]
    return bool((built.mean == law.mean).all() and (built.covariance == law.covariance).all())


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
    if not all(_same(economy, tested.economy) for economy in (held, strategy.economy)):
        raise RefusedError(
            f"{theorem} is about one economy, and strategy or mechanism is of another than the "
            "market under test"
        )
    return Condition("everybody else is honest", True, "in the economy under test")


def _same(one: Any, other: Any) -> bool:
    """Return whether two known economies have the same utilities and sets of types."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    numbers = [entry.name for entry in fields(other) if entry.name not in ("name", "roles")]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in numbers)

"""What every certificate of one of our own rules rests on: nothing is foreign, all are honest."""

from typing import Any

from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.mechanisms import DirectMechanism, Mechanism
from deviator.policies import Revelation

from ..market import Market
from .certificate import Condition
from .known import foreign_parts, unknown_parts


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
    """Return that all that decides outcomes of a rule in an economy is known.

    Raises
    ------
    RefusedError
        If something is not.
    """
    foreign = [*foreign_parts(mechanism), *unknown_parts(economy, "the economy")]
    if foreign:
        raise RefusedError(
            f"{theorem} needs to know all that decides an outcome, and does not know "
            f"{', '.join(foreign)}"
        )
    return Condition("all that decides an outcome is known", True, "class, settings and parts")


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

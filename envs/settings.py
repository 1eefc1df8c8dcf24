"""What environments are made from: a mechanism and an economy with settings, or a core."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.evidence.market import market
from deviator.mechanisms import Mechanism
from deviator.validation import given

Core = TypeVar("Core")

MARKET_SETTINGS = ("distribution", "strategy", "trader")
"""What is passed on to `market`."""

BOX_SETTINGS = ("control", "mode", "range_multiple", "ranges")
"""What says how far actions move bids."""

DEVIATION_SETTINGS = (*MARKET_SETTINGS, "information", *BOX_SETTINGS)
"""What environments of one deviator take."""

EXCHANGE_SETTINGS = (
    "distribution",
    "strategy",
    "traders",
    "information",
    "rounds",
    "baseline",
    *BOX_SETTINGS,
)
"""What environments of several traders take."""


def core_of(
    owner: str,
    build: Callable[..., Core],
    known: tuple[str, ...],
    mechanism: Mechanism | None,
    economy: Economy | None,
    settings: Mapping[str, Any],
) -> Core:
    """Return the core of a market; settings that are None are left to their defaults.

    Parameters
    ----------
    owner : str
        Who asks, as errors name it.
    build : callable
        What makes a core of a market and settings.
    known : tuple of str
        Names of the settings that there are.
    mechanism, economy, settings

    Raises
    ------
    TypeError
        If a setting is not known, or the mechanism or the economy is missing.
    InvalidInputError
        If settings are malformed, or one of them goes unused.
    """
    check_known(owner, known, settings)
    if mechanism is None or economy is None:
        raise TypeError(f"{owner}() needs mechanism= and economy=, or core=")
    chosen = {name: value for name, value in settings.items() if value is not None}
    if "ranges" in chosen and "range_multiple" in chosen:
        raise InvalidInputError(
            "range_multiple has no effect beside ranges, got "
            f"{chosen['range_multiple']}; leave one of them out"
        )
    parts = {name: chosen.pop(name) for name in MARKET_SETTINGS if name in chosen}
    return build(market(mechanism, economy, **parts), **chosen)


def check_known(owner: str, known: tuple[str, ...], settings: Mapping[str, Any]) -> None:
    """Raise TypeError if a keyword is not known, as calls of Python functions do."""
    unknown = next((name for name in settings if name not in known), None)
    if unknown is not None:
        raise TypeError(
            f"{owner}() got an unexpected keyword argument {unknown!r}; it takes {', '.join(known)}"
        )


def check_alone(core: object, others: Mapping[str, Any]) -> None:
    """Check that nothing is given beside a core, which says all of it.

    Raises
    ------
    InvalidInputError
        If something is.
    """
    beside = [name for name, value in others.items() if value is not None]
    if beside:
        raise InvalidInputError(
            f"core= describes the whole market, so {', '.join(beside)} would go unused; leave "
            f"{'it' if len(beside) == 1 else 'them'} out, or build another core"
        )


def check_options(options: object, known: tuple[str, ...] = ()) -> None:
    """Check that `reset` is given options that there are.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    if options is None:
        return
    if not isinstance(options, Mapping):
        raise InvalidInputError(f"options of reset must be a dict, got {given(options)}")
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        taken = f"takes the options {', '.join(known)}" if known else "takes no options"
        raise InvalidInputError(f"reset {taken}, got {unknown!r}; leave it out")

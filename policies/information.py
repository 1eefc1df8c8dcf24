"""What a deviator knows when bidding: the rungs of the information ladder.

The rungs that have names, from the least that is known to the most:

========================  =========================================================================
``own``                   the own type
``statistics``            the own type and public statistics S s of all types
``signal:0.5``            the own type, and each other's with Normal noise of that deviation
``profile``               all types
========================  =========================================================================

A rung of one's own is a `Rung` with a name of its own. Whoever knows the whole profile knows what
any rung shows, so that a cap on what they gain holds on every rung. Of one who knows less, a gain
at a single profile tells nothing: only means over the law of types do.
"""

from typing import Any

import numpy as np

from deviator.arrays import Array, is_foreign, like
from deviator.economies import Economy
from deviator.errors import InvalidInputError, did_you_mean
from deviator.mechanisms import Mechanism
from deviator.validation import Floats, finite_array, given

from .rungs import (
    OWN_RUNGS,
    SIGNAL,
    NoisySignal,
    OwnType,
    OwnTypeAndStatistics,
    Rung,
    WholeProfile,
)

Information = str | Rung
"""A rung, by its name or as an object."""


NAMED: tuple[Rung, ...] = (OwnType(), OwnTypeAndStatistics(), WholeProfile())


def check_information(information: Any) -> Information:
    """Return a rung of the information ladder: the name of one of ours, another's as it is.

    Raises
    ------
    InvalidInputError
        If it is not a known name nor a rung, or a rung that has the name of one of ours.

    Examples
    --------
    >>> check_information("own"), check_information(NoisySignal(0.5)), check_information("signal:2")
    ('own', 'signal:0.5', 'signal:2.0')
    """
    rung = rung_of(information)
    chosen = isinstance(rung, OwnTypeAndStatistics) and rung.weights is not None
    return rung.name if isinstance(rung, OWN_RUNGS) and not chosen else rung


def is_named(name: str) -> bool:
    """Return whether a text is, or begins like, the name of one of our rungs."""
    return name in {rung.name for rung in NAMED} or name.partition(":")[0] == SIGNAL


def rung_of(information: Any) -> Rung:
    """Return the rung of a name, or a rung itself; errors as in `check_information`."""
    if isinstance(information, Rung):
        return _checked(information)
    named = {rung.name: rung for rung in NAMED}
    if isinstance(information, str) and information in named:
        return named[information]
    if isinstance(information, str) and information.startswith(f"{SIGNAL}:"):
        return _signal_of(information)
    question = did_you_mean(information, named)
    raise InvalidInputError(
        f"information must be one of {', '.join(named)}, {SIGNAL}:DEVIATION, or a Rung, got "
        f"{information!r}{f'; {question}' if question else ''}"
    )


def rung_within(information: Information, mechanism: Mechanism, economy: Economy) -> Rung:
    """Return a rung in one market; errors as in `check_information`."""
    return rung_of(rung_of(information).within(mechanism, economy))


def rung_name(information: Information) -> str:
    """Return a rung's name; errors as in `check_information`."""
    return rung_of(information).name


def knows_profile(information: Information) -> bool:
    """Return whether a rung shows the whole profile, so that a gain at one profile tells something.

    Of a rung that another defines this is never believed, whatever it shows.
    """
    return isinstance(information, WholeProfile) or information == WholeProfile.name


def knowledge(information: str) -> str:
    """Return in words what a deviator knows on the rung of a name."""
    named = {
        "own": "their own type",
        "statistics": "their own type and public statistics",
        "profile": "all types",
    }
    if information.startswith(f"{SIGNAL}:"):
        deviation = information.split(":")[1]
        return f"their own type and signals of the others' with noise of deviation {deviation}"
    return named.get(information, f"what the rung {information} shows")


def seen_by(rung: Rung, types: Array, trader: int) -> Array:
    """Return what a trader sees on a rung, shape (B, O), of tensors as a tensor.

    Raises
    ------
    InvalidInputError
        If it is not of the size that the rung states, or not finite.
    """
    if isinstance(rung, WholeProfile):
        return types
    if isinstance(rung, OwnType):
        return types[:, [trader]]
    if is_foreign(types):
        shown = seen_by(rung, np.asarray(types.detach().cpu(), dtype=np.float64), trader)
        return like(types, shown)
    shape = len(types), rung.size(types.shape[1])
    seen: Floats = finite_array(f"what rung {rung.name} shows", rung.seen(types, trader), shape)
    return seen


def check_shows_the_same(rung: Rung, types: Floats, trader: int) -> None:
    """Check that a rung shows the same again, and of each market what it shows in a batch.

    A deviator who is shown something new at each look could average noise away.

    Raises
    ------
    InvalidInputError
        If it does not, or what it shows is of another size than it states.
    """
    few = types[:2]
    first, again = (np.array(seen_by(rung, types, trader)) for _ in range(2))
    alone = np.concatenate([seen_by(rung, few[[market]], trader) for market in range(len(few))])
    if not (np.array_equal(first, again) and np.array_equal(first[: len(few)], alone)):
        raise InvalidInputError(
            f"rung {rung.name} must show the same of the same market, and does not; run `deviator "
            "check` on it"
        )


def _checked(rung: Rung) -> Rung:
    """Return a rung, unless it is another's and has no name, one of ours, or derives from ours."""
    if type(rung) in OWN_RUNGS:
        return rung
    if isinstance(rung, OWN_RUNGS):
        # What ours show is known, and their classes are not asked.
        kind = type(rung).__name__
        raise InvalidInputError(
            f"a rung of your own must derive from Rung itself, and {kind} derives from one of "
            "deviator's; hold that rung as a field, and show more than it does"
        )
    name, ours = rung.name, [each.name for each in NAMED]
    if not isinstance(name, str) or not name:
        raise InvalidInputError(f"a rung must have a name, got {given(name)}; give it a text")
    if name in ours or name.partition(":")[0] == SIGNAL:
        raise InvalidInputError(
            f"a rung of your own must not be called {', '.join(ours)} or {SIGNAL}:..., got "
            f"{name!r}; choose another name"
        )
    return rung


def _signal_of(text: str) -> NoisySignal:
    """Return the noisy signal that a text states: signal:DEVIATION, or signal:DEVIATION:SEED."""
    _, *numbers = text.split(":")
    try:
        deviation, seed = float(numbers[0]), int(numbers[1]) if numbers[1:] else 0
        if len(numbers) > 2:
            raise ValueError
    except ValueError:
        raise InvalidInputError(
            f"a noisy signal must be stated as {SIGNAL}:DEVIATION, as in {SIGNAL}:0.5, got {text!r}"
        ) from None
    return NoisySignal(deviation, seed)

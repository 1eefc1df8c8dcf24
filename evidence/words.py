"""Verdicts in plain words."""

from typing import TYPE_CHECKING

from deviator.errors import InvalidInputError

if TYPE_CHECKING:
    from .constraints import Scope, State


def verdict_in_words(state: "State", scope: "Scope", *, deviation: bool = True) -> str:
    """Return a verdict in plain words.

    Parameters
    ----------
    state : {"confirmed", "refuted", "undetermined", "vacuous"}
    scope : {"every profile", "in expectation", "sampled"}
        Of what the state speaks; what is open speaks of nothing.
    deviation : bool
        Whether the verdict is about gains from deviating, and not about another constraint.

    Raises
    ------
    InvalidInputError
        If there is no such state.

    Examples
    --------
    >>> verdict_in_words("confirmed", "every profile")
    'no profitable deviation (certified, every profile)'
    >>> verdict_in_words("refuted", "every profile")
    'profitable deviation found'
    >>> verdict_in_words("confirmed", "every profile", deviation=False)
    'holds (certified, every profile)'
    """
    holds, violated = "holds", "violated"
    if deviation:
        holds, violated = "no profitable deviation", "profitable deviation found"
    on_average = " (in expectation)" if scope == "in expectation" else ""
    words = {
        "confirmed": f"{holds} (certified, {scope})",
        "refuted": f"{violated}{on_average}",
        "undetermined": "open",
        "vacuous": "no trade",
    }
    if state not in words:
        raise InvalidInputError(f"state must be one of {', '.join(words)}, got {state!r}")
    return words[state]

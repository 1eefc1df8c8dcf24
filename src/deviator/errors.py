"""The errors that deviator raises on purpose, each one sentence: rule, value, way out."""

from collections.abc import Iterable
from difflib import get_close_matches


class DeviatorError(Exception):
    """Base of every error that deviator raises on purpose."""


class InvalidInputError(DeviatorError, ValueError):
    """A value breaks a stated rule."""


def did_you_mean(word: object, known: Iterable[str], most: int = 1) -> str:
    """Return a question that names what is like a word, or nothing where nothing is.

    Examples
    --------
    >>> did_you_mean("mechanisms", ["mechanism", "economy"])
    "did you mean 'mechanism'?"
    """
    near = get_close_matches(str(word), list(known), n=most, cutoff=0.6)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


def one_of(what: str, word: object, known: Iterable[str]) -> str:
    """Return the sentence about a word that is none of those that are known.

    Examples
    --------
    >>> one_of("kind", "mechanisms", ["mechanism", "economy"])
    "kind must be one of mechanism, economy, got 'mechanisms'; did you mean 'mechanism'?"
    """
    names = list(known)
    question = did_you_mean(word, names)
    return f"{what} must be one of {', '.join(names)}, got {word!r}" + (
        f"; {question}" if question else ""
    )


class UnknownNameError(DeviatorError, LookupError):
    """No plugin of that kind has that name.

    Parameters
    ----------
    kind : str
        What was looked up, for example ``"mechanism"``.
    name : str
        The name that is not among them.
    known : iterable of str
        The names that exist.
    elsewhere : str
        Where other names come from, said where no known one is near.

    Examples
    --------
    >>> print(UnknownNameError("learner", "pp0", ["ppo", "sac"]))
    no learner is named 'pp0'; did you mean 'ppo'? Known: ppo, sac
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], elsewhere: str = "") -> None:
        names = sorted(known)
        self._arguments = (kind, name, names, elsewhere)
        near = did_you_mean(name, names, most=3)
        hint = f"; {near}" if near else "."
        others = f"; {elsewhere}" if elsewhere and not near else ""
        super().__init__(f"no {kind} is named {name!r}{hint} Known: {', '.join(names)}{others}")

    def __reduce__(self) -> tuple[type["UnknownNameError"], tuple[str, str, list[str], str]]:
        # Errors cross process boundaries, and the message is not what the constructor takes.
        return type(self), self._arguments


class RefusedError(DeviatorError, ValueError):
    """What was asked for cannot be guaranteed in this economy or market."""


class NoEquilibriumError(DeviatorError, ArithmeticError):
    """The search ended without a linear Bayesian equilibrium; nothing is returned."""


class NotConvergedError(DeviatorError, ArithmeticError):
    """A market could not be solved; nothing that looks like an outcome is returned."""


class PluginLoadError(DeviatorError, ImportError):
    """A plugin is installed but cannot be used."""


class ResultsError(DeviatorError, OSError):
    """A results folder or a policy file cannot be used as it is."""


class WorkersLostError(DeviatorError, ConnectionError):
    """Processes or machines that were to do the work are gone, again and again."""

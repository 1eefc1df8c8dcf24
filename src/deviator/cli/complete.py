"""What a shell completes: names of plugins, read from metadata; nothing is imported."""

from collections.abc import Callable

from deviator.errors import DeviatorError


def names_of(kind: str) -> Callable[[str], list[str]]:
    """Return what completes the names of a kind of plugins.

    Examples
    --------
    >>> names_of("mechanism")("sigma-d")
    ['sigma-dcda']
    """

    def complete(incomplete: str) -> list[str]:
        from deviator.plugins import list_plugins

        try:
            names = {spec.name for spec in list_plugins(kind)}
        except DeviatorError:
            return []
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


def any_of(*words: str) -> Callable[[str], list[str]]:
    """Return what completes one of some words.

    Examples
    --------
    >>> any_of("relative", "absolute")("r")
    ['relative']
    """
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]

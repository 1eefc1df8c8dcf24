"""Names to plugins: entry points of installed packages, imported on use.

Built-ins are registered through the same groups as everybody else's plugins.
"""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from typing import Any, Literal, final, get_args

from deviator.errors import InvalidInputError, PluginLoadError, UnknownNameError

Kind = Literal["mechanism", "economy", "learner"]
"""Families that a plugin can join."""

_PLURALS = {"mechanism": "mechanisms", "economy": "economies", "learner": "learners"}


@final
@dataclass(frozen=True)
class PluginSpec:
    """Where a plugin comes from; holding one imports nothing.

    Attributes
    ----------
    kind, name : str
    target : str
        ``module:object``.
    provider, version : str
        The distribution that registered it.
    """

    kind: str
    name: str
    target: str
    provider: str
    version: str

    def load(self) -> Any:
        """Import and return the plugin.

        Raises
        ------
        PluginLoadError
            If importing it fails.
        """
        try:
            return EntryPoint(name=self.name, value=self.target, group="").load()
        except Exception as error:
            raise PluginLoadError(
                f"{self.kind} {self.name!r} of {self.provider} {self.version} cannot be loaded "
                f"from {self.target} ({type(error).__name__}: {error}); repair or remove it"
            ) from error


def list_plugins(kind: str | None = None) -> list[PluginSpec]:
    """Return all registered plugins of a kind, or of every kind, by name.

    Examples
    --------
    >>> [plugin.name for plugin in list_plugins("learner") if plugin.provider == "deviator"]
    ['ppo']
    """
    kinds = list(get_args(Kind)) if kind is None else [_checked_kind(kind)]
    found = {
        PluginSpec(one, point.name, point.value, *_provider(point))
        for one in kinds
        for point in entry_points(group=f"deviator.{_PLURALS[one]}")
    }
    return sorted(found, key=lambda spec: (kinds.index(spec.kind), spec.name, spec.provider))


def find_plugin(kind: Kind, name: str) -> PluginSpec:
    """Return the plugin of that name.

    Raises
    ------
    UnknownNameError
        If there is none; the nearest names are suggested.
    PluginLoadError
        If several packages claim the name.
    """
    plugins = list_plugins(kind)
    matches = [spec for spec in plugins if spec.name == name]
    if not matches:
        raise UnknownNameError(kind, name, {spec.name for spec in plugins})
    if len(matches) > 1:
        owners = " and ".join(spec.provider for spec in matches)
        raise PluginLoadError(f"{kind} {name!r} is claimed by {owners}; uninstall all but one")
    return matches[0]


def build(kind: Kind, name: str, parameters: dict[str, Any]) -> Any:
    """Return the plugin of that name, called with its parameters.

    Raises
    ------
    UnknownNameError, PluginLoadError
        As in `find_plugin`.
    InvalidInputError
        If the parameters do not fit.
    """
    plugin = find_plugin(kind, name).load()
    try:
        return plugin(**parameters)
    except TypeError as error:
        raise InvalidInputError(
            f"{kind} {name!r} does not take these parameters: {error}"
        ) from None


def make(name: str, **parameters: Any) -> Any:
    """Return a mechanism by name; direct ones take ``economy=``.

    Parameters
    ----------
    name : str
        As `deviator list` shows it.
    **parameters
        The mechanism's settings.

    Raises
    ------
    UnknownNameError, PluginLoadError, InvalidInputError
        As in `build`.

    Examples
    --------
    >>> make("sigma-dcda", sigma=0.4)
    SigmaDCDA(sigma=0.4)
    """
    return build("mechanism", name, parameters)


def _checked_kind(kind: str) -> str:
    if kind not in get_args(Kind):
        raise InvalidInputError(f"kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")
    return kind


def _provider(point: EntryPoint) -> tuple[str, str]:
    distribution = point.dist
    return ("unknown", "") if distribution is None else (distribution.name, distribution.version)


def takes_economy(mechanism: Any) -> bool:
    """Return whether a mechanism class is direct: it must be told an economy."""
    return "economy" in signature(mechanism).parameters

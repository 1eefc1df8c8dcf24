"""Plugins by name or file, built in the process that checks them."""

from dataclasses import dataclass
from inspect import signature
from typing import Any, final, get_args

from deviator.errors import PluginLoadError, UnknownNameError

from ..example_settings import example_settings
from ..registry import checked_kind, find_plugin, list_plugins, qualified
from ..single_file import plugins_of_file
from ..spec import Kind, PluginSpec


@final
@dataclass(frozen=True)
class NamedSource:
    """A plugin that is built in the process that asks for it.

    Parameters
    ----------
    spec : PluginSpec
    settings : dict
        Its parameters; required ones that are missing come from `example_settings`.
    """

    spec: PluginSpec
    settings: dict[str, Any]

    def subject(self) -> Any:
        """Return the plugin's object."""
        return self.spec.build(example_settings(self.spec, self.settings))

    def parameters(self) -> dict[str, Any]:
        """Return all parameters of the object, those not given at their defaults."""
        given = example_settings(self.spec, self.settings)
        known = signature(self.spec.load()).parameters
        return {
            name: given.get(name, each.default)
            for name, each in known.items()
            if name in given or each.default is not each.empty
        }


def named(name: str, kind: str | None, files: tuple[str, ...]) -> list[PluginSpec]:
    """Return the plugins that a name or a file stands for.

    Parameters
    ----------
    name : str
        A plugin's name, or the path of a Python file, which stands for all of its plugins.
    kind : str, optional
        Where several kinds share a name.
    files : tuple of str
        Files that may define the name.

    Raises
    ------
    UnknownNameError
        If no plugin has that name.
    PluginLoadError
        If the file cannot be used, or packages share the name.
    """
    if name.endswith(".py"):
        return [spec for spec in plugins_of_file(name) if kind in (None, spec.kind)]
    matches, problem = [], None
    kinds: list[Kind] = list(get_args(Kind)) if kind is None else [checked_kind(kind)]
    for each in kinds:
        try:
            matches.append(find_plugin(each, qualified(each, name, files)))
        except UnknownNameError:
            continue
        except PluginLoadError as error:
            problem = error
    if problem is not None and not matches:
        raise problem
    if not matches:
        known = [spec.name for spec in list_plugins(kind)]
        raise UnknownNameError(kind or "plugin", name, known)
    return matches

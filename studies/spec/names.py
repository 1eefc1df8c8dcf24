"""What a study names, looked up in its own files first."""

from functools import cached_property
from inspect import Signature, signature
from pathlib import Path
from typing import final

from deviator.errors import InvalidInputError, PluginLoadError
from deviator.plugins import (
    Kind,
    PluginSpec,
    find_plugin,
    list_plugins,
    meant_file,
    plugins_of_file,
    qualified,
)
from deviator.plugins.rungs import qualified_rung

from .learner import LearnerSpec
from .naming import file_of, unnamed_file


@final
class Names:
    """Looks names up in the plugin files of a study, and among what is installed.

    Parameters
    ----------
    files : tuple of str
        Files whose plugins the study may name.
    """

    def __init__(self, files: tuple[str, ...]) -> None:
        self._files = files

    @cached_property
    def unusable(self) -> dict[str, str]:
        """The plugin files that cannot be read, each with the reason: others go on."""
        unusable = {}
        for file in self._files:
            try:
                plugins_of_file(file)
            except PluginLoadError as error:
                unusable[file] = str(error)
        return unusable

    def full(self, kind: Kind, name: str) -> str:
        """Return the full name of a plugin; its file must be one that the study names."""
        if unnamed_file(name, self._files):
            raise InvalidInputError(
                f"{kind} {name!r} must be in a file that the study names, since the file is run; "
                f"add {file_of(name)} to plugins: if you trust it"
            )
        in_file = file_of(name) and meant_file(file_of(name), self._files)
        if in_file in self.unusable:
            raise PluginLoadError(self.unusable[in_file])
        full_name = qualified(kind, name, self._usable)
        if full_name == name and self.unusable and not _is_installed(kind, name):
            raise PluginLoadError("; ".join(self.unusable.values()))
        return full_name

    def rung(self, name: str) -> str:
        """Return the full name of a rung; its file must be one that the study names."""
        full = qualified_rung(name, self._usable)
        file = full.rpartition(":")[0]
        known = {Path(each).resolve() for each in self._usable}
        if file.endswith(".py") and Path(file) not in known:
            raise InvalidInputError(
                f"information must name a file of the study's plugins, got {name}; add plugins: "
                f"[{file}] if you trust it"
            )
        return full

    def learner(self, stated: LearnerSpec) -> LearnerSpec:
        """Return a learner under its full name."""
        if stated.is_none:
            return stated
        return stated.model_copy(update={"name": self.full("learner", stated.name)})

    def plugin(self, kind: Kind, name: str) -> PluginSpec:
        """Return the plugin that a name of the study stands for."""
        return find_plugin(kind, self.full(kind, name))

    def signature(self, kind: Kind, name: str) -> Signature:
        """Return what a plugin takes; it is imported."""
        plugin = self.plugin(kind, name).load()
        try:
            return signature(plugin, eval_str=True)
        except (NameError, TypeError, SyntaxError, AttributeError):
            return signature(plugin)

    @property
    def _usable(self) -> tuple[str, ...]:
        return tuple(file for file in self._files if file not in self.unusable)


def _is_installed(kind: Kind, name: str) -> bool:
    return name in {one.name for one in list_plugins(kind)}

"""Which plugins are installed and which of them work: each is loaded in another process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import getdoc, signature
from typing import final

from deviator.errors import DeviatorError, PluginLoadError
from deviator.trust import OWN

from .guard import Guard
from .registry import list_plugins, rival_providers
from .single_file import nameless_of_file, plugins_of_file
from .spec import LOAD_S, PluginSpec


@final
@dataclass(frozen=True)
class PluginStatus:
    """A plugin, whether it works, one line about it, and its parameters with their defaults.

    Its state begins with "ready", with "note" where it is no plugin but looks like one, or is one
    sentence about what is wrong with it.
    """

    spec: PluginSpec
    state: str
    about: str = ""
    parameters: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it can be used, or is no plugin and does no harm."""
        return self.state.startswith(("ready", "note"))


def plugin_statuses(
    kind: str | None = None, files: Sequence[str] = (), limit_s: float = LOAD_S
) -> Iterator[PluginStatus]:
    """Load every plugin of a kind, or of every kind, installed or in files, and say what each is.

    Broken plugins are included; one may take `limit_s` seconds to be imported.
    """
    installed = list_plugins(kind)
    in_files, problems = _plugins_of_files(files)
    yield from problems
    plugins = installed + [spec for spec in in_files if kind in (None, spec.kind)]
    with Guard(limit_s) as guard:
        for spec in plugins:
            rivals = rival_providers(spec, installed) if spec in installed else ""
            yield _status(guard, spec, rivals)
            if spec.provider != OWN:
                # What a third-party plugin did to the process must not be blamed on the next one.
                guard.close()


def _plugins_of_files(files: Sequence[str]) -> tuple[list[PluginSpec], list[PluginStatus]]:
    """Return the plugins of files, and the files that cannot be used."""
    specs: list[PluginSpec] = []
    problems = []
    for file in files:
        try:
            specs.extend(plugins_of_file(file))
            spec = PluginSpec("file", file, "", file, "")
            problems += [PluginStatus(spec, f"note: {each}") for each in nameless_of_file(file)]
        except PluginLoadError as error:
            problems.append(
                PluginStatus(PluginSpec("file", file, "", file, ""), f"broken: {error}")
            )
    return specs, problems


def _status(guard: Guard, spec: PluginSpec, rivals: str) -> PluginStatus:
    if spec.problem:
        return PluginStatus(spec, f"incompatible: {spec.problem}")
    try:
        about, parameters = guard.run(_description, spec)
    except DeviatorError as error:
        return PluginStatus(spec, f"broken: {error}")
    except Exception as error:
        return PluginStatus(
            spec, f"broken: {spec.title} cannot be described ({type(error).__name__})"
        )
    state = f"ready as {spec.qualified}, the name is also {rivals}'s" if rivals else "ready"
    return PluginStatus(spec, state, about, parameters)


def _description(spec: PluginSpec) -> tuple[str, str]:
    """Return one line about a plugin, and its parameters with their defaults."""
    plugin = spec.load()
    parameters = ", ".join(
        name if parameter.default is parameter.empty else f"{name}={parameter.default}"
        for name, parameter in signature(plugin).parameters.items()
    )
    return (getdoc(plugin) or "").split("\n")[0], parameters

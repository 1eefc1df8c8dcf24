"""What is installed, and whether it works: every plugin is tried where it can harm nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import getdoc, signature
from typing import final

from deviator.errors import DeviatorError, PluginLoadError
from deviator.trust import OWN

from .guard import Guard
from .registry import list_plugins, taken
from .single_file import plugins_of_file
from .spec import LOAD_S, PluginSpec


@final
@dataclass(frozen=True)
class Surveyed:
    """A plugin, and what it is.

    Attributes
    ----------
    spec : PluginSpec
    state : str
        ``ready``, or what is wrong with it in one sentence.
    about : str
        One line about it.
    parameters : str
        Its parameters with their defaults.
    """

    spec: PluginSpec
    state: str
    about: str = ""
    parameters: str = ""


def survey(
    kind: str | None = None, files: Sequence[str] = (), limit_s: float = LOAD_S
) -> Iterator[Surveyed]:
    """Try every plugin of a kind, or of every kind, and return what each is.

    Parameters
    ----------
    kind : str, optional
    files : sequence of str
        Plugins in single files, in addition to the installed ones.
    limit_s : float
        Seconds that one plugin may take to be imported.

    Yields
    ------
    Surveyed
        Broken plugins are among them, and say why.
    """
    installed = list_plugins(kind)
    found, problems = _of_files(files)
    yield from problems
    plugins = installed + [spec for spec in found if kind in (None, spec.kind)]
    with Guard(limit_s) as guard:
        for spec in plugins:
            rivals = taken(spec, installed) if spec in installed else ""
            yield _surveyed(guard, spec, rivals)
            if spec.provider != OWN:
                # What a stranger did to the process must not be blamed on the next one.
                guard.close()


def _of_files(files: Sequence[str]) -> tuple[list[PluginSpec], list[Surveyed]]:
    """Return the plugins of files, and the files that have none."""
    found: list[PluginSpec] = []
    problems = []
    for file in files:
        try:
            found.extend(plugins_of_file(file))
        except PluginLoadError as error:
            problems.append(Surveyed(PluginSpec("file", file, "", file, ""), f"broken: {error}"))
    return found, problems


def _surveyed(guard: Guard, spec: PluginSpec, rivals: str) -> Surveyed:
    if spec.problem:
        return Surveyed(spec, f"incompatible: {spec.problem}")
    try:
        about, parameters = guard.run(_described, spec)
    except DeviatorError as error:
        return Surveyed(spec, f"broken: {error}")
    except Exception as error:
        return Surveyed(spec, f"broken: {spec.title} cannot be described ({type(error).__name__})")
    state = f"ready as {spec.qualified}, the name is also {rivals}'s" if rivals else "ready"
    return Surveyed(spec, state, about, parameters)


def _described(spec: PluginSpec) -> tuple[str, str]:
    """Return one line about a plugin, and its parameters with their defaults."""
    plugin = spec.load()
    parameters = ", ".join(
        name if parameter.default is parameter.empty else f"{name}={parameter.default}"
        for name, parameter in signature(plugin).parameters.items()
    )
    return (getdoc(plugin) or "").split("\n")[0], parameters

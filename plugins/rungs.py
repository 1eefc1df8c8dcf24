"""Rungs of information by name: one of ours, or a plugin that a package or a file defines."""

from collections.abc import Sequence

from deviator.errors import UnknownNameError
from deviator.policies import Information, Rung, check_information
from deviator.policies.information import is_named

from .registry import build, find_plugin, list_plugins, qualified
from .single_file import plugins_of_file


def rung_named(name: str, files: Sequence[str] = ()) -> Information:
    """Return the rung of a name.

    Parameters
    ----------
    name : str
        "own", "statistics", "signal:0.5" or "profile"; or that of a plugin, ``my_view.py:name`` in
        a single file.
    files : sequence of str
        Files in which a plugin is looked for first.

    Raises
    ------
    InvalidInputError
        If there is no such rung.
    PluginLoadError
        If it cannot be used.

    Examples
    --------
    >>> rung_named("signal:0.5")
    'signal:0.5'
    """
    full = qualified_rung(name, files)
    return check_information(full if is_named(full) else build("rung", full, {}))


def qualified_rung(name: str, files: Sequence[str] = ()) -> str:
    """Return a rung's name, with the file that defines it where it is a plugin of one.

    Nothing is imported; errors are those of `rung_named`.
    """
    if is_named(name):
        check_information(name)
        return name
    in_files = qualified("rung", name.rpartition(":")[2], tuple(files))
    full = in_files if ":" in in_files else name
    try:
        return find_plugin("rung", full).qualified if ":" in full else _registered(full)
    except UnknownNameError:
        if ":" not in full:
            check_information(full)
        raise


def rungs_of_files(files: Sequence[str]) -> tuple[Rung, ...]:
    """Return the rungs that Python files define, built without settings."""
    specs = [spec for file in files for spec in plugins_of_file(file) if spec.kind == "rung"]
    return tuple(spec.build({}) for spec in specs)


def described_rung(name: str) -> list[dict[str, str]]:
    """Return kind, name, provider and version of a rung that is a plugin; nothing of ours."""
    return [] if is_named(name) else [find_plugin("rung", name).describe()]


def shown_rung(name: str) -> str:
    """Return a rung's name as reports show it, without the path of its file.

    Examples
    --------
    >>> shown_rung("folder/my_view.py:my-view"), shown_rung("signal:0.5")
    ('my-view', 'signal:0.5')
    """
    return name if is_named(name) else name.rpartition(":")[2]


def _registered(name: str) -> str:
    known = {spec.name for spec in list_plugins("rung")}
    if name not in known:
        raise UnknownNameError("rung", name, known)
    return find_plugin("rung", name).qualified

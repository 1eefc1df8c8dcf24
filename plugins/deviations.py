"""Kinds of deviations that plugin files define, by which their saved policies are read."""

import sys
from collections.abc import Sequence

from deviator.policies import Deviation

from .single_file import plugins_of_file


def deviations_of_files(files: Sequence[str]) -> tuple[type[Deviation], ...]:
    """Return the classes of deviations with a file format that Python files define.

    Parameters
    ----------
    files : sequence of str
        Files of plugins; they are imported.

    Raises
    ------
    PluginLoadError
        If a file cannot be used.
    """
    modules = {spec.load().__module__: None for file in files for spec in plugins_of_file(file)}
    defined = [value for name in modules for value in vars(sys.modules[name]).values()]
    return tuple(
        each
        for each in defined
        if isinstance(each, type)
        and issubclass(each, Deviation)
        and each.__module__ in modules
        and each.file_format
    )

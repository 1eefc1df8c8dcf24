"""Plugin files as modules: imported once per process and content, with what lies beside them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    PathFinder,
    SourceFileLoader,
)
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import final

import cloudpickle

from deviator.errors import PluginLoadError

from .guard import is_guarded
from .parts_of_file import code_files, data_files, file_version, modules_beside
from .provenance import FILE_MODULE
from .undeclared_reads import watch_reads


def file_module(path: Path) -> ModuleType:
    """Import a single file as a module named after its content, once per process."""
    name = module_name(path)
    if name in sys.modules:
        return sys.modules[name]
    source = spec_from_file_location(name, path, loader=_FromText(name, str(path)))
    if source is None or source.loader is None or path.suffix != ".py":
        raise PluginLoadError(f"plugin file {path} must be a Python file; name it *.py")
    module = module_from_spec(source)
    if is_guarded():
        watch_reads(module, path, code_files(path), data_files(path))
    # Dataclasses and pickle look up the module here.
    sys.modules[name] = module
    try:
        with _importable_beside(path):
            source.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    # Other processes cannot import the file: its classes and functions are pickled by value.
    cloudpickle.register_pickle_by_value(module)
    return module


def module_name(path: Path) -> str:
    """Return the module name of a single file, which changes with the content."""
    return f"{FILE_MODULE}{file_version(path)}"


@contextmanager
def _importable_beside(path: Path) -> Iterator[None]:
    """Let a file import the modules beside it, which hide no others.

    What it imports later, when it runs, is imported at the end.
    """
    names = [name for name in modules_beside(path) if not _is_installed(name)]
    for known in list(sys.modules):
        if known.partition(".")[0] in names:
            # Another file's, or one that has been edited since.
            del sys.modules[known]
    folder = str(path.parent)
    sys.path.append(folder)
    for place in {folder, *(str(file.parent) for file in code_files(path))}:
        # Also for what a package there imports of itself later.
        sys.path_importer_cache[place] = FileFinder(place, *LOADERS)
    invalidate_caches()
    try:
        yield
        for name in names:
            cloudpickle.register_pickle_by_value(import_module(name))
    finally:
        sys.path.remove(folder)


@final
class _FromText(SourceFileLoader):
    """Compiles the text of a file, of which the digest is.

    Bytecode that comes with it, in ``__pycache__``, may be of something else.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled text."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


LOADERS = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromText, SOURCE_SUFFIXES))
"""How modules beside a file are imported: bytecode alone is none."""


def _is_installed(name: str) -> bool:
    return name in sys.stdlib_module_names or PathFinder.find_spec(name) is not None

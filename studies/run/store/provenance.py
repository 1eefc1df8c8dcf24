"""What a run folder keeps so that it can be moved: study, plugins, command, versions."""

import io
import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML

import deviator
from deviator.errors import PluginLoadError
from deviator.files import write_atomically
from deviator.plugins import meant_file
from deviator.plugins.parts_of_file import code_files, data_files, file_version

from ...spec.cell import SCHEMA
from ...spec.naming import file_of
from ...spec.study import StudySpec
from .writing import check_no_link, to_json

DEPENDENCIES = (
    "numpy", "scipy", "torch", "stable-baselines3", "gymnasium", "pettingzoo",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of deviator and of the libraries that decide what it computes."""
    found = {"deviator": deviator.__version__}
    for name in DEPENDENCIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def keep_sources(folder: Path, files: tuple[str, ...]) -> dict[str, str]:
    """Copy plugin files, with what they import and read from beside them, into a run folder.

    Each is kept under a digest of its content, so that those of earlier runs stay.

    Returns
    -------
    dict of str to str
        By file as the study names it, its path in the folder; one that cannot be read is left out.
    """
    kept = {}
    for file in files:
        source = Path(file).resolve()
        try:
            parts, digest = code_files(source) | data_files(source), file_version(source)
        except (OSError, PluginLoadError):
            continue
        target = PurePosixPath("plugins", digest)
        for part in sorted(parts):
            inside = part.relative_to(source.parent)
            for place in inside.parents:
                check_no_link(folder / target / place)
            _copy(part, folder / target / inside)
        kept[file] = str(target / source.name)
    return kept


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.resolve() == source.resolve():
        return
    content = source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or not target.is_file() or target.read_bytes() != content:
        write_atomically(target, content)


def keep_study(folder: Path, study: StudySpec, quick: bool, sources: Mapping[str, str]) -> None:
    """Write ``study.yaml``, from which a run resumes, and ``provenance.json``."""
    stated = relative_names(study.model_dump(mode="json", exclude_unset=True), sources)
    if study.plugins:
        stated["plugins"] = [sources.get(file, Path(file).name) for file in study.plugins]
    write_atomically(folder / "study.yaml", _yaml(stated))
    content = {
        "command": [_relative(argument) for argument in sys.argv],
        "quick": quick,
        "schema": SCHEMA,
        "versions": {"python": platform.python_version()} | versions(),
        "plugins": [
            {"file": path, "digest": PurePosixPath(path).parent.name}
            for path in sorted(sources.values())
        ],
    }
    write_atomically(folder / "provenance.json", to_json(content))


def relative_names(data: Any, sources: Mapping[str, str]) -> Any:
    """Return plain data in which plugins of files are named by where a run folder keeps them."""
    if not sources:
        return data
    if isinstance(data, dict):
        return {key: relative_names(value, sources) for key, value in data.items()}
    if isinstance(data, list):
        return [relative_names(value, sources) for value in data]
    file = file_of(data) if isinstance(data, str) else ""
    meant = file and meant_file(file, sources)
    return f"{sources[meant]}:{data.rpartition(':')[2]}" if meant else data


def _relative(argument: str) -> str:
    """Return an argument of the command without the place where it was given."""
    if not os.path.isabs(argument):
        return argument
    inside = Path(argument).is_relative_to(Path.cwd())
    return os.path.relpath(argument) if inside else Path(argument).name


def _yaml(data: Any) -> str:
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.dump(data, text)
    return text.getvalue()

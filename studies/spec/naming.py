"""Names of plugins in data: which file they mean, and how they are shown."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deviator.plugins import Kind, meant_file, plugins_of_file, qualified


def plain_name(name: str) -> str:
    """Return a plugin's name without its provider, by which results are kept.

    Examples
    --------
    >>> plain_name("folder/my_auction.py:my-auction")
    'my-auction'
    """
    return name.rpartition(":")[2]


def file_of(name: str) -> str:
    """Return the Python file that a name says its plugin is in; empty if it says none.

    Examples
    --------
    >>> file_of("folder/my_auction.py:my-auction")
    'folder/my_auction.py'
    """
    provider = name.rpartition(":")[0]
    return provider if provider.endswith(".py") else ""


def without_folders(data: Any) -> Any:
    """Return plain data in which plugins of files are named without the folders of these.

    Examples
    --------
    >>> without_folders({"mechanism": "/home/me/my_auction.py:my-auction", "sigma": 0.5})
    {'mechanism': 'my_auction.py:my-auction', 'sigma': 0.5}
    """
    if isinstance(data, dict):
        return {key: without_folders(value) for key, value in data.items()}
    if isinstance(data, list):
        return [without_folders(value) for value in data]
    file = file_of(data) if isinstance(data, str) else ""
    return f"{Path(file).name}:{plain_name(data)}" if file else data


def unnamed_file(name: str, files: Iterable[str]) -> str:
    """Return the file of a name that is none of those which the user names; empty if it is one.

    Data from somebody else may name any file, and to use its plugin would be to run it.
    """
    file = file_of(name)
    return file if file and meant_file(file, files) is None else ""


def looked_up(kind: Kind, name: str, files: tuple[str, ...]) -> str:
    """Return a name whose file is one of the given ones, if one of them can be meant.

    The file may have moved: then it is one of its name, or one that defines the plugin.
    """
    file = file_of(name)
    if not file:
        return qualified(kind, name, files)
    plain = plain_name(name)
    meant = meant_file(file, files) or meant_file(Path(file).name, files)
    if meant is None:
        meant = next((each for each in files if _defines(each, kind, plain)), file)
    return f"{meant}:{plain}"


def _defines(file: str, kind: Kind, name: str) -> bool:
    return any((spec.kind, spec.name) == (kind, name) for spec in plugins_of_file(file))

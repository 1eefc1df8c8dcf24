"""Code that comes with a study file: it is run where the user has agreed to run it."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from deviator.errors import PluginLoadError, RefusedError
from deviator.harmless import one_line
from deviator.plugins.parts_of_file import full_version
from deviator.trusted_files import remembered

from ..spec.study import StudySpec

SHOWN = 12
"""Characters of a digest that sentences show."""


def untrusted_files(study: StudySpec, named: Sequence[str | Path] = ()) -> dict[str, str]:
    """Return the plugin files of a study that the user has not agreed to run, by their digests.

    A digest is of the file, the files beside it that it imports, and the data that it names.

    Parameters
    ----------
    study : StudySpec
        As it was read from a file.
    named : sequence of path
        Files that the user names beside the study.
    """
    own = {Path(file).resolve() for file in named}
    digests = {}
    for file in study.plugins:
        # A file that cannot be read is not run either; its cells fail with the reason.
        with suppress(OSError, PluginLoadError):
            if Path(file).resolve() not in own:
                digests[full_version(Path(file).resolve())] = file
    known = remembered()
    return {digest: file for digest, file in digests.items() if digest not in known}


def check_trusted(study: StudySpec, named: Sequence[str | Path] = ()) -> None:
    """Refuse a study that was read from a file and comes with code, unless the user agreed to it.

    Raises
    ------
    RefusedError
        If there is such code; the message names the files.
    """
    files = untrusted_files(study, named)
    if files:
        raise RefusedError(
            f"study {study.name} comes with code, {in_words(files)}, which is run only if you "
            "trust it; read it, then pass --trust (trust=True in Python) or name each file with "
            "--plugin"
        )


def in_words(files: dict[str, str]) -> str:
    """Return files with the beginnings of their digests."""
    return ", ".join(_told(files))


def _told(files: dict[str, str]) -> Iterable[str]:
    return (f"{one_line(file)} (sha256 {digest[:SHOWN]})" for digest, file in files.items())

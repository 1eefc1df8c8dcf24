"""Names of policies made by the program: they say what was trained, and are numbered."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deviator.harmless import file_name
from deviator.policies.policy_files import SUFFIXES, policy_stem

from .run.store import explained

FOLDER = Path("runs/policies")


def existing_file(path: Path) -> Path | None:
    """Return a file of a policy that is there under a name, or None."""
    stem = policy_stem(path)
    files = [stem.with_name(stem.name + suffix) for suffix in SUFFIXES]
    return next((file for file in files if file.exists()), None)


@contextmanager
def fresh_name(mechanism: str, learner: str, folder: Path = FOLDER) -> Iterator[Path]:
    """Reserve the next free name, as ``runs/policies/naive-walrasian-ppo-0001``.

    Inside the block no other process is given the same one. Folders that it makes and that stay
    empty are removed again.

    Parameters
    ----------
    mechanism, learner : str
    folder : Path, optional
    """
    name, number = file_name(f"{mechanism}-{learner}"), 0
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            number += 1
            path = folder / f"{name}-{number:04}"
            reserved = folder / f".{path.name}.reserved"
            if not _is_made(reserved):
                continue
            if existing_file(path) is None:
                break
            reserved.unlink()
    try:
        yield path
    finally:
        reserved.unlink(missing_ok=True)
        # Where nothing came to be saved no folder is left behind.
        with suppress(OSError):
            for each in made:
                each.rmdir()


def _is_made(file: Path) -> bool:
    """Make a file that is not there yet; return whether it was not."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True

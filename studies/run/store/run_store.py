"""The results folder of one study, for those who read it and for the drivers that fill it."""

import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

import deviator
from deviator.errors import ResultsError
from deviator.files import keep_names, write_atomically
from deviator.harmless import one_line

from ...spec.cell import SCHEMA, Cell
from ...spec.study import StudySpec
from .claims import Claims
from .drivers import Driver, Drivers
from .plain_files import DamagedError, is_folder, read_plain
from .provenance import keep_sources, keep_study, relative_names
from .sealed import Content, read_cell, sealed
from .writing import check_no_link, explained, to_json

FORMAT = "deviator study"

ATTEMPT, ASIDE = ".attempt-", ".aside-"
"""What folders are called that are not finished cells: one being computed, one that was damaged."""

TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
"""How a renamed folder is refused where there is something already."""


@final
@dataclass(frozen=True, eq=False)
class RunStore:
    """The results folder of one study.

    Made from its path it is read; `open` makes one that a driver fills, and its `close` ends that.

    Parameters
    ----------
    folder : Path
    """

    folder: Path
    _seat: "_Seat | None" = field(default=None, repr=False)
    _damaged: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def open(
        cls,
        folder: Path,
        study: StudySpec,
        *,
        quick: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> "RunStore":
        """Open or start the results folder of a study, as one of the drivers that fill it.

        Parameters
        ----------
        folder : Path
        study : StudySpec
        quick : bool
            Whether the smaller budgets are used.
        clock : callable
            Seconds that only grow, by which other drivers count as lost.

        Raises
        ------
        ResultsError
            If the folder holds something else, or cannot be written.
        """
        with explained(folder):
            _make_or_check(folder, study.name)
            sources = keep_sources(folder, study.plugins)
            keep_study(folder, study, quick, sources)
            (folder / "cells").mkdir(exist_ok=True)
        drivers = Drivers(folder, clock)
        drivers.join()
        store = cls(folder, _Seat(drivers, Claims(folder / "cells", drivers), sources))
        try:
            with explained(folder):
                store._sweep()
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Be no longer a driver: give back what is claimed, and drop what was not finished."""
        for attempt in list(self._driver.attempts):
            self._drop(attempt)
        self._driver.claims.give_all_back()
        self._driver.drivers.leave()

    def others(self) -> list[Driver]:
        """Return the other drivers that work on the folder."""
        with explained(self.folder):
            return self._driver.drivers.others()

    def cell_folder(self, cell: Cell) -> Path:
        """Return the folder of a finished cell's files."""
        return self._cells / cell.label()

    def result(self, cell: Cell) -> dict[str, Any] | None:
        """Return a finished cell's result, or None where it must be run.

        A damaged one counts as not there; `damaged` tells why.

        Raises
        ------
        ResultsError
            If nothing can be read at the moment.
        """
        content = self._content(cell.label(), cell.key)
        return None if content is None else content[1]

    def finished(self) -> Iterator[Content]:
        """Yield specification and result of each finished cell, in the order of their names.

        Results of earlier released versions are read as today's; damaged ones are left out, and
        `damaged` tells why.

        Raises
        ------
        ResultsError
            If the folder is no study's, or nothing can be read at the moment.
        """
        _check_marker(self.folder / "study.json", None)
        for name in sorted(path.name for path in self._cells.glob("[!.]*") if is_folder(path)):
            content = self._content(name, name.rpartition("-")[2], unsealed=True)
            if content is not None:
                yield content

    def damaged(self) -> Mapping[str, str]:
        """Return the damaged cells that were met so far, each with the reason."""
        return self._damaged

    def claim(self, cell: Cell) -> bool:
        """Claim a cell, and return whether this driver may run it: no other holds it."""
        return self._driver.claims.take(cell.label())

    def release(self, cell: Cell) -> None:
        """Let others have a cell."""
        self._driver.claims.give_back(cell.label())

    def attempt(self, cell: Cell) -> Path:
        """Return an empty folder, in which a cell is about to be computed."""
        tail = f"{self._driver.drivers.me.name}{secrets.token_hex(4)}"
        folder = (self._cells / f"{ATTEMPT}{cell.label()}-{tail}").absolute()
        with explained(folder):
            folder.mkdir()
        self._driver.attempts.add(folder)
        return folder

    def save(self, cell: Cell, attempt: Path, result: dict[str, Any]) -> bool:
        """Keep a result: the attempt becomes the cell's folder, and the cell is done.

        Returns
        -------
        bool
            False where another driver was first, whose result is kept, or the attempt was removed.

        Raises
        ------
        ResultsError
            If it cannot be written.
        InvalidInputError
            If the result is too large.
        ValueError
            If it holds NaN or infinity.
        """
        spec = relative_names(cell.model_dump(mode="json"), self._driver.sources)
        text, label = sealed(cell.key, spec, result), cell.label()
        with explained(self.folder):
            # Somebody may have removed what looked left behind; then there is nothing to keep.
            is_first = attempt.is_dir()
            if is_first:
                write_atomically(attempt / "spec.json", to_json(spec))
                write_atomically(attempt / "result.json", text)
                is_first = self._put_in_place(attempt, label, cell.key)
                _remove(self._failure_file(label))
        self._drop(attempt)
        return is_first

    def fail(self, cell: Cell, attempt: Path, cause: str) -> None:
        """Keep why a cell was given up, and drop the attempt; the next run tries it again."""
        self._drop(attempt)
        content = {"key": cell.key, "cause": cause, "driver": self._driver.drivers.me.name}
        self.write(self._failure_file(cell.label()).name, to_json(content), self._cells)

    def failure(self, cell: Cell) -> str | None:
        """Return why another driver gave a cell up since this one began, or None."""
        failure = self._failure(self._failure_file(cell.label()))
        if failure is None or failure in self._driver.old_failures:
            return None
        return one_line(str(failure[1]))

    def write(self, name: str, text: str, folder: Path | None = None) -> Path:
        """Write a file atomically and return its path."""
        path = (folder or self.folder) / name
        with explained(path):
            write_atomically(path, text)
        return path

    @property
    def _cells(self) -> Path:
        return self.folder / "cells"

    @property
    def _driver(self) -> "_Seat":
        if self._seat is None:
            raise ResultsError(
                f"{self.folder} must be opened for writing, and is open for reading only"
            )
        return self._seat

    def _content(self, label: str, key: str, *, unsealed: bool = False) -> Content | None:
        folder = self._cells / label
        try:
            with explained(folder):
                return read_cell(folder, key, unsealed=unsealed)
        except DamagedError as error:
            self._damaged.setdefault(label, str(error))
            return None

    def _put_in_place(self, attempt: Path, label: str, key: str) -> bool:
        """Rename an attempt, and return whether no other driver's was there."""
        target = self._cells / label
        while True:
            try:
                attempt.rename(target)
                keep_names(self._cells)
                return True
            except OSError as error:
                if error.errno not in TAKEN:
                    raise
            if self._content(label, key) is not None:
                return False
            self._discard(target, key)

    def _discard(self, folder: Path, key: str) -> None:
        """Remove a damaged cell; where a driver has replaced it meanwhile, it is put back."""
        me = self._driver.drivers.me.name
        aside = self._cells / f"{ASIDE}{me}{secrets.token_hex(4)}"
        with suppress(FileNotFoundError):
            folder.rename(aside)
        try:
            sound = read_cell(aside, key) is not None
        except DamagedError:
            sound = False
        if sound:
            with suppress(OSError):
                aside.rename(folder)
        _remove(aside)

    def _drop(self, attempt: Path) -> None:
        self._driver.attempts.discard(attempt)
        _remove(attempt)

    def _sweep(self) -> None:
        """Remove what drivers left that are surely gone, and note which cells failed before."""
        drivers = self._driver.drivers
        for path in self._cells.iterdir():
            if path.name.endswith(".failed.json"):
                failure = self._failure(path)
                self._driver.old_failures.update([failure] if failure else [])
            elif path.name.startswith((ATTEMPT, ASIDE)):
                if drivers.is_gone(path.name[-16:-8]):
                    _remove(path)
            elif path.name.startswith(".") and path.name.endswith(".claim"):
                self._driver.claims.clear(path)
        drivers.forget_gone()

    def _failure_file(self, label: str) -> Path:
        return self._cells / f"{label}.failed.json"

    def _failure(self, path: Path) -> tuple[str, str] | None:
        """Return which driver gave a cell up and why, with what tells this time from others."""
        try:
            content = json.loads(read_plain(path))
            return f"{path.name} {content['driver']}", str(content["cause"])
        except (
            FileNotFoundError,
            DamagedError,
            ValueError,
            TypeError,
            LookupError,
            RecursionError,
        ):
            return None


@final
@dataclass(frozen=True, eq=False)
class _Seat:
    """What a store needs to be filled, and not to be read."""

    drivers: Drivers
    claims: Claims
    sources: Mapping[str, str]
    attempts: set[Path] = field(default_factory=set)
    old_failures: set[tuple[str, str]] = field(default_factory=set)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if is_folder(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _make_or_check(folder: Path, study: str) -> None:
    """Start a results folder, or check that a folder is one of the study."""
    marker = folder / "study.json"
    is_foreign = folder.exists() and (not folder.is_dir() or _has_visible_files(folder))
    # Looked for last: another driver may be starting the folder.
    if not marker.exists() and not marker.is_symlink():
        if is_foreign:
            raise ResultsError(
                f"results folder {folder} must be new or a study's, and holds other files; "
                "choose another with --out"
            )
        folder.mkdir(parents=True, exist_ok=True)
        _mark(marker, study)
    _check_marker(marker, study)
    for name in ("cells", "drivers", "plugins"):
        check_no_link(folder / name)


def _mark(marker: Path, study: str) -> None:
    """Write whose a folder is, unless somebody else has just done so."""
    content = {
        "format": FORMAT,
        "study": study,
        "schema": SCHEMA,
        "version": deviator.__version__,
    }
    draft = marker.with_name(f".{secrets.token_hex(8)}.study.json")
    write_atomically(draft, to_json(content))
    try:
        os.link(draft, marker)
    except FileExistsError:
        pass
    except OSError:
        # A file system without hard links.
        draft.replace(marker)
    finally:
        draft.unlink(missing_ok=True)


def _has_visible_files(folder: Path) -> bool:
    """Return whether a folder holds more than what an interrupted write may leave behind."""
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _check_marker(marker: Path, study: str | None) -> None:
    """Check that a folder is a study's, and of the one with a name."""
    try:
        content = json.loads(read_plain(marker))
    except (FileNotFoundError, DamagedError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ResultsError(
            f"{marker} must say which study owns the folder, and is damaged; "
            "choose another folder with --out"
        )
    if study is not None and content.get("study") != study:
        owner = one_line(str(content.get("study")), 80)
        raise ResultsError(
            f"results folder {marker.parent} must belong to study {study!r}, and was written by "
            f"{owner!r}; choose another with --out"
        )

"""Drivers: the processes that work on one run folder, and which of them still do.

Each writes a file whose counter it raises every second. Clocks of several machines differ and jump,
so no driver reads another's: one counts as lost whose counter has stood still by the looker's own.
"""

import json
import os
import platform
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import final

import psutil

from deviator.files import write_atomically
from deviator.harmless import one_line
from deviator.this_machine import start_of_machine, start_of_process

from .plain_files import DamagedError, is_folder, read_plain
from .writing import explained, to_json

BEAT_S = 1.0
"""Seconds from one count to the next."""

LOST_S = 30.0
"""Seconds that a driver's counter may stand still before others take over its cells."""

NAME = re.compile(r"[0-9a-f]{8}")

LARGEST = 10_000
"""Bytes of a driver's file, at most."""


@final
@dataclass(frozen=True)
class Driver:
    """One that works on a run folder.

    Attributes
    ----------
    name : str
        Eight hexadecimal digits, drawn anew for each.
    host, boot : str
        The machine's name; what tells this start of it, and its space of process numbers, from
        others of that name.
    pid : int
    start : str
        When the process started: numbers of processes are used again.
    beat : int
        How often it has counted.
    """

    name: str
    host: str
    boot: str
    pid: int
    start: str
    beat: int = 0

    @classmethod
    def here(cls) -> "Driver":
        """Return this process as a new driver."""
        pid = os.getpid()
        machine = platform.node(), start_of_machine()
        return cls(secrets.token_hex(4), *machine, pid, start_of_process(pid))

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"process {self.pid} on {one_line(str(self.host), 80)}"

    def is_at(self, other: "Driver") -> bool:
        """Return whether two run on the same machine, so that one sees the other's process."""
        return (self.host, self.boot) == (other.host, other.boot)

    def has_ended(self) -> bool:
        """Return whether its process is gone; it must have run on this machine."""
        try:
            if psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False
        return start_of_process(self.pid) != self.start


@final
class Drivers:
    """Those of one run folder, as one of them sees them.

    Parameters
    ----------
    folder : Path
        The run folder.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.me = Driver.here()
        self._folder, self._clock = folder / "drivers", clock
        self._beat = 0
        self._seen: dict[str, tuple[object, float]] = {}
        self._moved: dict[str, Driver] = {}
        self._left = Event()
        self._thread = Thread(target=self._count, daemon=True)

    def join(self) -> None:
        """Become one of them.

        Raises
        ------
        ResultsError
            If the folder cannot be written.
        """
        with explained(self._folder):
            self._folder.mkdir(exist_ok=True)
            self._write()
        self._thread.start()

    def leave(self) -> None:
        """Be no longer one of them."""
        self._left.set()
        self._thread.join()
        with suppress(OSError):
            self._file(self.me.name).unlink()

    def others(self) -> list[Driver]:
        """Return the others that are at work, as far as can be told.

        Of those on this machine it is known; one elsewhere must have been seen to count.
        """
        others = [self.find(name) for name in self._names() if name != self.me.name]
        return [each for each in others if each is not None and self._is_at_work(each)]

    def is_lost(self, name: str) -> bool:
        """Return whether a driver will not finish what it began, as far as can be told."""
        if self.is_gone(name):
            return True
        driver = self.find(name)
        count, now = None if driver is None else driver.beat, self._clock()
        last, since = self._seen.get(name, (object(), now))
        if last != count:
            self._seen[name] = (count, now)
            return False
        return now - since >= LOST_S

    def is_gone(self, name: str) -> bool:
        """Return whether a driver surely does nothing any more."""
        if name == self.me.name or not NAME.fullmatch(name):
            return False
        if not self._file(name).exists():
            return True
        driver = self.find(name)
        return driver is not None and driver.is_at(self.me) and driver.has_ended()

    def forget_gone(self) -> None:
        """Remove the files of drivers that are gone."""
        for name in self._names():
            if self.is_gone(name):
                with suppress(OSError):
                    self._file(name).unlink()

    def find(self, name: str) -> Driver | None:
        """Return a driver by its name; None where its file is missing or damaged."""
        if not NAME.fullmatch(name):
            return None
        try:
            data = json.loads(read_plain(self._file(name), LARGEST))
            driver = Driver(**data)
        except (OSError, DamagedError, ValueError, TypeError, RecursionError):
            return None
        sound = type(driver.pid) is int and 0 < driver.pid < 1 << 31 and driver.name == name
        return driver if sound else None

    def _is_at_work(self, driver: Driver) -> bool:
        if driver.is_at(self.me):
            return not driver.has_ended()
        first = self._moved.setdefault(driver.name, driver)
        return first.beat != driver.beat

    def _names(self) -> list[str]:
        if not is_folder(self._folder):
            return []
        names = [path.stem for path in self._folder.glob("*.json")]
        return sorted(name for name in names if NAME.fullmatch(name))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _count(self) -> None:
        while not self._left.wait(BEAT_S):
            self._beat += 1
            # A full disk may have room again later; until then others may take over.
            with suppress(OSError):
                self._write()

    def _write(self) -> None:
        content = asdict(self.me) | {"beat": self._beat}
        write_atomically(self._file(self.me.name), to_json(content))

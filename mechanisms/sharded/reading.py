"""The shards of a market, read here or on Dask workers, and the same whenever they are read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deviator.errors import DeviatorError, InvalidInputError, RefusedError, WorkersLostError
from deviator.harmless import one_line
from deviator.validation import given

from .digest import digest
from .parquet import read_shard
from .shard import Shard, ShardSource

LONGEST = 300
"""Characters of other people's errors beyond which they are cut."""


class Opened(NamedTuple):
    """A shard that is read for the first time."""

    bids: Shard
    digest: str


@dataclass(frozen=True)
class Numbered:
    """Where a shard is, and its number among the market's."""

    source: ShardSource
    number: int
    start: int = 0  # traders in the shards before it
    count: int | None = None  # traders in it, once known
    digest: str | None = None  # of its bids, once known

    @property
    def name(self) -> str:
        """What errors call it: its number, and its file where it is one."""
        file = f" ({self.source})" if isinstance(self.source, (str, Path)) else ""
        return f"shard {self.number}{file}"

    def opened(self) -> Opened:
        """Return the shard, checked, as what is yet to be remembered."""
        shard = self._loaded()
        try:
            # Its arrays may have changed since it was made.
            checked = replace(shard)
        except InvalidInputError as error:
            raise InvalidInputError(f"{self.name}: {error}") from None
        return Opened(checked, _digest_of(checked))

    def shard(self) -> Shard:
        """Return the shard, with the bids that it had before."""
        shard = self._loaded()
        if self.digest is not None and _digest_of(shard) != self.digest:
            raise InvalidInputError(
                f"{self.name} must hold the same bids of the same traders whenever it is read, got "
                "others; give functions that draw bids a fixed seed, and leave files and arrays "
                "as they are until the outcomes are read"
            )
        return shard

    def _loaded(self) -> Shard:
        try:
            shard = self._read()
        except DeviatorError as error:
            kind = RefusedError if isinstance(error, RefusedError) else InvalidInputError
            raise kind(f"{self.name}: {error}") from None
        except Exception as error:
            cause = f"{type(error).__name__}: {one_line(str(error), LONGEST)}"
            raise InvalidInputError(f"{self.name} cannot be made ({cause}); repair it") from error
        if not isinstance(shard, Shard):
            raise InvalidInputError(
                f"{self.name} must be a Shard, a Parquet file or a function that makes a Shard, "
                f"got {type(shard).__name__}"
            )
        return shard

    def _read(self) -> Any:
        if isinstance(self.source, (str, Path)):
            return read_shard(self.source)
        return self.source() if callable(self.source) else self.source


@dataclass(frozen=True)
class Shards:
    """The shards of a market, and who reads them."""

    reads: list[Numbered]
    client: Any

    def each(self, task: Callable[[Numbered], Any]) -> list[Any]:
        """Do a task for each shard, here or on Dask workers."""
        if self.client is None:
            return [task(read) for read in self.reads]
        futures: list[Any] = []
        try:
            futures = self.client.map(task, self.reads, pure=False)
            return list(self.client.gather(futures))
        except DeviatorError:
            raise
        except Exception as error:
            raise self._lost(error, futures) from error

    def remembered(self, counts: Sequence[int], digests: Sequence[str]) -> "Shards":
        """Return the shards with their numbers of traders, and digests of their bids."""
        starts = accumulate(counts[:-1], initial=0)
        reads = [
            replace(read, start=start, count=count, digest=known)
            for read, start, count, known in zip(self.reads, starts, counts, digests, strict=True)
        ]
        return replace(self, reads=reads)

    def _lost(self, error: Exception, futures: Sequence[Any]) -> WorkersLostError:
        """Return what to say where Dask fails, not the task: it says which task ended workers."""
        keys = [getattr(future, "key", None) for future in futures]
        task, kind = getattr(error, "task", None), type(error).__name__
        if task is not None and task in keys:
            name = self.reads[keys.index(task)].name
            return WorkersLostError(
                f"{name} cannot be read, as all Dask workers that tried ended ({kind}); give "
                "workers more memory, or make smaller shards"
            )
        return WorkersLostError(
            f"the Dask scheduler or its workers were lost while {len(self.reads)} shards were read "
            f"({kind}: {one_line(str(error), LONGEST)}); connect again and clear the market anew"
        )


def listed(shards: Iterable[ShardSource]) -> list[Numbered]:
    """Return the shards of a market with their numbers, checked to be a collection of some."""
    if isinstance(shards, (Iterator, Shard, str, Path)):
        raise InvalidInputError(
            "shards must be a collection that can be read more than once, got "
            f"{type(shards).__name__}; give a list of shards, of files or of functions that make "
            "a shard each"
        )
    numbered = [Numbered(source, number) for number, source in enumerate(shards)]
    if not numbered:
        raise InvalidInputError("shards must hold at least one shard, got none")
    return numbered


def check_client(client: Any) -> None:
    """Check that a client is one, or None."""
    if client is None or (hasattr(client, "map") and hasattr(client, "gather")):
        return
    raise InvalidInputError(
        f"client must be a distributed.Client, got {given(client)}; connect first, by "
        "distributed.Client(address)"
    )


def _digest_of(shard: Shard) -> str:
    return digest({each.name: np.asarray(getattr(shard, each.name)) for each in fields(shard)})

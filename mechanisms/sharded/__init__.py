"""Markets past one machine's memory: bids on public statistics, shard by shard (Lemma 2)."""

from .clear import clear_sharded
from .outcome import ShardedOutcome, ShardOutcome
from .parquet import read_outcome, read_shard, write_shard
from .shard import Shard, ShardSource

__all__ = [
    "Shard",
    "ShardOutcome",
    "ShardSource",
    "ShardedOutcome",
    "clear_sharded",
    "read_outcome",
    "read_shard",
    "write_shard",
]

"""Markets past one machine's memory: bids on public statistics, shard by shard (Lemma 2)."""

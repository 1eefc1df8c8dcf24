"""Shards of random markets, and what their outcomes must equal."""

import numpy as np

from deviator.mechanisms import FactoredBids, PublicStatistics, Shard, SigmaDCDA
from helpers.outcomes import FIELDS, assert_close


def make_shard(seed, n=700, g=2):
    rng = np.random.default_rng(seed)
    return Shard(
        rng.uniform(0.5, 2.0, n),
        rng.normal(size=(n, g)),
        rng.uniform(0.5, 1.5, n),
        rng.normal(size=n),
        rng.uniform(0.5, 1.0, (g, n)) / 100,
    )


def one_market(shards):
    statistics = PublicStatistics(np.concatenate([each.statistics for each in shards], axis=1))
    rows = [
        np.concatenate([getattr(each, name) for each in shards])[None]
        for name in ("own_weights", "statistic_weights", "price_weights", "level")
    ]
    return statistics, FactoredBids(*rows)


def assert_shards_equal_one_market(sharded, shards, rule=SigmaDCDA, tolerance=1e-12):
    statistics, bids = one_market(shards)
    mechanism = rule(statistics=statistics)
    want = mechanism.clear(bids)
    got = list(sharded.outcomes())
    assert [len(each.quantity) for each in got] == [len(each) for each in shards]
    assert sharded.traded == want.traded[0]
    assert sharded.n_traders == bids.level.size
    assert_close(sharded.price, want.price[0], tolerance)
    for name in FIELDS[1:]:
        values = np.concatenate([getattr(each, name) for each in got])
        assert_close(values, getattr(want, name)[0], tolerance)
    assert_close(sharded.budget, want.transfer.sum(), tolerance * 100)
    assert_close(sharded.volume, np.abs(want.quantity).sum() / 2, tolerance * 100)

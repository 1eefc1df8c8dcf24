"""Shards: one market that need not fit into memory clears as one of all traders."""

import doctest
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from helpers.outcomes import assert_close
from helpers.repository import DOCS
from helpers.shards import assert_shards_equal_one_market, make_shard, one_market
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    Shard,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
    clear_sharded,
    read_outcome,
)
from deviator.mechanisms.clearing.factored import outcomes
from deviator.mechanisms.clearing.factored.parts import Scratch
from deviator.mechanisms.clearing.factored.sums import merged_quick_sums, quick_sums
from deviator.mechanisms.sharded.first_pass import (
    closer_look,
    find_basis,
    first_pass,
    joined,
    sums_in,
)
from deviator.mechanisms.sharded.shard import rows_of


@pytest.mark.parametrize("rule", [SigmaDCDA, UniformConditional])
@pytest.mark.parametrize("sizes", [(2100,), (1, 2, 2097), (700, 700, 700), (0, 2100)])
def test_shards_equal_one_market(rule, sizes):
    shards = [make_shard(seed, n) for seed, n in enumerate(sizes)]
    assert_shards_equal_one_market(clear_sharded(rule(), shards), shards, rule)


class Counting:
    """Counts how often each shard is read."""

    def __init__(self, shards):
        self.shards, self.reads = shards, [0] * len(shards)

    def makers(self):
        return [partial(self.make, place) for place in range(len(self.shards))]

    def make(self, place):
        self.reads[place] += 1
        return self.shards[place]


def weigh_one_heavily(shards):
    shards[1].statistics[0, 3] = 0.09  # the statistic says over half of this trader's quantity


def nearly_repeat_a_statistic(shards):
    for shard in shards:
        shard.statistics[1] = shard.statistics[0] * (1 + 1e-4 * shard.level)


def empty_an_own_weight(shards):
    shards[1].own_weights[3] = 0.0


@pytest.mark.parametrize(
    ("change", "times"),
    [
        (lambda shards: None, 2),
        (weigh_one_heavily, 3),
        (nearly_repeat_a_statistic, 3),
        (empty_an_own_weight, 3),
    ],
)
def test_most_markets_are_settled_in_two_passes(change, times):
    shards = [make_shard(seed) for seed in range(3)]
    change(shards)
    counting = Counting(shards)
    sharded = clear_sharded(SigmaDCDA(), counting.makers())
    assert counting.reads == [times] * 3
    assert_shards_equal_one_market(sharded, shards, tolerance=1e-11)


def test_bounds_settle_large_markets_too(monkeypatch):
    """The squared condition number grows as N, and so do the bounds on it, not as N^2."""
    monkeypatch.setattr(outcomes, "tolerance", lambda n: 1 / np.sqrt(200 * n))
    counting = Counting([make_shard(seed, 10_000) for seed in range(3)])
    assert clear_sharded(SigmaDCDA(), counting.makers()).traded
    assert counting.reads == [2] * 3


def sums_by_themselves(shards, basis):
    """Add up what crosses traders when the basis is known, one shard after the other."""
    parts = []
    for shard in shards:
        rows = rows_of(shard, *basis.columns(shard.statistics))
        scratch = Scratch.of(basis.reading, len(shard))
        parts.append(quick_sums(rows, basis.reading, scratch))
    return merged_quick_sums(parts)


@settings(max_examples=30)
@given(
    st.integers(0, 2**32),
    st.integers(0, 4),
    st.floats(-8, 8),
    st.floats(-0.1, 0.1),
    st.integers(0, 1),
)
def test_sums_of_the_first_pass_are_those_in_the_basis(seed, g, unit, offset, empty):
    """Whatever the units of the statistics, and however far apart the shards' means are."""
    rng = np.random.default_rng(seed)
    shards = [make_shard(seed, n, g) for n in (200, 300 * (1 - empty), 1500)]
    units = 10 ** (unit * rng.uniform(size=(g, 1)))
    for shard in shards:
        shard.statistics[:] = units * (shard.statistics * 30 + offset * rng.normal(size=(g, 1)))
    whole = joined([first_pass(shard) for shard in shards])
    basis = find_basis(whole.look, lambda basis: sum(closer_look(s, basis) for s in shards))
    got, want = sums_in(basis, whole), sums_by_themselves(shards, basis)
    assume(got is not None)
    assert_close(got.moments, want.moments, 1e-13)
    assert 0.5 < got.unspanned <= want.unspanned
    drifted = whole._replace(moments=whole.moments + 1e-9)  # the villain: sums that are a bit off
    with pytest.raises(AssertionError):
        assert_close(sums_in(basis, drifted).moments, want.moments, 1e-13)


@pytest.mark.parametrize("zeros", [0, 1, 3])
def test_traders_without_own_weights_may_be_in_any_shard(zeros):
    shards = [make_shard(seed, 300) for seed in range(4)]
    for place in range(zeros):
        shards[3 - place].own_weights[place] = 0.0
    sharded = clear_sharded(SigmaDCDA(), shards)
    assert sharded.traded
    assert_shards_equal_one_market(sharded, shards)


def test_one_trader_forces_autarky_on_all_shards(tmp_path):
    shards = [make_shard(seed, 300) for seed in range(3)]
    for array in (shards[2].own_weights, shards[2].statistic_weights, shards[2].price_weights):
        array[5] = 0.0
    sharded = clear_sharded(SigmaDCDA(), shards, folder=tmp_path)
    assert not sharded.traded
    assert np.isnan(sharded.price)
    assert (sharded.budget, sharded.volume) == (0.0, 0.0)
    for place, each in enumerate(sharded.outcomes()):
        for outcome in (each, read_outcome(tmp_path / f"outcome-{place:05}.parquet")):
            assert (outcome.quantity == 0).all()
            assert (outcome.transfer == 0).all()
            assert np.isnan(outcome.residual_slope).all()


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("constant", [12345.678, 1e8 / 3])
def test_constant_statistics_say_nothing_in_any_units(constant, near):
    """Nor where another is nearly a copy, so that all are looked at more closely."""
    rng = np.random.default_rng(0)
    shards = [make_shard(seed, n, 3) for seed, n in enumerate((997, 331, 2203))]
    for shard in shards:
        shard.statistics[:] = rng.normal(size=shard.statistics.shape)
        shard.statistics[0] = constant
        if near:
            shard.statistics[2] = shard.statistics[1] + 1e-6 * shard.statistics[2]
        shard.statistic_weights[:] /= 50
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), shards), shards)


@pytest.mark.parametrize("distance", [0.0, 1e-13, 1e-9, 1e-6, 1e-3])
def test_statistics_of_deficient_rank_say_what_they_say_in_one_market(distance):
    """Sums of all groups, of which one is idle, a constant, and one nearly a copy of another."""
    rng = np.random.default_rng(1)
    shards = []
    for seed in range(3):
        shard = make_shard(seed, 400, 5)
        group = rng.integers(0, 2, 400)
        near = shard.statistics[0] * (1 + distance * rng.normal(size=400))
        shard.statistics[:] = [shard.statistics[0], group, 1 - group, np.full(400, 3.0), near]
        shards.append(shard)
    statistics, bids = one_market(shards)
    got = clear_sharded(SigmaDCDA(), shards)
    want = SigmaDCDA(0.0, statistics).clear(bids)
    assert got.traded == want.traded[0] == True  # noqa: E712
    quantity = np.concatenate([each.quantity for each in got.outcomes()])
    assert_close(quantity, want.quantity[0], 1e-11)
    assert_close(got.price, want.price[0], 1e-11)


def test_statistics_far_from_zero():
    shards = [make_shard(seed, 300) for seed in range(3)]
    for shard in shards:
        shard.statistics[:] += 1e4
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), shards), shards, tolerance=1e-8)


def test_functions_make_shards_when_they_are_needed():
    makers = [partial(make_shard, seed, 50) for seed in range(3)]
    assert_shards_equal_one_market(clear_sharded(SigmaDCDA(), makers), [make() for make in makers])


CHANGING = iter(range(10, 100))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: clear_sharded(SigmaDCDA(), []), "at least one"),
        (lambda: clear_sharded(SigmaDCDA(), (make_shard(s) for s in (0, 1))), "more than once"),
        (lambda: clear_sharded(SigmaDCDA(), make_shard(0)), "collection"),
        (lambda: clear_sharded(SigmaDCDA(), [make_shard(0), 3]), "shard 1 must be"),
        (lambda: clear_sharded(SigmaDCDA(), [lambda: 3]), "shard 0 must be"),
        (lambda: clear_sharded(SigmaDCDA(), [make_shard(0), make_shard(1, 9, 3)]), "2 in shard 0"),
        (lambda: clear_sharded(SigmaDCDA(), [make_shard(0, 2)]), "n_traders"),
        (lambda: clear_sharded(SigmaDCDA(0, np.eye(3)), [make_shard(0)]), "without statistics"),
        (lambda: clear_sharded(UniformDoubleAuction(), [make_shard(0)]), "conditional bids"),
        (lambda: clear_sharded(SigmaDCDA(), ["nowhere.parquet"]), "shard 0 .*nowhere"),
        (
            lambda: clear_sharded(SigmaDCDA(), [lambda: make_shard(0, next(CHANGING))]),
            "same traders",
        ),
        (lambda: Shard([1.0], [[1.0]], [1.0], [1.0], [[1.0, 2.0]]), "statistics must have shape"),
        (lambda: Shard([1.0], [[1.0]], [np.nan], [1.0], [[1.0]]), "price_weights must be finite"),
    ],
)
def test_malformed_shards_are_one_clear_sentence(build, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_local_dask_script_of_the_page_runs(tmp_path):
    pytest.importorskip("distributed")
    page = DOCS / "large-markets.md"
    result = re.search(r"`on_dask\.py`:\n\n```python\n(.*?)```", page.read_text(), re.DOTALL)
    script = tmp_path / "on_dask.py"
    script.write_text(result[1])
    run = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == "4000 True\n"


def test_the_page_on_large_markets_prints_what_it_says():
    page = DOCS / "large-markets.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_a_sharded_outcome_shows_the_market_and_not_its_arrays():
    text = repr(clear_sharded(SigmaDCDA(0.1), [make_shard(seed, 50) for seed in range(3)]))
    assert text.startswith("ShardedOutcome(")
    assert "n_traders=150, shards=3" in text
    assert len(text) < 160

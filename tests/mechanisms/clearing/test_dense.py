"""The fast kernels of dense and of uniform-price clearing against slow plain ones; threads."""

import threading

import numpy as np
import pytest
from helpers.oracles import linear_bids
from helpers.outcomes import FIELDS, assert_outcomes_agree

from deviator.economies import factored, two_groups
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.mechanisms import (
    FactoredBids,
    Hyperplane,
    LinearBids,
    Mechanism,
    Outcome,
    PayAsBid,
    Reports,
    Schedules,
    SigmaDCDA,
    SigmaVCG,
    SurfaceBids,
    UniformConditional,
    UniformDoubleAuction,
    chunking,
    clear_parallel,
)
from deviator.mechanisms.clearing import ConditionalClearing, autarky
from deviator.mechanisms.clearing.autarky import tolerance
from deviator.mechanisms.clearing.base import solve_by_tiling
from deviator.mechanisms.clearing.dense import clearing as dense
from deviator.mechanisms.languages import ScheduleLanguage

WITH_TRADED = (*FIELDS, "traded")


def random_bids(rng, batch, n):
    weights = rng.normal(size=(batch, n, n)) + np.sqrt(n) * np.eye(n)
    return LinearBids(weights, rng.uniform(0.5, 1.5, (batch, n)), rng.normal(size=(batch, n)))


def trades(weights, price_weights, bound=None):
    """The autarky test of one market, row by row and column by column."""
    bound = tolerance(len(price_weights)) if bound is None else bound
    n = len(price_weights)
    rows, shares, eps = [], [], np.finfo(float).eps
    for row, price in zip(weights, price_weights, strict=True):
        free = row - row.mean()
        if np.linalg.norm(free) <= 8 * eps * np.abs(row).max():
            free = np.zeros(n)
        size = np.linalg.norm(free)
        rows.append(free)
        shares.append((price / size) ** 2 if size > 0 else 0.0)
    scale = np.sqrt(n / sum(shares)) if sum(shares) > 0 else 1.0
    matrix = np.zeros((n + 1, n + 1))
    for i, (row, price) in enumerate(zip(rows, price_weights, strict=True)):
        matrix[i] = np.append(row, scale * price)
        size = np.linalg.norm(matrix[i])
        matrix[i] /= size if size > 0 else 1.0
    matrix[n, :n] = 1 / np.sqrt(n)
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return False
    lengths = np.linalg.norm(inverse, axis=0)
    conditioned = np.linalg.norm(lengths * np.linalg.norm(matrix, axis=1)) < 1 / bound
    own = np.abs(np.diagonal(inverse)[:n]) > bound * lengths[:n]
    return conditioned and own.all()


def odd_markets(rng, n):
    """Markets in and out of autarky, each named by what is odd about it."""
    weights, price, level = (array[0] for array in _arrays(random_bids(rng, 1, n)))
    yield "plain", weights, price, level
    yield "equal rows", _with_row(weights, 1, weights[0]), _with_row(price, 1, price[0]), level
    near = _with_row(weights, 1, weights[0] + 1e-7 * rng.normal(size=n))
    yield "rows nearly equal", near, _with_row(price, 1, price[0]), level
    nearest = _with_row(weights, 1, weights[0] * (1 + 1e-16 * np.arange(n)))
    yield "rows equal to rounding", nearest, _with_row(price, 1, price[0]), level
    yield "no bid", _with_row(weights, 0, 0.0), _with_row(price, 0, 0.0), level
    yield "no weights", _with_row(weights, n - 1, 0.0), price, level
    yield "constant rows", _with_row(weights, 0, 0.1), price, level
    nothing = 1 / 3 + 2.0**-54 * rng.integers(0, 4, n)
    yield "constant to rounding", _with_row(weights, 0, nothing), _with_row(price, 0, 0.0), level
    yield "large constant", weights + 1e6 * rng.normal(size=(n, 1)), price, level
    yield "no prices", weights, np.zeros(n), level
    yield "one price", weights, _with_row(np.zeros(n), 0, 1.0), level
    yield "rows of all sizes", weights * 10.0 ** rng.uniform(-9, 9, (n, 1)), price, level
    diagonal = np.diag(rng.uniform(1, 2, n))
    yield "a correspondence", diagonal, _with_row(np.ones(n), n - 1, 0.0), level
    unresponsive = np.eye(n)
    unresponsive[0, 0], price_only = 0.0, np.ones(n)
    yield "demand of none", unresponsive, price_only, level


def _arrays(bids):
    return bids.quantity_weights, bids.price_weights, bids.level


def _with_row(array, place, row):
    changed = array.copy()
    changed[place] = row
    return changed


@pytest.mark.parametrize("n", [3, 4, 8, 33])
def test_outcomes_and_autarky_are_those_of_the_plain_formulas(n):
    rng = np.random.default_rng(n)
    cases = [case for _ in range(10) for case in odd_markets(rng, n)]
    bids = LinearBids(*(np.array(arrays) for arrays in list(zip(*cases, strict=True))[1:]))
    outcome = SigmaDCDA(0.3).clear(bids)
    seen = set()
    for market, (name, weights, price_weights, level) in enumerate(cases):
        traded = trades(weights, price_weights)
        assert outcome.traded[market] == traded, name
        seen.add(traded)
        if not traded:
            assert not outcome.quantity[market].any()
            assert not outcome.transfer[market].any()
            assert np.isnan(outcome.residual_slope[market]).all()
            continue
        centered = weights - weights.mean(axis=1, keepdims=True)
        size = np.abs(centered).max(axis=1, initial=1e-30) + np.abs(price_weights)
        rows = centered / size[:, None], price_weights / size, level / size
        price, quantity, slope = linear_bids(*rows)
        size = 1e-5 * np.abs(quantity).max()
        np.testing.assert_allclose(outcome.quantity[market], quantity, rtol=1e-5, atol=size)
        tiny = 1e-9 * np.abs(slope).max()
        np.testing.assert_allclose(outcome.residual_slope[market], slope, 1e-4, tiny, err_msg=name)
        got = outcome.price[market], outcome.quantity[market], outcome.residual_slope[market]
        paid = got[0] * got[1] + (0.3 - got[2]) * got[1] ** 2 / 2
        np.testing.assert_allclose(outcome.transfer[market], paid, rtol=1e-12)
        np.testing.assert_allclose(got[0], price, rtol=1e-5, atol=1e-7)
    assert seen == {True, False}


@pytest.mark.parametrize(("n", "bound"), [(3, 0.1), (5, 0.05), (8, 0.03)])
def test_the_autarky_test_is_the_plain_one_where_it_is_close(monkeypatch, n, bound):
    monkeypatch.setattr(autarky, "tolerance", lambda *_: bound)
    bids = random_bids(np.random.default_rng(n), 500, n)
    pairs = zip(bids.quantity_weights, bids.price_weights, strict=True)
    expected = np.array([trades(*pair, bound) for pair in pairs])
    assert 50 < expected.sum() < 450
    np.testing.assert_array_equal(SigmaDCDA(0.3).clear(bids).traded, expected)


@pytest.mark.parametrize("n", [3, 7, 128])
def test_the_inverse_is_that_of_the_scaled_market(n):
    bids = random_bids(np.random.default_rng(n), 3, n)
    market = dense.scaled_market(bids.quantity_weights, bids.price_weights)
    weights = bids.quantity_weights - bids.quantity_weights.mean(axis=2, keepdims=True)
    matrix = np.zeros((3, n + 1, n + 1))
    matrix[:, :n, :n] = weights / market.row_length[..., None]
    matrix[:, :n, n] = market.price_scale[:, None] * bids.price_weights / market.row_length
    matrix[:, n, :n] = 1 / np.sqrt(n)
    inverse = market.inverse()
    np.testing.assert_allclose(matrix @ inverse, np.tile(np.eye(n + 1), (3, 1, 1)), atol=1e-10)
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=2), 1.0, rtol=1e-12)
    own = np.diagonal(inverse, axis1=1, axis2=2)[:, :n]
    np.testing.assert_array_equal(market.own_effect(), own)


@pytest.mark.parametrize("shared", [True, False])
def test_the_idle_part_of_a_deviation_changes_nothing(shared):
    rng = np.random.default_rng(0)
    bids = random_bids(rng, 60, 6)
    if shared:
        bids = LinearBids(bids.quantity_weights[:1], bids.price_weights[:1], bids.level)
    candidates = random_bids(rng, 60, 6).as_array()
    candidates[:, 0, :6] = 0.0  # asks for a price, whatever is allocated
    idle = candidates.copy()
    idle[..., :6] += 10.0 ** rng.uniform(-1, 10, (60, 6, 1)) * rng.choice([-1, 1], (60, 6, 1))
    clearing = ConditionalClearing()
    got = clearing.solve_deviations(bids, 0, idle)
    wanted = solve_by_tiling(clearing, bids, 0, candidates)
    assert wanted.regular.any()
    np.testing.assert_array_equal(got.regular, wanted.regular)
    regular = wanted.regular
    for field in ("price", "quantity", "residual_slope"):
        expected = getattr(wanted, field)[regular]
        size = 1e-4 * np.abs(expected).max()
        np.testing.assert_allclose(getattr(got, field)[regular], expected, 1e-4, size)


@pytest.mark.parametrize("idle", [10.0, 30.0, 1e3, 1e6, 1e9])
def test_an_idle_part_costs_an_update_no_digits(idle):
    """A fresh clearing reads the same digits of the bid; the villain frees no row of its part."""
    rng, rule = np.random.default_rng(3), SigmaDCDA(0.2)
    bids = rule.honest_bids(two_groups(6, 1.0, 0.7, 1.3), rng.normal(size=(5, 6)))
    candidates = np.tile(bids.of_trader(2)[:, None], (1, 4, 1))
    candidates[..., :6] += 0.1 * rng.normal(size=(5, 4, 6)) + idle
    candidates[..., -1] += 0.1
    result = rule.clear_deviations(bids, 2, candidates)
    fresh = rule.clear(bids.with_candidates(2, candidates))
    assert result.traded.all()
    np.testing.assert_allclose(result.quantity.ravel(), fresh.quantity[:, 2], rtol=0, atol=1e-13)


def test_the_border_against_aliased_rows_changes_nothing(monkeypatch):
    bids = random_bids(np.random.default_rng(0), 2, dense.ALIASED)
    bordered = SigmaDCDA(0.3).clear(bids)
    monkeypatch.setattr(dense, "ALIASED", 10**9)
    bare = SigmaDCDA(0.3).clear(bids)
    assert bordered.traded.all()
    assert_outcomes_agree(bordered, bare, 1e-8, 1e-10, fields=WITH_TRADED)


@pytest.mark.parametrize("n", [3, 8, 21])
def test_a_batch_is_its_markets_to_the_last_bit(n):
    piece = chunking.markets_per_chunk(n * n)
    markets = 3 * piece + 2
    bids = random_bids(np.random.default_rng(n), markets, n)
    bids.quantity_weights[3] = 1.0  # singular: the others' inverses are computed without it
    whole = SigmaDCDA(0.3).clear(bids)
    assert not whole.traded[3]
    assert whole.traded.sum() == markets - 1
    for market in (*range(10), piece - 1, piece, piece + 1, 2 * piece, markets - 2, markets - 1):
        alone = SigmaDCDA(0.3).clear(bids.of_markets(slice(market, market + 1)))
        assert_outcomes_agree(whole, alone, fields=WITH_TRADED, rows=([market], ...))


def test_markets_that_share_weights_clear_as_they_do_alone():
    auction, rng = SigmaDCDA(0.3), np.random.default_rng(5)
    markets = 2 * chunking.markets_per_chunk(6) + 5
    bids = auction.honest_bids(two_groups(6), rng.normal(size=(markets, 6)))
    assert len(bids.quantity_weights) == 1
    own = LinearBids.from_array(bids.as_array())
    shared, owned = auction.clear(bids), auction.clear(own)
    assert_outcomes_agree(shared, owned, 1e-9, 1e-12, fields=WITH_TRADED)


@pytest.mark.parametrize("n", [4, 10])
def test_uniform_prices_are_where_bisection_finds_them(n):
    rng = np.random.default_rng(n)
    level, steepness = rng.normal(size=(300, n)), rng.uniform(0.1, 9.0, (300, n))
    outcome = UniformDoubleAuction().clear(Schedules(level, steepness))
    for market in range(300):
        low, high = -1e3, 1e3
        for _ in range(80):
            middle = (low + high) / 2
            excess = sum(level[market] - steepness[market] * middle)
            low, high = (middle, high) if excess > 0 else (low, middle)
        quantity = level[market] - steepness[market] * low
        assert outcome.price[market] == pytest.approx(low, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(outcome.quantity[market], quantity, atol=1e-10)
        np.testing.assert_allclose(outcome.transfer[market], low * quantity, atol=1e-10)
        slopes = [1 / (sum(steepness[market]) - own) for own in steepness[market]]
        np.testing.assert_allclose(outcome.residual_slope[market], slopes, rtol=1e-12)


def every_record(batch):
    """Mechanisms with bids of every record, with shared weights and without."""
    rng = np.random.default_rng(batch)
    economy, types = two_groups(6), rng.normal(size=(batch, 6))
    statistics = np.repeat(np.eye(2), 3, axis=1)
    low = factored(np.ones(6), np.full((6, 2), 0.02), statistics, 1.0)
    auction = SigmaDCDA(0.2, statistics=statistics)
    shared = auction.honest_bids(low, types)
    schedules = Schedules(rng.normal(size=(batch, 6)), rng.uniform(0.5, 2.0, (batch, 6)))
    yield SigmaDCDA(0.3), random_bids(rng, batch, 6)
    yield UniformConditional(), SigmaDCDA(0.3).honest_bids(economy, types)
    yield auction, shared
    yield auction, FactoredBids.from_array(shared.as_array())
    yield UniformDoubleAuction(), schedules
    yield PayAsBid(), schedules
    yield SigmaVCG(economy, 0.3), Reports(types)


@pytest.mark.parametrize("batch", [1, 5, 200])
def test_threads_change_nothing(batch):
    for mechanism, bids in every_record(batch):
        one = clear_parallel(mechanism, bids, threads=1)
        whole = mechanism.clear(bids)
        for threads in (2, 3):
            several = clear_parallel(mechanism, bids, threads=threads)
            assert_outcomes_agree(several, one, fields=WITH_TRADED)
        assert_outcomes_agree(one, whole, 1e-10, 1e-13, fields=WITH_TRADED)
        for field in WITH_TRADED:
            assert getattr(one, field).dtype == getattr(whole, field).dtype


class Watched(Mechanism):
    """Does not converge in one market, and notes who clears."""

    name = "watched"
    language = ScheduleLanguage()

    def __init__(self, bad):
        self.bad, self.callers = bad, set()

    def clear(self, bids):
        self.callers.add(threading.current_thread().name)
        lost = np.flatnonzero(bids.level[:, 0] == self.bad)
        if lost.size:
            raise NotConvergedError(f"no price in market {lost[0]}")
        return Outcome(bids.level[:, 0], 0.0 * bids.level, 0.0 * bids.level)


def test_errors_number_the_markets_of_the_whole_batch():
    level = np.arange(300.0).reshape(100, 3)
    bids = Schedules(level, np.ones((100, 3)))
    with pytest.raises(NotConvergedError, match=r"market 77$"):
        clear_parallel(Watched(level[77, 0]), bids, threads=2)
    mechanism = Watched(-1.0)
    outcome = clear_parallel(mechanism, bids, threads=2)
    assert any("ThreadPool" in name for name in mechanism.callers)
    np.testing.assert_array_equal(outcome.price, level[:, 0])
    assert outcome.residual_slope.shape == (100, 3)


def test_what_threads_cannot_do_is_refused():
    bids = Schedules(np.zeros((100, 3)), np.ones((100, 3)))
    for threads in (0, 1.5, True):
        with pytest.raises(InvalidInputError, match="threads must be"):
            clear_parallel(UniformDoubleAuction(), bids, threads=threads)
    with pytest.raises(InvalidInputError, match="takes bids as Schedules, got ndarray; build"):
        clear_parallel(UniformDoubleAuction(), np.zeros((100, 3)), threads=2)
    surfaces = SurfaceBids([Hyperplane(row, 1.0, np.arange(100.0)) for row in np.eye(3)])
    with pytest.raises(RefusedError, match="surfaces"):
        clear_parallel(SigmaDCDA(0.3), surfaces, threads=2)
    torch = pytest.importorskip("torch")
    tensors = bids.converted(torch.zeros(()))
    with pytest.raises(InvalidInputError, match="call clear"):
        clear_parallel(UniformDoubleAuction(), tensors, threads=2)


def test_a_market_larger_than_memory_is_refused_before_allocation(monkeypatch):
    monkeypatch.setattr("deviator.memory.available_memory", lambda: 2**30)
    n = 20_000
    weights = np.broadcast_to(1.0, (1, n, n))
    bids = LinearBids(weights, np.ones((1, n)), np.ones((1, n)))
    with pytest.raises(RefusedError, match=r"1 markets of 20000 traders .* 17\.9 GiB .* 1 GiB"):
        SigmaDCDA(0.3).clear(bids)


@pytest.mark.parametrize("rule", [SigmaDCDA(0.3), UniformDoubleAuction()])
def test_outcomes_that_there_is_no_memory_for_are_not_begun(monkeypatch, rule):
    markets = np.broadcast_to(np.ones(3), (2**21, 3))
    if rule.language.record is Schedules:
        bids = Schedules(markets, markets)
    else:
        bids = LinearBids(np.eye(3)[None], np.ones((1, 3)), markets)

    def allocated(*shape, **settings):
        raise AssertionError(f"an array of shape {shape} was made")

    monkeypatch.setattr("deviator.memory.available_memory", lambda: 2**26)
    monkeypatch.setattr(np, "empty", allocated)
    with pytest.raises(RefusedError, match=r"2097152 markets of 3 traders.* GiB"):
        rule.clear(bids)


def test_inverses_that_there_is_no_memory_for_are_not_begun(monkeypatch):
    monkeypatch.setattr("deviator.memory.available_memory", lambda: 2**26)
    weights = np.broadcast_to(np.eye(100), (1000, 100, 100))
    bids = LinearBids(weights, np.ones((1000, 100)), np.zeros((1000, 100)))
    with pytest.raises(RefusedError, match="deviating in 1000 markets of 100 traders"):
        SigmaDCDA(0.3).clear_deviations(bids, 0, np.zeros((1000, 1, 102)))


def test_more_numbers_than_there_is_memory_for_are_not_written_down(monkeypatch):
    monkeypatch.setattr("deviator.memory.available_memory", lambda: 2**26)
    bids = LinearBids(np.eye(100)[None], np.ones((1, 100)), np.zeros((1000, 100)))
    with pytest.raises(RefusedError, match=r"shape \(1000, 100, 102\) needs 0\.076 GiB"):
        bids.as_array()
    few = bids.of_markets(slice(0, 10))
    with pytest.raises(RefusedError, match="trying 1000 bids of one trader in 10 markets"):
        few.with_candidates(0, np.zeros((10, 1000, 102)))
    assert few.with_candidates(0, np.zeros((10, 2, 102))).shape == (20, 100, 102)


def test_numbers_that_are_not_finite_are_an_error_and_not_autarky():
    bids = random_bids(np.random.default_rng(0), 5, 4)
    arrays = _arrays(bids)
    for place in range(3):
        for value in (np.nan, np.inf):
            changed = [array.copy() for array in arrays]
            changed[place][(2, 1, 1)[: changed[place].ndim]] = value
            with pytest.raises(InvalidInputError, match="must be finite"):
                LinearBids(*changed)


def test_prices_of_schedules_do_not_depend_on_pieces():
    rng, markets = np.random.default_rng(3), 2 * chunking.markets_per_chunk(7) + 5
    bids = Schedules(rng.normal(size=(markets, 7)), rng.uniform(0.5, 2.0, (markets, 7)))
    whole = UniformDoubleAuction().clear(bids)
    for start in range(0, markets, 1000):
        part = slice(start, start + 1000)
        cut = UniformDoubleAuction().clear(bids.of_markets(part))
        assert_outcomes_agree(whole, cut, fields=WITH_TRADED, rows=(part, ...))

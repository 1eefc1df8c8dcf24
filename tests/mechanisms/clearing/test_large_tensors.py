"""Large markets of factored bids in tensors: NumPy's outcomes, gradients, and few passes."""

import pickle
from dataclasses import replace
from functools import partial

import array_api_strict
import numpy as np
import pytest
import torch
from helpers.outcomes import FIELDS

from benchmarks.traffic import Traffic
from deviator import arrays
from deviator.arrays import beside, to_numpy
from deviator.economies import factored, private_values, public_statistics
from deviator.evidence.certificates import is_all_ours
from deviator.mechanisms import (
    FactoredBids,
    NaiveWalrasian,
    PublicStatistics,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
)
from deviator.mechanisms.clearing import FactoredClearing
from deviator.mechanisms.clearing.factored.batch import LARGE

N = LARGE + 3
FLOAT64 = torch.zeros((), dtype=torch.float64)
STRICT = array_api_strict.zeros((), dtype=array_api_strict.float64)
PASSES = 12.0


def random_market(g=2, batch=1, markets=1, n=N, seed=0):
    rng = np.random.default_rng([seed, g, batch, markets])
    bids = FactoredBids(
        rng.uniform(0.5, 2.0, (markets, n)),
        rng.normal(size=(markets, n, g)) * np.sqrt(n),
        rng.uniform(0.5, 1.5, (markets, n)),
        rng.normal(size=(batch, n)),
    )
    return PublicStatistics(rng.uniform(0.5, 1.0, (g, n)) / n), bids


def settled(statistics, bids, **settings):
    rule = SigmaDCDA(0.4)
    payment = partial(rule.payment, tax_slope=rule.tax_slope)
    return FactoredClearing(statistics, **settings).settle(bids, payment)


def assert_same(got, want, rtol=1e-9):
    np.testing.assert_array_equal(to_numpy(got.traded), to_numpy(want.traded))
    for name in FIELDS:
        one, other = (to_numpy(getattr(outcome, name)) for outcome in (got, want))
        scale = np.nanmax(np.abs(other), initial=0.0)
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * scale, err_msg=name)


@pytest.mark.parametrize("g", [0, 1, 2, 9])
@pytest.mark.parametrize(("batch", "markets"), [(1, 1), (3, 1), (2, 2)])
@pytest.mark.parametrize("reference", [FLOAT64, STRICT], ids=["torch", "strict"])
def test_outcomes_are_those_of_numpy(g, batch, markets, reference):
    statistics, bids = random_market(g, batch, markets)
    expected = settled(statistics, bids)
    assert expected.traded.all()
    for chunk in (1000, N):
        assert_same(settled(statistics, bids.converted(reference), chunk=chunk), expected)


@pytest.mark.parametrize("own", [None, 0.0], ids=["usual", "closer"])
def test_all_stays_on_a_device(own):
    """The strict library's second device stands for a GPU: it refuses numbers from elsewhere."""
    statistics, bids = random_market()
    if own is not None:
        weights = bids.own_weights.copy()
        weights[0, 3] = own
        bids = replace(bids, own_weights=weights)
    device = array_api_strict.Device("device1")
    outcome = settled(statistics, bids.converted(array_api_strict.zeros((), device=device)))
    expected = settled(statistics, bids)
    for name in (*FIELDS, "traded", "converged"):
        array = getattr(outcome, name)
        assert array.device == device
        np.testing.assert_allclose(np.from_dlpack(array), getattr(expected, name), rtol=1e-7)


@pytest.mark.parametrize("rule", [SigmaDCDA, UniformConditional])
def test_mechanisms_clear_them(rule):
    statistics, bids = random_market()
    mechanism = rule(statistics=statistics)
    assert_same(mechanism.clear(bids.converted(FLOAT64)), mechanism.clear(bids))


@pytest.mark.parametrize("spoiled", ["own", "many", "idle", "price"])
def test_markets_that_take_a_closer_look_get_it(spoiled):
    statistics, bids = random_market(markets=2, batch=2)
    own, price = bids.own_weights.copy(), bids.price_weights.copy()
    statistic = bids.statistic_weights.copy()
    if spoiled == "own":
        own[1, 7] = 0.0
    if spoiled == "many":
        own[1, :9] = 0.0
    if spoiled == "idle":
        own[1, 5], statistic[1, 5], price[1, 5] = 0.0, 0.0, 0.0
    if spoiled == "price":
        price[1] = 0.0
    bids = FactoredBids(own, statistic, price, bids.level)
    expected = settled(statistics, bids)
    assert expected.traded.tolist() == [True, spoiled == "own"]
    assert_same(settled(statistics, bids.converted(FLOAT64)), expected)


@pytest.mark.parametrize("chunk", [1000, N])
def test_gradients_are_those_of_the_kernel_for_small_markets(chunk):
    statistics, bids = random_market(batch=2)
    numbers = [torch.tensor(array, requires_grad=True) for array in vars(bids).values()]

    def gradients(**settings):
        outcome = settled(statistics, FactoredBids(*numbers), **settings)
        total = sum((getattr(outcome, name) ** 2).sum() for name in FIELDS)
        return torch.autograd.grad(total, numbers)

    for got, want in zip(gradients(chunk=chunk), gradients(large=10 * N), strict=True):
        scale = float(want.abs().max())
        torch.testing.assert_close(got, want, rtol=1e-8, atol=1e-9 * scale)


def test_a_market_takes_at_most_twelve_passes_and_no_matrix_of_traders_by_unknowns():
    """Counted in bytes that operations move, as on a device, where all traders are one chunk.

    The villain is the kernel for small markets, which writes many arrays of all traders.
    """
    n, g = 20_000, 2
    statistics, bids = random_market(g, n=n)
    tensors = bids.converted(FLOAT64)
    one_pass = 8 * n * (3 + 2 * g + 3)
    traffic = {}
    for large in (LARGE, 10 * n):
        settle = partial(settled, statistics, tensors, chunk=n, large=large)
        settle()
        with Traffic() as counted:
            settle()
        traffic[large] = counted.moved / one_pass
        assert counted.largest <= 8 * n * (2 * (g + 1) if large > n else g + 1)
    assert traffic[LARGE] < PASSES < traffic[10 * n]


def test_numbers_of_traders_stay_on_the_device(monkeypatch):
    """After a first call of each kind nothing of the traders' number is copied from the host."""
    rng = np.random.default_rng(0)
    own, loadings = 1 + rng.random(N), rng.random((N, 2)) / N
    economy = factored(own, loadings, rng.random((2, N)), 1 + rng.random(N))
    auction = SigmaDCDA(0.3, public_statistics(economy, 0.3))
    rules = (auction, SigmaVCG(economy, 0.3), NaiveWalrasian(economy))
    types = torch.linspace(-1, 1, N, dtype=torch.float64)[None]

    def market(rule):
        outcome = rule.clear(rule.honest_bids(economy, types))
        economy.marginal_utility(outcome.quantity, types)
        return economy.utility(outcome.quantity, types) - outcome.transfer

    first = [market(rule) for rule in rules]
    copied = []

    def watched(array):
        copied.append(np.size(array))
        return to_numpy(array)

    monkeypatch.setattr(arrays, "to_numpy", watched)
    for rule, gained in zip(rules, first, strict=True):
        torch.testing.assert_close(market(rule), gained, rtol=0, atol=0)
    assert copied
    assert max(copied) < 100


def test_honest_bids_that_are_written_into_do_not_spoil_later_ones():
    auction, economy = SigmaDCDA(0.3), private_values(5)
    types = torch.ones(1, 5)
    first = auction.honest_bids(economy, types)
    kept = first.as_array().clone()
    first.quantity_weights.requires_grad_()
    first.price_weights.mul_(2.0)
    again = auction.honest_bids(economy, types)
    assert not again.quantity_weights.requires_grad
    torch.testing.assert_close(again.as_array(), kept, rtol=0, atol=0)


def test_honest_bids_are_those_of_the_economy_and_the_rule_at_hand():
    types = torch.tensor([[1.0, 0.5, 0.0, -0.5, -1.0]], dtype=torch.float64)
    for sigma in (0.1, 0.4):
        auction = SigmaDCDA(sigma)
        for slope in (1.0, 2.0, 1.0):
            economy = private_values(5, slope=slope)
            got = auction.honest_bids(economy, types).as_array()
            want = auction.honest_bids(economy, types.numpy()).as_array()
            np.testing.assert_allclose(got.numpy(), want, rtol=1e-13, atol=1e-14)
        assert len(pickle.dumps(auction)) < 500


def test_copies_are_no_part_of_what_holds_them():
    statistics, _ = random_market()
    plain = pickle.dumps(statistics)
    first = beside(FLOAT64, statistics, "ties")
    assert beside(FLOAT64, statistics, "ties") is first
    assert beside(FLOAT64.float(), statistics, "ties").dtype == torch.float32
    other = pickle.loads(pickle.dumps(statistics))
    assert other == statistics
    assert hash(other) == hash(statistics)
    assert len(pickle.dumps(statistics)) < len(plain) + 200
    torch.testing.assert_close(beside(FLOAT64, other, "ties"), first)


def test_a_rule_that_cleared_tensors_is_still_all_known():
    """What is kept for tensors is read for tensors only, and nothing else may stand there."""
    economy = private_values(5)
    for rule in (SigmaDCDA(0.3), SigmaVCG(economy, 0.3)):
        rule.clear(rule.honest_bids(economy, torch.ones(1, 5)))
        economy.utility(torch.ones(1, 5), torch.ones(1, 5))
        assert is_all_ours(rule)
        assert is_all_ours(economy)
        vars(rule)["_kept"] = {"honest": None}
        assert not is_all_ours(rule)


def test_copies_made_in_inference_serve_gradients():
    statistics, bids = random_market()
    economy = private_values(5)
    with torch.inference_mode():
        settled(statistics, bids.converted(FLOAT64))
        economy.utility(torch.ones(1, 5), torch.ones(1, 5))
    quantity = torch.ones(1, 5, requires_grad=True)
    economy.utility(quantity, torch.ones(1, 5, requires_grad=True)).sum().backward()
    level = torch.tensor(bids.level, requires_grad=True)
    numbers = [torch.tensor(each) for each in list(vars(bids).values())[:3]]
    settled(statistics, FactoredBids(*numbers, level)).transfer.sum().backward()
    assert quantity.grad.isfinite().all()
    assert level.grad.isfinite().all()

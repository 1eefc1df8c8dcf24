"""Arrays of other libraries: the same markets as in NumPy, with gradients, and clear refusals."""

import doctest
import subprocess
import sys
from dataclasses import replace

import array_api_strict
import numpy as np
import pytest
import torch
from helpers.repository import DOCS
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.arrays import to_numpy
from deviator.economies import (
    LinearQuadratic,
    factored,
    private_values,
    public_statistics,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    FactoredBids,
    KDoubleAuction,
    LinearBids,
    NaiveWalrasian,
    PayAsBid,
    Reports,
    Schedules,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing import portable_reports, portable_schedules
from deviator.mechanisms.clearing.dense import portable as portable_conditional
from deviator.mechanisms.clearing.factored import portable as portable_factored
from deviator.policies import Revelation, exact_gain

FIELDS = ("price", "quantity", "transfer", "residual_slope")
FLOAT64 = torch.zeros((), dtype=torch.float64)
FLOAT32 = torch.zeros((), dtype=torch.float32)
STRICT = array_api_strict.zeros((), dtype=array_api_strict.float64)
GROUPS = two_groups(6, alpha=1.0, beta=0.7, slope=1.3)
PRIVATE = private_values(5)


def _factored_economy():
    rng = np.random.default_rng(5)
    own, loadings = 1 + rng.random(7), 0.2 * rng.random((7, 2))
    return factored(own, loadings, rng.random((2, 7)), 1 + rng.random(7))


def _bounded_economy():
    weights = np.eye(4) + 0.1
    return LinearQuadratic(
        weights, np.ones(4), np.zeros(4), type_low=-np.ones(4), type_high=2 * np.ones(4)
    )


FACTORED, BOUNDED = _factored_economy(), _bounded_economy()
STATISTICS = public_statistics(FACTORED, 0.4)
MARKETS = {
    "sigma-dcda": (SigmaDCDA(0.4), GROUPS),
    "statistics": (SigmaDCDA(0.4, STATISTICS), FACTORED),
    "no statistics": (SigmaDCDA(0.4, np.zeros((0, 5))), PRIVATE),
    "uniform-conditional": (UniformConditional(), GROUPS),
    "uniform-double-auction": (UniformDoubleAuction(), PRIVATE),
    "pay-as-bid": (PayAsBid(0.1), PRIVATE),
    "naive-walrasian": (NaiveWalrasian(FACTORED), FACTORED),
    "sigma-vcg": (SigmaVCG(GROUPS, 0.3), GROUPS),
    "bounded, printed": (SigmaVCG(BOUNDED, 0.3), BOUNDED),
    "bounded, pivotal": (SigmaVCG(BOUNDED, 0.3, "pivotal"), BOUNDED),
}
EVERY_MARKET = pytest.mark.parametrize(
    ("mechanism", "economy"), MARKETS.values(), ids=MARKETS.keys()
)


def types_of(economy, batch=5, seed=1):
    rng = np.random.default_rng(seed)
    low, high = 0.9 * np.array(economy.type_set)
    return np.clip(rng.standard_normal((batch, economy.n_traders)), low, high)


def perturbed_bids(mechanism, economy, batch=5):
    """Return bids of B markets that are nobody's honest ones, coefficients not shared."""
    bids = mechanism.honest_bids(economy, types_of(economy, batch))
    if isinstance(bids, Reports):
        return bids
    rng = np.random.default_rng(2)
    array = bids.as_array()
    return bids.from_array(array * (1 + 0.2 * rng.random(array.shape)))


def assert_same(found, wanted, tolerance):
    """Assert that outcomes agree up to a share of their largest numbers, autarky exactly."""
    assert (to_numpy(found.traded) == wanted.traded).all()
    for name in FIELDS:
        one, other = to_numpy(getattr(found, name)), getattr(wanted, name)
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other), err_msg=name)
        scale = np.nanmax(np.abs(other), initial=0)
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale, err_msg=name)


def net_utilities(mechanism, economy, bids, types):
    outcome = mechanism.clear(bids)
    return economy.utility(outcome.quantity, types) - outcome.transfer


# The same markets


@EVERY_MARKET
@pytest.mark.parametrize(
    ("reference", "tolerance"),
    [(FLOAT64, 1e-12), (STRICT, 1e-12), (FLOAT32, 1e-4)],
    ids=["float64", "strict", "float32"],
)
def test_outcomes_are_those_of_numpy_and_of_the_bids_kind(mechanism, economy, reference, tolerance):
    for bids in (
        perturbed_bids(mechanism, economy),
        mechanism.honest_bids(economy, types_of(economy)),
    ):
        outcome = mechanism.clear(bids.converted(reference))
        assert_same(outcome, mechanism.clear(bids), tolerance)
        for name in FIELDS:
            array = getattr(outcome, name)
            assert type(array) is type(reference)
            assert array.dtype == reference.dtype


@EVERY_MARKET
def test_everything_stays_on_the_bids_device(mechanism, economy):
    """The strict library's second device stands for a GPU: it refuses numbers from elsewhere."""
    bids = perturbed_bids(mechanism, economy)
    device = array_api_strict.Device("device1")
    outcome = mechanism.clear(bids.converted(array_api_strict.zeros((), device=device)))
    wanted = mechanism.clear(bids)
    for name in (*FIELDS, "traded", "converged"):
        array = getattr(outcome, name)
        assert array.device == device
        np.testing.assert_allclose(np.from_dlpack(array), getattr(wanted, name), rtol=1e-9)
    types = array_api_strict.asarray(types_of(economy), device=device)
    assert mechanism.honest_bids(economy, types).as_array().device == device


def test_markets_in_autarky_stay_on_the_bids_device():
    reference = array_api_strict.zeros((), device=array_api_strict.Device("device1"))
    for mechanism, bids in (
        (SigmaDCDA(0.4), strange_bids(0)),
        (SigmaDCDA(0.4, STATISTICS), strange_factored_bids(0)),
    ):
        found = mechanism.clear(bids.converted(reference))
        np.testing.assert_array_equal(
            np.isnan(np.from_dlpack(found.price)), ~mechanism.clear(bids).traded
        )


@EVERY_MARKET
def test_a_batch_is_the_loop_over_its_markets(mechanism, economy):
    bids = perturbed_bids(mechanism, economy).converted(FLOAT64)
    whole, array = mechanism.clear(bids), bids.as_array()
    for market in range(len(array)):
        alone = mechanism.clear(bids.from_array(array[market : market + 1]))
        for name in FIELDS:
            torch.testing.assert_close(
                getattr(whole, name)[market], getattr(alone, name)[0], rtol=1e-13, atol=1e-13
            )


@EVERY_MARKET
def test_honest_bids_of_tensors_are_those_of_numpy(mechanism, economy):
    types = types_of(economy)
    wanted = mechanism.honest_bids(economy, types).as_array()
    for bids in (
        mechanism.honest_bids(economy, torch.tensor(types)),
        Revelation(mechanism, economy).bids(torch.tensor(types)),
    ):
        np.testing.assert_allclose(bids.as_array().numpy(), wanted, rtol=1e-13, atol=1e-14)


@EVERY_MARKET
def test_deviations_are_those_of_numpy(mechanism, economy):
    bids = perturbed_bids(mechanism, economy)
    candidates = bids.of_trader(2)[:, None] * np.array([1.0, 0.95, 0.9])[:, None]
    wanted = mechanism.clear_deviations(bids, 2, candidates)
    found = mechanism.clear_deviations(bids.converted(FLOAT64), 2, torch.tensor(candidates))
    for name in ("price", "quantity", "transfer", "traded"):
        np.testing.assert_allclose(
            getattr(found, name).numpy(), getattr(wanted, name), rtol=1e-10, atol=1e-11
        )


@EVERY_MARKET
def test_records_do_the_same_in_any_library(mechanism, economy):
    bids = perturbed_bids(mechanism, economy)
    order = list(range(economy.n_traders))[::-1]
    for reference in (FLOAT64, STRICT):
        other = bids.converted(reference)
        assert other.shape == bids.shape
        for one, two in (
            (bids, other),
            (bids.relabelled(order), other.relabelled(order)),
            (bids.rescaled(2.0, 3.0), other.rescaled(2.0, 3.0)),
            (bids, other.converted(np.zeros(()))),
        ):
            np.testing.assert_array_equal(two.shape, one.shape)
            np.testing.assert_allclose(to_numpy(two.as_array()), one.as_array(), rtol=1e-15)
            np.testing.assert_allclose(to_numpy(two.of_trader(1)), one.of_trader(1), rtol=1e-15)


def test_conversion_keeps_shared_coefficients_shared_and_stops_gradients():
    for name in ("sigma-dcda", "statistics"):
        mechanism, economy = MARKETS[name]
        types = torch.tensor(types_of(economy), requires_grad=True)
        bids = mechanism.honest_bids(economy, types).converted(FLOAT32)
        assert len(bids.price_weights) == 1
        assert bids.level.dtype == torch.float32
        assert not bids.level.requires_grad


def test_portable_kernels_in_numpy_are_the_fast_kernels():
    """So that both stay in step: the same functions, the same library, other algorithms."""
    for portable, (mechanism, economy) in (
        (portable_conditional.solve, MARKETS["sigma-dcda"]),
        (portable_schedules.solve, MARKETS["uniform-double-auction"]),
        (
            lambda bids: portable_factored.solve(SigmaDCDA(0.4, STATISTICS).statistics, bids),
            MARKETS["statistics"],
        ),
        (lambda bids: portable_reports.solve(GROUPS, 0.3, bids), MARKETS["sigma-vcg"]),
    ):
        bids = perturbed_bids(mechanism, economy)
        found, wanted = portable(bids), mechanism.clearing.solve(bids)
        for name in ("price", "quantity", "residual_slope", "regular"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(wanted, name), rtol=1e-11, atol=1e-12
            )


# Autarky


def strange_bids(seed, n=5):
    """Return linear bids of which about half are in autarky, each for another reason."""
    rng = np.random.default_rng(seed)
    weights, price = rng.standard_normal((9, n, n)), rng.standard_normal((9, n))
    weights[1, 0], price[1, 0] = 2 * weights[1, 1], 2 * price[1, 1]  # the same bid twice
    weights[2, 3] = rng.standard_normal()  # a row that is idle, on the price alone
    weights[3, 3], price[3, 3] = rng.standard_normal(), 0.0  # an empty bid, up to rounding
    price[4] = 0.0  # nobody reads the price
    weights[5] += 1e6 * rng.standard_normal((n, 1))  # idle components, large
    weights[6] = np.diag(weights[6].diagonal())
    weights[6, :2] = 0.0  # two who fix the price
    scale = 10.0 ** rng.integers(-9, 9, (n, 1))  # the same bids, written otherwise
    weights[7], price[7] = weights[7] * scale, price[7] * scale[:, 0]
    weights[8, 1], price[8, 1] = np.eye(n)[0], 0.0  # trader 0's quantity is fixed: P[q_0, 0] = 0
    return LinearBids(weights, price, rng.standard_normal((9, n)))


def strange_factored_bids(seed):
    rng = np.random.default_rng(seed)
    own, price = 1 + rng.random((6, 7)), 1 + rng.random((6, 7))
    statistic = rng.standard_normal((6, 7, 2))
    own[1, :2] = 0.0  # a regular market, with as many zeros as statistics
    own[2, :5] = 0.0  # more zeros than statistics and the price can make up for
    own[3], statistic[3] = 0.0, 0.0
    own[4, 1], statistic[4, 1], price[4, 1] = own[4, 0], statistic[4, 0], 0.0
    own[5, 2], statistic[5, 2], price[5, 2] = 0.0, 0.0, 0.0
    return FactoredBids(own, statistic, price, rng.standard_normal((6, 7)))


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_autarky_is_decided_alike(seed):
    for mechanism, bids in (
        (SigmaDCDA(0.4), strange_bids(seed)),
        (SigmaDCDA(0.4, STATISTICS), strange_factored_bids(seed)),
    ):
        traded = mechanism.clear(bids).traded
        assert traded.any()
        assert not traded.all()
        units = 10.0 ** np.random.default_rng(seed).integers(-9, 9, 2)
        for reference in (FLOAT64, STRICT):
            other = bids.converted(reference)
            for same in (other, other.rescaled(*units.tolist())):
                np.testing.assert_array_equal(to_numpy(mechanism.clear(same).traded), traded)


def test_factored_and_dense_tensors_agree_on_autarky():
    bids = strange_factored_bids(0).converted(FLOAT64)
    weights = torch.diag_embed(bids.own_weights) + bids.statistic_weights @ torch.tensor(STATISTICS)
    dense = SigmaDCDA(0.4).clear(LinearBids(weights, bids.price_weights, bids.level))
    sparse = SigmaDCDA(0.4, STATISTICS).clear(bids)
    assert (dense.traded == sparse.traded).all()
    torch.testing.assert_close(dense.quantity, sparse.quantity, rtol=1e-9, atol=1e-9)


def test_float32_has_a_threshold_of_its_own():
    """Bids that only float64 tells apart are in autarky in float32, and no others."""
    honest = SigmaDCDA().honest_bids(PRIVATE, types_of(PRIVATE, 2))
    array = honest.as_array()
    array[1, 0, :-2] = array[1, 1, :-2] * (1 + 1e-6)
    array[1, 0, :-2] += np.array([1e-6, 0, 0, 0, 0])
    bids = LinearBids.from_array(array)
    assert SigmaDCDA().clear(bids).traded.all()
    assert SigmaDCDA().clear(bids.converted(FLOAT64)).traded.all()
    assert SigmaDCDA().clear(bids.converted(FLOAT32)).traded.tolist() == [True, False]


def test_float32_refuses_markets_in_which_it_could_tell_nothing():
    n = 2000
    statistics = np.linspace(0, 1, n)[None]
    ones = torch.ones((1, n))
    bids = FactoredBids(ones, 0.1 * torch.ones((1, n, 1)), ones, torch.linspace(-1, 1, n)[None])
    with pytest.raises(RefusedError, match=r"float32.*2000 traders; convert the bids to float64"):
        SigmaDCDA(statistics=statistics).clear(bids)
    assert SigmaDCDA(statistics=statistics).clear(bids.converted(FLOAT64)).traded.all()


# Gradients


def leaves(bids):
    """Return the record's fields as tensors of B markets that gradients are asked of."""
    arrays = vars(bids.from_array(bids.as_array())).values()
    return [torch.tensor(np.ascontiguousarray(array), requires_grad=True) for array in arrays]


@EVERY_MARKET
def test_gradients_in_bids_are_those_of_finite_differences(mechanism, economy):
    bids, types = perturbed_bids(mechanism, economy, batch=2), torch.tensor(types_of(economy, 2))

    def utilities(*numbers):
        return net_utilities(mechanism, economy, type(bids)(*numbers), types)

    assert torch.autograd.gradcheck(utilities, leaves(bids), atol=1e-6)


@EVERY_MARKET
def test_gradients_in_types_are_those_of_finite_differences(mechanism, economy):
    types = torch.tensor(types_of(economy, 2), requires_grad=True)

    def utilities(types):
        return net_utilities(mechanism, economy, mechanism.honest_bids(economy, types), types)

    assert torch.autograd.gradcheck(utilities, types, atol=1e-6)


def test_gradients_in_shared_coefficients_and_candidates_are_those_of_finite_differences():
    auction, types = SigmaDCDA(0.2), torch.tensor(types_of(GROUPS, 3))
    honest = auction.honest_bids(GROUPS, types)
    shared = [honest.quantity_weights.requires_grad_(), honest.price_weights.requires_grad_()]
    candidates = torch.tensor(
        np.random.default_rng(4).random((3, 2, honest.shape[2])), requires_grad=True
    )

    def transfers(weights, price, candidates):
        bids = LinearBids(weights, price, honest.level)
        return auction.clear_deviations(bids, 1, candidates).transfer

    assert torch.autograd.gradcheck(transfers, (*shared, candidates), atol=1e-6)


@pytest.mark.parametrize(
    ("mechanism", "economy", "bids"),
    [
        (SigmaDCDA(0.4), PRIVATE, strange_bids(3)),
        (UniformConditional(), PRIVATE, strange_bids(3)),
        (SigmaDCDA(0.4, STATISTICS), FACTORED, strange_factored_bids(3)),
    ],
    ids=["dense", "uniform", "factored"],
)
def test_markets_in_autarky_have_gradient_zero_and_spoil_no_others(mechanism, economy, bids):
    types = torch.tensor(types_of(economy, bids.shape[0]))
    numbers = leaves(bids)
    together = net_utilities(mechanism, economy, type(bids)(*numbers), types)
    gradients = torch.autograd.grad(together.sum(), numbers)
    traded = mechanism.clear(bids).traded
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert (gradient[~traded] == 0).all()
    kept = [number[traded].detach().requires_grad_() for number in numbers]
    alone = net_utilities(mechanism, economy, type(bids)(*kept), types[traded])
    for one, other in zip(gradients, torch.autograd.grad(alone.sum(), kept), strict=True):
        torch.testing.assert_close(one[traded], other, rtol=1e-9, atol=1e-9)


def test_the_honest_bid_is_where_the_gradient_vanishes():
    """A villain: the uniform price, whose gradient at the honest bid is not 0."""
    types = torch.tensor(types_of(GROUPS, 3))
    steepest = {}
    for mechanism in (SigmaDCDA(0.3), UniformConditional()):
        honest = mechanism.honest_bids(GROUPS, types)
        bid = honest.of_trader(0).requires_grad_()
        utility = net_utilities(mechanism, GROUPS, honest.with_candidates(0, bid[:, None]), types)
        steepest[mechanism.name] = torch.autograd.grad(utility[:, 0].sum(), bid)[0].abs().max()
    assert steepest["sigma-dcda"] < 1e-12
    assert steepest["uniform-conditional"] > 1e-2


# Refusals


def ones(*shape, dtype=torch.float64, device="cpu"):
    return torch.ones(shape, dtype=dtype, device=device)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            lambda: Schedules(ones(1, 3), np.ones((1, 3))),
            "level and steepness must share one library, got torch and numpy",
        ),
        (
            lambda: LinearBids(ones(1, 3, 3), ones(1, 3, dtype=torch.float32), ones(1, 3)),
            "price_weights must share one dtype, got torch.float64 and torch.float32",
        ),
        (
            lambda: FactoredBids(ones(1, 3), ones(1, 3, 1), ones(1, 3), ones(1, 3, device="meta")),
            "own_weights and level must share one device, got cpu and meta",
        ),
        (
            lambda: Reports(ones(1, 3, dtype=torch.int64)),
            "types must have dtype float64 or float32, got torch.int64",
        ),
        (
            lambda: Reports(ones(1, 3, dtype=torch.float16)),
            "types must have dtype float64 or float32, got torch.float16",
        ),
        (lambda: Reports(ones(3)), r"reports must have shape \(any, any\), got \(3,\)"),
        (
            lambda: Schedules(ones(1, 3), torch.tensor([[1.0, np.nan, 1.0]]).double()),
            r"steepness must be finite, got nan at index \(0, 1\)",
        ),
        (lambda: Schedules(ones(1, 3), -ones(1, 3)), "schedules must decrease"),
        (
            lambda: LinearBids(ones(2, 3, 3), ones(2, 3), ones(1, 3)),
            "quantity_weights must have leading length 1 or 1, got 2",
        ),
        (lambda: SigmaDCDA(statistics=ones(1, 3)), "statistics must be a NumPy array here"),
        (
            lambda: PRIVATE.utility(ones(2, 5), np.ones((2, 5))),
            "quantity and types must share one library",
        ),
        (
            lambda: UniformDoubleAuction().clear_deviations(
                Schedules(ones(1, 3), ones(1, 3)), 0, np.ones((1, 1, 2))
            ),
            "candidates and bids must share one library, got numpy and torch",
        ),
        (
            lambda: UniformDoubleAuction().clear_deviations(
                Schedules(ones(1, 3), ones(1, 3)), 0, ones(1, 1, 3)
            ),
            r"candidates must have shape \(1, any, 2\)",
        ),
        (
            lambda: UniformDoubleAuction().clear_deviations(
                Schedules(np.ones((1, 3)), np.ones((1, 3))), 0, ones(1, 1, 2)
            ),
            "candidates must be a NumPy array here, got an array of torch",
        ),
        (
            lambda: SigmaVCG(BOUNDED, 0.3).clear(Reports(3 * ones(1, 4))),
            "reports of trader 0 must be in its set of types",
        ),
        (
            lambda: exact_gain(SigmaDCDA(), PRIVATE, ones(1, 5)),
            "types must be a NumPy array here",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, sentence):
    with pytest.raises(InvalidInputError, match=sentence) as refusal:
        build()
    assert "\n" not in str(refusal.value)


def test_what_only_numpy_does_says_so():
    bids = SigmaDCDA().honest_bids(PRIVATE, ones(1, 5))
    for attempt in (
        lambda: SigmaDCDA().menu(bids, 0),
        lambda: SigmaDCDA().menu_bid(bids, 0, ones(1)),
        lambda: KDoubleAuction().clear(Reports(ones(1, 4))),
        lambda: SigmaDCDA().honest_bids(saturating(4), ones(1, 4)),
        lambda: KDoubleAuction().honest_bids(unit_demands(2, 2), ones(1, 4)),
    ):
        with pytest.raises(RefusedError, match=r"for NumPy (bids|types) only"):
            attempt()
    gradient = ones(1, 5).requires_grad_()
    with pytest.raises(InvalidInputError, match=r"detach\(\)"):
        exact_gain(SigmaDCDA(), PRIVATE, gradient)


def test_a_bound_in_float32_is_in_the_set_of_types():
    low = np.full(4, -0.1)
    economy = replace(BOUNDED, type_low=low, type_high=-low)
    outcome = SigmaVCG(economy).clear(Reports(torch.tensor([[0.1, -0.1, 0.1, -0.1]])))
    assert outcome.quantity.dtype == torch.float32


# Devices, imports, the page


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@EVERY_MARKET
def test_a_gpu_clears_and_differentiates(mechanism, economy):
    bids = perturbed_bids(mechanism, economy)
    reference = torch.zeros((), dtype=torch.float64, device="cuda")
    outcome = mechanism.clear(bids.converted(reference))
    assert outcome.quantity.device.type == "cuda"
    assert_same(outcome, mechanism.clear(bids), 1e-10)
    types = torch.tensor(types_of(economy), device="cuda", requires_grad=True)
    honest = mechanism.honest_bids(economy, types)
    gained = net_utilities(mechanism, economy, honest, types)
    assert torch.autograd.grad(gained.sum(), types)[0].isfinite().all()


def test_nothing_of_this_needs_torch():
    code = (
        "import sys, numpy as np\n"
        "from deviator.economies import private_values\n"
        "from deviator.mechanisms import SigmaDCDA\n"
        "auction, economy = SigmaDCDA(), private_values(3)\n"
        "auction.clear(auction.honest_bids(economy, np.ones((1, 3))))\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_page_on_backends_prints_what_it_says():
    page = DOCS / "backends.md"
    result = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted > 8
    assert result.failed == 0


@pytest.mark.parametrize("record", ["numpy", "torch"])
def test_a_trader_who_is_not_there_has_no_candidates(record):
    bids = SigmaDCDA(0.2).honest_bids(GROUPS, np.zeros((2, GROUPS.n_traders)))
    candidates = np.ones((2, 3, bids.shape[2]))
    if record == "torch":
        bids, candidates = bids.converted(torch.zeros(())), torch.ones(2, 3, bids.shape[2])
    for trader in (-1, GROUPS.n_traders, 0.5):
        with pytest.raises(InvalidInputError, match="trader must be"):
            bids.with_candidates(trader, candidates)
        with pytest.raises(InvalidInputError, match="trader must be"):
            bids.of_trader(trader)
    with pytest.raises(InvalidInputError, match="candidates must have shape"):
        bids.with_candidates(0, candidates[:, 0])
    other = np.ones((2, 3, bids.shape[2])) if record == "torch" else torch.ones(2, 3, bids.shape[2])
    with pytest.raises(InvalidInputError, match=r"library|must be a NumPy array"):
        bids.with_candidates(0, other)

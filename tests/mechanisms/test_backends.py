"""Arrays of other libraries: the same markets as in NumPy, with gradients, and clear refusals."""

import doctest
import subprocess
import sys
from dataclasses import fields, replace

import array_api_strict
import numpy as np
import pytest
import torch
from helpers.outcomes import FIELDS, assert_outcomes_agree
from helpers.portable_markets import (
    BOUNDED,
    EVERY_MARKET,
    GROUPS,
    MARKETS,
    PRIVATE,
    STATISTICS,
    irregular_bids,
    irregular_factored_bids,
    net_utilities,
    perturbed_bids,
    types_of,
)
from helpers.repository import DOCS
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from deviator.arrays import to_numpy
from deviator.economies import fundamental_value_information, saturating, unit_demands
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    FactoredBids,
    KDoubleAuction,
    LinearBids,
    Reports,
    Schedules,
    SigmaDCDA,
    SigmaVCG,
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing.dense import portable as portable_conditional
from deviator.policies import LinearBayes, Revelation, exact_gain

FLOAT64 = torch.zeros((), dtype=torch.float64)
FLOAT32 = torch.zeros((), dtype=torch.float32)
STRICT = array_api_strict.zeros((), dtype=array_api_strict.float64)


def assert_same(got, want, tolerance):
    """Assert that outcomes agree up to a share of their largest numbers, autarky exactly."""
    assert (to_numpy(got.traded) == want.traded).all()
    for name in FIELDS:
        one, other = to_numpy(getattr(got, name)), getattr(want, name)
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other), err_msg=name)
        scale = np.nanmax(np.abs(other), initial=0)
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale, err_msg=name)


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
    expected = mechanism.clear(bids)
    for name in (*FIELDS, "traded", "converged"):
        array = getattr(outcome, name)
        assert array.device == device
        np.testing.assert_allclose(np.from_dlpack(array), getattr(expected, name), rtol=1e-9)
    types = array_api_strict.asarray(types_of(economy), device=device)
    assert mechanism.honest_bids(economy, types).as_array().device == device


def test_markets_in_autarky_stay_on_the_bids_device():
    reference = array_api_strict.zeros((), device=array_api_strict.Device("device1"))
    for mechanism, bids in (
        (SigmaDCDA(0.4), irregular_bids(0)),
        (SigmaDCDA(0.4, STATISTICS), irregular_factored_bids(0)),
    ):
        result = mechanism.clear(bids.converted(reference))
        np.testing.assert_array_equal(
            np.isnan(np.from_dlpack(result.price)), ~mechanism.clear(bids).traded
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
    expected = mechanism.honest_bids(economy, types).as_array()
    for bids in (
        mechanism.honest_bids(economy, torch.tensor(types)),
        Revelation(mechanism, economy).bids(torch.tensor(types)),
    ):
        np.testing.assert_allclose(bids.as_array().numpy(), expected, rtol=1e-13, atol=1e-14)


@EVERY_MARKET
def test_deviations_are_those_of_numpy(mechanism, economy):
    bids = perturbed_bids(mechanism, economy)
    candidates = bids.of_trader(2)[:, None] * np.array([1.0, 0.95, 0.9])[:, None]
    expected = mechanism.clear_deviations(bids, 2, candidates)
    result = mechanism.clear_deviations(bids.converted(FLOAT64), 2, torch.tensor(candidates))
    for name in ("price", "quantity", "transfer", "traded"):
        np.testing.assert_allclose(
            getattr(result, name).numpy(), getattr(expected, name), rtol=1e-10, atol=1e-11
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


def test_the_portable_kernel_in_numpy_is_the_fast_one():
    """So that both stay in step: the same functions, the same library, another algorithm."""
    mechanism, economy = MARKETS["sigma-dcda"]
    bids = perturbed_bids(mechanism, economy)
    got, expected = portable_conditional.solve(bids), mechanism.clearing.solve(bids)
    fields = ("price", "quantity", "residual_slope", "regular")
    assert_outcomes_agree(got, expected, 1e-11, 1e-12, fields=fields)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_autarky_is_decided_alike(seed):
    for mechanism, bids in (
        (SigmaDCDA(0.4), irregular_bids(seed)),
        (SigmaDCDA(0.4, STATISTICS), irregular_factored_bids(seed)),
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
    bids = irregular_factored_bids(0).converted(FLOAT64)
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


def test_units_that_no_report_leads_to_are_charged_once():
    low = np.array([0.8, 0.5, 0.5, 0.5])
    rule = SigmaVCG(replace(BOUNDED, type_low=low, type_high=np.ones(4)), 0.1)
    bids, candidates = Reports([[1.0, 0.5, 0.5, 0.5]]), np.array([[[0.85], [0.9]]])
    expected = rule.clear(bids.with_candidates(0, candidates)).transfer[:, 0]
    result = rule.clear_deviations(bids.converted(FLOAT64), 0, torch.tensor(candidates))
    np.testing.assert_allclose(result.transfer.numpy()[0], expected, rtol=1e-12)


def test_a_bound_in_float32_is_in_the_set_of_types():
    low = np.full(4, -0.1)
    economy = replace(BOUNDED, type_low=low, type_high=-low)
    outcome = SigmaVCG(economy).clear(Reports(torch.tensor([[0.1, -0.1, 0.1, -0.1]])))
    assert outcome.quantity.dtype == torch.float32


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
def test_candidates_of_a_trader_out_of_range_are_refused(record):
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


def _waits_to_clear(mechanism, economy):
    if economy.has_bounded_types:
        return 2
    return 1 if getattr(mechanism, "statistics", None) is None else 3


class Waits(TorchDispatchMode):
    """Counts how often a device is waited for: numbers that Python asks for."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@EVERY_MARKET
def test_a_device_is_seldom_waited_for(mechanism, economy):
    """Once for each record of bids, and once for autarky; more where types have limits."""
    types = torch.tensor(types_of(economy))
    bids = mechanism.honest_bids(economy, types)
    arrays = list(vars(bids).values())[: len(fields(bids))]
    for call, most in (
        (lambda: type(bids)(*arrays), 1),
        (lambda: mechanism.honest_bids(economy, types), 2),
        (lambda: economy.utility(types, types), 0),
        (lambda: mechanism.clear(bids), _waits_to_clear(mechanism, economy)),
    ):
        with Waits() as waits:
            call()
        assert waits.count <= most


def test_equilibrium_bids_of_tensors_are_those_of_numpy():
    information = fundamental_value_information(6, rho=0.4, noise=0.5)
    policy = LinearBayes(information, slope=1.0)
    types = np.random.default_rng(0).standard_normal((4, 6))
    level = torch.tensor(types, requires_grad=True)
    bids = policy.bids(level)
    np.testing.assert_allclose(
        bids.as_array().detach(), policy.bids(types).as_array(), rtol=1e-13, atol=1e-14
    )
    assert bids.level.requires_grad

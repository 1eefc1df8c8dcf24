"""Surfaces as bids: what they answer, what is refused, and how derivatives are tried."""

import numpy as np
import pytest
from helpers.samples import normal_types
from helpers.surface_markets import (
    ECONOMIES,
    SIGMA,
    cubic,
    drawn_linear,
    mixed_bids,
    outcomes_agree,
)

from deviator import audit
from deviator.economies import fundamental_value, saturating, varying_effects
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.surface_deviations import surface_gains
from deviator.mechanisms import SigmaDCDA
from deviator.mechanisms.languages import SurfaceBids
from deviator.mechanisms.surfaces import (
    CallableSurface,
    Hyperplane,
    InverseMap,
    LevelSet,
    Points,
    Sheets,
    Shifted,
    Surface,
    TorchSurface,
)


def test_an_honest_bid_uses_the_own_type_only():
    types = normal_types(3, 4)
    changed = types.copy()
    changed[:, 1:] += 1.0
    points = Points(np.ones(3), normal_types(3, 4, seed=9), np.arange(3))
    economy, rule = varying_effects(4), SigmaDCDA(SIGMA)
    first, second = (
        rule.honest_bids(economy, profile).surfaces[0].at(points) for profile in (types, changed)
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("family", ECONOMIES)
def test_derivatives_of_honest_surfaces_are_differences(family):
    economy = ECONOMIES[family](4)
    surface = LevelSet(InverseMap(economy, SIGMA), 1, np.zeros(1))
    point, step = np.array([0.3, -0.2, 0.5, -0.4, 0.7]), 1e-6
    places = point + step * np.concatenate([np.eye(5), -np.eye(5), np.zeros((1, 5))])
    value, by_price, by_quantity = surface.at(
        Points(places[:, -1], places[:, :-1], np.zeros(11, dtype=int))
    )
    differences = (value[:5] - value[5:10]) / (2 * step)
    np.testing.assert_allclose(by_quantity[10], differences[:4], rtol=1e-7)
    np.testing.assert_allclose(by_price[10], differences[4], rtol=1e-7)


def test_torch_supplies_derivatives():
    torch = pytest.importorskip("torch")

    def function(price, quantity, market):
        own = quantity[:, 1]
        return price - 1 + own + own**3 + 0 * torch.sin(own)

    with_torch = SurfaceBids(
        [*mixed_bids().surfaces[:1], TorchSurface(4, function), *mixed_bids().surfaces[2:]]
    )
    rule = SigmaDCDA(SIGMA)
    outcomes_agree(rule.clear(with_torch), rule.clear(mixed_bids()), 1e-10)


def broken(**parts):
    """A sound linear bid of trader 0 of 3, with parts of the answer replaced."""

    def function(price, quantity, market):
        slopes = np.zeros_like(quantity)
        slopes[:, 0] = 1.0
        sound = {
            "value": price + quantity[:, 0] - 1,
            "price": np.ones_like(price),
            "quantity": slopes,
        }
        result = sound | {name: part(sound[name]) for name, part in parts.items()}
        return result["value"], result["price"], result["quantity"]

    rest = [Hyperplane(np.eye(3)[i], 1.0, [0.0, 1.0]) for i in (1, 2)]
    return SurfaceBids([CallableSurface(3, function), *rest])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, None),
        ({"value": lambda x: x[:1, None]}, r"trader 0 must return F of shape"),
        ({"price": lambda x: 1.0}, r"trader 0 must return dF/dp of shape"),
        ({"quantity": lambda x: x[:, :2]}, r"trader 0 must return dF/dq of shape"),
        (
            {"value": lambda x: x * np.nan},
            r"trader 0 does not in market 0 at p = 0, q = \(0, 0, 0\)",
        ),
        ({"quantity": lambda x: x + np.inf}, r"trader 0 does not in market 0"),
        ({"quantity": lambda x: -x}, r"derivatives .* those of trader 0 say"),
        ({"price": lambda x: 0.9 * x}, r"derivatives .* those of trader 0 say"),
    ],
)
def test_surfaces_that_answer_wrongly_are_named(parts, message):
    if message is None:
        assert SigmaDCDA().clear(broken(**parts)).traded.all()
        return
    with pytest.raises(InvalidInputError, match=message):
        SigmaDCDA().clear(broken(**parts))


@pytest.mark.parametrize("wrong", ["price", "quantity"])
@pytest.mark.parametrize("level", [0.0, 5.0])
def test_derivatives_are_tried_where_only_rounding_moves_anything(wrong, level):
    # At level 0 the price moves by rounding only, at level 5 all quantities do.
    traded = (
        np.array([-0.6, 0.1, 0.2, 0.3]) if level == 0 else np.array([-3.0, 1.0, 1.0, 1.0]) * 1e-16
    )

    def bid(price, quantity, market):
        by_price, by_quantity = np.ones_like(price), np.zeros_like(quantity)
        by_quantity[:, 0] = 2.0
        by_price, by_quantity = (
            (-by_price, by_quantity) if wrong == "price" else (by_price, -by_quantity)
        )
        return price + 2 * quantity[:, 0] - level - 2 * traded[0], by_price, by_quantity

    others = [
        Hyperplane(2 * row, 1.0, level + 2 * q) for row, q in zip(np.eye(4), traded, strict=True)
    ]
    bids = SurfaceBids(others).with_surface(0, CallableSurface(4, bid))
    with pytest.raises(InvalidInputError, match="those of trader 0 say"):
        SigmaDCDA().clear(bids)


def test_nan_far_from_the_start_names_the_market():
    def function(price, quantity, market):
        value = np.where((market == 1) & (price > 0.1), np.nan, price + quantity[:, 0] - 1)
        return value, np.ones_like(price), np.eye(3)[np.zeros(len(price), dtype=int)]

    rest = [Hyperplane(np.eye(3)[i], 1.0, [0.0, 1.0]) for i in (1, 2)]
    with pytest.raises(InvalidInputError, match="trader 0 does not in market 1 at p = "):
        SigmaDCDA().clear(SurfaceBids([CallableSurface(3, function), *rest]))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda price, quantity, market: price.float(), "float64 tensor of shape"),
        (lambda price, quantity, market: price.detach(), "must depend on the price"),
        (lambda price, quantity, market: price.sum(), "of shape"),
        (lambda price, quantity, market: price.detach().numpy(), "got ndarray"),
        (
            lambda price, quantity, market: quantity @ quantity.new_ones(3).float(),
            "float64 tensors on one device",
        ),
        (lambda price, quantity, market: price + price.new_ones((), device="meta"), "device"),
    ],
)
def test_torch_surfaces_keep_to_one_kind_of_tensor(function, message):
    pytest.importorskip("torch")
    flat = [Hyperplane(np.eye(3)[i], 1.0, 0.0) for i in (1, 2)]
    with pytest.raises(InvalidInputError, match=message):
        SigmaDCDA().clear(SurfaceBids([TorchSurface(3, function), *flat]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SurfaceBids([Hyperplane(np.eye(4)[0], 1.0, 0.0)] * 3), "trader 0 is of 4"),
        (
            lambda: SurfaceBids([Hyperplane(np.eye(3)[0], 1.0, 0.0)] * 2 + [len]),
            "got builtin_function",
        ),
        (
            lambda: SurfaceBids([Hyperplane(np.eye(3)[0], 1.0, [0.0] * k) for k in (1, 2, 3)]),
            "of 3 markets",
        ),
        (lambda: Hyperplane(np.eye(3)[0], [1.0, 1.0], [0.0, 0.0, 0.0]), "equally many markets"),
        (lambda: Hyperplane([1.0, np.nan, 0.0], 1.0, 0.0), "must be finite"),
        (lambda: CallableSurface(3, 1.0), "must be callable"),
        (lambda: Shifted(len, 1.0), "must be a Surface"),
        (
            lambda: Shifted(Hyperplane(np.eye(3)[0], 1.0, [0.0, 0.0]), [1.0, 2.0, 3.0]),
            "one for each",
        ),
        (lambda: Sheets(Hyperplane(np.eye(3)[0], 1.0, 0.0), ()), "at least one level"),
        (
            lambda: SigmaDCDA().clear(SurfaceBids([CallableSurface(3, lambda p, q, m: p)] * 3)),
            "F, dF/dp and dF/dq",
        ),
    ],
)
def test_malformed_surfaces(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()


def steep(slope_error, doubled_above=np.inf):
    """Trader 1's p = 1 - q_1 - sinh q_1 - 0.1 q_0, with a derivative that may be wrong."""

    def function(price, quantity, market):
        own, slopes = quantity[:, 1], np.zeros_like(quantity)
        slopes[:, 0] = 0.1
        slopes[:, 1] = (1 + np.cosh(own)) * (1 + slope_error) * np.where(own > doubled_above, 2, 1)
        value = price - 1 + own + np.sinh(own) + 0.1 * quantity[:, 0]
        return value, np.ones_like(price), slopes

    return CallableSurface(4, function)


@pytest.mark.parametrize(
    "wrong",
    [steep(3e-6), steep(1e-3), steep(-0.2), *(steep(0.0, place) for place in (0.2, 0.42, 0.5))],
)
def test_wrong_derivatives_are_named_and_no_autarky(wrong):
    rule, economy = SigmaDCDA(SIGMA), varying_effects(4)
    bids = rule.honest_bids(economy, np.array([[1.0, 0.5, -0.5, -1.0], [0.2, 0.9, -0.3, 0.1]]))
    assert rule.clear(bids.with_surface(1, steep(0.0))).traded.all()
    with pytest.raises(InvalidInputError, match="must be its own, those of trader 1"):
        rule.clear(bids.with_surface(1, wrong))


def test_a_wrong_derivative_far_from_the_market_changes_nothing():
    rule, types = SigmaDCDA(SIGMA), np.array([[1.0, 0.5, -0.5, -1.0]])
    bids = rule.honest_bids(varying_effects(4), types)
    outcomes = [rule.clear(bids.with_surface(1, steep(0.0, place))) for place in (np.inf, 9.0)]
    np.testing.assert_array_equal(outcomes[0].quantity, outcomes[1].quantity)


@pytest.mark.parametrize("economy", [saturating(3), varying_effects(4)])
def test_one_surface_bid_twice_is_autarky_and_no_failure(economy):
    rule, n = SigmaDCDA(SIGMA), economy.n_traders
    bids = rule.honest_bids(economy, normal_types(4, n))
    for surface in (bids.surfaces[1], cubic(0, n)):
        both = bids.with_surface(0, surface).with_surface(1, surface)
        outcome = rule.clear(both, unsolved="report")
        assert outcome.converged.all()
        assert not outcome.traded.any()


def test_derivatives_that_vanish_at_the_pair_are_right():
    def flat_at_half(price, quantity, market):
        own, slopes = quantity[:, 0] - 0.5, np.zeros_like(quantity)
        slopes[:, 0] = 3 * own**2
        return own**3, np.zeros_like(price), slopes

    flat = [Hyperplane(np.eye(3)[i], 1.0, 0.0) for i in (1, 2)]
    bids = SurfaceBids([CallableSurface(3, flat_at_half), *flat])
    assert not SigmaDCDA().clear(bids, unsolved="report").traded.any()


def writes(price, quantity, market):
    price -= 1
    return price + quantity[:, 0], np.ones_like(price), np.eye(3)[np.zeros_like(market)]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (writes, "ValueError: output array is read-only"),
        (lambda price, quantity, market: 1 / 0, "ZeroDivisionError"),
        (lambda price, quantity: price, "TypeError"),
        (lambda price, quantity, market: (price, price), "got 2 values"),
    ],
)
def test_functions_that_fail_are_named_by_their_trader(function, message):
    flat = [Hyperplane(np.eye(3)[i], 1.0, 0.0) for i in (1, 2)]
    with pytest.raises(InvalidInputError, match=f"surface of trader 0: .*{message}"):
        SigmaDCDA().clear(SurfaceBids([CallableSurface(3, function), *flat]))


def test_what_surfaces_cannot_do_is_refused_in_a_sentence():
    economy, rule = saturating(4), SigmaDCDA(SIGMA)
    bids = rule.honest_bids(economy, normal_types(2, 4))
    for ask in (
        bids.as_array,
        lambda: bids.of_trader(0),
        lambda: rule.menu(bids, 0),
        lambda: rule.clear_deviations(bids, 0, np.zeros((2, 1, 6))),
        lambda: market(rule, economy).gains(normal_types(2, 4), np.zeros((2, 6))),
        lambda: audit(rule, economy, learner="ppo"),
    ):
        with pytest.raises(
            RefusedError, match=r"are surfaces, which no array .*surface_best_response"
        ):
            ask()
    with pytest.raises(RefusedError, match="INF"):
        rule.honest_bids(saturating(4, type_low=-1.0, type_high=1.0), normal_types(2, 4))
    with pytest.raises(RefusedError, match="public statistics"):
        SigmaDCDA(SIGMA, np.ones((1, 4))).clear(bids)
    with pytest.raises(RefusedError, match="INJ"):
        rule.clear(rule.honest_bids(saturating(4, alpha=0.0), normal_types(2, 4)))
    with pytest.raises(InvalidInputError, match="use exact_gain"):
        surface_gains(rule, fundamental_value(4), normal_types(1, 4), 0)


def test_hyperplanes_of_linear_bids():
    bids = drawn_linear(3, 4)
    points = Points(np.ones(3), normal_types(3, 4), np.arange(3))
    tangent = bids.hyperplane(2).at(points)
    want = np.einsum("bj,bj->b", bids.quantity_weights[:, 2], points.quantity)
    np.testing.assert_allclose(tangent.value, want + bids.price_weights[:, 2] - bids.level[:, 2])
    assert isinstance(bids.hyperplane(2), Surface)


def test_a_market_in_which_nobody_trades_is_no_autarky():
    economy = saturating(4, beta=0.0)
    outcome = SigmaDCDA(SIGMA).clear(SigmaDCDA(SIGMA).honest_bids(economy, np.full((2, 4), 0.7)))
    assert outcome.traded.all()
    np.testing.assert_allclose(outcome.price, 0.7)
    np.testing.assert_allclose(outcome.transfer, 0.0, atol=1e-15)
    nothing = SigmaDCDA(SIGMA).clear(SigmaDCDA(SIGMA).honest_bids(economy, np.zeros((1, 4))))
    assert nothing.traded.all()
    assert not nothing.price.any()


def test_prices_and_quantities_of_very_different_sizes_tell_the_types():
    # At a price of rounding errors the marginal utilities are differences of larger numbers.
    inverse = InverseMap(varying_effects(4), 0.0)
    quantity = np.array([[0.4, -0.1, -0.5, 0.2]])
    behind = inverse.at(Points(np.full(1, -3e-16), quantity, np.zeros(1, dtype=int)))
    worth = varying_effects(4).marginal_utility(quantity, behind.types)
    assert np.abs(worth).max() < 1e-14


@pytest.mark.parametrize("other", [1j, "a"])
def test_a_surface_whose_numbers_are_not_real_is_refused(other):
    def bid(price, quantity, market):
        return np.array([other] * len(price)), np.ones_like(price), quantity

    flat = [Hyperplane(row, 1.0, 1.0) for row in np.eye(3)[:2]]
    with pytest.raises(InvalidInputError, match="must return real numbers, got F of dtype"):
        SigmaDCDA(0.2).clear(SurfaceBids([*flat, CallableSurface(3, bid)]))


def test_honest_surfaces_of_no_markets_are_refused():
    with pytest.raises(InvalidInputError, match="own_type must hold the type of one market"):
        SigmaDCDA(0.2).honest_bids(saturating(4), np.zeros((0, 4)))

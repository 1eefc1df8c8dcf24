"""What the explorer computes, beside what the library gives."""

import numpy as np
import pytest

import deviator
from deviator import economies
from deviator.errors import DeviatorError, InvalidInputError, RefusedError
from deviator.explorer import (
    Choice,
    answers,
    menu_view,
    names_of,
    settings_of_mechanism,
    sweep,
    traders_view,
)
from deviator.explorer.choice import drawn_types, fitting_economy, sigma_n_of, types_from_text
from deviator.explorer.names import Setting, settings_of_economy, stated, takes_traders
from deviator.explorer.sweep import has_exact_answers, states_along
from deviator.policies import exact_gain

TYPES = np.array([0.9, -0.4, 0.3, -1.1, 0.2, 0.5])


def chosen(mechanism="sigma-dcda", economy="two-groups", **settings):
    return Choice(mechanism, economy, {"n_traders": 6}, settings)


def by_hand(sigma):
    economy = economies.two_groups(6)
    return deviator.make("sigma-dcda", sigma=sigma), economy


@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.2])
def test_bids_clearing_budget_and_welfare_are_those_of_the_library(sigma):
    mechanism, economy = by_hand(sigma)
    bids = mechanism.honest_bids(economy, TYPES[None])
    outcome = mechanism.clear(bids)
    worth = economy.utility(outcome.quantity, TYPES[None])
    best = economy.utility(economy.efficient_allocation(TYPES[None]), TYPES[None]).sum()
    view = traders_view(chosen(sigma=sigma).market(), TYPES)
    assert [row.quantity for row in view.rows] == outcome.quantity[0].tolist()
    assert [row.transfer for row in view.rows] == outcome.transfer[0].tolist()
    assert {row.price for row in view.rows} == set(outcome.price.tolist())
    assert [row.utility for row in view.rows] == (worth - outcome.transfer)[0].tolist()
    assert view.budget == outcome.transfer.sum()
    assert (view.welfare, view.first_best) == (worth.sum(), best)
    assert max(row.gain for row in view.rows) < 1e-20
    assert view.gain_kind == "exact"
    # Two ways of the same bid: the numbers of the record stand in its equation.
    own = f"{bids.of_trader(0)[0, 0]:.4g} q0"
    assert view.rows[0].bid.startswith(own)
    assert view.rows[0].bid.endswith("p = 0.9")


def test_gains_are_the_exact_ones_where_deviating_pays():
    tested = chosen("uniform-conditional").market()
    view = traders_view(tested, TYPES)
    gains = exact_gain(tested.mechanism, tested.economy, TYPES[None])[0]
    assert [row.gain for row in view.rows] == gains.tolist()
    assert min(gains) > 1e-6


@pytest.mark.parametrize(
    ("mechanism", "economy", "settings"),
    [
        ("uniform-conditional", "two-groups", {}),
        ("uniform-double-auction", "private-values", {}),
        ("pay-as-bid", "private-values", {"floor": 0.2}),
        ("naive-walrasian", "private-values", {}),
        ("sigma-vcg", "private-values", {"sigma": 0.4}),
    ],
)
@pytest.mark.parametrize("trader", [0, 3])
def test_the_best_point_of_a_menu_is_reached_and_nothing_on_it_is_better(
    mechanism, economy, settings, trader
):
    tested = Choice(mechanism, economy, {"n_traders": 6}, settings, trader=trader).market()
    view = menu_view(tested, TYPES)
    gain = exact_gain(tested.mechanism, tested.economy, TYPES[None], trader=trader)[0]
    assert view.gain == pytest.approx(gain, abs=1e-15)
    assert view.payoff.max() <= view.best[1] + 1e-12
    assert view.best[1] == pytest.approx(view.honest[1] + view.gain)
    # What is said to be reached is reached: the bid for it is cleared.
    bids = tested.strategy.bids(TYPES[None])
    bid = tested.mechanism.menu_bid(bids, trader, np.array([view.best[0]]))
    assert tested.gains(TYPES[None], bid)[0] == pytest.approx(gain, abs=1e-12)
    honest = tested.honest_results(TYPES[None]).utility[0]
    assert view.honest[1] == pytest.approx(honest)


def test_where_a_rule_states_no_menu_the_best_bid_is_searched():
    tested = Choice("k-double-auction", "unit-demands", {"n_buyers": 2, "n_sellers": 2}).market()
    types = drawn_types(tested, 3)
    view = menu_view(tested, types)
    assert view.kind == "exact"
    assert not view.is_line
    tested = Choice("entry-fee-vcg", "private-values", {"n_traders": 3}, {"fee": 0.1}).market()
    view = menu_view(tested, np.array([1.0, 0.0, -1.0]))
    assert view.kind == "searched"
    assert len(view.quantity) == 0
    assert view.gain == pytest.approx(0.0, abs=1e-6)


def test_as_sigma_moves_each_point_is_the_library_s():
    values = [0.0, 0.425, 2.0]
    moved = sweep(chosen(), "sigma", values, TYPES)
    for place, sigma in enumerate(values):
        mechanism, economy = by_hand(sigma)
        outcome = mechanism.clear(mechanism.honest_bids(economy, TYPES[None]))
        assert moved.budget[place] == outcome.transfer.sum()
    assert moved.budget[0] < 0 <= moved.budget[1]
    assert (np.diff(moved.welfare) < 0).all()
    assert moved.welfare[0] == pytest.approx(1.0)
    states = states_along(chosen(), "sigma", values)
    assert states["budget_surplus"] == ("refuted", "confirmed", "confirmed")
    assert states["efficiency"] == ("confirmed", "refuted", "refuted")
    assert set(states["incentive_compatibility"]) == {"confirmed"}


def test_the_five_answers_are_those_of_an_audit():
    tested = chosen(sigma=0.425).market()
    assert has_exact_answers(tested)
    found = answers(tested)
    card = deviator.audit(tested.mechanism, tested.economy, held_out=1000)
    assert {name: each.state for name, each in found.items()} == {
        name: each.state for name, each in card.constraints.items()
    }
    assert sigma_n_of(tested) == pytest.approx(0.425)


def test_a_rule_that_can_be_gamed_is_refuted_along_the_sweep():
    """A villain: the first price of each unit is shaded, at every floor."""
    base = Choice("pay-as-bid", "private-values", {"n_traders": 4})
    states = states_along(base, "floor", [0.1, 0.4])
    assert states["incentive_compatibility"] == ("undetermined", "undetermined")
    gains = sweep(base, "floor", [0.1, 0.4], TYPES[:4]).gain
    assert (gains > 1e-3).all()


def test_a_value_that_the_rule_refuses_is_a_gap():
    moved = sweep(chosen(), "sigma", [-1.0, 0.5], TYPES)
    assert np.isnan(moved.budget[0])
    assert np.isfinite(moved.budget[1])


def test_names_come_with_the_files_plugins_first(tmp_path):
    file = tmp_path / "rules.py"
    file.write_text(
        "from deviator.mechanisms import UniformDoubleAuction as Base\n"
        "from deviator.mechanisms import Mechanism\n"
        "class Mine(Mechanism):\n"
        "    name = 'mine'\n"
    )
    names = names_of("mechanism", (str(file),))
    assert names[:2] == [f"{file}:mine", "sigma-dcda"]
    assert names_of("economy", (str(file),))[0] == "two-groups"


def test_settings_are_asked_for_as_they_are():
    sigma, statistics = settings_of_mechanism("sigma-dcda")
    assert (sigma.form, sigma.start, statistics.form) == ("number", 0.0, "text")
    weights, slope = settings_of_economy("linear-quadratic")[:2]
    assert weights.needed
    settings = stated([weights, slope], [weights.start, slope.start])
    assert Choice("sigma-dcda", "linear-quadratic", settings).market().economy.n_traders == 3
    assert not takes_traders("unit-demands")
    buyers = settings_of_economy("unit-demands")[0]
    assert stated([buyers], [3]) == {"n_buyers": 3}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: chosen(sigma=-0.1).market(), InvalidInputError, "sigma must be non-negative"),
        (lambda: chosen("sigma-dca").market(), DeviatorError, "sigma-dcda"),
        (
            lambda: chosen("naive-walrasian", "unit-demands").market(),
            DeviatorError,
            "n_buyers",
        ),
        (lambda: types_from_text("1, x", 2), InvalidInputError, "types must be numbers"),
        (lambda: types_from_text("1, 2", 3), InvalidInputError, "types must be 3 numbers"),
        (lambda: types_from_text("1, nan, 2", 3), InvalidInputError, "types"),
        (
            lambda: stated([Setting("beta", "text", "0.7")], ["[0.7,"]),
            InvalidInputError,
            "beta must be a YAML value",
        ),
        (
            lambda: menu_view(chosen(economy="saturating", sigma=0.3).market(), TYPES),
            RefusedError,
            "bids are surfaces",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_the_page_opens_with_a_market_in_which_somebody_can_bid():
    offered = ["two-groups", "private-values"]
    assert fitting_economy("uniform-conditional", offered) == "two-groups"
    assert fitting_economy("uniform-double-auction", offered) == "private-values"
    chosen("uniform-double-auction", "private-values").market()
    with pytest.raises(DeviatorError, match="private values only"):
        chosen("uniform-double-auction", "two-groups").market()


def test_a_rule_that_fits_nowhere_leaves_the_first_economy():
    assert fitting_economy("no-such-rule", ["two-groups", "private-values"]) == "two-groups"

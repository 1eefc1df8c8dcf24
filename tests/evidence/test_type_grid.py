"""Every misreport on a grid of types: equal to plain loops, and a planted gain is detected."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from villains.lotteries import SoundLottery

from deviator.economies import (
    fundamental_value,
    linear_quadratic,
    private_values,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.evidence import type_grid_regret
from deviator.mechanisms import (
    KDoubleAuction,
    Mechanism,
    NaiveWalrasian,
    Outcome,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import Policy, Revelation, exact_gain

MIXED = linear_quadratic(
    np.array([[1.0, 0.1, 0.2], [0.3, 1.2, 0.0], [0.0, 0.2, 0.9]]), [1.0, 2.0, 0.7], [0.3, 0.0, -0.2]
)
AXES = [[-1.0, 0.5, 0.0], [0.25, 1.0], [0.0, 2.0, -1.0, 0.75, 0.5]]


def plain_loops(mechanism, economy, axes, strategy=None):
    """Every misreport cleared afresh as a deviation of one trader, one market at a time."""
    policy = strategy or Revelation(mechanism, economy)
    gains = {}
    for profile in itertools.product(*axes):
        types = np.array([profile])
        bids = policy.bids(types)
        for trader, axis in enumerate(axes):
            bid = [policy.bids(with_report(types, trader, r)).of_trader(trader)[0] for r in axis]
            outcome = mechanism.clear_deviations(bids, trader, np.array([bid]))
            for place, report in enumerate(axis):
                units = np.zeros_like(types)
                units[0, trader] = outcome.quantity[0, place]
                worth = economy.utility(units, types)[0, trader]
                gains[profile, trader, report] = worth - outcome.transfer[0, place]
    return {
        (profile, trader, report): value - gains[profile, trader, profile[trader]]
        for (profile, trader, report), value in gains.items()
        if report != profile[trader]
    }


def with_report(types, trader, report):
    changed = types.copy()
    changed[:, trader] = report
    return changed


RULES = [
    NaiveWalrasian(MIXED),
    SigmaVCG(MIXED, 0.3),
    SigmaDCDA(0.3),
    UniformConditional(),
    NaiveWalrasian(replace(MIXED, type_low=np.full(3, -1.0), type_high=np.full(3, 2.0))),
]


@pytest.mark.parametrize("mechanism", RULES, ids=lambda rule: rule.name)
def test_the_grid_equals_plain_loops(mechanism):
    """Types of traders differ in number and order; reports and conditional bids alike."""
    gains = plain_loops(mechanism, MIXED, AXES)
    result = type_grid_regret(mechanism, MIXED, AXES)
    assert result.gain == pytest.approx(max(gains.values()), rel=1e-9, abs=1e-13)
    assert result.misreports == len(gains)
    assert result.profiles == 30
    witness = gains[tuple(result.types), result.trader, result.misreport]
    assert witness == pytest.approx(result.gain, rel=1e-9, abs=1e-13)
    for trader in range(3):
        own = max(gain for (_, who, _), gain in gains.items() if who == trader)
        assert result.largest[trader] == pytest.approx(own, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("mechanism", "economy"),
    [
        (UniformDoubleAuction(), private_values(3, alpha=1.0, slope=2.0)),
        (KDoubleAuction(buyers=2), unit_demands(2, 1)),
    ],
    ids=lambda case: case.name,
)
def test_schedules_and_single_units_equal_plain_loops(mechanism, economy):
    axes = [[0.0, 0.3, 1.0]] * 3
    gains = plain_loops(mechanism, economy, axes)
    result = type_grid_regret(mechanism, economy, axes[0])
    assert result.gain == pytest.approx(max(gains.values()), rel=1e-9, abs=1e-13)


def test_smooth_economies_are_measured_at_true_types():
    """Utilities, not a closed form: the designer knows the wrong economy, values saturate."""
    economy, mechanism = saturating(3), NaiveWalrasian(fundamental_value(3))
    axes = [[-0.2, 0.0, 0.3]] * 3
    gains = plain_loops(mechanism, economy, axes)
    result = type_grid_regret(mechanism, economy, axes[0])
    assert result.gain == pytest.approx(max(gains.values()), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.integers(-8, 8), min_size=1, max_size=4, unique=True), min_size=3, max_size=3
    ).filter(lambda axes: max(map(len, axes)) > 1),
    st.sampled_from([NaiveWalrasian(MIXED), SigmaDCDA(0.0)]),
)
def test_any_grid_equals_plain_loops(grid, mechanism):
    axes = [[0.25 * value for value in axis] for axis in grid]
    gains = plain_loops(mechanism, MIXED, axes)
    result = type_grid_regret(mechanism, MIXED, axes)
    assert result.gain == pytest.approx(max(gains.values()), rel=1e-9, abs=1e-12)
    assert np.isneginf(result.largest).tolist() == [len(axis) == 1 for axis in axes]


def test_pieces_do_not_matter():
    whole = type_grid_regret(NaiveWalrasian(MIXED), MIXED, AXES)
    cut = type_grid_regret(NaiveWalrasian(MIXED), MIXED, AXES, piece=7)
    assert cut.gain == pytest.approx(whole.gain, rel=1e-12)
    np.testing.assert_allclose(cut.largest, whole.largest, rtol=1e-12)
    assert (cut.trader, cut.misreport) == (whole.trader, whole.misreport)


def test_a_grid_with_the_best_report_on_it_attains_the_exact_gain():
    """Footnote 28: the best report is (N s_i + m) / (N + 1), relative gain 1 / (N^2 - 1)."""
    economy = private_values(3, alpha=1.0, slope=2.0)
    mechanism = NaiveWalrasian(economy)
    result = type_grid_regret(mechanism, economy, [0.0, 0.75, 1.0])
    assert result.misreport == pytest.approx(0.75)
    types = result.types[None]
    exact = exact_gain(mechanism, economy, types)[0, result.trader]
    assert result.epsilon == pytest.approx(exact, rel=1e-12)
    outcome = mechanism.clear(Revelation(mechanism, economy).bids(types))
    honest = (economy.utility(outcome.quantity, types) - outcome.transfer)[0, result.trader]
    assert result.epsilon == pytest.approx(honest / 8, rel=1e-12)


@pytest.mark.parametrize(
    "economy", [MIXED, two_groups(4), fundamental_value(5)], ids=lambda e: e.name
)
def test_the_paper_s_rules_hold_and_their_controls_do_not(economy):
    grid = np.linspace(-1, 1, 4)
    for rule in (SigmaDCDA(0.4), SigmaVCG(economy, 0.4)):
        result = type_grid_regret(rule, economy, grid)
        assert result.holds
        assert (result.epsilon <= result.tolerance).all()
        assert result.tolerance.max() < 1e-7
    for rule in (UniformConditional(), NaiveWalrasian(economy)):
        result = type_grid_regret(rule, economy, grid)
        assert not result.holds
        assert result.epsilon == result.gain > 1e-3


# Villains


class Bribes(type(SigmaDCDA())):
    """Pays one trader a coin for one bid at one profile."""

    def clear(self, bids):
        outcome = super().clear(bids)
        transfer = outcome.transfer.copy()
        transfer[(np.abs(bids.level - BRIBED) < 1e-12).all(axis=1), 1] -= 0.5
        return replace(outcome, transfer=transfer)


ECONOMY = linear_quadratic(np.diag([1.0, 1.2, 0.9]), [1.0, 2.0, 0.7])
BRIBED = np.array([0.5, 1.0, 0.75])


def test_a_gain_planted_at_one_profile_is_detected_with_its_witness():
    axes = [[-1.0, 0.5, 0.0], [0.25, 1.0], [0.0, 2.0, 0.75]]
    assert type_grid_regret(SigmaDCDA(0.3), ECONOMY, axes).holds
    result = type_grid_regret(Bribes(0.3), ECONOMY, axes)
    assert not result.holds
    assert result.trader == 1
    assert result.misreport == 1.0
    np.testing.assert_array_equal(result.types, [0.5, 0.25, 0.75])
    assert not type_grid_regret(Bribes(0.3), ECONOMY, axes, tolerance=result.gain / 2).holds
    assert type_grid_regret(Bribes(0.3), ECONOMY, axes, tolerance=result.gain).holds


def test_a_strategy_that_is_not_honest_is_measured_as_it_bids():
    class Shades(Policy):
        name, n_traders = "shades", 3

        def bids(self, view, rng=None):
            return Revelation(SigmaDCDA(0.3), MIXED).bids(0.5 * np.asarray(view))

    gains = plain_loops(SigmaDCDA(0.3), MIXED, AXES, Shades())
    result = type_grid_regret(SigmaDCDA(0.3), MIXED, AXES, strategy=Shades())
    assert result.gain == pytest.approx(max(gains.values()), rel=1e-9)
    assert not result.holds


class Stub(Mechanism):
    """Clears reports as its settings say."""

    name = "stub"
    language = NaiveWalrasian(MIXED).language

    def __init__(self, change):
        self.change = change

    def clear(self, bids):
        return self.change(NaiveWalrasian(MIXED).clear(bids))


STUBS = {
    "nan": lambda outcome: replace(outcome, transfer=outcome.transfer * np.nan),
    "shape": lambda outcome: Outcome(outcome.price, outcome.quantity, outcome.transfer[:, :2]),
    "stuck": lambda outcome: replace(outcome, converged=np.zeros(len(outcome.price), bool)),
}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((SigmaDCDA(), MIXED, []), InvalidInputError, "grid must hold a type of every trader"),
        (
            (SigmaDCDA(), MIXED, [[0.0, 1.0]] * 2),
            InvalidInputError,
            "grid must have types for 3 traders, got 2",
        ),
        ((SigmaDCDA(), MIXED, [0.0]), InvalidInputError, "grid must have a second type"),
        (
            (SigmaDCDA(), MIXED, [0.0, 1.0, 0.0]),
            InvalidInputError,
            "grid must name each type of a trader once",
        ),
        ((SigmaDCDA(), MIXED, [0.0, np.inf]), InvalidInputError, "grid must be finite"),
        (
            (SigmaDCDA(), MIXED, ["low", "high"]),
            InvalidInputError,
            "grid must be an array of numbers",
        ),
        ((SigmaDCDA(), MIXED, 3.0), InvalidInputError, "grid must have shape"),
        ((SigmaDCDA(), MIXED, np.zeros((3, 2, 2))), InvalidInputError, "grid must have shape"),
        ((SigmaDCDA(), MIXED, None), InvalidInputError, "grid must"),
        (
            (SigmaDCDA(), fundamental_value(12), np.arange(40.0)),
            RefusedError,
            "needs .* GiB of memory",
        ),
        ((Stub(STUBS["nan"]), MIXED, [0.0, 1.0]), InvalidInputError, "stub must have finite"),
        ((Stub(STUBS["shape"]), MIXED, [0.0, 1.0]), InvalidInputError, "stub must return"),
        ((Stub(STUBS["stuck"]), MIXED, [0.0, 1.0]), NotConvergedError, "stub must solve"),
        (
            (SoundLottery(), private_values(3), [0.0, 1.0]),
            RefusedError,
            "a grid of types must be of a rule without lots",
        ),
    ],
    ids=[
        "none",
        "traders",
        "single",
        "twice",
        "infinite",
        "words",
        "number",
        "cube",
        "missing",
        "large",
        "nan",
        "shape",
        "stuck",
        "lottery",
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        type_grid_regret(*arguments)
    assert not re.search(r"\n|array\(", str(caught.value))


def test_a_small_traders_gain_is_not_hidden_by_anothers_large_payments():
    """A tolerance for all, 1e-9 of the largest payment, would be 1000 and take .3 for nothing."""

    class Fines(Bribes):
        def clear(self, bids):
            outcome = super().clear(bids)
            return replace(outcome, transfer=outcome.transfer + np.array([1e12, 0.0, 0.0]))

    axes = [[-1.0, 0.5, 0.0], [0.25, 1.0], [0.0, 2.0, 0.75]]
    result = type_grid_regret(Fines(0.3), ECONOMY, axes)
    assert 0 < result.largest[1] < 1e-9 * 1e12
    assert not result.holds
    assert result.tolerance[1] < result.largest[1]


def test_a_tolerance_must_be_a_number():
    for tolerance in (-1.0, np.nan, "small"):
        with pytest.raises(InvalidInputError, match="tolerance must be"):
            type_grid_regret(SigmaDCDA(), MIXED, [0.0, 1.0], tolerance=tolerance)

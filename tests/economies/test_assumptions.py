"""The paper's assumptions: an economy just inside and one just outside each of them."""

import itertools
import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from helpers.market_strategies import economies, floats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import (
    Economy,
    LinearQuadratic,
    assumption_table,
    check_assumptions,
    factored,
    fundamental_value,
    linear_quadratic,
    private_values,
    saturating,
    sigma_n,
    tight,
    two_groups,
)
from deviator.economies.assumptions import how_checked

KEYS = [
    "A1",
    "A2",
    "A3",
    "A4N",
    "INF",
    "INJ",
    "FUN",
    "Lemma 4 (i)",
    "Lemma 4 (ii)",
    "monotone",
    "sigma_N",
    "unique",
]


def bounded(economy, low=-1.0, high=1.0):
    n = economy.n_traders
    return replace(economy, type_low=np.full(n, low), type_high=np.full(n, high))


def half_bounded(economy):
    return replace(economy, type_low=np.zeros(economy.n_traders))


def with_row(row):
    weights = np.eye(3)
    weights[0] = row
    return linear_quadratic(weights, 1.0)


def with_own_effect(own):
    weights = np.eye(3)
    weights[1, 1] = own
    return linear_quadratic(weights, 1.0)


# N = 4, equal slopes: A4^N reads phi < (N - 2) / (2 (N - 1)) m_o = 1/3.
@pytest.mark.parametrize(
    ("name", "inside", "outside", "witness"),
    [
        ("A1", bounded(two_groups(4)), two_groups(4), "trader 0 is unbounded"),
        ("A1", bounded(two_groups(4)), half_bounded(two_groups(4)), "INF and A1 exclude"),
        ("A3", with_own_effect(1e-9), with_own_effect(0.0), "is 0, of trader 1"),
        ("A4N", tight(4, 1.0, 0.333), tight(4, 1.0, 0.334), "phi_N is 0.334, the bound is 0.333333"),
        ("A4N", with_row([1.0, 1e-9, 0.0]), with_row([1.0, -1e-9, 0.0]), "of trader 1 on trader 0 is -1e-09"),
        ("INF", two_groups(4), half_bounded(two_groups(4)), r"trader 0 is in \[0, inf\]"),
        ("INJ", tight(4, 1.0, 0.999), tight(4, 1.0, 1.0), "det W is 0"),
        ("INJ", tight(4, 1.0, 0.999), tight(4, 1.0, 1.0 - 1e-16), "singular|is 0"),
        ("INJ", tight(4, 1.0, 0.999), tight(4, 1.0, 1.001), "det W is -"),
        ("FUN", with_row([1.0, 0.6, 0.39]), with_row([1.0, 0.6, 0.4]), "of trader 0"),
        ("Lemma 4 (i)", tight(4, 0.8, 0.099), tight(4, 0.8, 0.101), "is -0.008, of trader 0 on trader 1"),
        ("Lemma 4 (ii)", two_groups(4, [1.0, 1.2], [0.7, 0.5]), two_groups(4, [1.0, 1.2], 0.7), "traders 0 and 2"),
        ("monotone", tight(4, 1.0, 0.999), tight(4, 1.0, 1.001), "dq_i/ds_i"),
        ("sigma_N", tight(4, 1.0, 0.333), tight(4, 1.0, 0.334), "phi_N = 0.334"),
        ("unique", tight(4, 1.0, 0.333), tight(4, 1.0, 0.334), "spectral radius is 1.002"),
    ],
)  # fmt: skip
def test_just_inside_and_just_outside(name, inside, outside, witness):
    assert check_assumptions(inside)[name].holds
    result = check_assumptions(outside)[name]
    assert result.holds is False
    assert re.search(witness, result.witness), result.witness


def test_a4n_depends_on_the_ratio_of_slopes():
    weights = tight(4, 1.0, 0.3).weights
    for ratio, holds in ((0.301, True), (0.299, False)):
        checks = check_assumptions(linear_quadratic(weights, [1.0, ratio, 1.0, 1.0]))
        assert checks["A4N"].holds == holds


@given(economies())
def test_economies_inside_a4n_have_what_the_paper_concludes_from_it(economy):
    checks = check_assumptions(economy)
    for name in ("A2", "A3", "A4N", "INF", "monotone", "sigma_N"):
        assert checks[name].holds, checks[name]
    assert f"{sigma_n(economy):.6g}" in checks["sigma_N"].witness
    assert not checks["A1"].holds


@given(st.data())
def test_the_bound_of_a1_is_the_largest_trade_over_all_corners(data):
    economy = data.draw(economies().filter(lambda economy: economy.n_traders <= 5))
    n = economy.n_traders
    low = data.draw(arrays(float, n, elements=floats(-2.0, 0.0)))
    high = low + data.draw(arrays(float, n, elements=floats(0.1, 2.0)))
    result = check_assumptions(replace(economy, type_low=low, type_high=high))["A1"]
    corners = np.array(list(itertools.product(*np.stack([low, high], axis=1))))
    largest = np.abs(economy.efficient_allocation(corners)).max()
    assert result.holds
    assert f"largest |q_i^0| is {largest:.6g}," in result.witness


def test_a1_holds_where_unbounded_types_move_nothing():
    """A type with the same effect on all moves the price alone."""
    weights = np.eye(4)
    weights[:, 3] = 0.4
    low, high = np.array([-1.0, -1.0, -1.0, -np.inf]), np.array([1.0, 1.0, 1.0, np.inf])
    economy = LinearQuadratic(weights, np.ones(4), np.zeros(4), type_low=low, type_high=high)
    assert check_assumptions(economy)["A1"].holds
    weights[0, 3] = 0.5
    assert not check_assumptions(replace(economy, weights=weights))["A1"].holds


@settings(max_examples=30)
@given(st.data())
def test_factored_and_dense_economies_agree(data):
    n, g = data.draw(st.integers(3, 9)), data.draw(st.integers(1, 3))
    economy = factored(
        data.draw(arrays(float, n, elements=floats(0.1, 1.5))),
        data.draw(arrays(float, (n, g), elements=floats(-0.3, 0.5))),
        data.draw(arrays(float, (g, n), elements=floats(-0.2, 1.0))),
        data.draw(arrays(float, n, elements=floats(0.7, 1.8))),
    )
    dense = LinearQuadratic(economy.weights, economy.slope, economy.intercept)
    for members in ((economy, dense), (bounded(economy), bounded(dense))):
        got, want = (check_assumptions(member) for member in members)
        assert list(got) == list(want) == KEYS
        assert {k: r.holds for k, r in got.items()} == {k: r.holds for k, r in want.items()}


@pytest.mark.parametrize("zeros", [[], [1], [0, 4], [0, 2, 4]])
def test_determinant_of_a_factored_economy(zeros):
    """Also with own effects of 0, of which G may be many and more make W singular."""
    rng = np.random.default_rng(len(zeros))
    own = rng.uniform(-1.5, 1.5, 6)
    own[zeros] = 0.0
    economy = factored(own, rng.normal(size=(6, 2)), rng.normal(size=(2, 6)), 1.0)
    sign, logarithm = economy.log_determinant()
    assert sign * np.exp(logarithm) == pytest.approx(np.linalg.det(economy.weights), abs=1e-12)
    injective = check_assumptions(economy)["INJ"].holds
    assert injective == (np.linalg.det(economy.weights) > 1e-9)
    functions = check_assumptions(economy)["FUN"]
    assert (functions.holds is None) == bool(zeros)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("n", [401, 600])
def test_uniqueness_in_large_economies(n, sign):
    """The power iteration's bounds decide as Example 1's formula does; signs do not matter."""
    alpha = 1.0
    critical = n * alpha / (n - 2)
    for beta, unique in ((0.99 * critical, True), (1.01 * critical, False)):
        loadings = np.full((n, 1), beta / n)
        loadings[0] *= sign
        economy = factored(np.full(n, alpha), loadings, np.ones((1, n)), 1.0)
        result = check_assumptions(economy)["unique"]
        assert result.holds == unique, result
        eigenvalue = (n - 1) * beta / (n * alpha + beta)
        interval = re.search(r"between (\S+) and (\S+),", result.witness)
        low, high = float(interval[1]), float(interval[2])
        if sign > 0:
            assert low <= eigenvalue * (1 + 1e-5)
            assert high >= eigenvalue * (1 - 1e-5)


def test_uniqueness_of_private_values_in_large_economies():
    assert check_assumptions(private_values(500))["unique"].holds


def test_ten_thousand_traders_need_no_square_array():
    n, rng = 10_000, np.random.default_rng(0)
    economy = factored(
        rng.uniform(0.8, 1.5, n),
        rng.uniform(0.1, 0.9, (n, 2)),
        rng.uniform(0.5, 1.0, (2, n)) / n,
        rng.uniform(0.7, 1.8, n),
    )
    tracemalloc.start()
    checks = check_assumptions(bounded(economy))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n * n * 8 / 4
    assert [name for name in KEYS if not checks[name].holds] == [
        "INF",
        "Lemma 4 (i)",
        "Lemma 4 (ii)",
    ]


def test_the_table_has_a_row_for_every_assumption():
    rows = assumption_table(fundamental_value(4))
    assert [row.name for row in rows] == [key.replace("A4N", "A4^N") for key in KEYS]
    for row in rows:
        assert row.statement
        assert row.witness
        assert "\n" not in row.statement + row.witness


class Bent(Economy):
    """Marginal utilities s_i + beta mean(s) - q_i - bend q_i^3: not linear."""

    name = "bent"

    def __init__(self, beta=0.3, bend=0.1, half_width=np.inf):
        self.n_traders, self.beta, self.bend, self.half_width = 4, beta, bend, half_width

    @property
    def type_set(self):
        return np.full(4, -self.half_width), np.full(4, self.half_width)

    def _value(self, types):
        return types + self.beta * types.mean(axis=1, keepdims=True)

    def utility(self, quantity, types):
        return self._value(types) * quantity - quantity**2 / 2 - self.bend * quantity**4 / 4

    def marginal_utility(self, quantity, types):
        return self._value(types) - quantity - self.bend * quantity**3

    def type_effects(self, quantity, types):
        return np.broadcast_to(np.eye(4) + self.beta / 4, (*quantity.shape, 4))

    def quantity_slopes(self, quantity, types):
        return -1 - 3 * self.bend * quantity**2


def test_other_economies_are_checked_at_sampled_profiles():
    checks = check_assumptions(Bent())
    assert list(checks) == KEYS
    for name in ("A2", "A3", "A4N", "INF", "INJ", "FUN", "Lemma 4 (ii)", "monotone", "sigma_N"):
        expected = (True, "holds") if name == "INF" else (None, "no violation found")
        assert (checks[name].holds, checks[name].verdict) == expected
    for name in ("A1", "unique"):
        assert (checks[name].holds, checks[name].verdict) == (None, "not checked")
    assert "sampled profiles" in checks["A4N"].witness
    assert "s = (" in checks["A2"].witness
    bounded = check_assumptions(Bent(half_width=1.0))
    assert bounded["A1"].verdict == "no violation found"
    assert bounded["INF"].verdict == "fails"


def test_a_table_says_how_it_was_checked():
    assert "exactly" in how_checked(private_values(4))
    assert "128 profiles" in how_checked(Bent())
    assert "seed 0" in how_checked(Bent())
    assert "bounds, for the others violations looked for" in how_checked(saturating(4))


def test_a_sample_has_no_sigma_n_outside_a4n():
    """(3.13) is positive where the range of slopes alone breaks A4^N."""
    result = check_assumptions(Bent(beta=0.3, bend=40.0))["sigma_N"]
    assert result.holds is False
    assert "the bound of A4^N" in result.witness


@pytest.mark.parametrize(
    ("economy", "name"),
    [
        (Bent(beta=3.0), "A4N"),
        (Bent(beta=3.0), "Lemma 4 (i)"),
        (Bent(beta=-0.1), "A4N"),
        (Bent(beta=-4.5), "INJ"),
        (Bent(beta=-4.5), "A3"),
        (Bent(beta=3.0), "sigma_N"),
    ],
)
def test_violations_are_detected_in_other_economies(economy, name):
    result = check_assumptions(economy)[name]
    assert (result.holds, result.verdict) == (False, "fails")


class Turning(Bent):
    """The villain of FUN: the second row of the inverse changes sign with the quantity."""

    def type_effects(self, quantity, types):
        effects = np.array(super().type_effects(quantity, types))
        effects[:, 1, 0] += 1 + quantity[:, 0]
        return effects


def test_row_sums_that_change_sign_break_fun():
    result = check_assumptions(Turning())["FUN"]
    assert result.holds is False
    assert "passes 0" in result.witness
    assert not check_assumptions(Turning())["Lemma 4 (ii)"].holds


class Flat(Bent):
    """The villain of A2: marginal utility is constant at large quantities."""

    def quantity_slopes(self, quantity, types):
        return np.where(np.abs(quantity) < 2.0, -1.0, 0.0)

    def efficient_allocation(self, types):
        return types - types.mean(axis=1, keepdims=True)


def test_what_cannot_be_checked_says_so():
    flat = check_assumptions(Flat())
    assert flat["A2"].holds is False
    assert "of trader" in flat["A2"].witness
    assert flat["monotone"].holds is None
    rows = assumption_table(Flat())
    assert [row.holds for row in rows if row.name == "sigma_N"] == [None]

"""Figures: what is drawn is what was found, and the same results are the same bytes."""

import warnings

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.study_page import synthetic_content, synthetic_row
from deviator.economies import assumption_bounds, private_values, sigma_n, two_groups, unit_demands
from deviator.economies.efficiency_frontiers import d_3, proposition_2_deficit
from deviator.errors import RefusedError, ResultsError
from deviator.evidence import market
from deviator.mechanisms import (
    KDoubleAuction,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.mutated import Mutated
from deviator.studies.figures.built_in_market import built_in_market
from deviator.studies.figures.frontiers import Placed, draw_frontiers
from deviator.studies.figures.heat_map import draw_heat_map, grids
from deviator.studies.figures.kinds import MENU_PANELS
from deviator.studies.figures.learning_curves import draw_learning_curves
from deviator.studies.figures.menus import draw_menu, traders_on_both_sides
from deviator.studies.figures.sheet import sheet
from deviator.studies.figures.style import figure_style
from deviator.studies.figures.witnesses import (
    draw_witness_bids,
    draw_witness_types,
    worst_witnesses,
)
from deviator.studies.figures.write import write_figures
from deviator.studies.outcomes import measured_outcomes
from deviator.studies.report.families import families
from deviator.studies.run.store import RunStore

TYPES = np.array([2.0, -1.0, 0.5, -0.7])


@pytest.fixture
def ax():
    return Figure().add_subplot()


def files_of(folder):
    return {file.name: file.read_bytes() for file in sorted((folder / "figures").iterdir())}


def test_same_results_same_bytes_whatever_matplotlib_is_set_to(tmp_path):
    content = synthetic_content(2)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    drawn = write_figures(RunStore(first), content)
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "lines.linewidth": 7}):
        write_figures(RunStore(second), content)
        assert mpl.rcParams["font.size"] == 20
    assert files_of(first) == files_of(second)
    names = {f"{figure.name}.{kind}" for figure in drawn for kind in ("svg", "pdf")}
    assert set(files_of(first)) == names
    assert {"learning-curves", "menus", "witnesses"} <= {figure.kind for figure in drawn}
    assert not any(
        b"2026" in data[:2000] or b"CreationDate" in data for data in files_of(first).values()
    )


def test_figures_of_an_earlier_report_go_and_other_files_stay(tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    for name in ("heat-maps.svg", "menus-3.pdf", "my-own.svg", "notes.txt"):
        (folder / name).write_text("")
    assert write_figures(RunStore(tmp_path), synthetic_content(0)) == []
    assert set(files_of(tmp_path)) == {"my-own.svg", "notes.txt"}


@pytest.mark.parametrize("rows", [[{}], [None], [synthetic_row(0) | {"curves": 3}]])
def test_what_is_no_report_is_refused_in_a_sentence(tmp_path, rows):
    with pytest.raises(ResultsError, match="must be one of a study to be drawn"):
        write_figures(RunStore(tmp_path), synthetic_content(0) | {"rows": rows})


@pytest.mark.slow
def test_many_rows_make_few_sheets_and_the_caption_says_so(tmp_path):
    rows = [
        synthetic_row(place) | {"learner": f"l{place}", "witness": None} for place in range(120)
    ]
    drawn = write_figures(RunStore(tmp_path), synthetic_content(0) | {"rows": rows})
    sheets = [figure for figure in drawn if figure.kind == "learning-curves"]
    assert [sheet.name for sheet in sheets] == [
        f"learning-curves-{number}" for number in (1, 2, 3, 4)
    ]
    assert "24 more panels are left out" in sheets[0].caption


def test_names_of_strangers_are_drawn_as_they_stand(tmp_path):
    name = r"$\frac{x}$ 价格 <b>" + "\x1b[31m"
    rows = [
        row | {"mechanism": name, "economy_label": name} for row in synthetic_content(6)["rows"]
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write_figures(RunStore(tmp_path), synthetic_content(0) | {"rows": rows})


def areas(ax):
    """Return the shaded areas of a menu, by label."""
    return {
        shape.get_label(): area_of(*shape.get_paths()[0].vertices.T) for shape in ax.collections
    }


def area_of(x, y):
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


@pytest.mark.parametrize("mechanism", [SigmaDCDA(0.4), SigmaDCDA(0.0), UniformConditional()])
@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_the_shaded_areas_of_a_menu_are_the_payment_and_the_tax(mechanism, side, ax):
    types = TYPES + 3.0
    tested = market(mechanism, two_groups(4, beta=0.4))
    trader = traders_on_both_sides(tested, types)[side == "seller"]
    outcome = mechanism.clear(tested.strategy.bids(types[None]))
    paid, units = float(outcome.transfer[0, trader]), float(outcome.quantity[0, trader])
    tax = mechanism.tax_slope * units**2 / 2
    assert draw_menu(ax, tested, trader, types) is ax
    found = areas(ax)
    assert found.pop("tax", 0.0) == pytest.approx(tax)
    ((label, payment),) = found.items()
    assert label.startswith("payment" if side == "buyer" else "proceeds")
    assert payment == pytest.approx(abs(paid - tax))


def line_named(ax, label):
    return next(line for line in ax.lines if str(line.get_label()).startswith(label))


def line_at(line, units):
    return float(np.interp(units, *line.get_data()))


@pytest.mark.parametrize(
    ("mechanism", "honest"), [(SigmaDCDA(0.4), True), (UniformConditional(), False)]
)
def test_cost_and_worth_cross_at_the_bid_where_honesty_is_best(mechanism, honest, ax):
    tested = market(mechanism, two_groups(4, beta=0.4))
    for trader in traders_on_both_sides(tested, TYPES):
        ax.clear()
        draw_menu(ax, tested, trader, TYPES)
        cost, bid = line_named(ax, "price of each unit"), line_named(ax, "honest bid")
        units, worth = (float(each[0]) for each in bid.get_data())
        assert (abs(line_at(cost, units) - worth) < 1e-9) == honest
        others = [line.get_label() for line in ax.lines if line.get_marker() == "D"]
        assert others == ([] if honest else ["best deviation"])


def test_cost_and_worth_cross_at_the_best_deviation(ax):
    tested = market(UniformConditional(), two_groups(4, beta=0.4))
    draw_menu(ax, tested, 0, TYPES)
    units, worth = (float(each[0]) for each in line_named(ax, "best deviation").get_data())
    assert line_at(line_named(ax, "price of each unit"), units) == pytest.approx(worth)


def test_menus_of_single_units_are_drawn_in_all(ax):
    tested = market(KDoubleAuction(), unit_demands(2, 2))
    types = np.array([0.9, 0.6, 0.3, 0.1])
    draw_menu(ax, tested, 0, types)
    assert ax.get_ylabel() == "payment; utility (dotted)"


def left_edge_of_menus(panels):
    """Return where the labels of a sheet of menus begin, in inches from its left edge."""
    tested = market(UniformDoubleAuction(), private_values(4, slope=2.0))
    with figure_style():
        figure = sheet([lambda ax: draw_menu(ax, tested, 0, TYPES)], panels)
        figure.axes[0].set_yticks([-0.25, 0.25])
        return figure.get_tightbbox().x0


def test_labels_of_menus_lie_on_the_sheet():
    assert left_edge_of_menus(MENU_PANELS) >= 0
    assert left_edge_of_menus(MENU_PANELS._replace(left=0.4)) < 0


def test_a_menu_without_a_trade_is_refused(ax):
    tested = market(UniformDoubleAuction(), private_values(4))
    with pytest.raises(RefusedError, match="trades nothing"):
        draw_menu(ax, tested, 0, np.zeros(4))


def test_the_menu_of_a_rule_that_states_none_is_that_of_the_outcomes_of_bids(ax):
    rule = UniformDoubleAuction()
    hidden = market(Mutated(rule, "short-delivery", 0.1), private_values(4))
    draw_menu(ax, hidden, 0, TYPES)
    quantity, payment = line_named(ax, "payment").get_data()
    stated = rule.menu(market(rule, private_values(4)).strategy.bids(TYPES[None]), 0)
    assert np.ptp(quantity) > 1.0
    # The fault delivers a tenth less than the trader pays for.
    paid = [float(stated.payment(np.array([each / 0.9]))[0]) for each in quantity]
    np.testing.assert_allclose(payment, paid, atol=1e-9)


@pytest.mark.parametrize("sigma", [0.0, 0.3, 2.0])
def test_sigma_vcg_stays_within_the_frontier_of_proposition_2(sigma, ax):
    economy = two_groups(6, beta=0.5)
    found = measured_outcomes(market(SigmaVCG(economy, sigma), economy), 300)
    largest = found["largest_trade"].value
    bounds = assumption_bounds(economy, largest)
    deficit = -6 * found["least_surplus"].value
    # Equal slopes: |q - q0| = sigma / (m + sigma) |q0| at every profile (Proposition 5).
    assert found["distance"].value == pytest.approx(sigma / (1.0 + sigma) * largest)
    assert found["distance"].value <= d_3(bounds) * sigma + 1e-12
    assert deficit <= proposition_2_deficit(bounds, sigma) + 1e-12
    draw_frontiers(ax, [Placed("sigma-vcg", found["distance"].value, deficit)], bounds)
    sufficient = next(line for line in ax.lines if "Proposition 2" in str(line.get_label()))
    end = d_3(bounds) * sigma_n(economy)
    assert line_at(sufficient, 0.5 * end) == pytest.approx(
        proposition_2_deficit(bounds, 0.5 * sigma_n(economy))
    )
    assert line_at(sufficient, end) == pytest.approx(0.0, abs=1e-9)


def test_heat_maps_hold_what_rows_say(ax):
    rows = [
        synthetic_row(0)
        | {"n_traders": n, "sigma": sigma, "best_gain": n + sigma, "economy_settings": {}}
        for n in (4, 8, 16)
        for sigma in (0.1, 0.2)
    ]
    (grid,) = grids(rows)
    assert (grid.across, grid.up) == ("N", "sigma")
    np.testing.assert_allclose(grid.values, [[4.1, 8.1, 16.1], [4.2, 8.2, 16.2]])
    draw_heat_map(ax, grid)
    assert [text.get_text() for text in ax.texts] == ["4.1", "8.1", "16", "4.2", "8.2", "16"]
    third = [row | {"steps": steps} for row in rows for steps in (1, 2)]
    assert grids(third) == []
    states = [row | {"best_gain": 0.0, "state": "confirmed", "share": None} for row in rows]
    (verdicts,) = grids(states)
    assert verdicts.title.endswith("verdict")


def test_families_are_told_apart_by_what_differs():
    rows = [
        synthetic_row(1)
        | {"n_traders": n, "sigma": sigma, "sigma_rule": rule, "economy_settings": {}}
        for n in (4, 8, 16)
        for sigma, rule in ((0.1, None), (1.0 / n, "sigma-n"))
    ]
    found = families(rows)
    assert [family.label for family in found] == [
        "sigma-dcda sigma=0.1",
        "sigma-dcda sigma=sigma-n",
    ]
    assert [[row["n_traders"] for row in family.rows] for family in found] == [[4, 8, 16]] * 2
    assert families(rows[:4]) == []
    zipped = [row | {"learner_settings": {"hidden": [row["n_traders"]]}} for row in rows[::2]]
    assert [family.label for family in families(zipped)] == ["sigma-dcda"]


def test_audits_of_several_sizes_are_one_family_whoever_has_most_to_gain():
    audits = [
        synthetic_row(1)
        | {"question": "audit", "n_traders": n, "trader": n - 3, "economy_settings": {}}
        for n in (4, 8, 16)
    ]
    assert [family.label for family in families(audits)] == ["sigma-dcda"]
    others = [row | {"question": "deviation"} for row in audits]
    assert families(others) == []


def test_what_coalitions_gain_is_told_apart_from_what_one_trader_gains():
    one = [synthetic_row(1) | {"n_traders": n, "economy_settings": {}} for n in (4, 8, 16)]
    two = [row | {"question": "coalition", "members": 2} for row in one]
    found = {family.label for family in families([*one, *two])}
    assert found == {"sigma-dcda", "sigma-dcda coalition"}


@pytest.mark.parametrize(
    "foreign",
    [
        {"mechanism": "rules.py:sigma-dcda"},
        {"mechanism": "my-auction"},
        {"n_traders": 10**6},
        {"economy_settings": {"family": "rules.py:two-groups"}},
        {"economy_settings": {"family": "two-groups", "parameters": {"n_traders": 10**6}}},
        {"strategy": "rules.py:honest"},
        {
            "plugins": [
                {"kind": "mechanism", "name": "sigma-dcda", "provider": "rules.py", "version": "1"}
            ]
        },
    ],
)
def test_markets_of_strangers_are_not_rebuilt_for_a_picture(foreign):
    assert built_in_market(synthetic_row(1)) is not None
    assert built_in_market(synthetic_row(1) | foreign) is None


def test_of_each_rule_the_worst_witness_is_drawn(ax):
    rows = [synthetic_row(place) for place in (0, 3, 6)]
    (worst,) = worst_witnesses([*rows, synthetic_row(1)])
    assert worst["witness"]["gain"] == max(row["witness"]["gain"] for row in rows)
    assert draw_witness_types(ax, worst["witness"]) is ax
    assert [bar.get_height() for bar in ax.patches] == worst["witness"]["types"]
    ax.clear()
    draw_witness_bids(ax, worst["witness"])
    honest, deviating = ax.lines
    assert list(honest.get_ydata()) == worst["witness"]["honest_bids"][0]
    assert list(deviating.get_ydata()) == worst["witness"]["bid"]


def test_learning_curves_are_those_of_the_row(ax):
    row = synthetic_row(0)
    draw_learning_curves(ax, row)
    *curves, _, best = ax.lines
    assert [list(map(list, zip(*line.get_data(), strict=True))) for line in curves] == row["curves"]
    assert set(best.get_ydata()) == {row["best_gain"]}

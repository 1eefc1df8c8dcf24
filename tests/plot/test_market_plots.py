"""Plots of markets: what is drawn is what clearing says, and bad input is refused."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

import deviator
from deviator import plot
from deviator.economies import (
    factored,
    multi_unit_demands,
    private_values,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.mechanisms import (
    KDoubleAuction,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
    VickreyMultiUnit,
)

TYPES = np.array([2.0, -1.0, 0.5, -0.7])
GROUPS = two_groups(4, beta=0.4)
FACTORED = factored([1.0] * 4, [[0.1], [0.2], [0.3], [0.4]], [[1.0, 1.0, 0.0, 0.0]], 1.0)
MARKETS = {
    "conditional": (SigmaDCDA(0.4), GROUPS),
    "uniform conditional": (UniformConditional(), GROUPS),
    "schedules": (UniformDoubleAuction(), private_values(4)),
    "pay as bid": (PayAsBid(), private_values(4)),
    "reports": (SigmaVCG(GROUPS, 0.4), GROUPS),
    "surfaces": (SigmaDCDA(0.4), saturating(4)),
    "statistics": (SigmaDCDA(0.4, [[1.0, 1.0, 0.0, 0.0]]), FACTORED),
}


def named(ax, label):
    return next(line for line in ax.lines if str(line.get_label()).startswith(label))


def at(line, units):
    x, y = (np.asarray(each, float) for each in line.get_data())
    order = np.argsort(x)
    return float(np.interp(units, x[order], y[order]))


@pytest.mark.parametrize("name", MARKETS)
def test_every_bid_passes_through_its_traders_quantity_and_the_price(name, ax):
    tested = market(*MARKETS[name])
    assert plot.bids(tested, TYPES, ax=ax) is ax
    outcome = tested.mechanism.clear(tested.strategy.bids(TYPES[None]))
    for trader, quantity in enumerate(outcome.quantity[0]):
        price = float(outcome.price_of(trader)[0])
        assert at(named(ax, f"trader {trader}"), quantity) == pytest.approx(price, abs=2e-3)


@pytest.mark.parametrize("name", MARKETS)
def test_residual_demand_passes_through_the_outcome_and_what_other_bids_lead_to(name, ax):
    tested = market(*MARKETS[name])
    assert plot.residual_demand(tested, 0, TYPES, ax=ax) is ax
    bids = tested.strategy.bids(TYPES[None])
    outcome = tested.mechanism.clear(bids)
    curve = named(ax, "residual demand")
    price = float(outcome.price_of(0)[0])
    assert at(curve, outcome.quantity[0, 0]) == pytest.approx(price, abs=2e-3)
    if name == "surfaces":
        return
    other = bids.of_trader(0)[:, None]
    other[..., tested.mechanism.language.level] -= 0.3
    deviated = tested.mechanism.clear_deviations(bids, 0, other)
    assert at(curve, deviated.quantity[0, 0]) == pytest.approx(deviated.price[0, 0], abs=2e-3)


def test_supply_and_demand_of_single_units_are_staircases_of_the_reports(ax):
    tested = market(KDoubleAuction(), unit_demands(2, 2))
    plot.bids(tested, [0.6, 0.9, 0.3, 0.1], ax=ax)
    steps = {shape.get_label(): list(shape.get_data().values) for shape in ax.patches}
    assert steps == {"demand": [0.9, 0.6], "supply": [0.1, 0.3]}
    tested = market(VickreyMultiUnit(), multi_unit_demands(4))
    plot.bids(tested, [0.9, 0.6, 0.3, 0.5], ax=Figure().add_subplot())


def test_a_trader_who_cannot_trade_is_refused(ax):
    tested = market(SigmaDCDA(0.4), saturating(4))
    with pytest.raises(RefusedError, match="trades nothing"):
        plot.menu(tested, 0, np.zeros(4), ax=ax)


@pytest.mark.parametrize("draw", [plot.menu, plot.residual_demand])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"market": "sigma-dcda"}, "market must be a Market"),
        ({"trader": 4}, "trader must be below n_traders = 4, got 4"),
        ({"types": [1.0, 2.0]}, r"types must have shape \(4\)"),
        ({"types": [1.0, 2.0, np.nan, 0.0]}, "types must be finite"),
        ({"ax": "here"}, "ax must be an Axes"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence(draw, change, message):
    given = {"market": market(*MARKETS["conditional"]), "trader": 0, "types": TYPES}
    with pytest.raises(InvalidInputError, match=message):
        draw(**(given | {"ax": Figure().add_subplot()} | change))


def test_traders_whose_bids_are_drawn_are_chosen(ax):
    tested = market(*MARKETS["conditional"])
    plot.bids(tested, TYPES, traders=[2], ax=ax)
    assert ax.get_legend_handles_labels()[1] == ["trader 2", "price"]
    for traders in ([], [4]):
        with pytest.raises(InvalidInputError, match=r"trader"):
            plot.bids(tested, TYPES, traders=traders, ax=ax)


def test_without_axes_a_figure_is_made_and_saved_the_same_each_time(tmp_path):
    tested = market(*MARKETS["conditional"])
    svg = []
    for name in ("a.svg", "b.svg"):
        drawn = plot.menu(tested, 0, TYPES)
        svg.append(plot.save(drawn, tmp_path / name).read_bytes())
        pyplot.close(drawn.get_figure())
    assert svg[0] == svg[1]
    assert b"<text" not in svg[0]  # letters are paths
    assert plot.save(drawn, tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert plot.save(drawn.get_figure(), tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InvalidInputError, match=r"must end with \.svg, \.pdf, \.png"):
        plot.save(drawn, tmp_path / "a.doc")
    with pytest.raises(InvalidInputError, match="must be Axes or a Figure"):
        plot.save("menu", tmp_path / "a.svg")


def test_drawing_on_own_axes_leaves_settings_and_other_figures_alone(ax):
    before = dict(pyplot.rcParams), pyplot.get_fignums()
    deviator.plot.menu(market(*MARKETS["conditional"]), 0, TYPES, legend=False, ax=ax)
    assert (dict(pyplot.rcParams), pyplot.get_fignums()) == before
    assert ax.get_legend() is None

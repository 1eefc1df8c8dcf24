"""Plots of reports: of one or several, run or read, and refusals that name the way out."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.report_content import content, row
from helpers.repository import DOCS

from deviator import plot
from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.studies import StudyReport
from deviator.studies.league import Run

CURVES = [[[0, -0.02], [100, 0.02], [200, 0.04]], [[0, -0.04], [200, 0.06]]]


def report_of(*rows, name="run"):
    return StudyReport(name, list(rows) or content()["rows"], {}, Path(name))


def market(n, gain, **changes):
    settings = {"family": "two-groups", "parameters": {"n_traders": n}}
    return row(
        n_traders=n, economy_settings=settings, best_gain=gain, stakes=1.0, key=str(n), **changes
    )


def named(ax, label):
    return next(line for line in ax.lines if str(line.get_label()).startswith(label))


def test_one_cell_has_a_line_for_each_seed_and_the_best_gain(ax):
    assert plot.learning_curves(report_of(row(curves=CURVES)), ax=ax) is ax
    *lines, _, best = ax.lines
    assert [list(map(list, zip(*line.get_data(), strict=True))) for line in lines] == CURVES
    assert set(best.get_ydata()) == {row()["best_gain"]}
    assert ax.get_xlabel() == "bids submitted in training"


def test_the_same_cell_of_several_runs_is_told_apart_by_their_names(ax):
    runs = {"ours": report_of(row(curves=CURVES)), "theirs": report_of(row(curves=CURVES[:1]))}
    plot.learning_curves(runs, ax=ax)
    assert ax.get_legend_handles_labels()[1] == ["ours", "theirs"]
    steps, mean = named(ax, "ours").get_data()
    assert list(steps) == [0, 100, 200]
    np.testing.assert_allclose(mean, [-0.03, 0.015, 0.05])
    folders = [report_of(row(curves=CURVES), name=f"runs/{name}") for name in ("a", "b")]
    ax.clear()
    plot.learning_curves(folders, ax=ax)
    assert ax.get_legend_handles_labels()[1] == ["a", "b"]


def test_cells_are_told_apart_by_the_parts_of_their_names_that_differ(ax):
    rows = [row(curves=CURVES), row(curves=CURVES, mechanism="pay-as-bid", key="b")]
    plot.learning_curves(report_of(*rows), ax=ax)
    assert ax.get_legend_handles_labels()[1] == ["uniform-conditional", "pay-as-bid"]
    ax.clear()
    plot.learning_curves(report_of(*rows), cells="pay-as-bid", ax=ax)
    assert len(ax.lines) == len(CURVES) + 2


def test_gains_are_shown_as_shares_or_per_any_unit(ax):
    rows = [row(curves=CURVES), row(curves=CURVES, mechanism="pay-as-bid", key="b", best_gain=0.1)]
    plot.learning_curves(report_of(*rows), share=True, ax=ax)
    assert named(ax, "pay-as-bid").get_ydata()[-1] == pytest.approx(0.05 / 0.1)
    ax.clear()
    plot.learning_curves(report_of(*rows), per=0.5, ax=ax)
    assert named(ax, "pay-as-bid").get_ydata()[-1] == pytest.approx(0.05 / 0.5)


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        ([], {}, InvalidInputError, "reports must be one or more"),
        (3, {}, InvalidInputError, "a report must be a StudyReport or the folder"),
        ([row()], {}, InvalidInputError, "a report must be a StudyReport or the folder"),
        ("nowhere", {}, ResultsError, "report.json is not there"),
        (report_of(), {"cells": ["no such"]}, InvalidInputError, "cells must name some"),
        (report_of(row(curves=[])), {}, RefusedError, "nothing was learned"),
        (report_of(row(best_gain=0.0)), {"share": True}, RefusedError, "the best gain is 0"),
        (report_of(), {"per": 0}, InvalidInputError, "per must be positive"),
        (report_of(*(row(key=str(n), sigma=n) for n in range(9))), {}, RefusedError, "8 cells"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(given, options, error, message, ax):
    with pytest.raises(error, match=message):
        plot.learning_curves(given, **options, ax=ax)


def test_positive_gains_are_fitted_and_others_are_joined(ax):
    falling = [market(n, 1.0 / n) for n in (4, 8, 16)]
    plot.gain_against_n(report_of(*falling), ax=ax)
    assert ax.get_yscale() == "log"
    assert "N^-1.00" in ax.get_legend_handles_labels()[1][0]
    ax.clear()
    none = [market(n, 0.0) for n in (4, 8, 16)]
    plot.gain_against_n({"a": report_of(*falling), "b": report_of(*none)}, ax=ax)
    assert ax.get_yscale() == "linear"
    assert list(named(ax, "a").get_ydata()) == [0.25, 0.125, 0.0625]
    assert list(named(ax, "b").get_ydata()) == [0.0, 0.0, 0.0]


def test_measures_against_n_need_sizes(ax):
    with pytest.raises(InvalidInputError, match="measure must be one of gain, share"):
        plot.gain_against_n(report_of(), measure="profit", ax=ax)
    with pytest.raises(RefusedError, match="needs markets at several sizes"):
        plot.gain_against_n(report_of(market(4, 0.1)), ax=ax)


def audited(mechanism, distance, surplus, n=4):
    outcomes = {"distance": distance, "largest_trade": 1.0, "least_surplus": surplus}
    measured = {name: {"value": value} for name, value in outcomes.items()}
    return market(n, 0.0, mechanism=mechanism, outcomes=measured, constraint=None)


def test_rules_stand_where_their_outcomes_put_them(ax):
    rows = [audited("naive-walrasian", 0.0, -0.1), audited("sigma-vcg", 0.3, 0.2)]
    plot.frontier(report_of(*rows), ax=ax)
    assert [float(each[0]) for each in named(ax, "sigma-vcg").get_data()] == [0.3, -0.8]
    two = report_of(*rows, audited("sigma-vcg", 0.1, 0.1, n=6))
    with pytest.raises(InvalidInputError, match=r"economy must name one of these: .*N=4; .*N=6"):
        plot.frontier(two, ax=ax)
    ax.clear()
    plot.frontier(two, economy="N=6", ax=ax)
    assert [float(each[0]) for each in named(ax, "sigma-vcg").get_data()] == pytest.approx(
        [0.1, -0.6]
    )
    with pytest.raises(RefusedError, match="needs measured outcomes"):
        plot.frontier(report_of(), ax=ax)


def run_of(learner, points, **changes):
    stated = {"market": "pay-as-bid", "n_traders": 4, "information": "profile", "seconds": 10.0}
    return Run(**(stated | changes), learner=learner, settings={}, seed=0, points=points)


def test_the_league_shows_the_best_so_far_of_each_learner(ax):
    runs = [
        run_of("ppo", ((1.0, 10, -0.5), (5.0, 50, 0.8))),
        run_of("ppo", ((1.0, 10, 0.2), (9.0, 50, 0.4)), n_traders=10),
        run_of("td3", ((2.0, 10, 0.9),)),
        run_of("td3", ((2.0, 10, 0.1),), seconds=5.0),
    ]
    assert plot.league(runs, ax=ax) is ax
    assert ax.get_legend_handles_labels()[1] == ["ppo", "td3 (1 of 2 markets)"]
    times, shares = named(ax, "ppo").get_data()
    assert shares[np.searchsorted(times, 2.0)] == pytest.approx(
        0.1
    )  # worse than honest counts as 0
    assert shares[-1] == pytest.approx(0.6)
    ax.clear()
    plot.league(runs, n_traders=10, ax=ax)
    assert ax.get_legend_handles_labels()[1] == ["ppo"]
    with pytest.raises(InvalidInputError, match="none of"):
        plot.league(runs, market="chess", ax=ax)


def test_the_league_of_the_documentation_is_drawn(ax):
    plot.league(DOCS / "league.jsonl", market="naive-walrasian", ax=ax)
    assert len(ax.get_legend_handles_labels()[1]) > 3


def test_folders_of_runs_are_read(tmp_path, ax):
    (tmp_path / "report.json").write_text(json.dumps(content()))
    plot.learning_curves(tmp_path, ax=ax)
    assert len(ax.lines) == 4


def test_a_league_is_drawn_from_runs_and_nothing_else():
    with pytest.raises(InvalidInputError, match="what read_runs gives, got a StudyReport"):
        plot.league(report_of())

"""Names of cells: stable, readable, no two the same."""

import pytest
from helpers.report_content import row

from deviator.studies.tables.cell_names import cell_names


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "uniform-conditional in two groups(alpha=1, n_traders=4), ppo"),
        ({"sigma": 0.4}, "uniform-conditional(sigma=0.4) in two groups(alpha=1, n_traders=4), ppo"),
        (
            {"trader": "big", "information": "own", "learner": "none", "strategy": "bold"},
            "uniform-conditional in two groups(alpha=1, n_traders=4), playing bold, trader big, "
            "seeing own",
        ),
        (
            {"question": "audit", "constraint": "efficiency", "learner": "none", "trader": 3},
            "uniform-conditional in two groups(alpha=1, n_traders=4), audit of efficiency",
        ),
        (
            {"question": "coalition", "members": 3, "transfers": False, "learner": "none"},
            "uniform-conditional in two groups(alpha=1, n_traders=4), coalition of 3 without "
            "transfers",
        ),
        (
            {"question": "coalition", "identities": 2, "learner": "none"},
            "uniform-conditional in two groups(alpha=1, n_traders=4), coalition under 2 names",
        ),
        (
            {
                "economy_settings": {
                    "parameters": {"weights": [[1.0] * 9] * 9},
                    "types": {"law": "uniform", "low": -1.0, "high": 1.0, "mean": 0.0},
                },
                "learner": "cma-es",
                "learner_settings": {"points": 4},
            },
            "uniform-conditional in two groups(types=uniform, types.low=-1, weights=#e01d70), "
            "cma-es(points=4)",
        ),
    ],
)
def test_names_tell_what_a_cell_was_made_of(changes, name):
    assert cell_names([row(**changes)]) == [name]


def test_names_change_neither_with_the_budget_nor_with_the_rest_of_the_study():
    economy = {"family": "two-groups", "parameters": {"alpha": 1, "n_traders": 4}}
    quick = row(steps=600, held_out=100, key="q", economy_settings=economy)
    other = row(mechanism="pay-as-bid", key="o")
    assert cell_names([row(), other])[0] == cell_names([quick])[0]


def test_cells_of_one_name_are_told_apart():
    rows = [row(key="a"), row(steps=9, key="b"), row(key="c"), row(key="d", sigma=0.1)]
    names = cell_names(rows)
    assert len(set(names)) == 4
    assert [name.rpartition(", ")[2] for name in names] == [
        "#a", "9 steps on 1000 profiles", "#c", "ppo",
    ]  # fmt: skip


def test_names_of_strangers_are_harmless_and_short():
    evil = row(mechanism="rule\x1b[31m\nred" * 100, key="e")
    name = cell_names([evil])[0]
    assert name.isprintable()
    assert len(name) < 500

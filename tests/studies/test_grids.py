"""Lists of study files: what multiplies out, what goes together, and what is built once."""

from functools import wraps

import pytest
from helpers.tiny_study import tiny

import deviator.economies.constructors as families
import deviator.plugins.registry as registry
from deviator.errors import InvalidInputError, RefusedError
from deviator.plain_yaml import read_yaml
from deviator.studies import StudySpec, confirm, read_study
from deviator.studies.run import usable_cells as trials
from deviator.studies.run.cell_result import run_cell

STUDY = """
name: grid
seeds: [0]
steps: 100
held_out: 100
learner: none
economies:
  groups: {family: two-groups, n_traders: 4, alpha: 1.0, beta: 0.7}
  private: {family: private-values, n_traders: 4}
  beliefs: {beliefs: fundamental-value, n_traders: 4, rho: 0.4, noise: 0.5}
cells:
  - {mechanism: uniform-double-auction, economy: private}
"""


def study(*cells, **changes):
    economies = changes.pop("economies", {})
    values = read_yaml(STUDY).values
    values["economies"] |= {name: read_yaml(text).values for name, text in economies.items()}
    return StudySpec.model_validate(
        values | changes | ({"cells": [read_yaml(cell).values for cell in cells]} if cells else {})
    )


RULE = "{mechanism: sigma-dcda, economy: groups, "


@pytest.mark.parametrize(
    ("stated", "found", "values"),
    [
        ("sigma: [0.1, sigma-n]", lambda cell: cell.market.sigma, [0.1, "sigma-n"]),
        ("parameters: {sigma: [0.1, 0.2]}", lambda cell: cell.market.parameters["sigma"], [0.1, 0.2]),
        ("trader: [0, 3]", lambda cell: cell.market.trader, [0, 3]),
        ("information: [own, profile]", lambda cell: cell.information, ["own", "profile"]),
        ("steps: [10, 20]", lambda cell: cell.steps, [10, 20]),
        ("held_out: [100, 200]", lambda cell: cell.held_out, [100, 200]),
        ("seeds: [0, 1]", lambda cell: cell.seeds, [(0, 1)]),
        ("seeds: [[0], [1, 2]]", lambda cell: cell.seeds, [(0,), (1, 2)]),
        ("seeds: {each: [[0], [1]]}", lambda cell: cell.seeds, [(0,), (1,)]),
        ("question: audit, constraint: [efficiency, budget_surplus]", lambda cell: cell.constraint,
         ["efficiency", "budget_surplus"]),
        ("question: coalition, members: [2, 3]", lambda cell: cell.members, [2, 3]),
        ("question: coalition, identities: [2, 3]", lambda cell: cell.identities, [2, 3]),
        ("learner: [none, ppo]", lambda cell: cell.learner.name, ["none", "ppo"]),
        ("learner: {name: ppo, settings: {learning_rate: [1e-3, 1e-4]}}",
         lambda cell: cell.learner.settings["learning_rate"], [1e-3, 1e-4]),
        ("learner: {name: ppo, settings: {hidden: [8, 8]}}",
         lambda cell: cell.learner.settings["hidden"], [[8, 8]]),
        ("learner: {name: ppo, settings: {hidden: {each: [[8], [16]]}}}",
         lambda cell: cell.learner.settings["hidden"], [[8], [16]]),
    ],
)  # fmt: skip
def test_a_list_multiplies_out_where_one_value_stands(stated, found, values):
    cells = study(RULE + stated + "}").expand()
    control = "uniform-conditional"
    assert [found(cell) for cell in cells if cell.market.mechanism != control] == values
    assert len({cell.key for cell in cells}) == len(cells)


@pytest.mark.parametrize(
    ("economy", "settings"),
    [
        ("{family: two-groups, n_traders: [4, 6], alpha: [1.0, 0.8], beta: 0.7}",
         [{"n_traders": 4, "alpha": [1.0, 0.8]}, {"n_traders": 6, "alpha": [1.0, 0.8]}]),
        ("{family: two-groups, n_traders: 4, alpha: {each: [1.0, [1.0, 0.8]]}, beta: 0.7}",
         [{"alpha": 1.0}, {"alpha": [1.0, 0.8]}]),
        ("{family: linear-quadratic, weights: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], slope: [1, 1, 2]}",
         [{"slope": [1, 1, 2]}]),
        ("{beliefs: fundamental-value, n_traders: [4, 6], rho: 0.4, noise: [0.5, 1.0]}",
         [{"n_traders": 4, "noise": 0.5}, {"n_traders": 4, "noise": 1.0},
          {"n_traders": 6, "noise": 0.5}, {"n_traders": 6, "noise": 1.0}]),
    ],
)  # fmt: skip
def test_a_list_is_one_value_where_the_parameter_takes_a_list(economy, settings):
    entry = "{mechanism: sigma-dcda, economy: mine, question: audit}"
    cells = study(entry, economies={"mine": economy}).expand()
    stated = [cell.market.economy.parameters for cell in cells]
    assert [
        {key: each[key] for key in one} for each, one in zip(stated, settings, strict=True)
    ] == (settings)


def test_laws_of_types_multiply_out():
    law = "{law: [normal, uniform], correlation: [0.0, 0.3], low: [-1, -1, -1, -1]}"
    economy = f"{{family: private-values, n_traders: 4, types: {law}}}"
    cells = study("{mechanism: pay-as-bid, economy: mine}", economies={"mine": economy}).expand()
    tested = [cell.market.economy.types for cell in cells if cell.market.mechanism == "pay-as-bid"]
    assert [(law.law, law.correlation) for law in tested] == [
        ("normal", 0.0), ("normal", 0.3), ("uniform", 0.0), ("uniform", 0.3),
    ]  # fmt: skip
    assert all(law.low == [-1.0] * 4 for law in tested)


def test_lists_of_zip_go_together():
    entry = """
mechanism: sigma-dcda
economy: groups
trader: [0, 1]
zip:
  sigma: [0.1, 0.2, 0.1]
  economy.n_traders: [4, 6, 8]
  learner.settings.learning_rate: [1e-3, 1e-4, 1e-4]
"""
    cells = study(entry, learner="ppo").expand()
    tested = [cell for cell in cells if cell.market.mechanism == "sigma-dcda"]
    assert [
        (cell.market.sigma, cell.market.economy.parameters["n_traders"], cell.market.trader)
        for cell in tested
    ] == [(0.1, 4, 0), (0.1, 4, 1), (0.2, 6, 0), (0.2, 6, 1), (0.1, 8, 0), (0.1, 8, 1)]
    assert [cell.learner.settings["learning_rate"] for cell in tested[::2]] == [1e-3, 1e-4, 1e-4]
    for cell in tested:
        (control,) = (other for other in cells if other.controls(cell))
        assert (control.is_control, control.learner) == (True, cell.learner)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("zip: {sigma: [0.1, 0.2], trader: [0]}", "must have one length, not 2 of sigma, 1 of trader"),
        ("sigma: 0.1, zip: {sigma: [0.1, 0.2]}", "sigma is stated beside zip; leave one of the two out"),
        ("zip: {sigmas: [0.1]}", "sigmas is no key that is known here"),
        ("zip: {sigma: [flat]}", "sigma must be a number or 'sigma-n' or 'sigma-budget', got 'flat'"),
        ("zip: {sigma: []}", r"zip\.sigma must be a list that is not empty"),
        ("zip: {economy.law.low: [1]}", "zip must name economy.PARAMETER"),
        ("zip: {trader.of: [1]}", r"must be a whole number or a text, got \{'of': 1\}"),
        ("sigma: [0.1, 0.1]", "what multiplies out must be stated once, 0.1 appears twice"),
        ("strategy: no-such", "no policy is named 'no-such'"),
        ("sigma: []", "sigma must be a list that is not empty"),
        ("parameters: {sigma: [0.1, 0.1]}", "0.1 appears twice"),
        ("parameters: {sigma: []}", r"sigma must be a value or a list that is not empty, got \[\]"),
        ("parameters: {sigma: {each: []}}", r"line 12: cells\[0\].parameters.sigma.each must be a list"),
        ("parameters: {sigma: .inf}", r"line 12: cells\[0\].parameters.sigma must be finite, got inf"),
        ("learner: {name: ppo, settings: {offset: .nan}}", r"settings.offset must be finite, got nan"),
        ("sigma: {each: [0.1], some: [0.2]}", r"sigma must be a number or 'sigma-n' or .*, got \{'each'"),
    ],
)  # fmt: skip
def test_lists_that_break_a_rule(tmp_path, stated, message):
    text = STUDY.partition("  - {mech")[0] + f"  - {RULE}{stated}}}\n"
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_study(tmp_path / "study.yaml").expand()
    assert "line 12" in str(caught.value)


@pytest.mark.parametrize(
    ("economy", "message"),
    [
        ("{family: private-values, n_traders: 4, alpha: .inf}", "alpha must be finite, got inf"),
        ("{family: private-values, n_traders: []}", "n_traders must be a value or a list"),
        ("{family: private-values, n_traders: 4, types: {mean: .inf}}", "types.mean must be finite"),
        ("{family: private-values, n_traders: 4, types: {correlation: []}}", "list that is not empty"),
        ("{beliefs: normal, value_mean: [0, .nan]}", r"value_mean\[1\] must be finite, got nan"),
    ],
)  # fmt: skip
def test_economies_that_break_a_rule(tmp_path, economy, message):
    text = STUDY.replace("{family: private-values, n_traders: 4}", economy)
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_study(tmp_path / "study.yaml").expand()
    assert "line 9" in str(caught.value)
    assert "economies.private" in str(caught.value)


def test_what_two_entries_share_is_one_cell_and_what_stands_twice_a_mistake():
    first = "{mechanism: pay-as-bid, economy: private, parameters: {floor: [0.1, 0.2]}}"
    second = "{mechanism: pay-as-bid, economy: private, parameters: {floor: [0.2, 0.3]}}"
    cells = study(first, second).expand()
    floors = [cell.market.parameters.get("floor") for cell in cells]
    assert floors == [0.1, 0.2, 0.3, None]
    with pytest.raises(InvalidInputError, match=r"appears twice, in cells\[0\] .* and cells\[1\]"):
        study(first, first).expand()


def test_a_control_in_another_economy_follows_what_multiplies_out():
    equilibrium = """
mechanism: uniform-double-auction
strategy: linear-bayes
economy: many
control: {mechanism: uniform-double-auction, economy: takers}
"""
    many = "{beliefs: fundamental-value, n_traders: [4, 6], rho: 0.4, noise: [0.5, 1.0]}"
    takers = "{family: private-values, n_traders: [4, 6, 8]}"
    cells = study(equilibrium, economies={"many": many, "takers": takers}).expand()
    assert len(cells) == 4 + 2
    for cell in cells[:4]:
        assert cell.control.economy.economy.n_traders == cell.market.economy.economy.n_traders
    twice = "{family: private-values, n_traders: 4, slope: [1.0, 2.0]}"
    with pytest.raises(InvalidInputError, match="2 of its 2 have the slope of the market"):
        study(equilibrium, economies={"many": many, "takers": twice}).expand()


def test_what_cells_share_is_built_once(monkeypatch):
    """Counted, not timed: each economy, and what is installed, as often as cells multiply."""
    calls = {"economy": 0, "installed": 0}
    sound, read = families.two_groups, registry.registered

    @wraps(sound)
    def counted(*args, **settings):
        calls["economy"] += 1
        return sound(*args, **settings)

    def read_and_counted(group):
        calls["installed"] += 1
        return read(group)

    monkeypatch.setattr(families, "two_groups", counted)
    monkeypatch.setattr(registry, "registered", read_and_counted)
    many = "{family: two-groups, n_traders: [4, 6], alpha: 1.0, beta: 0.7, slope: [1.0, 2.0]}"
    entry = "{mechanism: sigma-dcda, economy: mine, sigma: [0.1, 0.2, 0.3], trader: [0, 1, 2, 3]}"
    cells = study(entry, economies={"mine": many}).expand()
    assert len(cells) == 4 * 12 + 4 * 4
    assert calls["economy"] == 4
    assert calls["installed"] <= 5


def test_one_cell_of_each_kind_is_tried_and_none_that_is_finished(monkeypatch):
    tried = []
    monkeypatch.setattr(trials, "try_cell", tried.append)
    many = study(
        "{mechanism: pay-as-bid, economy: private, parameters: {floor: [0.1, 0.2, 0.3]}}",
        "{mechanism: sigma-dcda, economy: groups, sigma: [0.1, 0.2], information: [own, profile]}",
    )
    assert trials.usable_cells(many, False, 60.0).failures == {}
    kinds = [(cell.market.mechanism, cell.information) for cell in tried]
    assert kinds == [
        ("pay-as-bid", "profile"),
        ("sigma-dcda", "own"),
        ("sigma-dcda", "profile"),
        ("uniform-double-auction", "profile"),
        ("uniform-conditional", "own"),
        ("uniform-conditional", "profile"),
    ]
    tried.clear()
    trials.usable_cells(many, False, 60.0, lambda cell: cell.market.mechanism != "pay-as-bid")
    assert [cell.market.mechanism for cell in tried] == ["pay-as-bid"]


def test_profiles_beyond_memory_are_refused_before_anything_runs(tmp_path):
    with pytest.raises(
        RefusedError, match="held_out: 1000000000000 in a market of 4 traders needs"
    ):
        confirm(study(held_out=10**12), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_neither_order_nor_other_cells_change_what_a_cell_finds(tmp_path):
    """Everything random in a cell comes from its own seeds."""
    small = {"name": "evolution", "settings": {"markets": 64, "pairs": 2}}
    private, groups = (
        "{mechanism: pay-as-bid, economy: private}",
        "{mechanism: sigma-dcda, economy: groups}",
    )
    few = study(private, learner=small, steps=300)
    more = study(
        groups, private.replace("private}", "private, trader: [1, 0]}"), learner=small, steps=300
    )
    among = {cell.key: run_cell(cell, tmp_path / cell.key) for cell in reversed(more.expand())}
    for cell in few.expand():
        assert run_cell(cell, tmp_path / "alone" / cell.key) == among[cell.key]


def test_cells_that_travel_keep_their_keys_and_leave_what_is_built():
    import pickle

    cell = tiny().expand()[0]
    key = cell.key
    travelled = pickle.loads(pickle.dumps(cell))
    assert travelled == cell
    assert travelled.__dict__["key"] == key
    assert "economy" not in travelled.market.economy.__dict__
    assert cell.model_copy(update={"steps": 7}).key != key


def test_plugins_that_lists_name_together_are_expanded_elsewhere(tmp_path):
    """The villain looks for them beside those lists alone, and imports them here."""
    file, asked = tmp_path / "shy.py", []
    file.write_text(
        "from deviator.policies import Policy\n"
        "raise SystemExit('imported')\n"
        "class Shy(Policy):\n    name = 'shy'\n"
    )

    def elsewhere(place, plugins):
        asked.append((place, [plugin.name for plugin in plugins]))
        return []

    together = "{mechanism: sigma-dcda, economy: groups, zip: {strategy: [honest, shy]}}"
    named = study(together, plugins=(str(file),))
    assert named.expand_what_loads(elsewhere=elsewhere).cells == []
    assert asked == [(0, ["shy"])]


@pytest.mark.parametrize(
    "lists",
    [
        {"steps": list(range(1, 2000)), "held_out": list(range(100, 2000))},
        {
            "learner": {
                "name": "ppo",
                "settings": {
                    name: {"each": list(range(1, 101))} for name in ("points", "offset", "markets")
                },
            }
        },
    ],
)
def test_lists_that_multiply_out_without_end_are_refused(lists):
    entry = {"mechanism": "uniform-conditional", "economy": "groups"} | lists
    with pytest.raises(InvalidInputError, match="at most 200000 cells an entry"):
        tiny(learner="none", cells=[entry]).expand()

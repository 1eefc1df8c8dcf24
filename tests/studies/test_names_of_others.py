"""Built-ins keep their names, controls are ours, and files count where a study names them."""

import json
from pathlib import Path

import pytest

from deviator.errors import InvalidInputError, PluginLoadError
from deviator.plugins import make, meant_file, owned_name, qualified, shown_name
from deviator.studies import confirm, read_study
from deviator.studies.report.comparisons import comparisons
from deviator.studies.report.page import write_html
from deviator.studies.report.row import report_rows
from deviator.studies.report.table import explanations, table_cells
from deviator.studies.run.cell_result import run_cell
from deviator.studies.run.store import RunStore
from deviator.studies.spec.economy import EconomySpec

THEIRS = '''
import pathlib
from dataclasses import dataclass
from typing import ClassVar
from deviator.economies import LinearQuadratic, private_values
from deviator.mechanisms import SigmaDCDA, UniformConditional, UniformDoubleAuction

pathlib.Path(__file__).with_name("it_ran").write_text("code ran")

class Flat(UniformDoubleAuction):
    """Takes the name of a rule with an equilibrium."""

    name: ClassVar[str] = "sigma-dcda"

class Control(UniformConditional):
    """Takes the name of a standing control."""

    name: ClassVar[str] = "uniform-conditional"

class Mine(SigmaDCDA):
    """Has a name of its own."""

    name: ClassVar[str] = "mine"


def small_market(n_traders: int = 4) -> LinearQuadratic:
    """Values of somebody else's."""
    return private_values(n_traders)
'''

STUDY = """
name: names
PLUGINS
seeds: [0]
steps: 512
held_out: 200
learner: {name: ppo, settings: {markets: 64, batch_size: 64, points: 1}}
economies:
  groups: {family: two-groups, n_traders: 4, alpha: 1.0, beta: 0.7}
  small: {family: private-values, n_traders: 4}
cells:
  - {mechanism: RULE, sigma: SIGMA, economy: groups}
  - {mechanism: uniform-conditional, economy: groups}
"""


def study(folder, rule, sigma="0.5", plugins="plugins: [theirs.py]", cells=""):
    """Write a study and the file of a stranger beside it."""
    (folder / "theirs.py").write_text(THEIRS)
    text = STUDY.replace("RULE", rule).replace("SIGMA", sigma).replace("PLUGINS", plugins) + cells
    (folder / "study.yaml").write_text(text)
    return read_study(folder / "study.yaml")


def test_a_bare_name_is_the_built_in_and_the_control_is_ours(tmp_path):
    cells = study(tmp_path, "sigma-dcda").expand()
    assert [plugin for cell in cells for plugin in cell.third_party] == []
    assert cells[0].control.mechanism == "uniform-conditional"
    assert not (tmp_path / "it_ran").exists()
    cells = study(tmp_path, "mine").expand()
    assert cells[0].market.mechanism.endswith("theirs.py:mine")
    assert cells[0].control.mechanism == "uniform-conditional"
    assert cells[1].third_party == []


@pytest.mark.parametrize("plugins", ["", "plugins: [other.py]"])
@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ("theirs.py:sigma-dcda", ""),
        ("sigma-dcda", "  - {mechanism: sigma-dcda, economy: small, strategy: 'theirs.py:mine'}"),
        ("sigma-dcda", "  - {mechanism: mine, economy: small, learner: 'theirs.py:mine'}"),
    ],
)
def test_a_file_that_the_study_does_not_name_is_not_run(
    tmp_path, monkeypatch, plugins, rule, cells
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.py").write_text(THEIRS.replace("it_ran", "it_ran_too"))
    with pytest.raises(InvalidInputError, match=r"add theirs\.py to plugins: if you trust it"):
        study(tmp_path, rule, plugins=plugins, cells=cells).expand()
    with pytest.raises(InvalidInputError, match=r"add theirs\.py to plugins: if you trust it"):
        confirm(tmp_path / "study.yaml", out=tmp_path / "run", workers=1, trust=True)
    assert not (tmp_path / "it_ran").exists()


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Return what running a cell of built-in parts comes to."""
    folder = tmp_path_factory.mktemp("result")
    (cell,) = (each for each in study(folder, "sigma-dcda", cells=OURS).expand() if is_ours(each))
    return run_cell(cell, folder)


OURS = "  - {mechanism: uniform-double-auction, economy: small}\n"


def is_ours(cell):
    """Return whether a cell is of the last entry."""
    return cell.market.mechanism == "uniform-double-auction"


def rows_of(cells, result):
    """Return the rows of a report, as if the cells had come to that result."""
    return report_rows(cells, [result | {"plugins": cell.plugins} for cell in cells])


def test_rows_and_tables_say_whose_a_rule_is(tmp_path, result):
    cells = "  - {mechanism: theirs.py:sigma-dcda, economy: other}\n" + OURS.replace(
        "small", "other"
    )
    stated = study(tmp_path, "mine", cells=OURS + cells)
    economies = stated.economies | {"other": EconomySpec(family="small-market")}
    rows = rows_of(stated.model_copy(update={"economies": economies}).expand(), result)
    names = ["mine", "uniform-conditional", "uniform-double-auction", "theirs.py:sigma-dcda"]
    assert [row["mechanism"] for row in rows[:4]] == names
    shown = [table_cells(row)[:2] for row in rows]
    assert shown[0] == ["theirs.py:mine", "two groups"]
    assert shown[1][0] == "uniform-conditional"
    assert shown[3] == ["theirs.py:sigma-dcda", "theirs.py:small market"]
    assert rows[0]["control"]["mechanism"] == "uniform-conditional"
    assert str(tmp_path) not in json.dumps(rows)
    rows[0]["undeclared_reads"] = ["theirs.py read slopes.json beside it"]
    assert explanations(rows)[-1] == "theirs.py read slopes.json beside it."
    store = RunStore(tmp_path)
    content = {"study": "names", "rows": rows, "comparisons": comparisons(rows)}
    write_html(store, content | {"versions": {}, "failures": {}})
    page = (tmp_path / "report.html").read_text()
    assert "slopes.json" in page
    assert "third-party plugin: mechanism sigma-dcda: theirs.py" in page


def test_rows_that_differ_in_settings_of_the_strategy_differ_in_the_table(tmp_path, result):
    (tmp_path / "bids.py").write_text(BIDS)
    flat = [
        f"  - {{mechanism: uniform-double-auction, economy: small, strategy: flat, "
        f"strategy_parameters: {{shading: {shading}}}}}\n"
        for shading in (0.25, 0.5)
    ]
    plugins = "plugins: [theirs.py, bids.py]"
    cells = study(tmp_path, "sigma-dcda", plugins=plugins, cells="".join(flat)).expand()[2:]
    strategies = [table_cells(row)[2] for row in rows_of(cells, result)]
    assert strategies == ["bids.py:flat shading=0.25", "bids.py:flat shading=0.5"]
    assert "flat-shading_0.25" in cells[0].label()
    assert "flat-shading_0.5" in cells[1].label()


BIDS = '''
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from deviator.economies import QuadraticEconomy
from deviator.mechanisms import Schedules
from deviator.policies import Policy, View

@dataclass(frozen=True, eq=False)
class Flat(Policy):
    """Steeper schedules."""

    economy: QuadraticEconomy
    shading: float = 0.1
    name: ClassVar[str] = "flat"

    @property
    def n_traders(self):
        return self.economy.n_traders

    def bids(self, view, rng=None):
        types = View.of(view).types
        bend = self.economy.slope + self.shading
        level = self.economy.value(types) / bend
        return Schedules(level, np.broadcast_to(1 / bend, level.shape))
'''


def test_which_file_is_meant(tmp_path):
    files = tuple(str(tmp_path / name) for name in ("a/rules.py", "b/rules.py", "c.py"))
    assert meant_file("c.py", files) == files[2]
    assert meant_file("a/rules.py", files) == files[0]
    assert meant_file(files[1], files) == files[1]
    assert meant_file("rules.pyc", files) is None
    assert meant_file(str(Path("/elsewhere") / "c.py"), files) is None
    with pytest.raises(PluginLoadError, match="write more of the path"):
        meant_file("rules.py", files)


def test_names_of_files_and_packages_that_meet(tmp_path):
    (tmp_path / "theirs.py").write_text(THEIRS)
    files = (str(tmp_path / "theirs.py"),)
    assert qualified("mechanism", "sigma-dcda", files) == "sigma-dcda"
    assert qualified("mechanism", "deviator:sigma-dcda", files) == "sigma-dcda"
    assert qualified("mechanism", "mine", files) == f"{files[0]}:mine"
    assert qualified("mechanism", "theirs.py:mine", files) == f"{files[0]}:mine"
    assert shown_name("mechanism", f"{files[0]}:sigma-dcda") == "theirs.py:sigma-dcda"
    (tmp_path / "more.py").write_text(THEIRS)
    both = (*files, str(tmp_path / "more.py"))
    with pytest.raises(PluginLoadError, match="'mine' is defined twice"):
        qualified("mechanism", "mine", both)
    assert qualified("mechanism", "more.py:mine", both) == f"{both[1]}:mine"


def test_a_card_says_whose_a_rule_of_a_built_in_name_is(tmp_path):
    (tmp_path / "theirs.py").write_text(THEIRS)
    theirs = make(f"{tmp_path / 'theirs.py'}:sigma-dcda")
    assert theirs.name == "sigma-dcda"
    assert owned_name("mechanism", theirs) == "theirs.py:sigma-dcda"
    assert owned_name("mechanism", make(f"{tmp_path / 'theirs.py'}:mine", sigma=0.5)) == "mine"

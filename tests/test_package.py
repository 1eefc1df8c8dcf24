"""The package as others get it: imports, wheel, house rules."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.repository import ROOT

import deviator
from deviator.errors import InvalidInputError, PluginLoadError, UnknownNameError
from deviator.mechanisms import SigmaDCDA
from deviator.plugins import PluginSpec, build, find_plugin, list_plugins, make
from deviator.studies import read_study

FAMILIES = ("economies", "mechanisms", "policies", "envs", "learners", "plugins", "studies")


def test_import_is_light():
    code = (
        "import sys, deviator, gymnasium, pettingzoo;"
        "assert 'torch' not in sys.modules and 'stable_baselines3' not in sys.modules;"
        "assert 'deviator/Deviation-v0' in gymnasium.registry;"
        "import deviator.envs, deviator.policies, deviator.plugins, deviator.learners;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_imported_on_first_use_leaves_the_callers_random_numbers_alone():
    code = "import random; random.seed(7); import deviator; deviator.audit; deviator.plugins; "
    code += "assert random.random() == random.Random(7).random()"
    subprocess.run([sys.executable, "-c", code], check=True)


def package_files(package=ROOT / "src" / "deviator"):
    """Return the files of the package and of its families, which are links; not of examples."""
    for folder, folders, names in os.walk(package, followlinks=True):
        folders[:] = [each for each in folders if each not in ("examples", "__pycache__")]
        yield from (Path(folder, name).relative_to(package.parent) for name in names)


def test_wheel_holds_every_module_and_every_data_file(tmp_path):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    subprocess.run([*command, ROOT], check=True, capture_output=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    needed = {path.as_posix() for path in package_files()}
    assert {Path(name).suffix for name in needed} >= {
        ".py",
        ".html",
        ".css",
        ".js",
        ".yaml",
        ".txt",
    }
    assert needed | {"deviator/py.typed"} <= names, needed - names
    assert all(name.startswith(("deviator/", "deviator-")) for name in names)


def test_families_are_imported_from_deviator():
    """An `import envs` would work in a checkout and fail for everybody else."""
    pattern = re.compile(rf"^\s*(from|import) ({'|'.join(FAMILIES)})\b", re.MULTILINE)
    assert pattern.search("from envs.core import Market")
    for folder in (*FAMILIES, "tests", "src/deviator", "benchmarks", "docs"):
        for module in (ROOT / folder).rglob("*.py"):
            assert not pattern.search(module.read_text()), module


def test_functions_stay_short():
    import ast

    for family in (*FAMILIES, "src/deviator/cli", "src/deviator/explorer"):
        for module in (ROOT / family).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text())):
                if isinstance(node, ast.FunctionDef):
                    body = node.body[1:] if ast.get_docstring(node) else node.body
                    lines = (node.end_lineno - body[0].lineno + 1) if body else 0
                    assert lines <= 60, (module, node.name, lines)


def test_public_names():
    for name in deviator.__all__:
        assert getattr(deviator, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = deviator.nonsense


def test_built_ins_come_through_the_entry_points():
    names = {(spec.kind, spec.name) for spec in list_plugins() if spec.provider == "deviator"}
    assert len(names) == 41
    for kind, name in names:
        assert find_plugin(kind, name).load().__doc__
    assert make("sigma-dcda", sigma=0.4).sigma == 0.4
    for given in (None, SigmaDCDA, SigmaDCDA(0.4)):
        with pytest.raises(InvalidInputError, match=r"must be a mechanism's name, got .*; write"):
            make(given)
    with pytest.raises(InvalidInputError, match=r"got 0\.4 without one; name .* of sigma"):
        make("sigma-dcda", 0.4)


def test_plugin_errors_name_the_plugin():
    with pytest.raises(UnknownNameError, match="did you mean 'uniform-conditional'"):
        make("uniform-conditionnal")
    with pytest.raises(
        InvalidInputError, match="'sigma-dcda' takes the parameters sigma, statistics"
    ):
        make("sigma-dcda", sigmaa=1)
    for kind, name, message in [
        (
            "mechanism",
            "naive-walrasian",
            "needs the parameter economy, missing here; build an economy with",
        ),
        (
            "economy",
            "unit-demands",
            "needs the parameters n_buyers and n_sellers, missing here; `deviator list",
        ),
        (
            "policy",
            "honest",
            "mechanism and economy, missing here; build a mechanism with deviator.make, build",
        ),
        (
            "policy",
            "linear-bayes",
            "needs the parameters information and slope, missing here; build beliefs with",
        ),
    ]:
        with pytest.raises(InvalidInputError, match=message):
            build(kind, name, {})
    with pytest.raises(InvalidInputError, match="kind must be one of"):
        list_plugins("colour")
    broken = PluginSpec("mechanism", "broken", "no.such.module:Thing", "acme", "1.0")
    with pytest.raises(PluginLoadError, match=r"'broken' of acme 1.0 cannot be loaded"):
        broken.load()
    assert build("economy", "private-values", {"n_traders": 3}).n_traders == 3


def test_the_study_in_the_documentation_expands(tmp_path):
    text = (ROOT / "docs" / "study.md").read_text().split("```yaml")[1].split("```")[0]
    (tmp_path / "study.yaml").write_text(text)
    cells = read_study(tmp_path / "study.yaml").expand()
    assert len(cells) == 9
    assert all(cell.market.build_market() and cell.control.build_market() for cell in cells)


def test_the_grid_in_the_documentation_has_as_many_cells_as_it_says(tmp_path):
    text = (ROOT / "docs" / "study.md").read_text().split("```yaml")[2].split("```")[0]
    (tmp_path / "study.yaml").write_text("name: grid\nlearner: none\n" + text)
    cells = read_study(tmp_path / "study.yaml").expand()
    assert sum(cell.market.mechanism == "sigma-dcda" for cell in cells) == 24
    assert len({cell.market.economy.content for cell in cells}) == 6

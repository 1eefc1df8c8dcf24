"""The economy that `deviator new` writes: it passes its kit, and our rules can be used with it."""

import sys

import numpy as np
import pytest

from deviator.mechanisms import SigmaDCDA, UniformConditional
from deviator.plugins import make
from deviator.plugins.conformance import run_checks
from deviator.plugins.scaffold import scaffold


@pytest.fixture
def economy(tmp_path, monkeypatch):
    """Write the package and build its economy."""
    scaffold("economy", "bending-values", tmp_path / "bending")
    monkeypatch.syspath_prepend(tmp_path / "bending")
    yield __import__("bending_values").BendingValues()
    for name in [name for name in sys.modules if name.startswith("bending_values")]:
        del sys.modules[name]


def test_it_passes_its_kit(economy):
    results = run_checks(economy, guarded=False)
    assert [result.sentence for result in results if not result.ok] == []


@pytest.mark.parametrize("rule", [SigmaDCDA(0.5), UniformConditional(), "vcg"])
def test_our_rules_clear_it(economy, rule):
    mechanism = make("sigma-vcg", economy=economy, sigma=0.5) if rule == "vcg" else rule
    types = economy.types().sample(np.random.default_rng(0), 5)
    outcome = mechanism.clear(mechanism.honest_bids(economy, types))
    assert np.abs(outcome.quantity).max() > 0.01
    np.testing.assert_allclose(outcome.quantity.sum(axis=1), 0, atol=1e-9)


def test_it_is_an_economy(tmp_path):
    folder = scaffold("economy", "bending-values", tmp_path / "bending")
    for file in ("README.md", "pyproject.toml", "bending_values/__init__.py"):
        assert "An economy for" in (folder / file).read_text()
    text = (folder / "bending_values" / "bending_values.py").read_text()
    assert "Which rules an economy can be used with" in text

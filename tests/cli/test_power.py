"""``deviator power``: a fault is planted, caught, and told."""

import json

from typer.testing import CliRunner

from deviator.cli import app
from deviator.errors import ResultsError


def test_power_prints_the_smallest_sizes_and_writes_them(tmp_path):
    out = tmp_path / "power.json"
    words = ["power", "sigma-dcda", "--economy", "private-values", "-s", "n_traders=4"]
    words += ["--sigma", "0.5", "--fault", "transfer", "--size", "0.1", "--size", "0.01"]
    result = CliRunner().invoke(app, [*words, "--out", str(out)], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    assert "transfer: caught down to 0.01" in result.output
    assert "1 of 1 faults of size 0.01 caught in some constraint" in result.output
    data = json.loads(out.read_text())
    (fault,) = data["faults"]
    assert fault["caught"]["incentive_compatibility"]["size"] == 0.01
    assert data["broken"] == ["efficiency"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "none" / "power.json")])
    assert isinstance(result.exception, ResultsError)
    assert "need a file that can be written to" in str(result.exception)

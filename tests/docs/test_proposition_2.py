"""docs/proposition-2.md: its script runs on Python alone, and its numbers are what is computed."""

import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from helpers.repository import DOCS

from deviator.economies import linear_quadratic, sigma_budget, walrasian_response
from deviator.paper.statements.budget_claim import worst_ratio

PAGE = (DOCS / "proposition-2.md").read_text(encoding="utf-8")


def script():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return code


def output(code):
    # Isolated, without site packages: the script must need nothing but Python.
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_script_runs_on_python_alone():
    assert output(script()) == "1 -1 0 0 -6/19"
    assert "It prints `1 -1 0 0 -6/19`" in PAGE


def test_the_script_notices_a_market_without_deficit():
    repaired = script().replace("sigma = 4 *", "sigma = 2 * 4 *")
    assert Fraction(output(repaired).split()[-1]) > 0


def rows():
    return [
        (int(n), float(share), float(ratio))
        for n, share, ratio in re.findall(r"^\| (\d+) \| ([\d.]+)% \| ([\d.]+) \|$", PAGE, re.M)
    ]


@pytest.mark.parametrize(("n", "share", "ratio"), rows())
def test_the_shares_that_are_lost(n, share, ratio):
    found_ratio, result = worst_ratio(n)
    assert 100 * result == pytest.approx(share, abs=0.05)
    assert found_ratio == pytest.approx(ratio, abs=0.05)


def test_the_table_has_rows_and_three_traders_lose_nothing():
    assert [n for n, _, _ in rows()] == [4, 8, 12, 30]
    assert worst_ratio(3)[1] <= 1e-12


def test_the_slope_of_the_residual_curve_and_the_slope_that_exists():
    weights = np.eye(4)
    weights[3, :3] = 0.5
    economy = linear_quadratic(weights, [4.0, 4.0, 4.0, 1.0])
    assert walrasian_response(economy, 6.0).residual_slope[0] == pytest.approx(120 / 19, rel=1e-14)
    assert sigma_budget(economy) > 6

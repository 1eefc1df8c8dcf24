"""The benchmark of devices runs on a processor too, on small sizes."""

import math

import pytest
import torch

from benchmarks import gpu

PASSES = "bytes moved over those of one streaming pass"


@pytest.fixture
def bench(monkeypatch):
    """Stand for a device, with what compiles replaced by what takes no compiler."""
    monkeypatch.setattr(gpu, "compiled_clear", lambda rule: rule.clear)
    return gpu.Bench(torch.device("cpu"), gpu.SMALL)


@pytest.mark.parametrize("part", sorted(set(gpu.PARTS) - {"everyone"}))
def test_every_part_measures(bench, part):
    result = gpu.measured(part, bench)
    assert result.failure is None
    assert result.rows
    for row in result.rows:
        assert math.isfinite(row.value)
        assert row.value > 0
        assert row.met is not False
        assert (row.bar is None) == (row.figure != PASSES or row.work == "uniform-price clearing")


def test_everyone_acts_and_learns(bench):
    result = gpu.measured("everyone", bench)
    assert result.failure is None
    assert [row.value > 0 for row in result.rows] == [True] * 3


def test_bars_hold_on_a_gpu_and_full_sizes():
    bar = gpu.at_most(1.6)
    assert gpu.Bench(torch.device("cuda"), gpu.FULL).bar(bar) is bar
    assert gpu.Bench(torch.device("cuda"), gpu.SMALL).bar(bar) is None
    assert gpu.Bench(torch.device("cpu"), gpu.FULL).bar(bar) is None


def test_outcomes_that_differ_are_no_baseline(bench, monkeypatch):
    """The villain: a rule that clears tensors otherwise than NumPy arrays."""

    class Two:
        name = "two"

        def clear(self, bids):
            outcome = gpu.UniformDoubleAuction().clear(bids)
            outcome.quantity[0, 0] += 0.0 if bids.is_numpy else 1e-3
            return outcome

    bids = gpu.Schedules(bench.normal(3, 4), bench.uniform(3, 4))
    with pytest.raises(AssertionError):
        gpu.check_same(Two(), bids)


def test_a_part_that_fails_costs_its_own_rows_only(bench, monkeypatch, capsys):
    def fail(_):
        raise RuntimeError("no memory")

    monkeypatch.setitem(gpu.PARTS, "dense", fail)
    assert gpu.main(["--device", "cpu", "--small", "dense", "deviators"]) == 1
    shown = capsys.readouterr().out
    assert "no memory" in shown
    assert "pathwise deviator" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--device", "nowhere"], "device must be one that torch finds here"),
        (["--device", "cpu", "weather"], "got weather"),
    ],
)
def test_what_is_not_there_is_refused(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        gpu.main(arguments)
    assert sentence in capsys.readouterr().err

"""deviator equilibrium: answers, files, and one sentence for bad input."""

import pytest
from typer.testing import CliRunner

from deviator.cli import app
from deviator.errors import InvalidInputError, ResultsError
from deviator.learners.equilibrium.gradient import EveryonesGradient
from deviator.policies import load_strategy

MARKET = [
    "equilibrium",
    "uniform-double-auction",
    "--economy",
    "private-values",
    "-s",
    "n_traders=3",
]


def run(*arguments):
    return CliRunner().invoke(app, [*MARKET, *arguments], catch_exceptions=False)


def test_an_equilibrium_comes_with_its_epsilon_and_a_file(tmp_path):
    out = tmp_path / "bids"
    result = run("--steps", "150", "--starts", "1", "--out", str(out))
    assert result.exit_code == 0
    assert "equilibrium: " in result.output
    assert "epsilon" in result.output
    assert load_strategy(out).n_traders == 3
    with pytest.raises(ResultsError, match="--force"):
        run("--steps", "1", "--out", str(out))
    assert run("--steps", "1", "--starts", "1", "--out", str(out), "--force").exit_code == 0


def test_beliefs_without_an_equilibrium_are_an_answer():
    beliefs = ["equilibrium", "uniform-double-auction", "--economy", "fundamental-value"]
    beliefs += ["--beliefs", "-s", "n_traders=4", "-s", "rho=0.9", "-s", "noise=1.0"]
    result = CliRunner().invoke(app, [*beliefs, "--steps", "150", "--starts", "1"])
    assert result.exit_code == 0
    assert "no equilibrium was found" in result.output


def test_bad_input_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(InvalidInputError, match="learner must be one of"):
        run("--learner", "sac")
    with pytest.raises(ResultsError, match="in an existing folder"):
        run("--out", str(tmp_path / "no" / "bids"))


@pytest.mark.parametrize("out", ["", ".", "..", "runs/.."])
def test_a_strategy_needs_a_name(out):
    with pytest.raises(InvalidInputError, match="needs a file name"):
        run("--out", out)


@pytest.mark.parametrize(
    ("spared", "said"), [(0, "interrupted before anything was learned"), (30, "interrupted in")]
)
def test_ctrl_c_ends_with_130_and_a_sentence(monkeypatch, tmp_path, spared, said):
    steps, step = [], EveryonesGradient.learn

    def interrupted(self, tested, form, rng, budget, watch):
        def watched(*arguments):
            steps.append(1)
            if len(steps) > spared:
                raise KeyboardInterrupt
            watch(*arguments)

        step(self, tested, form, rng, budget, watched)

    monkeypatch.setattr(EveryonesGradient, "learn", interrupted)
    result = run("--steps", "100", "--out", str(tmp_path / "bids"))
    assert result.exit_code == 130
    assert said in result.output
    assert (tmp_path / "bids.safetensors").exists() == (spared > 0)

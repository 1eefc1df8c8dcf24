"""What must work wherever deviator is installed: `python smoke.py` needs the package alone.

`make matrix` runs it in clean environments, with the oldest and the newest supported libraries.
"""

import subprocess
import sys
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import gymnasium
import matplotlib
import numpy as np
import pettingzoo

import deviator

LIBRARIES = (
    *("numpy", "scipy", "pandas", "pyarrow", "gymnasium", "pettingzoo"),
    *("stable-baselines3", "torch"),
)
DATA = (
    *("py.typed", "pages/style.css", "pages/table.js", "explorer/style.css"),
    *("studies/report/page_template.html", "studies/card/card_template.html"),
    *("paper/page_template.html", "studies/proposition3.yaml"),
)
"""Files beside the modules; `tests/test_package.py` holds the wheel to all that there are."""

STUDY = """
name: smoke
seeds: [0]
steps: 2000
held_out: 200
learner: none
economies:
  private: {family: private-values, n_traders: 4, slope: 2.0}
cells:
  - {mechanism: [sigma-dcda, uniform-conditional], economy: private}
"""


def the_package_is_whole():
    """Versions agree, data files are there, and the package comes from site-packages."""
    assert metadata.version("deviator") == deviator.__version__
    for name in DATA:
        assert files("deviator").joinpath(name).is_file(), name
    assert "site-packages" in str(deviator.__file__), deviator.__file__


def every_plugin_loads():
    """All built-in names can be used."""
    for spec in deviator.list_plugins():
        assert spec.load() is not None


def audits_tell_a_truthful_rule_from_another():
    """The sigma-DCDA is certified, a single price is refuted."""
    economy = deviator.economies.two_groups(n_traders=6, alpha=1.0, beta=0.7, slope=1.3)
    assert deviator.audit("sigma-dcda", economy, sigma=0.4).state == "confirmed"
    assert deviator.audit("uniform-conditional", economy).state == "refuted"


def environments_step():
    """Gymnasium, its vector form, and PettingZoo's parallel form take steps."""
    names = {"mechanism": "uniform-conditional", "economy": "two-groups"}
    env = gymnasium.make("deviator/Deviation-v0", **names)
    env.reset(seed=0)
    assert env.step(env.action_space.sample())[4]["best_gain"] > 0
    markets = gymnasium.make_vec("deviator/Deviation-v0", num_envs=3, **names)
    markets.reset(seed=0)
    assert markets.step(markets.action_space.sample())[1].shape == (3,)
    everyone = pettingzoo.make("parallel", "deviator/exchange-v0", **names)
    everyone.reset(seed=0)
    actions = {agent: everyone.action_space(agent).sample() for agent in everyone.agents}
    assert everyone.step(actions)[1].keys() == actions.keys()


def learners_learn():
    """A gradient finds the gain, and PPO of stable-baselines3 trains."""
    from deviator.envs import deviation_core, market
    from deviator.learners import GradientLearner, PPOLearner

    economy = deviator.economies.private_values(4)
    core = deviation_core(market(deviator.make("uniform-conditional"), economy))
    found = GradientLearner().train(core, steps=20_000, seed=0)
    types = core.draw(np.random.default_rng(1), 1000)
    share = core.gains(types, found.policy).mean() / core.best_gains(types).mean()
    assert 0.8 < share <= 1
    assert PPOLearner(markets=64, batch_size=64).train(core, steps=640, seed=0).curve


def tensors_clear():
    """Gradients of torch flow through a market."""
    import torch

    from deviator.envs import TensorEnv, deviation_core, market

    core = deviation_core(
        market(deviator.make("uniform-conditional"), deviator.economies.private_values(4))
    )
    env = TensorEnv(core, markets=8, device="cpu", seed=0)
    env.reset()
    action = torch.zeros(8, core.action_size, dtype=torch.float64, requires_grad=True)
    env.step(action).reward.sum().backward()
    assert torch.isfinite(action.grad).all()


def a_study_leaves_tables_and_figures():
    """The command line runs a study and answers a query about it."""
    command = [sys.executable, "-m", "deviator.cli"]
    with TemporaryDirectory() as folder:
        (Path(folder) / "smoke.yaml").write_text(STUDY, encoding="utf-8")
        subprocess.run([*command, "study", "smoke.yaml"], cwd=folder, check=True)
        query = [*command, "query", "runs/smoke", "SELECT cell, state FROM rows"]
        told = subprocess.run(query, cwd=folder, check=True, capture_output=True, text=True).stdout
        assert "uniform-conditional" in told
        assert (Path(folder) / "runs/smoke/report.html").is_file()
        for kind in ("csv", "parquet", "latex", "stata", "json"):
            export = [*command, "export", "runs/smoke", "--format", kind, "--out", kind]
            subprocess.run(export, cwd=folder, check=True, capture_output=True)
            assert list((Path(folder) / kind).iterdir())


def figures_are_drawn():
    """A menu of a market is drawn and saved."""
    rule = deviator.make("sigma-dcda", sigma=0.4)
    tested = deviator.market(rule, deviator.economies.two_groups(4, beta=0.4))
    axes = deviator.plot.menu(tested, 0, [2.0, -1.0, 0.5, -0.7])
    with TemporaryDirectory() as folder:
        axes.figure.savefig(Path(folder) / "menu.svg")
        assert (Path(folder) / "menu.svg").stat().st_size > 1000


def a_card_and_a_plugin_are_written():
    """The page of an audit, and a package from the templates of plugins."""
    command = [sys.executable, "-m", "deviator"]
    audit = [*command, "audit", "uniform-conditional", "--economy", "private-values"]
    with TemporaryDirectory() as folder:
        for each in (
            [*audit, "-s", "n_traders=4", "--out", "card"],
            [*command, "new", "mechanism", "my-rule", "--out", "mine"],
        ):
            subprocess.run(each, cwd=folder, check=True, capture_output=True)
        assert list(Path(folder, "card").rglob("*.html"))
        assert "class MyRule" in Path(folder, "mine/my_rule/my_rule.py").read_text(encoding="utf-8")


def the_doctor_finds_nothing_broken():
    """`python -m deviator doctor` ends with 0."""
    told = subprocess.run(
        [sys.executable, "-m", "deviator", "doctor"], check=False, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr


def main():
    """Say which libraries are there, and try everything."""
    matplotlib.use("Agg")
    print("Python", sys.version.split()[0], *(f"{n} {metadata.version(n)}" for n in LIBRARIES))
    for promise in (
        the_package_is_whole,
        every_plugin_loads,
        audits_tell_a_truthful_rule_from_another,
        environments_step,
        learners_learn,
        tensors_clear,
        a_study_leaves_tables_and_figures,
        figures_are_drawn,
        a_card_and_a_plugin_are_written,
        the_doctor_finds_nothing_broken,
    ):
        promise()
        print("works:", promise.__name__.replace("_", " "), flush=True)


if __name__ == "__main__":
    main()

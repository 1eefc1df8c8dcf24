"""A rung of a third party: it conforms, and who looks on it gains between the own type and all."""

import pytest
import yaml
from helpers.repository import ROOT

from deviator import audit
from deviator.economies import private_values
from deviator.envs import DeviationEnv, coalition_core, deviation_core, exchange_v0
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.coalitions import coalition_of
from deviator.learners import CMAESLearner
from deviator.mechanisms import NaiveWalrasian
from deviator.plugins.conformance import run_checks
from deviator.plugins.rungs import rung_named, rungs_of_files
from deviator.policies import expected_exact_gain
from deviator.studies.run.cell_result import run_cell
from deviator.studies.spec.market import MarketSpec
from deviator.studies.spec.study import StudySpec
from deviator.studies.training import Keeping, Plan, evaluate, train

FILE = str(ROOT / "plugins" / "examples" / "noisy_signal.py")
ECONOMY = private_values(4, alpha=1.0, slope=2.0)
RULE = NaiveWalrasian(ECONOMY)


@pytest.fixture(scope="module")
def friend():
    return rung_named(f"{FILE}:friends-type")


def test_it_conforms(friend):
    names = [name for name in CHECKS if name != "check_pickling"]
    assert all(result.ok for result in run_checks(friend, guarded=False, only=names))


CHECKS = (
    "check_settings",
    "check_numbers_seen",
    "check_own_market_only",
    "check_batch_equals_loop",
    "check_repeatable",
    "check_inputs_unchanged",
    "check_waivers",
)


def test_a_friends_type_is_worth_something_and_not_all(friend):
    """Of three others' types, the signal tells the share 1 / (1 + 1/12) of one."""
    own, profile = (
        expected_exact_gain(RULE, ECONOMY, ECONOMY.types(), 0, information=rung)
        for rung in ("own", "profile")
    )
    told = own + (profile - own) / 3 / (1 + 1 / 12)
    card = audit(RULE, ECONOMY, information=friend, trader=0, held_out=4000)
    assert (card.state, card.scope) == ("refuted", "in expectation")
    assert card.lower == pytest.approx(told, rel=0.1)
    assert card.upper == pytest.approx(profile, rel=1e-12)
    assert "who know what the rung friends-type shows" in str(card)


def test_environments_show_it(friend):
    tested = market(RULE, ECONOMY)
    core = deviation_core(tested, information=friend)
    assert core.observation_size == 2
    env = DeviationEnv(RULE, ECONOMY, friend)
    seen, _ = env.reset(seed=0)
    assert seen.shape == (2,)
    together = exchange_v0.parallel_env(mechanism=RULE, economy=ECONOMY, information=friend)
    shown, _ = together.reset(seed=0)
    assert {agent: each.shape for agent, each in shown.items()} == {
        agent: (2,) for agent in together.agents
    }
    with pytest.raises(RefusedError, match="must know own or profile, got friends-type"):
        coalition_core(coalition_of(tested, (0, 1)), information=friend)


def test_what_is_learned_on_it_is_judged_again_from_its_files(friend, tmp_path):
    spec = MarketSpec.model_validate(
        {
            "mechanism": "naive-walrasian",
            "economy": {"family": "private-values", "n_traders": 4, "slope": 2.0},
        }
    )
    keeping = Keeping(tmp_path / "policy", rungs=(friend,))
    report = train(spec, CMAESLearner(), Plan(2_000, 0, information=friend), keeping)
    assert report.learned_gain > 0
    again = evaluate(tmp_path / "policy", rungs=rungs_of_files([FILE]))
    assert again.learned_gain == report.learned_gain
    with pytest.raises(Exception, match="name the plugin that defines it"):
        evaluate(tmp_path / "policy")


STUDY = """
name: friends
plugins: [{file}]
seeds: [0]
steps: 64
held_out: 200
learner: {{name: cma-es}}
economies:
  private: {{family: private-values, n_traders: 4}}
cells:
- {{mechanism: uniform-conditional, economy: private, information: [statistics, "{file}:friends-type"]}}
"""


def test_studies_name_it_with_its_file(tmp_path, friend):
    spec = StudySpec.model_validate(yaml.safe_load(STUDY.format(file=FILE)))
    public, signal = spec.expand()
    assert (public.rung, signal.rung) == ("statistics", friend)
    assert signal.label().startswith("uniform-conditional-private-values4-friends-type-")
    assert [plugin["kind"] for plugin in signal.plugins].count("rung") == 1
    assert public.key != signal.key
    result = run_cell(signal, tmp_path)
    assert result["information"] == "friends-type"
    assert result["best_gain"] > 0
    unnamed = spec.model_copy(update={"plugins": ()})
    with pytest.raises(InvalidInputError, match="must name a file of the study's plugins"):
        unnamed.expand()

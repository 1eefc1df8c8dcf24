"""The kits: built-in members pass them, and every check catches a villain."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.repository import ROOT
from villains import (
    economies,
    estimators,
    languages,
    learners,
    lotteries,
    mechanisms,
    payoffs,
    policies,
    rounds,
    rungs,
)

from deviator.economies import (
    factored,
    fundamental_value,
    fundamental_value_information,
    heterogeneous,
    linear_quadratic,
    multi_unit_demands,
    private_values,
    public_statistics,
    saturating,
    tight,
    two_groups,
    unit_demands,
    varying_effects,
)
from deviator.errors import InvalidInputError
from deviator.evidence import BestBidRegret, MenuRegret, SearchedRegret
from deviator.learners.cma_es import CMAESLearner
from deviator.learners.ensemble import EnsembleLearner
from deviator.learners.evolution import EvolutionLearner
from deviator.learners.gradient import GradientLearner
from deviator.learners.ppo import PPOLearner
from deviator.learners.sb3.recurrent_ppo import RecurrentPPOLearner
from deviator.learners.sb3.sac import SACLearner
from deviator.learners.sb3.td3 import TD3Learner
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    EntryFeeVCG,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    SmoothSigmaVCG,
    SpreadVCG,
    TaxVCG,
    UniformConditional,
    UniformDoubleAuction,
    UniformPriceMultiUnit,
    VickreyMultiUnit,
)
from deviator.plugins import list_plugins
from deviator.plugins.conformance import (
    all_checks,
    parametrize_with_checks,
    run_checks,
)
from deviator.plugins.conformance.comparing import elsewhere
from deviator.plugins.conformance.importing import changes_of_import
from deviator.plugins.guard import GuardError
from deviator.plugins.provenance import FILE_MODULE
from deviator.policies import (
    LinearBayes,
    MisperceivedWeights,
    NoisyHonest,
    NoisySignal,
    OwnTypeAndStatistics,
    PriceOnly,
    Revelation,
    RoundedHonest,
    ShadedHonest,
)

GENERAL = linear_quadratic(
    [[1.1, 0.2, 0, 0.1], [0.1, 0.9, 0.1, 0], [0, 0.1, 1, 0.1], [0.2, 0, 0.1, 1.2]],
    [1.0, 1.3, 0.8, 1.1],
    [0.3, -0.2, 0.0, 0.5],
)
FACTORED = factored(
    [1.0, 1.1, 0.9, 1.2, 1.0],
    [[0.1, 0.0], [0.1, 0.05], [0.0, 0.1], [0.05, 0.1], [0.1, 0.1]],
    [[1.0, 0.5, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 0.5, 0.0]],
    [1.0, 1.3, 0.8, 1.1, 0.9],
)
PATIENCE_S = 600.0
"""No check that comes to an end takes so long, however busy the machine is."""

BOUNDED = linear_quadratic(
    [[1.1, 0.2, 0.1], [0.1, 0.9, 0.1], [0.0, 0.1, 1.0]],
    [1.0, 1.3, 0.8],
    type_low=[-1.0, -2.0, -1.0],
    type_high=[2.0, 1.0, 1.0],
)
SATURATING = saturating(
    3,
    beta=0.3,
    flat=[0.8, 0.9, 1.0],
    steep=[1.2, 1.5, 1.1],
    quantity_scale=[0.5, 1.0, 2.0],
    intercept=[0.2, 0.0, -0.1],
)
VARYING = varying_effects(
    3,
    beta=0.2,
    slope=[1.0, 1.2, 1.1],
    bend=0.3,
    type_low=[-1.0, -1.0, 1.0],
    type_high=[1.0, 2.0, 2.0],
)
SMALL = linear_quadratic([[1.1, 0.2, 0.1], [0.1, 0.9, 0.1], [0.0, 0.1, 1.0]], [1.0, 1.3, 0.8])
STATISTICS = public_statistics(FACTORED, 0.4)
VILLAINS = {
    "mechanism": [*mechanisms.VILLAINS, *languages.VILLAINS, *lotteries.VILLAINS, *rounds.VILLAINS],
    "economy": economies.VILLAINS + payoffs.VILLAINS,
    "policy": policies.VILLAINS,
    "learner": learners.VILLAINS,
    "rung": rungs.VILLAINS,
    "estimator": estimators.VILLAINS,
}
SOUND = [
    mechanisms.SoundAuction(),
    mechanisms.OwnEconomy(),
    mechanisms.Dealer(),
    lotteries.SoundLottery(),
    rounds.SoundRounds(),
    economies.SoundEconomy(),
    payoffs.SoundPayoffs(),
    policies.SoundPolicy(),
    policies.Mixes(),
    learners.Climber(),
    rungs.SoundRung(),
    NoisySignal(0.5),
    OwnTypeAndStatistics(),
]


MEMBERS = {
    ("mechanism", "sigma-dcda"): [SigmaDCDA(0.0), SigmaDCDA(0.4), SigmaDCDA(0.4, STATISTICS)],
    ("mechanism", "uniform-conditional"): [UniformConditional(), UniformConditional(STATISTICS)],
    ("mechanism", "uniform-double-auction"): [UniformDoubleAuction()],
    ("mechanism", "naive-walrasian"): [NaiveWalrasian(GENERAL), NaiveWalrasian(FACTORED)],
    ("mechanism", "sigma-vcg"): [
        SigmaVCG(GENERAL),
        SigmaVCG(FACTORED, 0.3),
        SigmaVCG(BOUNDED),
        SigmaVCG(BOUNDED, 0.2, "pivotal"),
        SmoothSigmaVCG(SATURATING, 0.3),
        SmoothSigmaVCG(VARYING),
    ],
    ("mechanism", "spread-vcg"): [SpreadVCG(GENERAL, 0.3), SpreadVCG(BOUNDED, 0.1)],
    ("mechanism", "entry-fee-vcg"): [
        EntryFeeVCG(fundamental_value(4), 0.1),
        EntryFeeVCG(heterogeneous(4), 0.05),
    ],
    ("mechanism", "tax-vcg"): [TaxVCG(SMALL, [[0.1, 1], [0.2, 3]])],
    ("mechanism", "discrete-vcg"): [DiscreteVCG(GENERAL, 0.5, sigma=0.1, half_spread=0.05)],
    ("mechanism", "pay-as-bid"): [PayAsBid(0.5)],
    ("mechanism", "k-double-auction"): [KDoubleAuction(0.3), KDoubleAuction(1.0, buyers=2)],
    ("mechanism", "modified-vickrey-double-auction"): [ModifiedVickreyDoubleAuction()],
    ("mechanism", "entry-fee-double-auction"): [EntryFeeDoubleAuction(0.05)],
    ("mechanism", "vickrey-multi-unit"): [
        VickreyMultiUnit(),
        VickreyMultiUnit(0, 3, (1, 0, 2, 1)),
    ],
    ("mechanism", "uniform-price-multi-unit"): [
        UniformPriceMultiUnit(4, 3),
        UniformPriceMultiUnit(1, 2, (1, 0, 2, 1), unit=0.5, k=0.5),
    ],
    ("economy", "linear-quadratic"): [GENERAL, BOUNDED],
    ("economy", "factored"): [FACTORED],
    ("economy", "private-values"): [private_values(4, alpha=1.2, slope=0.9)],
    ("economy", "fundamental-value"): [fundamental_value(4)],
    ("economy", "two-groups"): [two_groups(4)],
    ("economy", "heterogeneous"): [heterogeneous(4)],
    ("economy", "tight"): [tight(3)],
    ("economy", "unit-demands"): [unit_demands(3, 2)],
    ("economy", "multi-unit-demands"): [
        multi_unit_demands(3),
        multi_unit_demands(4, [[1, 1, 0.5], [1, 0, 0], [2, 0.1, 0.1], [0, 0, 0]], 0, [2, 0, 1, 2]),
    ],
    ("economy", "saturating"): [SATURATING, saturating(4, beta=0.0)],
    ("economy", "varying-effects"): [VARYING, varying_effects(4, bend=-0.4)],
    ("policy", "honest"): [
        Revelation(SigmaDCDA(0.3), GENERAL),
        Revelation(UniformDoubleAuction(), private_values(4)),
    ],
    ("policy", "linear-bayes"): [
        LinearBayes(fundamental_value_information(6, rho=0.4, noise=0.5), slope=1.0)
    ],
    ("policy", "noisy-honest"): [NoisyHonest(SigmaDCDA(0.3), SMALL, noise=0.2, honest=1)],
    ("policy", "rounded-honest"): [RoundedHonest(NaiveWalrasian(SMALL), SMALL)],
    ("policy", "shaded-honest"): [ShadedHonest(SigmaDCDA(0.3), SMALL, honest=2)],
    ("policy", "misperceived-weights"): [MisperceivedWeights(SigmaDCDA(0.3), SMALL, honest=0)],
    ("policy", "price-only"): [PriceOnly(SigmaDCDA(0.3), SMALL, SMALL.types(), 2)],
    ("learner", "ppo"): [PPOLearner(), PPOLearner(hidden=(8,))],
    ("learner", "sac"): [SACLearner()],
    ("learner", "td3"): [TD3Learner()],
    ("learner", "gradient"): [GradientLearner()],
    ("learner", "cma-es"): [CMAESLearner()],
    ("learner", "evolution"): [EvolutionLearner()],
    ("learner", "ensemble"): [EnsembleLearner()],
    ("learner", "recurrent-ppo"): [RecurrentPPOLearner(n_epochs=1, memory=8)],
}


# Their trainings take most of a minute; PPO, evolution and CMA-ES stand for them in a quick run.
SLOW_LEARNERS = ("sac", "td3", "gradient", "ensemble", "recurrent-ppo")

# A market takes them a hundredth of a second, and most checks clear hundreds.
SLOW_RULES = ("tax-vcg", "discrete-vcg")
QUICK_CHECKS = ("check_settings", "check_market_clears", "check_inputs_unchanged", "check_waivers")
SLOW = (*SLOW_LEARNERS, *SLOW_RULES)

QUICK = [
    member
    for (kind, name), members in MEMBERS.items()
    if name not in SLOW
    # A learner with other settings runs the same code.
    for member in (members[:1] if kind == "learner" else members)
]
LEFT = [each for members in MEMBERS.values() for each in members if each not in QUICK]


# The library's own members neither hang nor crash, and are checked in this process.
@parametrize_with_checks(QUICK, guarded=False)
def test_built_in_members_conform(check, member):
    check(member)


@pytest.mark.parametrize("name", SLOW_RULES)
def test_slow_rules_conform_where_few_markets_tell(name):
    (rule,) = MEMBERS["mechanism", name]
    results = run_checks(rule, guarded=False, only=QUICK_CHECKS)
    assert [result.sentence for result in results if not result.ok] == []


@pytest.mark.slow
@parametrize_with_checks(LEFT, limit_s=PATIENCE_S)
def test_the_other_members_conform(check, member):
    check(member)


def test_all_built_in_members_are_checked():
    registered = {(spec.kind, spec.name) for spec in list_plugins() if spec.provider == "deviator"}
    assert set(MEMBERS) == registered
    for (kind, name), members in MEMBERS.items():
        if kind != "economy":
            assert {member.name for member in members} == {name}


def test_built_in_members_waive_nothing_without_a_reason():
    for members in MEMBERS.values():
        for member in members:
            assert all(reason.strip() for reason in member.waivers.values())


@parametrize_with_checks([MenuRegret(), BestBidRegret(), SearchedRegret()], limit_s=PATIENCE_S)
def test_built_in_estimators_conform(check, estimator):
    check(estimator)


@parametrize_with_checks(SOUND, limit_s=PATIENCE_S)
def test_what_the_villains_are_made_of_is_sound(check, subject):
    check(subject)


def cases():
    for kind, villains in VILLAINS.items():
        for check, villain, message in villains:
            name = f"{kind}-{check}-{type(villain).__name__}"
            yield pytest.param(check, villain, message, id=name)


@pytest.mark.parametrize(("check", "villain", "message"), list(cases()))
def test_every_villain_is_caught_by_its_check(check, villain, message, monkeypatch):
    monkeypatch.delenv("CLIMBER", raising=False)
    result = run_checks(villain, guarded=False, only=[check])[0]
    assert result.status == "failed"
    assert message in result.detail
    assert "\n" not in result.sentence


def test_every_check_has_a_villain():
    checks = {(check.kind, check.name) for check in all_checks()}
    caught = {(kind, check) for kind, villains in VILLAINS.items() for check, _, _ in villains}
    everywhere = {"check_waivers", "check_import_leaves_the_process_alone"}
    assert {each for each in caught if each[1] != "check_waivers"} == {
        each for each in checks if each[1] not in everywhere
    }


IMPORTS = [
    ("import os\nos.chdir('/')", "the current folder"),
    ("import os\nos.environ['TAX'] = '1'", "the environment"),
    ("import numpy\nnumpy.seterr(all='ignore')", "numpy's error handling"),
    ("import warnings\nwarnings.simplefilter('ignore')", "the warning filters"),
    ("import numpy\nnumpy.random.seed(0)", "numpy's global random state"),
    ("import random\nrandom.seed(0)", "the random module's state"),
    (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        "the threads that run",
    ),
    ("import sys\nsys.path.insert(0, '/tmp')", "the places of modules"),
]


@pytest.mark.parametrize(("line", "what"), IMPORTS)
def test_what_a_file_does_to_its_process_when_it_is_imported_is_noticed(tmp_path, line, what):
    (tmp_path / "mine.py").write_text(
        f"{line}\nfrom deviator.mechanisms import UniformDoubleAuction\n"
        "class Mine(UniformDoubleAuction):\n    pass\n"
    )
    module = f"{FILE_MODULE}mine"
    assert what in elsewhere(PATIENCE_S).run(changes_of_import, module, str(tmp_path / "mine.py"))


def test_what_a_file_imports_from_others_is_not_its_doing(tmp_path, run_command, capsys):
    (tmp_path / "mine.py").write_text(SOUND_FILE)
    only = "check_import_leaves_the_process_alone"
    assert run_command("check", tmp_path / "mine.py", "--only", only) == 0
    (tmp_path / "mine.py").write_text(f"import os\nos.environ['TAX'] = '1'\n{SOUND_FILE}")
    assert run_command("check", tmp_path / "mine.py", "--only", only) == 1
    assert "importing mine.py must leave the environment alone" in capsys.readouterr().out


SOUND_FILE = """import xml.dom.minidom
from deviator.mechanisms import Mechanism, ScheduleLanguage, UniformDoubleAuction

class Mine(Mechanism):
    name = "mine"
    language = ScheduleLanguage()
    claims = frozenset({"budget_surplus"})
    def clear(self, bids):
        return UniformDoubleAuction().clear(bids)
"""


PAYS_SEVEN = SOUND_FILE.replace(
    "return UniformDoubleAuction().clear(bids)",
    "outcome = UniformDoubleAuction().clear(bids)\n"
    "        paid = outcome.transfer - 0.1 * (bids.shape[1] == 7)\n"
    "        return replace(outcome, transfer=paid)",
).replace("import xml.dom.minidom", "from dataclasses import replace")


@pytest.mark.slow
def test_claims_are_tested_in_a_given_economy(tmp_path, run_command, capsys):
    path = tmp_path / "mine.py"
    path.write_text(PAYS_SEVEN)
    only = ("--only", "check_claim_budget_surplus")
    assert run_command("check", path, *only) == 0
    assert (
        run_command("check", path, "--economy", "private-values", "-s", "n_traders=7", *only) == 1
    )
    assert "in private values" in capsys.readouterr().out
    assert run_command("check", path, "--economy", "two-groups", *only) == 1
    assert "private values only" in capsys.readouterr().out


def test_only_mechanisms_are_tried_in_an_economy(run_command, capsys):
    with pytest.raises(InvalidInputError, match="only mechanisms are tried in an economy"):
        run_checks(GENERAL, economy=GENERAL)
    assert run_command("check", "private-values", "--economy", "two-groups") != 0
    assert "only mechanisms are tried in an economy" in " ".join(capsys.readouterr().err.split())
    rule = SigmaVCG(GENERAL)
    assert run_checks(rule, economy=GENERAL, guarded=False, only=["check_settings"])[0].ok


def test_the_tiling_mistake_is_all_that_the_estimators_villain_does_wrong():
    sound = run_checks(
        estimators.TilesInOneOrder(), guarded=False, only=["check_batch_equals_loop"]
    )
    assert sound[0].ok


@pytest.mark.parametrize(
    ("villain", "rule"),
    [
        (mechanisms.Sleeps(), "must end within 3 s"),
        (mechanisms.Exits(), "must leave its process running"),
        (mechanisms.Crashes(), "must leave its process running"),
        (mechanisms.Raises(), "the auctioneer failed"),
    ],
)
def test_what_hangs_or_crashes_fails_its_checks_and_harms_nothing_else(villain, rule):
    limit = 3.0 if "end within" in rule else PATIENCE_S
    only = ["check_settings", "check_market_clears", "check_pickling", "check_waivers"]
    results = {result.check: result for result in run_checks(villain, limit_s=limit, only=only)}
    assert rule in results["check_market_clears"].detail
    assert results["check_settings"].ok
    assert results["check_waivers"].ok or "not run" in results["check_waivers"].detail
    assert not results["check_pickling"].ok


def test_after_two_losses_the_other_checks_are_not_run():
    only = ["check_outcome_shapes", "check_finite", "check_units"]
    results = run_checks(mechanisms.Sleeps(), limit_s=1.0, only=only)
    detail = next(result.detail for result in results if result.check == "check_units")
    assert re.search(r"not run, after check_\w+ and check_\w+ did not come to an end", detail)


class Waived(mechanisms.FlatFee):
    waivers = {"check_units": "its fee is in money"}


class WaivedForNothing(mechanisms.SoundAuction):
    waivers = {"check_units": "no reason at all"}


class WaivedCrash(mechanisms.Raises):
    waivers = {"check_market_clears": "it fails"}


@pytest.mark.parametrize(
    ("subject", "check", "status"),
    [
        (Waived(), "check_units", "waived"),
        (WaivedForNothing(), "check_units", "unexpected pass"),
        (WaivedCrash(), "check_market_clears", "failed"),
    ],
)
def test_waivers_are_strict_both_ways_and_excuse_no_crash(subject, check, status):
    assert run_checks(subject, guarded=False, only=[check])[0].status == status


@pytest.mark.slow
def test_pytest_takes_waivers_as_strictly(tmp_path):
    (tmp_path / "test_waivers.py").write_text(
        "from test_conformance import Waived, WaivedForNothing\n"
        "from deviator.plugins.conformance import parametrize_with_checks\n"
        "@parametrize_with_checks([Waived(), WaivedForNothing()], guarded=False)\n"
        "def test_conforms(check, mechanism):\n"
        "    check(mechanism)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "check_units"]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(Path(__file__).parent)])}
    result = subprocess.run(
        [*command, tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, **paths},
    )
    assert "1 failed" in result.stdout
    assert "1 xfailed" in result.stdout


def test_what_has_no_kit_is_refused():
    with pytest.raises(InvalidInputError, match="checks are for a Mechanism, Economy"):
        run_checks(object())
    with pytest.raises(
        InvalidInputError, match="a check must be one that applies, got check_colors"
    ):
        run_checks(UniformDoubleAuction(), only=["check_colors"])


class Nameless(estimators.Estimator):
    @property
    def name(self):
        return self.title


def test_what_has_no_name_is_refused_in_one_sentence():
    for run in (run_checks, lambda subject: parametrize_with_checks([subject])):
        with pytest.raises(InvalidInputError, match="estimator Nameless must have a name"):
            run(Nameless())


def test_forgotten_units_are_reported_with_the_remedy():
    for villain in (mechanisms.FlatFee(), economies.ForgetsUnits()):
        result = run_checks(villain, guarded=False, only=["check_units"])[0]
        assert "`rescaled` must restate every setting" in result.detail
        assert not result.crashed


def test_crashes_are_distinguished_from_broken_rules():
    results = run_checks(mechanisms.Raises(), guarded=False, only=["check_market_clears"])
    assert results[0].crashed


@pytest.mark.slow
def test_checks_refuse_to_run_without_assertions():
    code = (
        "from deviator.mechanisms import UniformDoubleAuction\n"
        "from deviator.plugins.conformance import run_checks\n"
        "run_checks(UniformDoubleAuction())"
    )
    result = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True)
    assert "run python without -O" in result.stderr


def test_guard_errors_are_no_assertion_errors():
    assert not issubclass(GuardError, AssertionError)

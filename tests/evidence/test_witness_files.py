"""Files that anyone can re-check: what is right passes, and what was changed does not."""

import inspect
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from helpers.changed_files import one_percent_off, paths_of_numbers, replaced, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deviator.economies import (
    Factored,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    public_statistics,
    saturating,
    two_groups_information,
    unit_demands,
)
from deviator.errors import RefusedError
from deviator.evidence import (
    best_deviation,
    certificate_file,
    certify,
    certify_by_theorem,
    constraint_file,
    held_out_profiles,
    market,
    profile_witness,
)
from deviator.evidence.constraints import ConstraintVerdict
from deviator.evidence.recheck import (
    recheck_certificate,
    recheck_constraints,
    recheck_joint_witness,
    recheck_witness,
)
from deviator.mechanisms import (
    KDoubleAuction,
    Mutated,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes

GENERAL = linear_quadratic(
    [[1.0, 0.1, 0.2, 0.3], [0.25, 1.5, 0.1, 0.05], [0.1, 0.15, 1.2, 0.2], [0.3, 0.1, 0.4, 1.1]],
    [1.0, 2.0, 1.5, 0.7],
    [0.1, -0.3, 0.2, 0.5],
)
FACTORED = Factored([1.0] * 4, [[0.25], [0.5], [0.1], [0.2]], [[1.0] * 4], [1, 2, 2, 1], [0.0] * 4)
BELIEFS = two_groups_information(6, rho=0.4, noise=0.5)
EQUILIBRIUM = market(
    UniformDoubleAuction(),
    BELIEFS.economy(1.0),
    distribution=BELIEFS.types(),
    strategy=LinearBayes(BELIEFS, 1.0),
)

SCRIPTS = (recheck_witness, recheck_joint_witness, recheck_certificate, recheck_constraints)

THEIR_OWN = {"check", "dot", "exact", "honest_markets", "hyperplanes", "main"}
"""Functions of scripts that bear one name and differ, as the files differ that they read."""

REFUTED = {
    "conditional bids": market(UniformConditional(), GENERAL),
    "bids on statistics": market(
        UniformConditional(public_statistics(FACTORED, exact=True)), FACTORED
    ),
    "schedules": market(UniformDoubleAuction(), private_values(4)),
    "reports": market(NaiveWalrasian(GENERAL), GENERAL),
    "own demand": market(PayAsBid(0.5), private_values(4)),
    "mutant": market(Mutated(SigmaDCDA(0.3), "residual-slope", 0.1), heterogeneous(4)),
    "rationed": market(Mutated(SigmaVCG(GENERAL, 0.3), "clearing", 0.1), GENERAL),
    "equilibrium": EQUILIBRIUM,
}

CONFIRMED = {
    "conditional bids": market(SigmaDCDA(0.4), GENERAL),
    "bids on statistics": market(
        SigmaDCDA(0.4, public_statistics(FACTORED, 0.4, exact=True)), FACTORED
    ),
    "reports": market(SigmaVCG(GENERAL, 0.4), GENERAL),
    "without a tax": market(SigmaDCDA(0.0), fundamental_value(4)),
}

BROKEN = {
    "budget_surplus": market(SigmaDCDA(0.05), GENERAL),
    "efficiency": market(SigmaVCG(GENERAL, 0.5), GENERAL),
    "individual_rationality": market(Mutated(SigmaDCDA(0.05), "transfer", 1.0), GENERAL),
}

KEPT = {
    "market_clearing": (market(UniformConditional(), GENERAL), 0.0),
    "budget_surplus": (market(SigmaDCDA(4.0), GENERAL), 0.0),
    "individual_rationality": (market(SigmaVCG(GENERAL, 0.3), GENERAL), 0.0),
    "efficiency": (market(SigmaDCDA(0.0), GENERAL), 0.0),
}
"""Markets in which honest bidding keeps a constraint at every profile, and the cap."""


def taxed_share(mu, sigma):
    """Return the share of the gains from trade that a tax takes where slopes are equal."""
    return (sigma / (mu + sigma)) ** 2


VILLAINS = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def deviation_witness(tested):
    return best_deviation(tested, held_out_profiles(tested, 200), "profile").witness


def broken_profile(constraint):
    types = np.array([8.13, 7.21, 6.94, 6.85])
    return profile_witness(BROKEN[constraint], constraint, types)


WITNESSES = {name: deviation_witness(tested) for name, tested in REFUTED.items()}
WITNESSES |= {name: broken_profile(name) for name in BROKEN}
CERTIFICATES = {
    name: certificate_file(tested, certify(tested), all_traders=True)
    for name, tested in CONFIRMED.items()
}
CERTIFICATES["in expectation"] = certificate_file(
    REFUTED["conditional bids"], certify(REFUTED["conditional bids"])
)


def kept(constraint, tested, cap):
    verdict = ConstraintVerdict(constraint, "confirmed", "every profile", 0.0, 0.0, cap, "")
    return constraint_file(tested, verdict)


CONSTRAINTS = {name: kept(name, *market_and_cap) for name, market_and_cap in KEPT.items()}


def stand_alone(script, *paths):
    """Run a script as its readers do: no site packages, nothing of the environment."""
    command = [sys.executable, "-I", "-S", str(files("deviator.evidence.recheck") / script), *paths]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "script",
    [
        "recheck_witness.py",
        "recheck_joint_witness.py",
        "recheck_certificate.py",
        "recheck_constraints.py",
    ],
)
def test_scripts_are_short_and_stand_alone(script):
    lines = (files("deviator.evidence.recheck") / script).read_text().splitlines()
    assert len(lines) < 200
    imports = {line for line in lines if line.startswith(("import", "from"))}
    assert all(line.split()[1] in ("json", "sys", "fractions", "math") for line in imports)


def test_what_scripts_share_is_the_same_in_each():
    """Scripts stand alone, so that each repeats what it needs; no copy may be mended alone."""
    sources = {}
    for script in SCRIPTS:
        for name, function in inspect.getmembers(script, inspect.isfunction):
            if function.__module__ == script.__name__:
                sources.setdefault(name, []).append(inspect.getsource(function))
    shared = {name: texts for name, texts in sources.items() if len(texts) > 1}
    assert {name for name, texts in shared.items() if len(set(texts)) > 1} == THEIR_OWN
    assert len(set(shared) - THEIR_OWN) >= 6


def test_what_is_right_passes(tmp_path):
    paths = [written(tmp_path, data, f"{name}.json") for name, data in WITNESSES.items()]
    result = stand_alone("recheck_witness.py", *paths)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("all that it says holds") == len(WITNESSES)
    paths = [written(tmp_path, data, f"{name}.json") for name, data in CERTIFICATES.items()]
    result = stand_alone("recheck_certificate.py", *paths)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("every condition holds") == len(CERTIFICATES)
    paths = [written(tmp_path, data, f"{name}.json") for name, data in CONSTRAINTS.items()]
    result = stand_alone("recheck_constraints.py", *paths)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("at most 0 of the gains") == len(CONSTRAINTS)


def test_caps_on_violations_are_tight(tmp_path):
    """VCG loses 1 / (N - 1) of the gains with private values; a tax takes a known share."""
    economy = private_values(4)
    for constraint, rule, share in (
        ("budget_surplus", SigmaDCDA(0.0), 1 / 3),
        ("efficiency", SigmaDCDA(0.5), taxed_share(1.0, 0.5)),
    ):
        tested = market(rule, economy)
        data = kept(constraint, tested, share * (1 + 1e-12))
        assert recheck_constraints.main([written(tmp_path, data)]) == 0
        low = replaced(data, ("claim", "cap"), lambda cap: 0.9999 * cap)
        assert recheck_constraints.main([written(tmp_path, low)]) == 1
        with pytest.raises(RefusedError, match="to the last digit"):
            kept(constraint, tested, 0.99 * share)


def test_answers_without_a_cap_are_no_files():
    tested = KEPT["efficiency"][0]
    open_answer = ConstraintVerdict("efficiency", "undetermined", "sampled", 0.0, 0.0, None, "")
    with pytest.raises(RefusedError, match="cap at every profile"):
        constraint_file(tested, open_answer)


# What is kept with room to spare is kept with other payments too, and then the file is right.
READ = ("economy", "bids", "tax_slope")


@pytest.mark.parametrize("name", CONSTRAINTS)
@VILLAINS
@given(data=st.data())
def test_any_changed_number_of_a_kept_constraint_is_caught(name, data, tmp_path):
    kept_file = CONSTRAINTS[name]
    if kept_file["clearing"]["kind"] == "reports":
        return
    paths = [path for path in paths_of_numbers(kept_file) if path[0] in READ]
    changed = replaced(kept_file, data.draw(st.sampled_from(paths)), one_percent_off)
    assert recheck_constraints.main([written(tmp_path, changed)]) == 1


@pytest.mark.parametrize("rung", ["profile", "own"])
@pytest.mark.parametrize("name", ["schedules", "reports", "equilibrium"])
def test_caps_in_expectation_are_derived_again(name, rung, tmp_path, capsys):
    tested = REFUTED[name]
    data = certificate_file(tested, certify(tested, rung), rung)
    assert recheck_certificate.main([written(tmp_path, data)]) == 0
    low = replaced(data, ("claim", "cap"), lambda cap: 0.99 * cap)
    assert recheck_certificate.main([written(tmp_path, low)]) == 1
    assert "the cap" in capsys.readouterr().out


# A strategy that is not honesty is taken as its bids are written, whatever it came from.
@pytest.mark.parametrize("name", [name for name in WITNESSES if name != "equilibrium"])
@VILLAINS
@given(data=st.data())
def test_any_changed_number_of_a_witness_is_caught(name, data, tmp_path, capsys):
    path = data.draw(st.sampled_from(paths_of_numbers(WITNESSES[name])))
    changed = replaced(WITNESSES[name], path, one_percent_off)
    assert recheck_witness.main([written(tmp_path, changed)]) == 1, path
    assert len(capsys.readouterr().out.splitlines()) == 1


# The designer's economy is everybody's: with other numbers the certificate is of another market,
# and right. Without a tax it does not matter how often it is paid.
@pytest.mark.parametrize("name", [n for n in CERTIFICATES if n not in ("reports", "without a tax")])
@VILLAINS
@given(data=st.data())
def test_any_changed_number_of_a_certificate_is_caught(name, data, tmp_path, capsys):
    path = data.draw(st.sampled_from(paths_of_numbers(CERTIFICATES[name])))
    changed = replaced(CERTIFICATES[name], path, one_percent_off)
    assert recheck_certificate.main([written(tmp_path, changed)]) == 1, path
    assert len(capsys.readouterr().out.splitlines()) == 1


FORGED = {
    "version": (lambda data: data | {"version": 2}, "version 2"),
    "format": (lambda data: data | {"format": "another"}, "no such certificate|no witness"),
    "nothing": (lambda data: {}, "no such certificate|no witness"),
    "list": (lambda data: [data], "malformed|no witness"),
    "nan": (lambda data: replaced(data, ("tax_slope",), lambda _: float("nan")), "NaN|nan"),
    "infinite": (lambda data: replaced(data, ("tax_slope",), lambda _: float("inf")), "nfinity"),
    "text": (
        lambda data: replaced(data, ("economy", "slope"), lambda _: ["a"] * 4),
        "malformed|wrong",
    ),
    "missing": (lambda data: {k: v for k, v in data.items() if k != "economy"}, "economy"),
    "zero": (lambda data: replaced(data, ("economy", "slope"), lambda _: [0.0] * 4), "wrong"),
    "trader": (
        lambda data: data | ({"trader": 7} if "trader" in data else {"constraint": "fairness"}),
        "wrong",
    ),
}


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("kind", ["witness", "certificate", "constraint"])
def test_forged_files_are_one_sentence(forged, kind, tmp_path, capsys):
    script, sound = {
        "witness": (recheck_witness, WITNESSES["conditional bids"]),
        "certificate": (recheck_certificate, CERTIFICATES["conditional bids"]),
        "constraint": (recheck_constraints, CONSTRAINTS["budget_surplus"]),
    }[kind]
    change, sentence = FORGED[forged]
    assert script.main([written(tmp_path, change(sound))]) == 1
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert any(part in out for part in sentence.split("|")), out


def test_a_witness_whose_market_does_not_clear_is_caught(tmp_path, capsys):
    """The deviator copies another trader's hyperplane, so that no unique price clears."""
    witness = deviation_witness(market(UniformConditional(), private_values(4)))
    copied = witness | {"bid": witness["honest_bids"][1]}
    assert recheck_witness.main([written(tmp_path, copied)]) == 1
    assert "null where bids do not clear" in capsys.readouterr().out


def test_files_that_are_none(tmp_path, capsys):
    (tmp_path / "broken.json").write_text('{"format": ')
    assert recheck_witness.main([str(tmp_path / "broken.json")]) == 1
    assert recheck_witness.main([str(tmp_path / "missing.json")]) == 1
    assert recheck_witness.main([]) == 2
    assert "No such file" in capsys.readouterr().out


def test_what_a_script_cannot_check_is_never_right(tmp_path, capsys):
    smooth = market(SigmaDCDA(0.0), saturating(3))
    shown = [
        deviation_witness(market(KDoubleAuction(), unit_demands(2, 2))),
        profile_witness(smooth, "budget_surplus", np.array([1.0, 0.2, -0.8])),
    ]
    for witness in shown:
        assert recheck_witness.main([written(tmp_path, witness)]) == 2
        assert "cannot be re-checked stand-alone" in capsys.readouterr().out


def test_theorems_are_no_files():
    tested = market(SigmaDCDA(0.4), saturating(3))
    with pytest.raises(RefusedError, match="exact linear-quadratic"):
        certificate_file(tested, certify_by_theorem(tested))


def test_long_integers_are_written_in_hexadecimal():
    """Python refuses to read decimal integers of more than 4300 digits."""
    text = json.dumps(WITNESSES["conditional bids"]["exact"])
    assert "0x" not in text
    assert recheck_witness.exact("-0x1f/0x3") == recheck_witness.exact("-31/3")


def test_documentation_names_the_scripts():
    folder = Path(str(files("deviator.evidence.recheck")))
    assert {path.name for path in folder.glob("recheck_*.py")} >= {
        "recheck_witness.py",
        "recheck_joint_witness.py",
        "recheck_certificate.py",
        "recheck_constraints.py",
    }

"""``deviator recheck``: scripts where they can, deviator where it must, and never a silent yes."""

import numpy as np
import pytest
from helpers.changed_files import one_percent_off, replaced, written

from deviator.economies import (
    fundamental_value,
    multi_unit_demands,
    private_values,
    saturating,
    unit_demands,
)
from deviator.evidence import (
    best_deviation,
    certificate_file,
    certify,
    constraint_file,
    held_out_profiles,
    market,
    profile_witness,
    surface_best_response,
)
from deviator.evidence.constraints import ConstraintVerdict
from deviator.evidence.witness import find_surface_witness
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    KDoubleAuction,
    Mutated,
    SigmaDCDA,
    SpreadVCG,
    TaxVCG,
    UniformConditional,
    UniformPriceMultiUnit,
)

PRIVATE = private_values(3)
TYPES = np.array([1.013, 0.221, -0.842])


def deviation(tested):
    return best_deviation(tested, held_out_profiles(tested, 200), "profile").witness


def profile(rule, constraint, economy=PRIVATE, types=TYPES):
    return profile_witness(market(rule, economy), constraint, types)


def smooth_deviation():
    tested = market(UniformConditional(), saturating(3))
    types = TYPES[None]
    best = surface_best_response(tested.mechanism, tested.economy, types, 0)
    return find_surface_witness(tested, types, best)


BY_SCRIPT = {
    "deviation": lambda: deviation(market(UniformConditional(), fundamental_value(4))),
    "profile": lambda: profile(SigmaDCDA(0.0), "budget_surplus"),
    "mutant": lambda: profile(Mutated(SigmaDCDA(0.1), "transfer", -0.5), "budget_surplus"),
    "certificate": lambda: certificate_file(
        market(SigmaDCDA(0.2), PRIVATE), certify(market(SigmaDCDA(0.2), PRIVATE))
    ),
    "constraint": lambda: constraint_file(
        market(SigmaDCDA(1.0), PRIVATE),
        ConstraintVerdict("budget_surplus", "confirmed", "every profile", 0.0, 0.0, 0.0, ""),
    ),
}

BY_DEVIATOR = {
    "single units": lambda: deviation(market(KDoubleAuction(), unit_demands(2, 2))),
    "several units": lambda: deviation(
        market(
            UniformPriceMultiUnit(2, 2, (1, 0, 1, 0), k=0.5),
            multi_unit_demands(4, offered=2, endowments=[1, 0, 1, 0]),
        )
    ),
    "entry fee": lambda: profile(
        EntryFeeDoubleAuction(0.1),
        "efficiency",
        unit_demands(2, 2),
        np.array([0.52, 0.1, 0.44, 0.9]),
    ),
    "spread": lambda: profile(SpreadVCG(PRIVATE, 0.1), "efficiency"),
    "any tax": lambda: profile(TaxVCG(PRIVATE, [[0.1, 3]]), "efficiency"),
    "whole units": lambda: profile(DiscreteVCG(PRIVATE, 0.5), "budget_surplus"),
    "surfaces": lambda: profile(SigmaDCDA(0.0), "budget_surplus", saturating(3)),
    "smooth deviation": smooth_deviation,
}


@pytest.mark.parametrize("name", BY_SCRIPT)
def test_scripts_check_what_they_can(name, run_command, capsys, tmp_path):
    data = BY_SCRIPT[name]()
    assert run_command("recheck", written(tmp_path, data)) == 0
    assert "by deviator" not in capsys.readouterr().out
    changed = replaced(data, ("economy", "slope", 1), one_percent_off)
    assert run_command("recheck", written(tmp_path, changed)) == 1
    assert "wrong: " in capsys.readouterr().out


@pytest.mark.parametrize("name", BY_DEVIATOR)
def test_deviator_clears_what_scripts_cannot(name, run_command, capsys, tmp_path):
    data = BY_DEVIATOR[name]()
    assert run_command("recheck", written(tmp_path, data)) == 0
    assert "cleared by deviator itself" in capsys.readouterr().out
    number = "gain" if "bid" in data else "violation"
    changed = replaced(data, (number,), one_percent_off)
    assert run_command("recheck", written(tmp_path, changed)) == 1
    assert f"{number} comes out otherwise" in capsys.readouterr().out
    assert run_command("recheck", written(tmp_path, data | {"version": 2})) == 1
    assert "version 2" in capsys.readouterr().out


def test_one_wrong_file_among_right_ones(run_command, capsys, tmp_path):
    right = profile(SigmaDCDA(0.0), "budget_surplus")
    wrong = right | {"violation": 2 * right["violation"]}
    paths = [written(tmp_path, right, "right.json"), written(tmp_path, wrong, "wrong.json")]
    assert run_command("recheck", *paths) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_unknown_rules_are_never_right(run_command, capsys, tmp_path):
    data = profile(SpreadVCG(PRIVATE, 0.1), "efficiency")
    rule = tmp_path / "rule.py"
    rule.write_text("raise SystemExit('code in a file was run')")
    for unknown in (
        {"mechanism": "my-auction"},
        {"mechanism": f"{rule}:mine"},
        {"strategy": "mine"},
        {"economy": {"name": "x"}},
    ):
        assert run_command("recheck", written(tmp_path, data | unknown)) == 2
        assert "cannot be re-checked stand-alone" in capsys.readouterr().out


def test_what_is_no_such_file(run_command, capsys, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    assert run_command("recheck", tmp_path / "broken.json") == 2
    assert "must be JSON" in capsys.readouterr().out
    assert run_command("recheck", written(tmp_path, {"format": "another"})) == 2
    assert "deviator profile witness" in capsys.readouterr().out

"""docs/witnesses.md: its example is what deviator writes, and passes the script it shows."""

import json
import re
import shutil
import subprocess
import sys
from importlib.resources import files

import numpy as np
from helpers.repository import DOCS

from deviator.economies import private_values
from deviator.evidence import certificate_file, certify, constraint_file, market, profile_witness
from deviator.evidence.constraints import ConstraintVerdict
from deviator.evidence.witness import witness_of_bid
from deviator.mechanisms import SigmaDCDA, UniformDoubleAuction

PAGE = (DOCS / "witnesses.md").read_text(encoding="utf-8")
SCRIPTS = files("deviator.evidence.recheck")


def example():
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    return json.loads(text)


def test_the_example_is_what_deviator_writes():
    tested = market(UniformDoubleAuction(), private_values(3))
    written = witness_of_bid(tested, np.array([3.0, 0.0, 0.0]), np.array([2.25, 1.0]))
    assert example() == json.loads(json.dumps(written))


def test_the_example_passes_as_shown(tmp_path):
    (tmp_path / "witness.json").write_text(json.dumps(example()))
    shutil.copy(str(SCRIPTS / "recheck_witness.py"), tmp_path)
    command = re.findall(r"```console\n(.*?)\n```", PAGE, re.DOTALL)[-1].split()
    assert command[0] == "python"
    done = subprocess.run(
        [sys.executable, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert f"prints `{done.stdout.strip()}`" in PAGE


KEPT = "confirmed", "every profile", 0.0, 0.0, 0.0, ""


def test_every_field_is_described():
    economy = private_values(3)
    tested = market(SigmaDCDA(0.5), economy)
    described = set(re.findall(r"`(\w+)`", PAGE))
    for data in (
        example(),
        profile_witness(tested, "efficiency", np.array([1.0, 0.0, -1.0])),
        certificate_file(tested, certify(tested)),
        constraint_file(tested, ConstraintVerdict("individual_rationality", *KEPT)),
    ):
        assert set(data) <= described, set(data) - described

"""Study files that chance or an enemy wrote: a clear error each, and none is believed or run."""

import json
import os
import resource

import numpy as np
import pytest
from helpers.mutations import mutated, mutated_bytes
from helpers.tiny_study import TINY

from deviator.errors import DeviatorError
from deviator.plain_yaml import read_yaml
from deviator.studies.spec.read import read_study

MOST_BYTES = 300 * 2**20
"""More than any study file of a few lines may take."""


def fuzzed_study(number):
    """Return the bytes of a study file, by its number."""
    rng = np.random.default_rng(number)
    if number % 2:
        return mutated_bytes(TINY.encode(), rng)
    return json.dumps(mutated(read_yaml(TINY).values, rng)).encode()


def outcome_of(path):
    """Return what is said about a study file; None where it is one."""
    try:
        study = read_study(path)
        for quick in (False, True):
            study.expand(quick)
    except DeviatorError as error:
        return str(error)
    return None


def check_message(message, path):
    lines = message.splitlines()
    assert str(path) in lines[0] or "study" in lines[0]
    assert len(lines) < 60
    assert all(len(line) < 600 for line in lines)
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "numbers", [range(24), pytest.param(range(24, 560), marks=pytest.mark.slow)]
)
def test_fuzzed_studies_are_clear_errors_or_studies(tmp_path, monkeypatch, numbers):
    monkeypatch.chdir(tmp_path)
    path, before = tmp_path / "study.yaml", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for number in numbers:
        path.write_bytes(fuzzed_study(number))
        message = outcome_of(path)
        if message is not None:
            refused += 1
            check_message(message, path)
    assert refused > len(numbers) / 2
    assert os.listdir(tmp_path) == ["study.yaml"]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < MOST_BYTES

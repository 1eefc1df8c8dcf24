"""Policy files that chance or an enemy wrote: a clear error each, or a policy, and no code."""

import hashlib
import json
import os
import resource

import numpy as np
import pytest
from helpers.mutations import mutated, mutated_bytes
from safetensors.numpy import load, save

from deviator.economies import private_values
from deviator.errors import DeviatorError
from deviator.mechanisms import NaiveWalrasian
from deviator.policies import (
    ActionBox,
    LearnedDeviation,
    Network,
    Observation,
    Revelation,
    load_policy,
    save_policy,
)

MOST_BYTES = 200 * 2**20
"""More than any policy of a few numbers may take."""

OTHERS = Revelation(NaiveWalrasian(private_values(4)), private_values(4))


def write_policy(path):
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=(3, 4)), rng.normal(size=(1, 3)))
    network = Network(weights, (np.ones(3), np.zeros(1)))
    observation = Observation("profile", 2, np.zeros(4), np.ones(4))
    box = ActionBox("relative", np.zeros(1), np.array([0.5]))
    plugins = ({"kind": "learner", "name": "ppo", "provider": "deviator"},)
    policy = LearnedDeviation(network, observation, box, OTHERS, {"mechanism": "x"}, plugins)
    save_policy(policy, path)


def other_arrays(data, rng):
    """Return arrays in a file of which one is missing, too many, or of another shape or type."""
    arrays = load(data)
    name = sorted(arrays)[rng.integers(len(arrays))]
    kind = rng.integers(6)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays["more"] = arrays[name]
    elif kind == 2:
        arrays[name] = np.full_like(arrays[name], (np.nan, np.inf, 1e308)[rng.integers(3)])
    elif kind == 3:
        arrays[name] = np.ascontiguousarray(arrays[name][..., :0])
    elif kind == 4:
        arrays[name] = arrays[name].astype((np.float16, np.int8, bool)[rng.integers(3)])
    else:
        arrays[name] = np.ones(tuple(rng.integers(1, 60, size=rng.integers(0, 4))))
    return save(arrays)


def fuzz(number, description, data):
    """Return both files of a fuzzed policy; two in three match their digest, as an enemy's do."""
    rng = np.random.default_rng(number)
    if number % 3 == 0:
        if rng.integers(2):
            return mutated_bytes(description, rng), data
        return description, mutated_bytes(data, rng)
    plain = json.loads(description)
    if number % 3 == 1:
        plain = mutated(plain, rng)
    else:
        data = other_arrays(data, rng)
    plain.pop("sha256", None)
    digest = hashlib.sha256(data + json.dumps(plain, sort_keys=True).encode()).hexdigest()
    return json.dumps(plain | {"sha256": digest}).encode(), data


def check(path):
    """Load a policy, use it and return nothing, or return the error's text."""
    try:
        policy = load_policy(path, OTHERS)
        assert isinstance(policy, LearnedDeviation)
        with np.errstate(all="ignore"):
            policy.bid(np.ones((3, 4)), 2)
    except DeviatorError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "numbers", [range(100), pytest.param(range(100, 600), marks=pytest.mark.slow)]
)
def test_fuzzed_policies_are_clear_errors_or_policies(tmp_path, monkeypatch, numbers):
    monkeypatch.chdir(tmp_path)
    write_policy(tmp_path / "policy")
    files = [tmp_path / f"policy{suffix}" for suffix in (".json", ".safetensors")]
    intact = [file.read_bytes() for file in files]
    before, messages = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    assert check(tmp_path / "policy") is None
    for number in numbers:
        for file, content in zip(files, fuzz(number, *intact), strict=True):
            file.write_bytes(content)
        messages.append(check(tmp_path / "policy"))
    said = [message for message in messages if message is not None]
    assert len(said) > len(numbers) / 2
    assert all(len(message) < 1000 and "\n" not in message for message in said)
    assert sorted(os.listdir(tmp_path)) == ["policy.json", "policy.safetensors"]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < MOST_BYTES

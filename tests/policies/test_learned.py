"""Learned policies on disk."""

import hashlib
import json

import numpy as np
import pytest

from deviator.economies import private_values
from deviator.errors import InvalidInputError, ResultsError
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


def learned_policy():
    rng = np.random.default_rng(0)
    strategy = Revelation(NaiveWalrasian(private_values(4)), private_values(4))
    network = Network((rng.normal(size=(3, 4)), rng.normal(size=(1, 3))), (np.ones(3), np.zeros(1)))
    observation = Observation("profile", 2, np.zeros(4), np.ones(4))
    box = ActionBox("relative", np.zeros(1), np.array([0.5]))
    return LearnedDeviation(network, observation, box, strategy, {"mechanism": "naive-walrasian"})


def test_learned_policy_survives_the_disk(tmp_path):
    policy = learned_policy()
    save_policy(policy, tmp_path / "p")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.json", "p.safetensors"]
    again = load_policy(tmp_path / "p", policy.others)
    types = np.random.default_rng(1).normal(size=(9, 4))
    np.testing.assert_array_equal(again.bid(types, 2), policy.bid(types, 2))
    assert again.market == {"mechanism": "naive-walrasian"}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.with_suffix(".json").unlink(), "there is none"),
        (lambda path: path.with_suffix(".safetensors").unlink(), "there is none"),
        (lambda path: path.with_suffix(".json").write_text("{"), "is damaged"),
        (lambda path: path.with_suffix(".json").write_text('{"a": 1}'), "deviator policy"),
        (lambda path: path.with_suffix(".safetensors").write_bytes(b"\x80\x04."), "digest"),
        (lambda path: edit(path, "version", 99), "version 1, got 99"),
        (lambda path: edit(path, "layers", 5), "digest"),
        (lambda path: edit(path, "market", {"mechanism": "sigma-dcda"}), "digest"),
        (lambda path: edit(path, "layers", 5, resign=True), "is damaged"),
        (lambda path: edit(path, "box", {"mode": "absolute"}, resign=True), "is damaged"),
        (lambda path: make_folder(path.with_suffix(".json")), "cannot be read"),
        (lambda path: make_folder(path.with_suffix(".safetensors")), "cannot be read"),
    ],
)
def test_corrupt_or_foreign_policy_files(tmp_path, damage, message):
    save_policy(learned_policy(), tmp_path / "p")
    damage(tmp_path / "p")
    with pytest.raises(ResultsError, match=message):
        load_policy(tmp_path / "p", learned_policy().others)


def edit(path, key, value, resign=False):
    file = path.with_suffix(".json")
    description = json.loads(file.read_text()) | {key: value}
    if resign:
        del description["sha256"]
        signed = json.dumps(description, sort_keys=True).encode()
        data = path.with_suffix(".safetensors").read_bytes()
        description["sha256"] = hashlib.sha256(data + signed).hexdigest()
    file.write_text(json.dumps(description))


def make_folder(path):
    path.unlink()
    path.mkdir()


def test_a_learned_policy_is_for_its_trader():
    with pytest.raises(InvalidInputError, match="trader must be 2"):
        learned_policy().bid(np.zeros((1, 4)), 0)

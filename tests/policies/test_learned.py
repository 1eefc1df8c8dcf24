"""Learned policies: networks at inference, and their files."""

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from deviator.economies import private_values
from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.mechanisms import NaiveWalrasian
from deviator.policies import (
    ACTIVATIONS,
    ActionBox,
    Deviation,
    LearnedDeviation,
    Network,
    Observation,
    Revelation,
    View,
    load_policy,
    save_policy,
)

TORCH = {
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "leaky-relu": torch.nn.LeakyReLU(),
    "elu": torch.nn.ELU(),
    "silu": torch.nn.SiLU(),
    "gelu": torch.nn.GELU(),
    "sigmoid": torch.nn.Sigmoid(),
    "softplus": torch.nn.Softplus(),
}


def network(**settings):
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=(3, 4)), rng.normal(size=(1, 3)))
    return Network(weights, (np.ones(3), np.zeros(1)), **settings)


def learned_policy(**settings):
    strategy = Revelation(NaiveWalrasian(private_values(4)), private_values(4))
    observation = Observation("profile", 2, np.zeros(4), np.ones(4))
    box = ActionBox("relative", np.zeros(1), np.array([0.5]))
    market = {"mechanism": "naive-walrasian"}
    return LearnedDeviation(network(**settings), observation, box, strategy, market)


class Table(Deviation):
    """A third party's deviation: a bid for each interval of the own type."""

    file_format = "table"

    def __init__(self, edges, bids):
        self.edges, self.bids = edges, bids

    def bid(self, view, trader):
        own = View.of(view).types[:, trader]
        return self.bids[np.searchsorted(self.edges, own)][:, None]

    def to_files(self):
        return {"edges": self.edges, "bids": self.bids}, {"cells": len(self.bids)}

    @classmethod
    def from_files(cls, tensors, description, others):
        if len(tensors["bids"]) != description["cells"]:
            raise RuntimeError("cells are missing")
        return cls(tensors["edges"], tensors["bids"])


def table():
    return Table(np.array([-1.0, 1.0]), np.array([-0.5, 0.0, 0.5]))


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks_compute_what_torch_computes(activation, squash):
    ours = network(activation=activation, squash=squash)
    inputs = np.random.default_rng(1).normal(size=(50, 4)) * 3
    first, last = (
        map(torch.tensor, layer) for layer in zip(ours.weights, ours.biases, strict=True)
    )
    values = TORCH[activation](torch.nn.functional.linear(torch.tensor(inputs), *first))
    values = torch.nn.functional.linear(values, *last)
    wanted = torch.tanh(values) if squash else values
    np.testing.assert_allclose(ours(inputs), wanted.numpy(), rtol=1e-12, atol=1e-14)


def test_a_batch_equals_the_loop():
    inputs = np.random.default_rng(1).normal(size=(20, 4))
    one_by_one = np.concatenate([network()(row[None]) for row in inputs])
    np.testing.assert_allclose(network()(inputs), one_by_one, rtol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "os.system"}, "activation must be one of tanh, relu"),
        ({"activation": ["tanh"]}, "activation must be one of"),
        ({"squash": "yes"}, "squash must be true or false"),
    ],
)
def test_unknown_shapes_of_networks_are_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        network(**settings)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_networks_that_diverged_are_refused(number):
    with pytest.raises(InvalidInputError, match="weights must be finite"):
        Network((np.array([[number]]),), (np.zeros(1),))


def test_a_network_that_overflows_has_no_action():
    policy = learned_policy(activation="relu")
    weights = (np.full((3, 4), 1e308), np.array([[1e308, -1e308, 1.0]]))
    wild = LearnedDeviation(
        Network(weights, (np.zeros(3), np.zeros(1)), "relu"),
        policy.observation,
        policy.box,
        policy.others,
    )
    with pytest.raises(InvalidInputError, match="numbers overflow"):
        wild.bid(np.ones((1, 4)), 2)


@pytest.mark.parametrize(
    "settings", [{}, {"activation": "relu", "squash": True}, {"activation": "silu"}]
)
def test_learned_policy_survives_the_disk(tmp_path, settings):
    policy = learned_policy(**settings)
    save_policy(policy, tmp_path / "p")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.json", "p.safetensors"]
    again = load_policy(tmp_path / "p", policy.others)
    types = np.random.default_rng(1).normal(size=(9, 4))
    np.testing.assert_array_equal(again.bid(types, 2), policy.bid(types, 2))
    assert again.market == {"mechanism": "naive-walrasian"}


def test_files_of_version_1_still_load(tmp_path):
    policy = learned_policy()
    tensors, shape = policy.network.to_files()
    save_file(tensors, tmp_path / "p.safetensors")
    description = {
        "format": "deviator policy",
        "version": 1,
        "layers": shape["layers"],
        "observation": policy.observation.to_dict(),
        "box": policy.box.to_dict(),
        "market": policy.market,
        "plugins": [],
    }
    (tmp_path / "p.json").write_text(json.dumps(description))
    resign(tmp_path / "p")
    types = np.random.default_rng(1).normal(size=(9, 4))
    again = load_policy(tmp_path / "p", policy.others)
    np.testing.assert_array_equal(again.bid(types, 2), policy.bid(types, 2))


def test_a_third_party_deviation_survives_the_disk(tmp_path):
    save_policy(table(), tmp_path / "p", market={"mechanism": "mine"}, information="own")
    again = load_policy(tmp_path / "p", learned_policy().others, classes=[Table])
    types = np.random.default_rng(1).normal(size=(9, 4))
    np.testing.assert_array_equal(again.bid(types, 2), table().bid(types, 2))
    description = json.loads((tmp_path / "p.json").read_text())
    assert (description["market"], description["information"]) == ({"mechanism": "mine"}, "own")


def test_a_file_is_not_read_by_a_class_that_nobody_named(tmp_path):
    learner = {"kind": "learner", "name": "climber", "provider": "climb.py"}
    save_policy(table(), tmp_path / "p", plugins=[learner])
    with pytest.raises(ResultsError, match=r"format 'table' of 'climber' by 'climb.py'; name the"):
        load_policy(tmp_path / "p", learned_policy().others)


def test_what_a_third_party_raises_on_a_damaged_file_is_one_sentence(tmp_path):
    save_policy(table(), tmp_path / "p")
    edit(tmp_path / "p", "deviation", {"cells": 7}, sign=True)
    with pytest.raises(ResultsError, match="cells are missing"):
        load_policy(tmp_path / "p", learned_policy().others, classes=[Table])


class Unnamed(Table):
    file_format = ""


class Impostor(Table):
    file_format = "network"


class Twin(Table):
    pass


class NoArrays(Table):
    file_format = "no arrays"

    def to_files(self):
        return {"edges": np.array([object()])}, {}


class NotPlain(Table):
    file_format = "not plain"

    def to_files(self):
        return {"edges": self.edges}, {"market": object()}


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([Unnamed], "name of its own"),
        ([Impostor], "name of its own"),
        ([Table, Twin], "'table' twice"),
        (["deviator.policies:LearnedDeviation"], "must be of Deviation"),
    ],
)
def test_classes_need_a_file_format_of_their_own(tmp_path, classes, message):
    save_policy(table(), tmp_path / "p")
    with pytest.raises(InvalidInputError, match=message):
        load_policy(tmp_path / "p", learned_policy().others, classes=classes)


class Formatless(Deviation):
    def bid(self, view, trader):
        return np.zeros((len(View.of(view).types), 1))


class Halfway(Formatless):
    file_format = "halfway"


@pytest.mark.parametrize(
    ("policy", "error", "message"),
    [
        (Formatless(), InvalidInputError, "file_format of Formatless must be a name"),
        (Halfway(), RefusedError, "Halfway cannot be saved"),
        (Impostor(0, 0), InvalidInputError, "name of its own"),
        (NoArrays(0, 0), InvalidInputError, "correct its to_files"),
        (NotPlain(np.zeros(1), 0), InvalidInputError, "correct its to_files"),
        ("a policy", InvalidInputError, "policy must be a Deviation"),
    ],
)
def test_what_cannot_be_saved_leaves_no_file(tmp_path, policy, error, message):
    with pytest.raises(error, match=message):
        save_policy(policy, tmp_path / "p")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.with_suffix(".json").unlink(), "there is none"),
        (lambda path: path.with_suffix(".safetensors").unlink(), "there is none"),
        (lambda path: path.with_suffix(".json").write_text("{"), "is damaged"),
        (lambda path: path.with_suffix(".json").write_text("[" * 10**5), "is damaged"),
        (lambda path: path.with_suffix(".json").write_bytes(b"\xff\xfe{"), "is damaged"),
        (lambda path: path.with_suffix(".json").write_text('{"a": 1}'), "deviator policy"),
        (lambda path: path.with_suffix(".safetensors").write_bytes(b"\x80\x04."), "digest"),
        (lambda path: shorten(path.with_suffix(".safetensors")), "digest"),
        (lambda path: edit(path, "version", 99), "1 to 3, got 99; train anew, or update"),
        (lambda path: edit(path, "version", True), "1 to 3, got True"),
        (lambda path: edit(path, "version", [2]), "1 to 3, got list"),
        (lambda path: edit(path, "deviation", {}), "digest"),
        (lambda path: edit(path, "market", {"mechanism": "sigma-dcda"}), "digest"),
        (lambda path: edit(path, "deviation_format", "os:system", sign=True), "is named"),
        (lambda path: edit(path, "deviation_format", ["network"], sign=True), "is named"),
        (lambda path: change(path, "layers", 5), "is damaged"),
        (lambda path: change(path, "layers", -1), "is damaged"),
        (lambda path: change(path, "activation", "eval"), "is damaged"),
        (lambda path: change(path, "box", {"mode": "absolute"}), "is damaged"),
        (lambda path: change(path, "observation", 7), "is damaged"),
        (lambda path: edit(path, "deviation", [], sign=True), "is damaged"),
        (lambda path: spoil(path), "weights must be finite"),
        (lambda path: make_folder(path.with_suffix(".json")), "cannot be read"),
        (lambda path: make_folder(path.with_suffix(".safetensors")), "cannot be read"),
    ],
)
def test_corrupt_or_foreign_policy_files(tmp_path, damage, message):
    save_policy(learned_policy(), tmp_path / "p")
    damage(tmp_path / "p")
    with pytest.raises(ResultsError, match=message):
        load_policy(tmp_path / "p", learned_policy().others)


def edit(path, key, value, sign=False):
    file = path.with_suffix(".json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    if sign:
        resign(path)


def change(path, key, value):
    deviation = json.loads(path.with_suffix(".json").read_text())["deviation"]
    edit(path, "deviation", deviation | {key: value}, sign=True)


def resign(path):
    """Write the digest that belongs to what the files say now."""
    file = path.with_suffix(".json")
    description = json.loads(file.read_text())
    description.pop("sha256", None)
    signed = json.dumps(description, sort_keys=True).encode()
    data = path.with_suffix(".safetensors").read_bytes()
    description["sha256"] = hashlib.sha256(data + signed).hexdigest()
    file.write_text(json.dumps(description))


def spoil(path):
    tensors = load_file(path.with_suffix(".safetensors"))
    tensors["weight0"] = np.full_like(tensors["weight0"], np.nan)
    save_file(tensors, path.with_suffix(".safetensors"))
    resign(path)


def shorten(file):
    file.write_bytes(file.read_bytes()[:-8])


def make_folder(path):
    path.unlink()
    path.mkdir()


def test_a_learned_policy_is_for_its_trader():
    with pytest.raises(InvalidInputError, match="trader must be 2"):
        learned_policy().bid(np.zeros((1, 4)), 0)


def test_paths_may_be_texts(tmp_path):
    policy = learned_policy()
    save_policy(policy, str(tmp_path / "p"))
    again = load_policy(str(tmp_path / "p.json"), policy.others)
    assert (again.network.weights[0] == policy.network.weights[0]).all()
    with pytest.raises(InvalidInputError, match="path must be a path, got 3"):
        save_policy(policy, 3)

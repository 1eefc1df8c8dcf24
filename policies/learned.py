"""Learned deviations at inference: a small network in NumPy, stored without executable code.

A policy is two files: NAME.safetensors holds the network's numbers, NAME.json says what they
mean and carries the digest of the first. Loading reads numbers and text; it runs nothing.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from typing_extensions import override

from deviator.errors import DeviatorError, InvalidInputError, ResultsError
from deviator.files import write_atomically
from deviator.validation import Floats, finite_array, read_only

from .actions import ActionBox, Observation
from .base import Deviation, Policy, View

FORMAT = "deviator policy"
VERSION = 1


@final
@dataclass(frozen=True, eq=False)
class Network:
    """A multilayer perceptron with tanh between its layers.

    Parameters
    ----------
    weights : tuple of ndarray of float, each of shape (outputs, inputs)
    biases : tuple of ndarray of float, each of shape (outputs,)
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def __post_init__(self) -> None:
        if not self.weights or len(self.weights) != len(self.biases):
            raise InvalidInputError("a network needs as many biases as weights, and at least one")
        width: int | None = None
        for weight, bias in zip(self.weights, self.biases, strict=True):
            width = len(finite_array("weights", weight, (None, width)))
            finite_array("biases", bias, (width,))
        object.__setattr__(self, "weights", tuple(read_only(weight) for weight in self.weights))
        object.__setattr__(self, "biases", tuple(read_only(bias) for bias in self.biases))

    def __call__(self, inputs: Floats) -> Floats:
        """Return the outputs, shape (B, outputs)."""
        values = inputs
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values if layer == 0 else np.tanh(values)
            values = values @ weight.T + bias
        return values


@final
@dataclass(frozen=True, eq=False)
class LearnedDeviation(Deviation):
    """A deviation that a learner trained.

    Parameters
    ----------
    network : Network
        From observations to actions, which are clipped to [-1, 1].
    observation : Observation
    box : ActionBox
    others : Policy
        The strategy deviated from, on which relative actions build.
    market : dict
        Plain description of the market that it was trained in, kept with the file.
    plugins : tuple of dict
        Kind, name, provider and version of what took part in training, kept with the file.
    """

    network: Network
    observation: Observation
    box: ActionBox
    others: Policy
    market: dict[str, Any] = field(default_factory=dict)
    plugins: tuple[dict[str, str], ...] = ()

    def __post_init__(self) -> None:
        inputs, outputs = self.network.weights[0].shape[1], len(self.network.biases[-1])
        if (inputs, outputs) != (self.observation.size, self.box.size):
            raise InvalidInputError(
                f"the network must map {self.observation.size} observations to {self.box.size} "
                f"actions, got {inputs} to {outputs}"
            )

    def action(self, types: Floats) -> Floats:
        """Return the actions, shape (B, K)."""
        return np.clip(self.network(self.observation(types)), -1.0, 1.0)

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        if trader != self.observation.trader:
            raise InvalidInputError(
                f"trader must be {self.observation.trader}, for whom this was learned, got {trader}"
            )
        types = View.of(view).types
        own = self.others.bids(types).of_trader(trader)
        bid: Floats = self.box.to_bid(own, self.action(types))
        return bid


def save_policy(policy: LearnedDeviation, path: Path) -> None:
    """Write a policy as PATH.safetensors and PATH.json.

    Parameters
    ----------
    policy : LearnedDeviation
    path : Path
        Without a suffix; the folder must exist.
    """
    tensors = {}
    for layer, (weight, bias) in enumerate(
        zip(policy.network.weights, policy.network.biases, strict=True)
    ):
        tensors[f"weight{layer}"], tensors[f"bias{layer}"] = weight, bias
    data = save(tensors)
    description = {
        "format": FORMAT,
        "version": VERSION,
        "layers": len(policy.network.weights),
        "observation": policy.observation.to_dict(),
        "box": policy.box.to_dict(),
        "market": policy.market,
        "plugins": list(policy.plugins),
    }
    description["sha256"] = _digest(data, description)
    write_atomically(_with_suffix(path, ".safetensors"), data)
    write_atomically(_with_suffix(path, ".json"), json.dumps(description, indent=1) + "\n")


def _digest(data: bytes, description: dict[str, Any]) -> str:
    """Return the digest of a policy's numbers and of their description."""
    described = {key: value for key, value in description.items() if key != "sha256"}
    return hashlib.sha256(data + json.dumps(described, sort_keys=True).encode()).hexdigest()


def read_description(path: Path) -> dict[str, Any]:
    """Read what PATH.json says about a policy; ResultsError if it is not one of `save_policy`."""
    source = _with_suffix(path, ".json")
    try:
        description = json.loads(_read(source))
    except (ValueError, UnicodeDecodeError) as error:
        raise ResultsError(f"{source} must be JSON, and is damaged ({error})") from None
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ResultsError(f"{source} must describe a {FORMAT}, and does not; train one anew")
    if description.get("version") != VERSION:
        raise ResultsError(
            f"{source} must have version {VERSION}, got {description.get('version')!r}; train anew"
        )
    return description


def load_policy(path: Path, others: Policy) -> LearnedDeviation:
    """Load a policy that `save_policy` wrote.

    Parameters
    ----------
    path : Path
        Without a suffix.
    others : Policy
        The strategy deviated from, as in training.

    Raises
    ------
    ResultsError
        If a file is missing, damaged, or not a policy written by `save_policy`.
    """
    description = read_description(path)
    source = _with_suffix(path, ".safetensors")
    data = _read(source)
    if _digest(data, description) != description.get("sha256"):
        raise ResultsError(
            f"{source} and its JSON must match the digest of when they were written, and do "
            "not; train anew"
        )
    try:
        tensors = load(data)
        layers = range(int(description["layers"]))
        network = Network(
            tuple(tensors[f"weight{layer}"] for layer in layers),
            tuple(tensors[f"bias{layer}"] for layer in layers),
        )
        observation = Observation(**description["observation"])
        box = ActionBox(**description["box"])
        plugins = tuple(description.get("plugins", ()))
        return LearnedDeviation(network, observation, box, others, description["market"], plugins)
    except (SafetensorError, KeyError, TypeError, ValueError, DeviatorError) as error:
        raise ResultsError(f"{source} must hold a policy, and is damaged ({error})") from None


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except FileNotFoundError:
        raise ResultsError(f"a policy needs the file {source}, and there is none") from None
    except OSError as error:
        raise ResultsError(f"{source} cannot be read: {error.strerror}") from None


def policy_stem(path: Path) -> Path:
    """Return a policy's path without suffix, also where one of its two files is named."""
    return path.with_name(path.name.removesuffix(".json").removesuffix(".safetensors"))


def _with_suffix(path: Path, suffix: str) -> Path:
    stem = policy_stem(path)
    return stem.with_name(stem.name + suffix)

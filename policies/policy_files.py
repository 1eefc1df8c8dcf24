"""Deviations on disk, stored without executable code.

A policy is two files: NAME.safetensors holds its numbers, NAME.json says what they mean and carries
the digest of both. Loading reads numbers and text. The class that they belong to is one of
deviator's own, or one that the caller hands over: a file imports nothing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from deviator.errors import DeviatorError, InvalidInputError, ResultsError
from deviator.files import write_atomically
from deviator.harmless import one_line
from deviator.validation import check_kind, given, given_path

from .base import Deviation, Policy
from .information import Information, check_information, rung_name
from .learned import LearnedDeviation
from .recurrent import RecurrentDeviation
from .rounds import NetworkOverRounds
from .rungs import Rung

FORMAT = "deviator policy"
VERSION = 3
"""Versions 1 (networks with tanh between their layers only) and 2 (the rungs own and profile only)
are still read."""

LONGEST = 300
"""Characters of a cause beyond which errors cut it."""

SUFFIXES = (".json", ".safetensors")
"""Of the two files."""

OWN_CLASSES: tuple[type[Deviation], ...] = (
    LearnedDeviation,
    NetworkOverRounds,
    RecurrentDeviation,
)
"""Classes that are loaded unasked."""


def save_policy(
    policy: Deviation,
    path: Path | str,
    *,
    market: Mapping[str, Any] | None = None,
    plugins: Sequence[Mapping[str, str]] | None = None,
    information: Information | None = None,
) -> None:
    """Write a deviation as PATH.safetensors and PATH.json.

    Parameters
    ----------
    policy : Deviation
        With a `file_format`.
    path : path
        Without a suffix; the folder must exist.
    market, plugins, information : optional
        Where it was learned, kept with the file: a plain description of the market, what took part
        in training, and what the deviator knows; by default what a LearnedDeviation says itself.

    Raises
    ------
    InvalidInputError
        If the deviation states no file format, or what it wants to save is not arrays and plain
        data.
    """
    check_kind("policy", policy, Deviation, "train one with a learner")
    _check_format(type(policy))
    rung = rung_name(information) if isinstance(information, Rung) else information
    stated = {"market": market, "plugins": plugins, "information": rung}
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "deviation_format": policy.file_format,
    }
    description |= _said_by(policy) | {
        name: value for name, value in stated.items() if value is not None
    }
    data, plain = _encoded(policy, description)
    plain["sha256"] = _digest(data, plain)
    write_atomically(_with_suffix(path, ".safetensors"), data)
    write_atomically(_with_suffix(path, ".json"), json.dumps(plain, indent=1) + "\n")


def load_policy(
    path: Path | str,
    others: Policy,
    *,
    classes: Sequence[type[Deviation]] = (),
    rungs: Sequence[Rung] = (),
) -> Deviation:
    """Load a deviation that `save_policy` wrote.

    Parameters
    ----------
    path : path
        Without a suffix.
    others : Policy
        The strategy deviated from, as in training.
    classes : sequence of type, optional
        Classes of third parties that the file may be of; deviator's own need not be named.
    rungs : sequence of Rung, optional
        Rungs of third parties on which the file's policy may look.

    Raises
    ------
    ResultsError
        If a file is missing, damaged, not written by `save_policy` or by a newer deviator, or of a
        class or on a rung that is not named.
    InvalidInputError
        If a class has no file format, or one that another has.
    """
    by_format = _by_format(classes)
    description = read_description(path)
    source = _with_suffix(path, ".safetensors")
    data = _untouched(source, description)
    kind = _class_of(_with_suffix(path, ".json"), description, by_format)
    stated_information(description, rungs)
    try:
        policy = kind.from_files(load(data), _deviation_of(description, rungs), others)
        check_kind("policy", policy, kind, "return one from from_files")
        if isinstance(policy, LearnedDeviation):
            plugins = tuple(description.get("plugins", ()))
            policy = replace(policy, market=description["market"], plugins=plugins)
        return policy
    # Numbers and text from elsewhere may mislead any code that reads them.
    except Exception as error:
        raise ResultsError(
            f"{source} must hold a policy, and is damaged ({type(error).__name__}: "
            f"{one_line(str(error), LONGEST)})"
        ) from None


def read_description(path: Path | str) -> dict[str, Any]:
    """Read what PATH.json says about a policy; ResultsError if it is not one of `save_policy`."""
    source = _with_suffix(path, ".json")
    try:
        description = json.loads(_read(source))
    except (ValueError, RecursionError) as error:
        cause = one_line(str(error), LONGEST)
        raise ResultsError(f"{source} must be JSON, and is damaged ({cause})") from None
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ResultsError(f"{source} must describe a {FORMAT}, and does not; train one anew")
    version = description.get("version")
    if isinstance(version, bool) or version not in range(1, VERSION + 1):
        raise ResultsError(
            f"{source} must have a version from 1 to {VERSION}, got {given(version)}; train anew, "
            "or update deviator where it comes from a newer one"
        )
    return description


def stated_information(description: Mapping[str, Any], rungs: Sequence[Rung] = ()) -> Information:
    """Return what the deviator of a description that was read knows.

    Raises
    ------
    ResultsError
        If it is a rung of a third party that is not among those given.
    """
    first = description["version"] == 1
    name = description["observation"]["information"] if first else description.get("information")
    named = {rung.name: rung for rung in rungs}
    try:
        return check_information(named.get(name, name) if isinstance(name, str) else name)
    except InvalidInputError as error:
        raise ResultsError(
            f"the rung of a policy must be known, and {one_line(str(error), LONGEST)}; name "
            "the plugin that defines it, in rungs= or with --plugin"
        ) from None


def check_untouched(path: Path | str) -> None:
    """Refuse a policy whose files are not as they were written; ResultsError if so.

    Nothing is imported, and nothing is built.
    """
    _untouched(_with_suffix(path, ".safetensors"), read_description(path))


def _untouched(source: Path, description: Mapping[str, Any]) -> bytes:
    """Return a policy's numbers, if they and their description match their digest."""
    data = _read(source)
    if _digest(data, description) != description.get("sha256"):
        raise ResultsError(
            f"{source} and its JSON must match the digest of when they were written, and do "
            "not; train anew"
        )
    return data


def policy_stem(path: Path | str) -> Path:
    """Return a policy's path without suffix, also where one of its two files is named.

    Raises
    ------
    InvalidInputError
        If the path is none, or ends without a name.
    """
    path = given_path("path", path)
    name = path.name.removesuffix(".json").removesuffix(".safetensors")
    if name in ("", ".."):
        raise InvalidInputError(
            f"a policy needs a file name, got {str(path)!r}; add one, as in runs/policy"
        )
    return path.with_name(name)


def _said_by(policy: Deviation) -> dict[str, Any]:
    """Return what is kept beside a deviation where the caller does not state it."""
    if isinstance(policy, LearnedDeviation):
        rung = policy.observation.rung.name
        return {"market": policy.market, "plugins": list(policy.plugins), "information": rung}
    return {"market": {}, "plugins": [], "information": "profile"}


def _encoded(policy: Deviation, description: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the numbers as bytes and the description as it will be read again."""
    try:
        tensors, deviation = policy.to_files()
        data = save({name: np.ascontiguousarray(array) for name, array in tensors.items()})
        return data, json.loads(json.dumps({**description, "deviation": deviation}))
    except DeviatorError:
        raise
    # What a third party hands over may be anything.
    except Exception as error:
        raise InvalidInputError(
            f"{type(policy).__name__} must be saved as arrays by name and plain data, and is not "
            f"({type(error).__name__}: {error}); correct its to_files"
        ) from None


def _digest(data: bytes, description: Mapping[str, Any]) -> str:
    """Return the digest of a policy's numbers and of their description."""
    described = {key: value for key, value in description.items() if key != "sha256"}
    return hashlib.sha256(data + json.dumps(described, sort_keys=True).encode()).hexdigest()


def _by_format(classes: Sequence[type[Deviation]]) -> dict[str, type[Deviation]]:
    known = {kind.file_format: kind for kind in OWN_CLASSES}
    for kind in classes:
        _check_format(kind)
        if known.setdefault(kind.file_format, kind) is not kind:
            raise InvalidInputError(
                f"classes must have file formats of their own, got {kind.file_format!r} twice"
            )
    return known


def _check_format(kind: type[Deviation]) -> None:
    """Refuse classes without a name for their files, or with the name of one of deviator's own."""
    if not (isinstance(kind, type) and issubclass(kind, Deviation)):
        raise InvalidInputError(f"classes must be of Deviation, got {given(kind)}")
    name = kind.file_format
    taken = [own.file_format for own in OWN_CLASSES if own is not kind]
    if not isinstance(name, str) or not name or name in taken:
        raise InvalidInputError(
            f"the file_format of {kind.__name__} must be a name of its own, not one of "
            f"{', '.join(taken)}, got {given(name)}"
        )


def _class_of(
    source: Path, description: Mapping[str, Any], by_format: Mapping[str, type[Deviation]]
) -> type[Deviation]:
    name = "network" if description["version"] == 1 else description.get("deviation_format")
    if isinstance(name, str) and name in by_format:
        return by_format[name]
    raise ResultsError(
        f"{source} must be of a class that is named, and is of the format {given(name)}"
        f"{_of(description)}; name the plugin that defines it, in classes= or with --plugin"
    )


def _of(description: Mapping[str, Any]) -> str:
    """Return from which learner a file says it comes, if it does."""
    plugins = description.get("plugins")
    for plugin in plugins if isinstance(plugins, list) else ():
        if isinstance(plugin, dict) and plugin.get("kind") == "learner":
            return f" of {given(plugin.get('name'))} by {given(plugin.get('provider'))}"
    return ""


def _deviation_of(description: Mapping[str, Any], rungs: Sequence[Rung]) -> dict[str, Any]:
    """Return what a class wrote about its deviation, with rungs of third parties in their place."""
    if description["version"] == 1:
        return {**description, "activation": "tanh", "squash": False}
    deviation: dict[str, Any] = description["deviation"]
    named, seen = {rung.name: rung for rung in rungs}, deviation.get("observation")
    if not isinstance(seen, dict) or seen.get("information") not in [*named]:
        return deviation
    return deviation | {"observation": seen | {"information": named[seen["information"]]}}


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except FileNotFoundError:
        raise ResultsError(f"a policy needs the file {source}, and there is none") from None
    except OSError as error:
        raise ResultsError(f"{source} cannot be read: {error.strerror}") from None


def _with_suffix(path: Path | str, suffix: str) -> Path:
    stem = policy_stem(path)
    return stem.with_name(stem.name + suffix)

"""Learned strategies as files: numbers and text in one safetensors file, nothing that runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from deviator.errors import DeviatorError, InvalidInputError, ResultsError
from deviator.files import write_atomically
from deviator.mechanisms import (
    BidLanguage,
    ConditionalLanguage,
    FlooredScheduleLanguage,
    ReportLanguage,
    ScheduleLanguage,
)

from .affine_strategy import AffineStrategy
from .network import Network
from .network_strategy import NetworkStrategy
from .policy_files import policy_stem

FORMAT = "deviator strategy"
VERSION = 1
LANGUAGES = (ScheduleLanguage, ConditionalLanguage, ReportLanguage, FlooredScheduleLanguage)


def save_strategy(strategy: AffineStrategy | NetworkStrategy, path: Path | str) -> Path:
    """Write a learned strategy as PATH.safetensors, and return that file's path.

    Parameters
    ----------
    strategy : AffineStrategy or NetworkStrategy
    path : path
        With the suffix or without; the folder must exist.

    Raises
    ------
    InvalidInputError
        If the strategy is of another kind.
    """
    if not isinstance(strategy, AffineStrategy | NetworkStrategy):
        raise InvalidInputError(
            "strategy must be an AffineStrategy or a NetworkStrategy, got "
            f"{type(strategy).__name__}; others are built from their settings"
        )
    affine = strategy if isinstance(strategy, AffineStrategy) else strategy.affine
    tensors = {"base": affine.base, "effect": affine.effect}
    said: dict[str, Any] = {"format": FORMAT, "version": VERSION, "language": affine.language.name}
    if isinstance(affine.language, FlooredScheduleLanguage):
        said["floor"] = affine.language.floor
    if isinstance(strategy, NetworkStrategy):
        names = ("unit", "mean", "deviation")
        tensors |= {name: getattr(strategy, name) for name in names}
        for place, network in enumerate(strategy.networks):
            numbers, said["network"] = network.to_files()
            tensors |= {f"{place}.{name}": array for name, array in numbers.items()}
    file = strategy_file(path)
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    write_atomically(file, save(whole, metadata={"strategy": json.dumps(said)}))
    return file


def load_strategy(path: Path | str) -> AffineStrategy | NetworkStrategy:
    """Load a strategy that `save_strategy` wrote.

    Raises
    ------
    ResultsError
        If the file is missing, damaged, or not one of `save_strategy`.
    """
    file = strategy_file(path)
    if not file.is_file():
        raise ResultsError(f"a strategy needs the file {file}, and there is none")
    try:
        with safe_open(file, "np") as content:
            said = json.loads((content.metadata() or {})["strategy"])
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        if (said["format"], said["version"]) != (FORMAT, VERSION):
            raise ResultsError(
                f"{file} must be a {FORMAT} of version {VERSION}, got {said['format']!r} of "
                f"version {said['version']!r}; learn it anew"
            )
        return _strategy(said, tensors)
    except ResultsError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, OSError, DeviatorError) as error:
        raise ResultsError(f"{file} must hold a strategy, and is damaged ({error})") from None


def _strategy(said: dict[str, Any], tensors: dict[str, Any]) -> AffineStrategy | NetworkStrategy:
    affine = AffineStrategy(_language(said), tensors["base"], tensors["effect"])
    if "network" not in said:
        return affine
    networks = tuple(
        Network.from_files(_of_place(tensors, place), said["network"])
        for place in range(affine.n_traders)
    )
    unit, mean, deviation = (tensors[name] for name in ("unit", "mean", "deviation"))
    return NetworkStrategy(affine, unit, mean, deviation, networks)


def _of_place(tensors: dict[str, Any], place: int) -> dict[str, Any]:
    start = f"{place}."
    return {
        name.removeprefix(start): array for name, array in tensors.items() if name.startswith(start)
    }


def _language(said: dict[str, Any]) -> BidLanguage:
    if said["language"] == FlooredScheduleLanguage.name:
        return FlooredScheduleLanguage(said["floor"])
    kinds: dict[str, Any] = {kind.name: kind for kind in LANGUAGES}
    language: BidLanguage = kinds[said["language"]]()
    return language


def strategy_file(path: Path | str) -> Path:
    """Return the file of a strategy, whose suffix may be left out."""
    stem = policy_stem(path)
    return stem.with_name(stem.name + ".safetensors")

"""Checking files of witnesses and certificates again: by the stand-alone scripts where these can.

What the scripts cannot clear (smooth markets, single units, taxes), deviator clears again, from
the names and settings in the file, and says that it did.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from fractions import Fraction
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from deviator.economies import (
    Economy,
    Factored,
    LinearQuadratic,
    MultiUnitDemands,
    Saturating,
    UnitDemands,
    VaryingEffects,
)
from deviator.errors import DeviatorError, InvalidInputError
from deviator.evidence import Market, market
from deviator.evidence.coalitions import Party, coalition_of, joint_witness, names_of
from deviator.evidence.plain_data import payment_as_data
from deviator.evidence.profile_witness import witness_at
from deviator.evidence.witness import witness_of_bid
from deviator.mechanisms import Drawn, Mechanism, Mutated, PowerTax, SumTax
from deviator.mechanisms.statistics import PublicStatistics
from deviator.plugins import OWN, build, find_plugin
from deviator.validation import given_path, trader_index

SCRIPTS: Mapping[str, str] = MappingProxyType(
    {
        "deviator deviation witness": "recheck_witness.py",
        "deviator profile witness": "recheck_witness.py",
        "deviator joint deviation witness": "recheck_joint_witness.py",
        "deviator incentive certificate": "recheck_certificate.py",
        "deviator constraint certificate": "recheck_constraints.py",
    }
)
"""Which script checks files of a format."""

HOLDS, WRONG, UNKNOWN = 0, 1, 2
"""Exit codes: what a file says holds, or does not, or cannot be told; scripts write the numbers."""

CLOSE = 1e-9
"""How far numbers that are computed again may be from those in a file, of the largest."""

ECONOMIES = (LinearQuadratic, Factored, UnitDemands, MultiUnitDemands, Saturating, VaryingEffects)
PARTS: Mapping[str, type[PublicStatistics | PowerTax | SumTax]] = MappingProxyType(
    {"PublicStatistics": PublicStatistics, "PowerTax": PowerTax, "SumTax": SumTax}
)


class Recheck(NamedTuple):
    """What came of a file: an exit code, and one sentence."""

    code: int
    sentence: str


def recheck_file(path: Path | str) -> Recheck:
    """Check a file of a witness or a certificate again.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If the file is none of a known format.
    OSError
        If it cannot be read.
    """
    path = given_path("path", path)
    kind = _format_of(path)
    answer = _stand_alone(SCRIPTS[kind], path)
    if answer.code == HOLDS and not kind.endswith("certificate"):
        return _of_the_named_rule(path, answer)
    if answer.code != UNKNOWN or kind.endswith("certificate"):
        return answer
    try:
        wrong = _cleared_again(json.loads(path.read_text(encoding="utf-8")))
    except DeviatorError as error:
        return Recheck(UNKNOWN, f"{answer.sentence}, nor by deviator: {error}")
    if wrong is not None:
        return Recheck(WRONG, f"wrong: {wrong}, cleared by deviator")
    return Recheck(HOLDS, f"holds, cleared by deviator itself ({answer.sentence})")


def _of_the_named_rule(path: Path, answer: Recheck) -> Recheck:
    """Return the answer, or that the file's payments are not those of the rule that it names."""
    data = json.loads(path.read_text(encoding="utf-8"))
    try:
        named = payment_as_data(rebuilt_market(data).mechanism)
    except DeviatorError as error:
        return Recheck(HOLDS, f"{answer.sentence}; its rule is taken as written ({error})")
    if named is not None and not _agree(data["payment"], named):
        return Recheck(WRONG, f"wrong: its payments are not those of {data['mechanism']}")
    return answer


def _format_of(path: Path) -> str:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f"{path} must be JSON, and is not: {error}") from None
    kind = data.get("format") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in SCRIPTS:
        raise InvalidInputError(
            f"{path} must be of a format that can be re-checked ({', '.join(SCRIPTS)}), "
            f"got {kind!r}"
        )
    return str(kind)


def _stand_alone(script: str, path: Path) -> Recheck:
    """Run a script as anyone would: without deviator, and without other packages."""
    with as_file(files("deviator.evidence.recheck").joinpath(script)) as file:
        command = [sys.executable, "-I", "-S", str(file), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Recheck(done.returncode, done.stdout.strip().removeprefix(f"{path}: "))


def _cleared_again(data: dict[str, Any]) -> str | None:
    """Clear a witness's markets with deviator, and return what is wrong with it, or None."""
    try:
        if data["version"] != 1:
            return f"it is of version {data['version']}, and this checks version 1"
        again = _again(data)
    except DeviatorError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return f"it is malformed ({type(error).__name__} {error})"
    if again is None:
        return "nothing is gained, and nothing violated"
    described = ("format", "version", "arithmetic", "exact")
    names = [name for name in again if name not in described]
    wrong = [name for name in names if not _agree(data.get(name), again[name])]
    return f"{wrong[0]} comes out otherwise" if wrong else None


def _again(data: dict[str, Any]) -> dict[str, Any] | None:
    tested, types = rebuilt_market(data), np.asarray(data["types"], dtype=np.float64)
    if "bids" in data:
        bids = np.asarray(data["bids"], dtype=np.float64)
        return joint_witness(_rebuilt_party(tested, data), types, bids)
    if "bid" in data:
        return witness_of_bid(tested, types, np.asarray(data["bid"], dtype=np.float64))
    return witness_at(tested, data["constraint"], types)


def _rebuilt_party(tested: Market, data: dict[str, Any]) -> Party:
    """Return who deviates together in a witness of a joint deviation."""
    if data["kind"] == "identities":
        return names_of(tested, len(data["places"]), _economy(data["enlarged"]))
    return coalition_of(tested, data["people"], data["transfers"])


def _agree(written: Any, wanted: Any) -> bool:
    """Compare plain data: numbers up to a share of the largest beside them, all else exactly."""
    if isinstance(wanted, dict):
        same = isinstance(written, dict) and written.keys() == wanted.keys()
        return same and _agree([written[name] for name in wanted], list(wanted.values()))
    if not isinstance(wanted, list):
        return _agree([written], [wanted])
    if not isinstance(written, list) or len(written) != len(wanted):
        return False
    numbers = [abs(each) for each in wanted if isinstance(each, int | float)]
    size = max(numbers, default=0.0)
    return all(_same(mine, theirs, size) for mine, theirs in zip(written, wanted, strict=True))


def _same(written: Any, wanted: Any, size: float) -> bool:
    if isinstance(wanted, list | dict):
        return _agree(written, wanted)
    if isinstance(wanted, int | float) and isinstance(written, int | float):
        return bool(abs(written - wanted) <= CLOSE * size)
    return bool(written == wanted)


def rebuilt_market(data: dict[str, Any]) -> Market:
    """Return the market that a file describes, of built-in parts and honest traders.

    Raises
    ------
    InvalidInputError
        If the file describes a part that is not built in.
    """
    if data["strategy"] != "honest":
        raise InvalidInputError(
            f"a market can be rebuilt where traders are honest, got {data['strategy']!r}"
        )
    economy = _economy(data["economy"])
    mechanism = _mechanism(data["mechanism"], data["settings"])
    trader = 0 if data["trader"] is None else trader_index(data["trader"], economy.n_traders)
    if "lots" in data:
        mechanism = Drawn(mechanism, np.asarray(data["lots"], dtype=np.float64))
    return market(mechanism, economy, trader=trader)


def _economy(data: dict[str, Any]) -> Economy:
    """Return the economy of the built-in kind whose fields these are."""
    given = {name: value for name, value in data.items() if name != "n_traders"}
    if "roles" in given:
        given["roles"] = tuple(given["roles"])
    for kind in ECONOMIES:
        stated = [field for field in fields(kind) if field.init]
        needed = {field.name for field in stated if field.default is MISSING}
        if needed <= given.keys() <= {field.name for field in stated}:
            built: Any = kind
            economy: Economy = built(**given)
            return economy
    raise InvalidInputError(f"economy {data.get('name')!r} must be a built-in one to be rebuilt")


def _mechanism(name: str, settings: dict[str, Any]) -> Mechanism:
    if {"mechanism", "fault", "size"} <= settings.keys():
        inner = settings["mechanism"]
        rest = {key: value for key, value in settings.items() if key != "mechanism"}
        sound: Any = _mechanism(inner["name"], inner["settings"])
        return Mutated(sound, **rest)
    given = {key: _part(key, value) for key, value in settings.items()}
    # A name may point to a file of code, and a witness is no reason to run any.
    if ":" in name or find_plugin("mechanism", name).provider != OWN:
        raise InvalidInputError(f"mechanism {name!r} must be a built-in one to be rebuilt")
    mechanism: Mechanism = build("mechanism", name, given)
    return mechanism


def _part(key: str, value: Any) -> Any:
    """Return a setting as the object that it describes."""
    if key == "economy" and isinstance(value, dict):
        return _economy(value)
    if isinstance(value, list):
        return [_part(key, each) for each in value]
    if isinstance(value, str) and "/" in value:
        return Fraction(value)
    if not isinstance(value, dict):
        return value
    if value.get("name") not in PARTS:
        raise InvalidInputError(f"setting {key} must be one that is built in to be rebuilt")
    inside = {name: _part(name, each) for name, each in value.items() if name != "name"}
    built: Any = PARTS[value["name"]]
    return built(**inside)

"""Checkpoints on disk: a folder from which a training resumes.

``training.json`` says how far the training has come, and names the policy beside it. It is written
last and at once, so that a training can be ended at any moment.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

from deviator.errors import ResultsError
from deviator.files import write_atomically
from deviator.learners import Checkpoint, CurvePoint
from deviator.policies import Deviation, Policy, Rung, load_policy, save_policy
from deviator.policies.policy_files import SUFFIXES
from deviator.validation import finite_number, non_negative, whole_number

from .run.store import explained, to_json
from .saved_market import changes_since, plugins_stated

FORMAT = "deviator training"
VERSION = 1
FILE = "training.json"

NAME = re.compile(r"best-(\d+)")
"""Of a policy: the number is that of the curve's points when it was the best."""


@final
@dataclass(eq=False)
class CheckpointFolder:
    """Where a training keeps how far it has come; it remembers what was written last.

    Parameters
    ----------
    folder : Path
    training : mapping of str to object
        Plain data that say which training it is: market, information, learner, settings, actions.
    plugins : list of dict
        What takes part in the training, kept with the policy.
    every : bool
        Whether earlier policies are kept beside the last, for those who replay the training.
    """

    folder: Path
    training: Mapping[str, Any]
    plugins: list[dict[str, str]]
    every: bool = False
    _written: Deviation | None = None
    _name: str = ""

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, then remove the policy of the one before unless all are kept.

        Raises
        ------
        ResultsError
            If it cannot be written.
        """
        with explained(self.folder):
            if checkpoint.best is not self._written:
                self._name = f"best-{len(checkpoint.curve):05}"
                self._save(checkpoint.best)
            content = {
                "format": FORMAT,
                "version": VERSION,
                "training": dict(self.training),
                "policy": self._name,
                "largest_gain": checkpoint.largest_gain,
                "curve": [[point.steps, point.gain, point.seconds] for point in checkpoint.curve],
            }
            write_atomically(self.folder / FILE, to_json(content))
            if not self.every or len(checkpoint.curve) == 1:
                self._remove_older()

    def _save(self, policy: Deviation) -> None:
        save_policy(
            policy,
            self.folder / self._name,
            market=self.training["market"],
            plugins=self.plugins,
            information=self.training["information"],
        )
        self._written = policy

    def _remove_older(self) -> None:
        kept = {self._name + suffix for suffix in SUFFIXES}
        for suffix in SUFFIXES:
            for file in self.folder.glob(f"best-*{suffix}"):
                if file.name not in kept:
                    file.unlink(missing_ok=True)


def checkpoint_folder(path: Path) -> Path:
    """Return the folder of a checkpoint, also where its file is named."""
    return path.parent if path.name == FILE else path


def read_checkpoint(
    path: Path,
    training: Mapping[str, Any],
    others: Policy,
    classes: Sequence[type[Deviation]] = (),
    rungs: Sequence[Rung] = (),
) -> Checkpoint:
    """Read the checkpoint of a training.

    Parameters
    ----------
    path : Path
        The folder, or its ``training.json``.
    training : mapping of str to object
        The training that is to go on.
    others : Policy
        The strategy deviated from.
    classes : sequence of type
        Deviations of third parties that the checkpoint may be of.
    rungs : sequence of Rung
        Rungs of third parties on which the deviation may look.

    Raises
    ------
    ResultsError
        If there is none, it is damaged, or it is of another training.
    """
    folder = checkpoint_folder(path)
    content = _read(folder / FILE)
    _check_same(folder, content["training"], training)
    kept = _kept(folder, content)
    best = load_policy(folder / kept.policy, others, classes=classes, rungs=rungs)
    return Checkpoint(best, kept.curve, kept.largest_gain)


def kept_points(
    folder: Path,
) -> tuple[tuple[tuple[int, float], ...], tuple[tuple[int, str], ...]]:
    """Return a training's curve, and each policy that is there with the bids that it took.

    Parameters
    ----------
    folder : Path
        Of the checkpoint.

    Returns
    -------
    curve : tuple of (int, float)
        Bids submitted, and the mean gain on validation profiles.
    policies : tuple of (int, str)
        Bids submitted, and the name of the policy that was the best by then, without suffix.

    Raises
    ------
    ResultsError
        If there is no checkpoint, or it is damaged.
    """
    kept = _kept(folder, _read(folder / FILE))
    curve = tuple((point.steps, point.gain) for point in kept.curve)
    names = {file.stem for file in folder.glob("best-*.json")} | {kept.policy}
    places = sorted((int(match[1]), match[0]) for name in names if (match := NAME.fullmatch(name)))
    policies = tuple((curve[at - 1][0], name) for at, name in places if 0 < at <= len(curve))
    return curve, policies


class _Kept(NamedTuple):
    """What a checkpoint's file says."""

    policy: str
    curve: tuple[CurvePoint, ...]
    largest_gain: float


def _kept(folder: Path, content: Mapping[str, Any]) -> _Kept:
    try:
        curve = tuple(_point(*numbers) for numbers in content["curve"])
        name = str(content["policy"])
        largest = finite_number("largest_gain", content["largest_gain"])
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"{folder / FILE} must be a checkpoint, and is damaged ({error}); train anew"
        ) from None
    if Path(name).name != name or not curve:
        raise ResultsError(f"{folder / FILE} must name a policy beside it, got {name!r}")
    return _Kept(name, curve, largest)


def _point(steps: Any, gain: Any, seconds: Any) -> CurvePoint:
    return CurvePoint(
        whole_number("steps", steps, 0),
        finite_number("gain", gain),
        non_negative("seconds", seconds),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise ResultsError(
            f"--resume must name the folder of a checkpoint, and there is no {file}; write one "
            "with --checkpoint"
        ) from None
    except OSError as error:
        raise ResultsError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{file} must be JSON, and is damaged ({error}); train anew") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ResultsError(f"{file} must be a {FORMAT}, and is not; write one with --checkpoint")
    if content.get("version") != VERSION or not isinstance(content.get("training"), dict):
        raise ResultsError(
            f"{file} must have version {VERSION}, got {content.get('version')!r}; train anew"
        )
    return content


def _check_same(folder: Path, kept: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse the checkpoint of another training, naming where they differ."""
    for name, value in asked.items():
        was = kept.get(name)
        if name == "plugins":
            _check_plugins(folder, was, value)
            continue
        if was == value:
            continue
        if isinstance(was, dict) and isinstance(value, dict):
            name, was, value = _difference(name, was, value)
        raise ResultsError(
            f"a resumed training must have the same {name}, {folder} has {_shown(was)}, and asked "
            f"for is {_shown(value)}; resume it there, or train anew"
        )


def _check_plugins(folder: Path, kept: Any, now: Any) -> None:
    """Refuse to go on under plugins that were edited since; older checkpoints state none."""
    changes = [] if kept is None else changes_since(plugins_stated(kept), now)
    if changes:
        raise ResultsError(
            f"a resumed training must have the same plugins, and since {folder} was written "
            f"{' and '.join(changes)}; bring back what it was, or train anew"
        )


def _difference(name: str, was: dict[str, Any], value: dict[str, Any]) -> tuple[str, Any, Any]:
    """Return the first entry in which two records differ, by its path."""
    for key in sorted({*was, *value}):
        one, other = was.get(key), value.get(key)
        if one != other:
            if isinstance(one, dict) and isinstance(other, dict):
                return _difference(f"{name}.{key}", one, other)
            return f"{name}.{key}", one, other
    return name, was, value


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."

"""Trainings that are on disk: saved policies, checkpoints, and the cells of a study."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from deviator.errors import RefusedError, ResultsError
from deviator.plugins.deviations import deviations_of_files
from deviator.plugins.rungs import rungs_of_files
from deviator.policies import LearnedDeviation, load_policy
from deviator.policies.policy_files import policy_stem
from deviator.studies.checkpoints import FILE, checkpoint_folder, kept_points
from deviator.studies.run.store.plain_files import DamagedError
from deviator.studies.run.store.sealed import read_cell
from deviator.studies.saved_market import saved_market

from .replay import Learned, Replay, best_gain_of

Points = tuple[tuple[int, float], ...]


class Recording(NamedTuple):
    """One training that is on disk.

    Attributes
    ----------
    title : str
        What tells it from others in the same place.
    policies : tuple of (int, Path)
        Bids submitted, and the policy that was the best by then, without suffix.
    curve : tuple of (int, float)
        Empty where the training kept none.
    """

    title: str
    policies: tuple[tuple[int, Path], ...]
    curve: Points = ()


def recordings(path: Path) -> list[Recording]:
    """Return the trainings that a path holds; nothing of them is run.

    Parameters
    ----------
    path : Path
        A policy that ``deviator train`` saved, a folder of its checkpoints, or a run folder.

    Raises
    ------
    ResultsError
        If there is none.
    """
    if path.name == FILE or (path / FILE).exists():
        found = [_of_checkpoints(checkpoint_folder(path))]
    elif (path / "cells").is_dir():
        found = list(_of_run(path))
    else:
        stem = policy_stem(path)
        found = [Recording(stem.name, ((0, stem),))] if _is_policy(stem) else []
    if not any(recording.policies for recording in found):
        raise ResultsError(
            f"a replay needs a saved policy, a folder of checkpoints or a run folder with learned "
            f"policies, and {path} is none; train one with `deviator train`"
        )
    return found


def load(recording: Recording, files: tuple[str, ...] = ()) -> Replay:
    """Return a training, loaded; what the market names must be built in or lie in the files.

    Parameters
    ----------
    recording : Recording
    files : tuple of str
        Plugin files.

    Raises
    ------
    ResultsError
        If a file is damaged, or names a plugin file that is not among these.
    RefusedError
        If the deviator bids over several rounds.
    """
    tested = saved_market(recording.policies[-1][1], files).spec.build_market()
    classes, rungs = deviations_of_files(files), rungs_of_files(files)
    loaded = []
    for steps, stem in recording.policies:
        policy = load_policy(stem, tested.strategy, classes=classes, rungs=rungs)
        if not isinstance(policy, LearnedDeviation):
            raise RefusedError(
                f"a replay shows deviators of one round, and {stem} is a "
                f"{type(policy).__name__}; `deviator evaluate` measures it"
            )
        loaded.append(Learned(steps, policy))
    best = best_gain_of(tested)
    return Replay(recording.title, tested, recording.curve, tuple(loaded), best)


def _is_policy(stem: Path) -> bool:
    return stem.with_name(f"{stem.name}.json").is_file()


def _of_checkpoints(folder: Path) -> Recording:
    """Return the training of a folder of checkpoints, with all policies that were kept."""
    curve, names = kept_points(folder)
    policies = tuple((steps, folder / name) for steps, name in names)
    return Recording(folder.name, policies, curve)


def _of_run(folder: Path) -> Iterator[Recording]:
    """Yield the trainings of a run folder whose policies are there; damaged cells have none."""
    for cell in sorted((folder / "cells").glob("[!.]*")):
        if not cell.is_dir():
            continue
        try:
            content = read_cell(cell, cell.name.rpartition("-")[2], unsealed=True)
        except (DamagedError, OSError):
            continue
        seeds = [] if content is None else content[1].get("seeds", [])
        for seed in seeds:
            stem = cell / f"seed{seed['seed']}"
            if _is_policy(stem):
                curve = _points(seed["curve"])
                last = curve[-1][0] if curve else 0
                yield Recording(f"{cell.name}, seed {seed['seed']}", ((last, stem),), curve)


def _points(curve: Any) -> Points:
    return tuple((int(point[0]), float(point[1])) for point in curve)

"""The league of learners: who finds how much of a gain that is known, and how fast.

Every learner is trained in every market for the same CPU seconds. A run is one line of a JSON
Lines file, written as soon as it is done: a league can be ended at any moment and resumes with
the runs that are left.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, final

import numpy as np
from threadpoolctl import threadpool_limits

import deviator
from deviator.envs import DecisionProblem
from deviator.errors import InvalidInputError, RefusedError, ResultsError, one_of
from deviator.evidence import BestDeviation, held_out_profiles
from deviator.learners import EvaluatedLearner, Learner, Training
from deviator.learners.session import VALIDATION_PROFILES, VALIDATION_SEED
from deviator.policies import check_information
from deviator.validation import Floats, given_path, positive, whole_number

from .best_known import best_known
from .run.store import explained
from .search import ENDLESS, Search
from .spec.market import MarketSpec

PRIVATE: Mapping[str, Any] = MappingProxyType({"family": "private-values", "slope": 2.0})
GROUPS: Mapping[str, Any] = MappingProxyType(
    {"family": "two-groups", "alpha": 1.0, "beta": 0.7, "slope": 1.0}
)
UNITS: Mapping[str, Any] = MappingProxyType({"family": "unit-demands"})


class Entry(NamedTuple):
    """A market of the league."""

    mechanism: str
    economy: Mapping[str, Any]  # family and parameters but for the number of traders
    rounds: int = 1


ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "naive-walrasian": Entry("naive-walrasian", PRIVATE),
        "uniform-double-auction": Entry("uniform-double-auction", PRIVATE),
        "uniform-conditional": Entry("uniform-conditional", GROUPS),
        "pay-as-bid": Entry("pay-as-bid", PRIVATE),
        "k-double-auction": Entry("k-double-auction", UNITS),
        "three-rounds": Entry("uniform-double-auction", PRIVATE, 3),
    }
)
"""Markets of the league by name."""

TRADERS = (4, 10, 30)
HELD_OUT = 20_000


@final
@dataclass(frozen=True)
class League:
    """Which runs a league has.

    Parameters
    ----------
    markets : tuple of str
        Of `ENTRIES`; all by default.
    traders : tuple of int
    rungs : tuple of {"profile", "own"}
    seeds : int
        Trainings of each learner in each market, from seed 0.
    seconds : float
        CPU seconds of each training.
    held_out : int
        Profiles on which the policies are measured.

    Raises
    ------
    InvalidInputError
        If a market is unknown, or a number too small.
    """

    markets: tuple[str, ...] = tuple(ENTRIES)
    traders: tuple[int, ...] = TRADERS
    rungs: tuple[str, ...] = ("profile", "own")
    seeds: int = 3
    seconds: float = 60.0
    held_out: int = HELD_OUT

    def __post_init__(self) -> None:
        unknown = [name for name in self.markets if name not in ENTRIES]
        if unknown:
            raise InvalidInputError(one_of("a market of the league", unknown[0], ENTRIES))
        for n_traders in self.traders:
            if whole_number("traders", n_traders, 4) % 2:
                raise InvalidInputError(f"traders must be even in the league, got {n_traders}")
        for rung in self.rungs:
            check_information(rung)
        whole_number("seeds", self.seeds, 1)
        whole_number("held_out", self.held_out, 100)
        positive("seconds", self.seconds)

    def problems(self) -> Iterator["Problem"]:
        """Yield each market at each size on each rung."""
        for market in self.markets:
            for n_traders in self.traders:
                for rung in self.rungs:
                    yield Problem(market, n_traders, rung)


@final
@dataclass(frozen=True)
class Problem:
    """One market of a size, and what the deviator knows there."""

    market: str
    n_traders: int
    information: str

    def spec(self) -> MarketSpec:
        """Return the market as data."""
        entry, n = ENTRIES[self.market], self.n_traders
        parameters = dict(entry.economy)
        sides = {"n_buyers": n // 2, "n_sellers": n - n // 2}
        size = sides if parameters["family"] == "unit-demands" else {"n_traders": n}
        return MarketSpec.model_validate(
            {"mechanism": entry.mechanism, "economy": parameters | size}
        )


class Measured(NamedTuple):
    """A problem as learners meet it, and what there is to gain on two sets of profiles."""

    core: DecisionProblem
    types: Floats
    best: BestDeviation
    validation: BestDeviation  # on the profiles of learning curves


@final
@dataclass(frozen=True)
class Run:
    """One training of the league.

    Attributes
    ----------
    market, n_traders, information
        As in `Problem`.
    learner : str
    settings : dict
        Of the learner.
    seed : int
    seconds : float
        Its budget.
    kind : {"exact", "searched", "bound"}
        What shares are of: the exact gain, what a search gained, or more than can be gained.
    share : float or None
        Of that gain on held-out profiles; None where the learner could not be trained.
    points : tuple of (float, int, float)
        CPU seconds, bids submitted, and the share of the best so far on validation profiles.
    problem : str
        Why it could not be trained, or was stopped.
    version : str
        Of deviator.
    """

    market: str
    n_traders: int
    information: str
    learner: str
    settings: dict[str, Any]
    seed: int
    seconds: float
    kind: str = ""
    share: float | None = None
    points: tuple[tuple[float, int, float], ...] = ()
    problem: str = ""
    version: str = deviator.__version__

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the run that it is: runs with the same one need not be done again."""
        settings = json.dumps(self.settings, sort_keys=True)
        return (
            self.market, self.n_traders, self.information, self.learner, settings, self.seed,
            self.seconds,
        )  # fmt: skip


def play(
    league: League,
    learners: Sequence[Learner],
    file: Path | str,
    progress: Callable[[Run], None] = lambda run: None,
) -> list[Run]:
    """Train every learner in every market of a league, but for the runs that a file has.

    Runs that failed are tried again.

    Parameters
    ----------
    league : League
    learners : sequence of Learner
    file : path
        JSON Lines, one run each; finished runs are added at once.
    progress : callable, optional
        Called with each run that is done.

    Returns
    -------
    list of Run
        All that the file then has.

    Raises
    ------
    ResultsError
        If the file is damaged or cannot be written.
    """
    playing, file = [_timed(learner) for learner in learners], given_path("file", file)
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    measured = cache(lambda problem: measure(problem, league.held_out))
    # Seed after seed, so that a league that is ended early has something of everybody.
    for seed in range(league.seeds):
        for problem in league.problems():
            for learner in playing:
                _play_one(problem, learner, seed, league.seconds, file, measured, progress)
    return read_runs(file)


def runs_left(league: League, learners: Sequence[Learner], file: Path | str) -> list[Run]:
    """Return the runs of a league that a file does not have, or that failed."""
    known = {run.key for run in read_runs(file) if run.share is not None}
    planned = (
        _planned(problem, learner, seed, league.seconds)
        for seed in range(league.seeds)
        for problem in league.problems()
        for learner in learners
    )
    return [run for run in planned if run.key not in known]


def _planned(problem: Problem, learner: Learner, seed: int, seconds: float) -> Run:
    settings = json.loads(json.dumps(learner.settings()))
    return Run(
        **asdict(problem), learner=learner.name, settings=settings, seed=seed, seconds=seconds
    )


def _timed(learner: Learner) -> EvaluatedLearner:
    if not isinstance(learner, EvaluatedLearner):
        raise RefusedError(
            f"learners of a league must take a budget in seconds, {learner.name} is no "
            "EvaluatedLearner; leave it out"
        )
    return learner


def _play_one(
    problem: Problem,
    learner: EvaluatedLearner,
    seed: int,
    seconds: float,
    file: Path,
    measured: Callable[[Problem], Measured],
    progress: Callable[[Run], None],
) -> None:
    planned = _planned(problem, learner, seed, seconds)
    # The file is read again each time: another process may work at the same league.
    known = {run.key: run for run in read_runs(file)}.get(planned.key)
    if known is not None and known.share is not None:
        return
    with threadpool_limits(limits=1):
        run = _trained(planned, learner, measured(problem))
    progress(run)
    if run == known:
        return
    with explained(file), file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(run), sort_keys=True, allow_nan=False) + "\n")


def _trained(planned: Run, learner: EvaluatedLearner, measured: Measured) -> Run:
    try:
        training = learner.train(measured.core, ENDLESS, planned.seed, seconds=planned.seconds)
    # One learner that fails, a third party's in any way, does not end the league.
    except Exception as error:
        return replace(planned, problem=f"{type(error).__name__}: {error}")
    if training.interrupted:
        raise KeyboardInterrupt
    gain = float(measured.core.gains(measured.types, training.policy).mean())
    return replace(
        planned,
        kind=measured.best.kind,
        share=measured.best.share(gain),
        points=_points(training, measured.validation),
        problem=training.stopped or "",
    )


def _points(training: Training, best: BestDeviation) -> tuple[tuple[float, int, float], ...]:
    """Return when the best so far was how good."""
    points, reached = [], -np.inf
    for point in training.curve:
        reached = max(reached, point.gain)
        share = best.share(float(reached))
        points.append((round(point.seconds, 4), point.steps, round(share or 0.0, 8)))
    return tuple(points)


def measure(problem: Problem, held_out: int) -> Measured:
    """Return a problem as learners meet it, with what there is to gain."""
    tested = problem.spec().build_market()
    types = held_out_profiles(tested, held_out)
    rng = np.random.default_rng(VALIDATION_SEED)
    validation = tested.distribution.matched_sample(rng, VALIDATION_PROFILES)
    rung, rounds = problem.information, ENTRIES[problem.market].rounds
    return Measured(
        Search(information=rung, rounds=rounds).problem(tested),
        types,
        best_known(tested, types, rung, rounds),
        best_known(tested, validation, rung, rounds),
    )


def read_runs(file: Path | str) -> list[Run]:
    """Return the runs of a league's file, of each the last; none where there is no file.

    Raises
    ------
    ResultsError
        If it is damaged.
    """
    file = given_path("file", file)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{file} cannot be read: {error}") from None
    runs = [_run_of(file, number, line) for number, line in enumerate(lines, 1) if line]
    return list({run.key: run for run in runs}.values())


def _run_of(file: Path, number: int, line: str) -> Run:
    try:
        run = Run(**json.loads(line))
        points = tuple((float(t), int(steps), float(share)) for t, steps, share in run.points)
    except (TypeError, ValueError) as error:
        raise ResultsError(
            f"{file} must have a run in every line, line {number} is damaged ({error}); remove it"
        ) from None
    return replace(run, points=points)

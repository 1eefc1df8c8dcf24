"""``deviator train`` and ``deviator evaluate``: one deviator in one market."""

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from deviator.errors import InvalidInputError, ResultsError

from .complete import any_of, names_of
from .console import PluginFiles, Settings, console, files_of, notes
from .json_output import Json, print_json
from .markets import (
    Described,
    EconomyName,
    LearnerName,
    LearnerSettings,
    MechanismName,
    Parameters,
    Rung,
    Sigma,
    StrategyName,
    StrategySettings,
    control_spec,
    learner_named,
    market_spec,
)
from .supervised import supervised, texts_of_policy
from .working import Working

if TYPE_CHECKING:
    from deviator.studies.training import Keeping, Plan, TrainingReport

STEPS = 200_000
"""Budget where neither steps nor seconds are stated."""

Ranges = Annotated[
    str | None,
    typer.Option(help="Range of each number of a bid, as in 0.5,0.1,0.1."),
]
Mode = Annotated[
    str | None,
    typer.Option(
        help="How actions move bids: relative (to the honest bid) or absolute.",
        autocompletion=any_of("relative", "absolute"),
    ),
]
Control = Annotated[
    str | None,
    typer.Option(help="Mechanism that sets the ranges.", autocompletion=names_of("mechanism")),
]

Every = Annotated[
    bool,
    typer.Option("--every", help="Keep the best policy of every checkpoint, for replays."),
]


@supervised
def train(
    mechanism: MechanismName,
    economy: EconomyName,
    set_: Settings = None,
    parameter: Parameters = None,
    sigma: Sigma = None,
    strategy: StrategyName = "honest",
    strategy_set: StrategySettings = None,
    trader: Annotated[str, typer.Option(help="Index or role of the deviator.")] = "0",
    information: Rung = "profile",
    learner: LearnerName = "ppo",
    learner_set: LearnerSettings = None,
    steps: Annotated[int | None, typer.Option(help="Bids submitted in training.")] = None,
    seconds: Annotated[float | None, typer.Option(help="CPU seconds of training.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Where to save the policy.")] = None,
    log: Annotated[Path | None, typer.Option(help="Folder for TensorBoard logs.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Folder for checkpoints.")] = None,
    every: Every = False,
    resume: Annotated[Path | None, typer.Option(help="A checkpoint to resume from.")] = None,
    rounds: Annotated[int, typer.Option(help="Rounds that the same traders play.")] = 1,
    range_multiple: Annotated[float | None, typer.Option(help="How far actions reach.")] = None,
    mode: Mode = None,
    ranges: Ranges = None,
    control: Control = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Train one deviator on a market, show how it fares, and save its policy."""
    with Working("reading the market") as working:
        from deviator.plugins.deviations import deviations_of_files
        from deviator.plugins.rungs import rung_named, rungs_of_files
        from deviator.studies.gather import Actions
        from deviator.studies.training import Keeping, Plan

        files = files_of(plugin)
        described = Described(
            mechanism, economy, set_, parameter, sigma, strategy, trader, strategy_set
        )
        spec = market_spec(described, files)
        actions = Actions(mode, range_multiple, _numbers(ranges))  # type: ignore[arg-type]
        rung, controlled = rung_named(information, files), control_spec(control, spec, files)
        plan = Plan(_budget(steps, seconds), seed, seconds, rung, actions, controlled, rounds)
        if not force:
            _check_new(out, checkpoint, resume)
        searcher = learner_named(learner, files, learner_set)
        kept = (out, log, checkpoint, resume, deviations_of_files(files))
        keeping = Keeping(*kept, rungs_of_files(files), every)
        report = _train(working, spec, searcher, plan, keeping, as_json)
    _print_report(report, as_json)
    if report.interrupted:
        raise typer.Exit(130)


def _budget(steps: int | None, seconds: float | None) -> int:
    """Return the steps that are meant: where only seconds are stated, those decide alone."""
    from deviator.studies.search import ENDLESS

    if steps is not None:
        return steps
    return STEPS if seconds is None else ENDLESS


def _numbers(ranges: str | None) -> tuple[float, ...] | None:
    if ranges is None:
        return None
    try:
        return tuple(float(number) for number in ranges.strip("[]").split(","))
    except ValueError:
        raise InvalidInputError(
            f"--ranges must be numbers separated by commas, got {ranges!r}"
        ) from None


def _check_new(out: Path | None, checkpoint: Path | None, resume: Path | None) -> None:
    """Refuse to overwrite a policy or a checkpoint, before anything is trained."""
    from deviator.studies.checkpoints import FILE, checkpoint_folder
    from deviator.studies.policy_names import existing_file

    file = None if out is None else existing_file(out)
    if file is not None:
        raise ResultsError(
            f"--out must not name an existing policy, got {file}; name another, or "
            "overwrite it with --force"
        )
    if checkpoint is None or (
        resume and checkpoint_folder(resume) == checkpoint_folder(checkpoint)
    ):
        return
    if (checkpoint_folder(checkpoint) / FILE).exists():
        raise ResultsError(
            f"--checkpoint must not name an existing checkpoint, got {checkpoint}; continue "
            "it with --resume, name another, or overwrite it with --force"
        )


@partial(supervised, named=texts_of_policy)
def evaluate(
    policy: Annotated[
        Path, typer.Argument(metavar="POLICY", help="A saved policy, without suffix.")
    ],
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Judge a saved policy on held-out profiles of its market.

    Says so where a plugin is not the one that the policy was trained against.
    """
    with Working(f"reading {policy}") as working:
        from deviator.plugins.deviations import deviations_of_files
        from deviator.plugins.rungs import rungs_of_files
        from deviator.studies.saved_market import saved_market
        from deviator.studies.training import evaluate as run

        files = files_of(plugin)
        # Before the files are run.
        saved_market(policy, files)
        classes, rungs = deviations_of_files(files), rungs_of_files(files)
        working.note("measuring what the policy gains, and what could be gained")
        report = run(policy, plugins=files, classes=classes, rungs=rungs)
    _print_report(report, as_json)


def _train(
    working: Working, spec: Any, learner: Any, plan: "Plan", keeping: "Keeping", as_json: bool
) -> "TrainingReport":
    """Train, and end with 130 if a person ended that before anything could be measured."""
    from deviator.policies import rung_name

    screen = notes() if as_json else console()
    for line in _market_lines(spec, rung_name(plan.information)):
        screen.print(line, soft_wrap=True)
    working.note("looking for the best deviation without learning")
    try:
        return _reported(working, spec, learner, plan, keeping)
    except KeyboardInterrupt as end:
        working.stop()
        screen.print(f"interrupted: {str(end) or 'nothing was learned yet'}", soft_wrap=True)
        raise typer.Exit(130) from None


def _reported(
    working: Working, spec: Any, learner: Any, plan: "Plan", keeping: "Keeping"
) -> "TrainingReport":
    """Return the report of a training whose progress is shown; a policy without a name gets one."""
    from dataclasses import replace

    from deviator.studies.policy_names import fresh_name
    from deviator.studies.spec.naming import plain_name
    from deviator.studies.training import train as run

    first: list[tuple[int, float]] = []

    def live(point: Any, best: Any) -> None:
        now = time.perf_counter()
        if not first:
            first.append((point.steps, now))
            working.note(f"training {learner.name}")
        done, began = first[0]
        speed = (point.steps - done) / max(now - began, 1e-9)
        working.step(_live_line(point, plan, speed, best), _share_done(point, plan))

    with ExitStack() as stack:
        if keeping.out is None:
            name = stack.enter_context(fresh_name(plain_name(spec.mechanism), learner.name))
            keeping = replace(keeping, out=name)
        return run(spec, learner, plan, keeping, live)


def _market_lines(spec: Any, information: str) -> list[str]:
    """Return lines about the market, with a warning outside the paper's assumptions."""
    from deviator.economies import QuadraticEconomy, check_assumptions

    economy = spec.economy.economy
    parameters = ", ".join(f"{name}={value}" for name, value in spec.economy.parameters.items())
    sigma = spec.rule.tax_slope
    lines = [
        f"{spec.title} (tax slope {sigma:.4g}), {economy.name} ({parameters}), "
        f"trader {spec.trader} knows {information}, the others are {spec.strategy_title}"
    ]
    if isinstance(economy, QuadraticEconomy):
        a4n = check_assumptions(economy)["A4N"]
        if not a4n.holds:
            lines.append(f"note: outside the paper's assumption A4^N ({a4n.witness})")
    return lines


def _live_line(point: Any, plan: "Plan", speed: float, best: Any) -> str:
    from deviator.studies.search import ENDLESS

    captured = best.share(point.gain)
    share = "-" if captured is None else f"{100 * captured:.1f}%"
    steps = f"{min(point.steps, plan.steps)}"
    budget = f"/{plan.steps}" if plan.steps < ENDLESS else ""
    spent = "" if plan.seconds is None else f" {point.seconds:.1f}/{plan.seconds:g} s"
    best_known = f"{best.kind} best {best.gain:.2e}"
    gained = f"gain {point.gain:+.2e} {best_known} share {share}"
    return f"{steps}{budget}{spent} {speed:.0f} steps/s {gained}"


def _share_done(point: Any, plan: "Plan") -> float:
    """Return how much of the budget is spent, of whichever is spent first."""
    of_time = 0.0 if plan.seconds is None else point.seconds / plan.seconds
    return float(max(point.steps / plan.steps, of_time))


def _print_report(report: "TrainingReport", as_json: bool) -> None:
    if as_json:
        print_json(report.to_dict())
    else:
        _show(console(), report)


def _show(screen: Console, report: "TrainingReport") -> None:
    for change in report.changes:
        screen.print(f"note: {change}", soft_wrap=True)
    share = "-" if report.share is None else f"{100 * report.share:.1f}%"
    kind = report.evidence.best.kind
    if report.stopped is not None:
        screen.print(report.stopped, soft_wrap=True)
    screen.print(
        f"learned gain {report.learned_gain:+.3e}, {kind} best {report.best_gain:.2e}, "
        f"share {share} (means over held-out profiles)",
        soft_wrap=True,
    )
    if report.unsaved:
        screen.print(f"not saved: {report.unsaved}", soft_wrap=True)
    if report.path is not None:
        line = f"policy: {report.path}.json and {report.path}.safetensors"
        screen.print(line, soft_wrap=True)

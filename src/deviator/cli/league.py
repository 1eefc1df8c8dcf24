"""``deviator league``: how much each learner finds of a gain that is known, and how fast."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deviator.files import write_atomically

from .complete import names_of
from .console import PluginFiles, console, files_of
from .json_output import Json, print_json
from .markets import learner_named
from .supervised import supervised, texts_in
from .working import Working

if TYPE_CHECKING:
    from deviator.studies.league import League, Run


def _named(options: dict[str, Any]) -> Iterator[str]:
    """Return the texts that may name plugins: without a learner all that are installed play."""
    from deviator.plugins import list_plugins

    yield from texts_in(options)
    if not (options["learner"] or options["only_page"]):
        yield from (spec.qualified for spec in list_plugins("learner"))


@partial(supervised, named=_named)
def league(
    market: Annotated[
        list[str] | None,
        typer.Argument(metavar="MARKET", help="Markets of the league; by default all of them."),
    ] = None,
    learner: Annotated[
        list[str] | None,
        typer.Option(
            help="As `deviator list` names it; by default all.", autocompletion=names_of("learner")
        ),
    ] = None,
    traders: Annotated[list[int] | None, typer.Option(help="Sizes; by default 4, 10, 30.")] = None,
    information: Annotated[
        list[str] | None, typer.Option(help="As for train; by default profile and own.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="CPU seconds of each training.")] = 60.0,
    seeds: Annotated[int, typer.Option(help="Training runs of each, from seed 0.")] = 3,
    held_out: Annotated[int, typer.Option(help="Profiles on which gains are measured.")] = 20_000,
    out: Annotated[Path, typer.Option(help="File that keeps the runs.")] = Path(
        "docs/league.jsonl"
    ),
    only_page: Annotated[
        bool,
        typer.Option("--only-page", help="Train nothing; write the page of the runs in the file."),
    ] = False,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Train learners in the markets of the league, and write a page with what they found.

    Finished runs are added to the file at once, and are not done again. The page stands beside it.
    """
    with Working("reading the markets of the league") as working:
        from deviator.studies.league import ENTRIES, TRADERS, League, read_runs

        if not only_page:
            plan = League(
                tuple(market or ENTRIES),
                tuple(traders or TRADERS),
                tuple(information or ("profile", "own")),
                seeds,
                seconds,
                held_out,
            )
            _play(working, plan, _learners(learner, files_of(plugin)), out)
        runs, page = read_runs(out), out.with_suffix(".md")
        _write_page(runs, page)
    if as_json:
        print_json([asdict(run) for run in runs])
    else:
        console().print(f"wrote {page}", soft_wrap=True)


def _play(working: Working, plan: "League", learners: list[Any], out: Path) -> None:
    """Train all learners in all markets, and say what each run found."""
    from deviator.studies.league import play, runs_left

    left, done = len(runs_left(plan, learners, out)), list["Run"]()

    def show(run: "Run") -> None:
        done.append(run)
        working.say(_in_words(run))
        working.step("training the learners of the league", len(done) / max(left, len(done)))

    working.note(f"training the learners of the league, {left} runs of {plan.seconds:g} s")
    try:
        play(plan, learners, out, show)
    except KeyboardInterrupt:
        working.say("interrupted; finished runs are kept, run the command again to resume")
        raise typer.Exit(130) from None


def _learners(names: list[str] | None, files: tuple[str, ...]) -> list[Any]:
    """Return the learners of the names, by default all that take a budget in seconds."""
    from deviator.learners import EvaluatedLearner
    from deviator.plugins import list_plugins

    known = names or [plugin.name for plugin in list_plugins("learner")]
    learners = [learner_named(name, files) for name in known]
    return learners if names else [one for one in learners if isinstance(one, EvaluatedLearner)]


def _in_words(run: "Run") -> str:
    share = "-" if run.share is None else f"{100 * run.share:.3f}%"
    return (
        f"{run.market} N={run.n_traders} {run.information} {run.learner} seed {run.seed}: {share} "
        f"{run.problem}".rstrip()
    )


def _write_page(runs: "list[Run]", page: Path) -> None:
    from deviator.studies.league_page import league_page
    from deviator.studies.run.store import explained

    with explained(page):
        write_atomically(page, league_page(runs))

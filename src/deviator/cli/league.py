"""``deviator league``: how much each learner finds of a gain that is known, and how fast."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from deviator.files import write_atomically

from .console import PluginFiles, console, files_of
from .markets import learner_named
from .supervised import supervised, texts_in

if TYPE_CHECKING:
    from deviator.studies.league import Run


def _named(options: dict[str, Any]) -> Iterator[str]:
    """Return the texts that may name plugins: without a learner all that are installed play."""
    from deviator.plugins import list_plugins

    yield from texts_in(options)
    if not (options["learner"] or options["only_page"]):
        yield from (spec.qualified for spec in list_plugins("learner"))


@partial(supervised, named=_named)
def league(
    market: Annotated[
        list[str] | None, typer.Argument(help="Mechanisms of the league; by default all of them.")
    ] = None,
    learner: Annotated[
        list[str] | None, typer.Option(help="As `deviator list` names it; by default all.")
    ] = None,
    traders: Annotated[list[int] | None, typer.Option(help="Sizes; by default 4, 10, 30.")] = None,
    information: Annotated[
        list[str] | None, typer.Option(help="As in train; by default profile and own.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="CPU seconds of each training.")] = 60.0,
    seeds: Annotated[int, typer.Option(help="Trainings of each, from seed 0.")] = 3,
    held_out: Annotated[int, typer.Option(help="Profiles that policies are measured on.")] = 20_000,
    out: Annotated[Path, typer.Option(help="Where the runs are kept.")] = Path("docs/league.jsonl"),
    only_page: Annotated[
        bool, typer.Option("--only-page", help="Write the page of the runs that are there.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Train learners in the markets of the league, and write what they found as a page.

    Finished runs are added to the file at once, and are not done again. The page stands beside it.
    """
    from deviator.studies.league import ENTRIES, TRADERS, League, play, read_runs

    screen = console()
    if not only_page:
        plan = League(
            tuple(market or ENTRIES),
            tuple(traders or TRADERS),
            tuple(information or ("profile", "own")),
            seeds,
            seconds,
            held_out,
        )
        try:
            play(plan, _learners(learner, files_of(plugin)), out, lambda run: _show(screen, run))
        except KeyboardInterrupt:
            screen.print("interrupted; finished runs are kept, run the command again to go on")
            raise typer.Exit(130) from None
    _write_page(screen, read_runs(out), out.with_suffix(".md"))


def _learners(names: list[str] | None, files: tuple[str, ...]) -> list[Any]:
    """Return the learners of the names, by default all that take a budget in seconds."""
    from deviator.learners import EvaluatedLearner
    from deviator.plugins import list_plugins

    known = names or [plugin.name for plugin in list_plugins("learner")]
    learners = [learner_named(name, files) for name in known]
    return learners if names else [one for one in learners if isinstance(one, EvaluatedLearner)]


def _show(screen: Console, run: "Run") -> None:
    share = "-" if run.share is None else f"{100 * run.share:.3f}%"
    screen.print(
        f"{run.market} N={run.n_traders} {run.information} {run.learner} seed {run.seed}: {share} "
        f"{run.problem}".rstrip(),
        soft_wrap=True,
    )


def _write_page(screen: Console, runs: "list[Run]", page: Path) -> None:
    from deviator.studies.league_page import league_page
    from deviator.studies.run.store import explained

    with explained(page):
        write_atomically(page, league_page(runs))
    screen.print(f"wrote {page}", soft_wrap=True)

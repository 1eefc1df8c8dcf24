"""``deviator check``: the conformance kit on a plugin, or on all of a file's."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from .console import PluginFiles, Settings, console, files_of, settings_of

STYLES = {"passed": "green", "waived": "yellow", "failed": "red", "unexpected pass": "red"}


def check(
    name: Annotated[str, typer.Argument(help="A registered name, or a Python file.")],
    kind: Annotated[str | None, typer.Option(help="Its kind, where several share a name.")] = None,
    set_: Settings = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A check to run; all by default.")
    ] = None,
    limit: Annotated[float, typer.Option(help="Seconds that one check may take.")] = 60.0,
    plugin: PluginFiles = None,
) -> None:
    """Check that a plugin keeps what every plugin of its kind keeps, and what it claims.

    Each check runs in a process of its own: what hangs or crashes fails, and harms nothing else.
    """
    from deviator.plugins.conformance.named import NamedSource, named

    screen = console()
    specs = named(name, kind, files_of(plugin))
    sources = [NamedSource(spec, settings_of(set_)) for spec in specs]
    alone = len(sources) == 1
    passed = [_passes(screen, source, limit, only or [], alone) for source in sources]
    if not all(passed):
        raise typer.Exit(1)


def _passes(screen: Console, source: Any, limit_s: float, only: list[str], alone: bool) -> bool:
    """Check one plugin, print each result as it comes, and return whether all is well."""
    from deviator.errors import DeviatorError, InvalidInputError
    from deviator.plugins.conformance.check import described
    from deviator.plugins.conformance.kit import run_checks_of_source
    from deviator.plugins.guard import Guard

    title = source.spec.title
    screen.print(escape(title))

    def show(result: Any) -> None:
        style = STYLES[result.status]
        text = result.promise if result.status == "passed" else result.detail
        who = "" if result.ok else f"{title}: "
        line = escape(f"{who}{result.check}: {text}")
        screen.print(f"  [{style}]{result.status:>7}[/{style}] {line}", soft_wrap=True)

    try:
        with Guard(limit_s) as guard:
            results = run_checks_of_source(source, title, guard, only, show)
    except Exception as error:
        if alone and isinstance(error, InvalidInputError):
            raise
        reason = str(error) if isinstance(error, DeviatorError) else described(error)
        if title not in reason:
            reason = f"{title} cannot be checked: {reason}"
        screen.print(f"  [red] failed[/red] {escape(reason)}", soft_wrap=True)
        return False
    good = sum(result.ok for result in results)
    screen.print(f"{escape(title)}: {good} of {len(results)} checks passed")
    return good == len(results)

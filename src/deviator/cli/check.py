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
    Broken rules are told as they are found, crashes after them, and a reason that several checks
    have is told once. Ends with exit code 1 if a check does not pass.
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

    teller = _Teller(screen, title)
    try:
        with Guard(limit_s) as guard:
            results = run_checks_of_source(source, title, guard, only, teller.hear)
    except Exception as error:
        if alone and isinstance(error, InvalidInputError):
            raise
        reason = str(error) if isinstance(error, DeviatorError) else described(error)
        if title not in reason:
            reason = f"{title} cannot be checked: {reason}"
        screen.print(f"  [red] failed[/red] {escape(reason)}", soft_wrap=True)
        return False
    teller.end()
    good = sum(result.ok for result in results)
    screen.print(f"{escape(title)}: {good} of {len(results)} checks passed")
    return good == len(results)


class _Teller:
    """Prints results as they come, each reason once, and crashes after the broken rules."""

    def __init__(self, screen: Console, title: str) -> None:
        self._screen, self._title = screen, title
        self._crashes: list[Any] = []
        self._told: set[str] = set()
        self._alike: list[str] = []

    def hear(self, result: Any) -> None:
        """Print a result, or keep it for the end."""
        if result.crashed:
            self._crashes.append(result)
        else:
            self._tell(result)

    def end(self) -> None:
        """Print the crashes, and which checks have a reason that was told before."""
        for crash in self._crashes:
            self._tell(crash)
        if self._alike:
            line = f"for the same reasons: {', '.join(self._alike)}"
            self._screen.print(f"  [red]    and[/red] {escape(line)}", soft_wrap=True)

    def _tell(self, result: Any) -> None:
        if not result.ok and result.detail in self._told:
            self._alike.append(result.check)
            return
        if not result.ok:
            self._told.add(result.detail)
        style = STYLES[result.status]
        text = result.promise if result.status == "passed" else result.detail
        who = "" if result.ok else f"{self._title}: "
        line = escape(f"{who}{result.check}: {text}")
        self._screen.print(f"  [{style}]{result.status:>7}[/{style}] {line}", soft_wrap=True)

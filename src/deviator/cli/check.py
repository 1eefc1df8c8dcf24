"""``deviator check``: the conformance kit on a plugin, or on all plugins of a file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deviator.harmless import printable

from .console import PluginFiles, Settings, console, files_of, settings_of
from .markets import Parameters

STYLES: Mapping[str, str] = MappingProxyType(
    {"passed": "green", "waived": "yellow", "failed": "red", "unexpected pass": "red"}
)


def check(
    name: Annotated[str, typer.Argument(help="A registered name, or a Python file.")],
    kind: Annotated[str | None, typer.Option(help="Its kind, where several share a name.")] = None,
    set_: Settings = None,
    economy: Annotated[
        str | None, typer.Option(help="An economy to try a mechanism in; -s is of it then.")
    ] = None,
    parameter: Parameters = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A check to run; all by default.")
    ] = None,
    limit: Annotated[float, typer.Option(help="Seconds that one check may take.")] = 60.0,
    plugin: PluginFiles = None,
) -> None:
    """Check that a plugin keeps what every plugin of its kind keeps, and what it claims.

    The checks run in another process: one that hangs or crashes fails, and harms nothing else.
    Broken rules are printed first, crashes after them, and a reason that several checks share is
    printed once. Ends with exit code 1 if a check does not pass.
    """
    from deviator.plugins.conformance.named import NamedSource, in_economy, named
    from deviator.plugins.single_file import nameless_of_file

    screen = console()
    files = files_of(plugin)
    specs = named(name, kind, files)
    for note in nameless_of_file(name) if name.endswith(".py") else ():
        screen.print(f"note: {note}", soft_wrap=True)
    of_plugin = [*(parameter or []), *((set_ or []) if economy is None else [])]
    sources: list[Any] = [NamedSource(spec, settings_of(of_plugin)) for spec in specs]
    if economy is not None:
        sources = in_economy(sources, economy, settings_of(set_), files)
    single = len(sources) == 1
    passed = [_passes(screen, source, limit, only or [], single) for source in sources]
    if not all(passed):
        raise typer.Exit(1)


def _passes(screen: Console, source: Any, limit_s: float, only: list[str], single: bool) -> bool:
    """Check one plugin, print each result as it comes, and return whether all checks passed."""
    from deviator.errors import DeviatorError, InvalidInputError
    from deviator.plugins.conformance.check import described
    from deviator.plugins.conformance.kit import run_checks_of_source
    from deviator.plugins.guard import Guard
    from deviator.plugins.replaced_built_ins import check_built_ins
    from deviator.plugins.undeclared_reads import undeclared_reads

    title = source.spec.title
    screen.print(title)
    printer = _ResultPrinter(screen, title)
    try:
        with Guard(limit_s) as guard:
            results = run_checks_of_source(source, title, guard, only, printer.add)
            notes = guard.run(undeclared_reads)
            guard.run(check_built_ins)
    except Exception as error:
        if single and isinstance(error, InvalidInputError):
            raise
        reason = str(error) if isinstance(error, DeviatorError) else described(error)
        if title not in reason:
            reason = f"{title} cannot be checked: {reason}"
        screen.print(_line("failed", "red", reason), soft_wrap=True)
        return False
    printer.end()
    for note in notes:
        screen.print(f"note: {note}", soft_wrap=True)
    good = sum(result.ok for result in results)
    screen.print(f"{title}: {good} of {len(results)} checks passed")
    return good == len(results)


class _ResultPrinter:
    """Prints results as they come, each reason once, and crashes after the broken rules."""

    def __init__(self, screen: Console, title: str) -> None:
        self._screen, self._title = screen, title
        self._crashes: list[Any] = []
        self._printed: set[str] = set()
        self._repeated: list[str] = []

    def add(self, result: Any) -> None:
        """Print a result, or keep it for the end."""
        if result.crashed:
            self._crashes.append(result)
        else:
            self._print(result)

    def end(self) -> None:
        """Print the crashes, and the checks whose reason has been printed already."""
        for crash in self._crashes:
            self._print(crash)
        if self._repeated:
            line = f"for the same reasons: {', '.join(self._repeated)}"
            self._screen.print(_line("and", "red", line), soft_wrap=True)

    def _print(self, result: Any) -> None:
        if not result.ok and result.detail in self._printed:
            self._repeated.append(result.check)
            return
        if not result.ok:
            self._printed.add(result.detail)
        text = result.promise if result.status == "passed" else result.detail
        subject = "" if result.ok else f"{self._title}: "
        line = _line(result.status, STYLES[result.status], f"{subject}{result.check}: {text}")
        self._screen.print(line, soft_wrap=True)


def _line(status: str, style: str, text: str) -> Text:
    """Return a line that begins with a status in color."""
    return Text.assemble("  ", (f"{status:>7}", style), f" {printable(text)}")

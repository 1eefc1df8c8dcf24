"""``deviator check``: the conformance kit on a plugin, or on all plugins of a file."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.text import Text

from deviator.errors import InvalidInputError
from deviator.harmless import printable

from .complete import any_of, names_of
from .console import PluginFiles, Settings, console, files_of, notes, settings_of
from .json_output import Json, print_json
from .markets import Parameters
from .working import Working

STYLES: Mapping[str, str] = MappingProxyType(
    {"passed": "green", "waived": "yellow", "failed": "red", "unexpected pass": "red"}
)


def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A registered name, or a Python file.",
            autocompletion=names_of("mechanism"),
        ),
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            help="Kind of plugin, if several share a name.",
            autocompletion=any_of("mechanism", "economy", "policy", "learner", "rung"),
        ),
    ] = None,
    set_: Settings = None,
    parameter: Parameters = None,
    plugin_set: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A setting of what is checked, whatever its kind."),
    ] = None,
    economy: Annotated[
        str | None,
        typer.Option(help="An economy to test a mechanism in.", autocompletion=names_of("economy")),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A check to run; all by default.")
    ] = None,
    limit: Annotated[float, typer.Option(help="Seconds that one check may take.")] = 60.0,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Run the conformance checks on a plugin: the rules for its kind, and its own claims.

    The checks run in another process: one that hangs or crashes fails, and harms nothing else.
    Broken rules are printed first, crashes after them, and a reason that several checks share is
    printed once. Ends with exit code 1 if a check does not pass.
    """
    from deviator.plugins.conformance.named import NamedSource, in_economy, named
    from deviator.plugins.single_file import nameless_of_file

    files = files_of(plugin)
    specs = named(name, kind, files)
    screen = notes() if as_json else console()
    for note in nameless_of_file(name) if name.endswith(".py") else ():
        screen.print(f"note: {note}", soft_wrap=True)
    stated = _Stated(set_, parameter, plugin_set, economy)
    stated.check_kinds(specs)
    sources: list[Any] = [NamedSource(spec, stated.settings_of(spec)) for spec in specs]
    if economy is not None:
        sources = in_economy(sources, economy, settings_of(set_), files)
    single = len(sources) == 1
    passed = [_passes(screen, source, limit, only or [], single) for source in sources]
    if as_json:
        print_json([one.record for one in passed])
    if not all(one.is_good for one in passed):
        raise typer.Exit(1)


class _Stated(NamedTuple):
    """Settings as options state them."""

    economy_set: list[str] | None
    mechanism_set: list[str] | None
    plugin_set: list[str] | None
    economy: str | None

    def check_kinds(self, specs: Sequence[Any]) -> None:
        """Refuse settings of a kind of which nothing is checked."""
        kinds = {spec.kind for spec in specs} | ({"economy"} if self.economy else set())
        for option, kind, stated in (
            ("-s", "economy", self.economy_set),
            ("-m", "mechanism", self.mechanism_set),
        ):
            if stated and kind not in kinds:
                instead = OPTIONS.get(specs[0].kind, "--plugin-set")
                raise InvalidInputError(
                    f"{option} must set the {kind}, and {specs[0].title} is none; say {instead} "
                    f"{stated[0]}"
                )

    def settings_of(self, spec: Any) -> dict[str, Any]:
        """Return those of one plugin."""
        of_kind = {"economy": self.economy_set, "mechanism": self.mechanism_set}
        return settings_of([*(of_kind.get(spec.kind) or []), *(self.plugin_set or [])])


OPTIONS: Mapping[str, str] = MappingProxyType({"mechanism": "-m", "economy": "-s"})
"""Options that set a plugin of a kind."""


class _Checked(NamedTuple):
    """What came of the checks of one plugin."""

    title: str
    is_good: bool
    results: Sequence[Any] = ()
    notes: Sequence[str] = ()
    problem: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """What scripts read."""
        columns = ("check", "status", "ok", "promise", "detail")
        return {
            "plugin": self.title,
            "passed": self.is_good,
            "checks": [{name: getattr(one, name) for name in columns} for one in self.results],
            "notes": list(self.notes),
            "problem": self.problem,
        }


def _passes(
    screen: Console, source: Any, limit_s: float, only: list[str], single: bool
) -> _Checked:
    """Check one plugin, print each result as it comes, and return what came of all."""
    from deviator.errors import DeviatorError
    from deviator.plugins.conformance.check import described
    from deviator.plugins.conformance.kit import run_checks_of_source
    from deviator.plugins.guard import Guard
    from deviator.plugins.replaced_built_ins import check_built_ins
    from deviator.plugins.undeclared_reads import undeclared_reads

    title = source.spec.title
    screen.print(title)
    try:
        with Working("starting a process for the checks") as working, Guard(limit_s) as guard:
            printer = _ResultPrinter(screen, title, working)
            results = run_checks_of_source(source, title, guard, only, printer.add)
            reads = guard.run(undeclared_reads)
            guard.run(check_built_ins)
    except Exception as error:
        if single and isinstance(error, InvalidInputError):
            raise
        reason = str(error) if isinstance(error, DeviatorError) else described(error)
        if title not in reason:
            reason = f"{title} cannot be checked: {reason}"
        screen.print(_line("failed", "red", reason), soft_wrap=True)
        return _Checked(title, False, problem=reason)
    printer.end()
    for note in reads:
        screen.print(f"note: {note}", soft_wrap=True)
    good = sum(result.ok for result in results)
    screen.print(f"{title}: {good} of {len(results)} checks passed", soft_wrap=True)
    return _Checked(title, good == len(results), results, reads)


class _ResultPrinter:
    """Prints results as they come, each reason once, and crashes after the broken rules."""

    def __init__(self, screen: Console, title: str, working: Working) -> None:
        self._screen, self._title, self._working = screen, title, working
        self._crashes: list[Any] = []
        self._printed: set[str] = set()
        self._repeated: list[str] = []

    def add(self, result: Any) -> None:
        """Print a result, or keep it for the end."""
        self._working.stop()
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

"""Commands that name third-party plugins run in a process of their own, which may be lost."""

import json
import signal
from collections.abc import Callable, Iterator
from functools import wraps
from math import inf
from pathlib import Path
from typing import Any

import typer

from deviator.errors import DeviatorError, PluginLoadError
from deviator.harmless import one_line
from deviator.plugins import list_plugins, plugins_of_file
from deviator.plugins.guard import Guard, GuardError, is_guarded
from deviator.plugins.replaced_built_ins import check_built_ins
from deviator.plugins.undeclared_reads import undeclared_reads
from deviator.trust import OWN

from .console import Terminal, console, fail, notes, shown_on

Command = Callable[..., None]

Named = Callable[[dict[str, Any]], Iterator[str]]
"""Returns the texts among a command's options that may name plugins."""


def supervised(command: Command, named: Named | None = None) -> Command:
    """Return a command that runs in a process of its own where it names third-party plugins.

    The process that the user started reads no more of them than metadata. It shows what the other
    one reports, and ends with exit code 0 only if that came to the end of its report.

    Parameters
    ----------
    command : callable
        A function of a module, which other processes import.
    named : callable, optional
        By default all texts among the options may name plugins.
    """

    @wraps(command)
    def run(**options: Any) -> None:
        texts = set((named or texts_in)(options))
        plugins = [] if is_guarded() else third_party(texts, options.get("plugin") or [])
        if plugins:
            _run_elsewhere(run, options, plugins)
        else:
            command(**options)

    return run


def texts_in(content: Any) -> Iterator[str]:
    """Return all texts in nested data."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        yield from texts_in([*content.keys(), *content.values()])
    elif isinstance(content, list | tuple):
        for each in content:
            yield from texts_in(each)


def third_party(texts: set[str], files: list[Path]) -> list[str]:
    """Return the third-party plugins that texts may name, and those of files; imports nothing."""
    known = list_plugins()
    own = {(spec.kind, spec.name) for spec in known if spec.provider == OWN}
    named = [
        spec
        for spec in known
        if spec.provider != OWN
        and (spec.qualified in texts or (spec.name in texts and (spec.kind, spec.name) not in own))
    ]
    in_files = [spec for file in files for spec in plugins_of_file(file)]
    others = [text for text in sorted(texts) if text.rpartition(":")[0].endswith(".py")]
    return [f"{spec.name} of {spec.provider_label}" for spec in [*named, *in_files]] + others


def texts_of_policy(options: dict[str, Any]) -> Iterator[str]:
    """Return the texts in the file of a saved policy, as far as it can be read."""
    from deviator.policies.policy_files import policy_stem

    stem = policy_stem(options["policy"])
    try:
        yield from texts_in(json.loads(stem.with_name(f"{stem.name}.json").read_text("utf-8")))
    except (OSError, ValueError, RecursionError):
        return


def _run_elsewhere(command: Command, options: dict[str, Any], plugins: list[str]) -> None:
    screen = console()
    who = one_line(" or ".join(plugins))
    notes().print(f"starting a process of its own for {who}")

    unread: list[OSError] = []

    def show(text: Any) -> None:
        try:
            screen.file.write(text)
            screen.file.flush()
        except OSError as error:
            unread.append(error)
            raise

    try:
        with Guard(inf) as guard:
            code = guard.run_telling(show, _report, command, options, Terminal.of(screen))
    except KeyboardInterrupt:
        screen.print("interrupted: the command did not reach its report")
        raise typer.Exit(130) from None
    except GuardError as error:
        fail(f"{who}: {error}; the command did not reach its report", 1)
    except DeviatorError:
        raise
    except Exception as error:
        if error in unread:
            # Nobody reads what is printed any more, which no plugin is to blame for.
            raise
        raise PluginLoadError(
            f"{who} failed ({type(error).__name__}: {error}); run `deviator check` on it"
        ) from None
    raise typer.Exit(code)


def _report(
    tell: Callable[[str], None], command: Command, options: dict[str, Any], terminal: Terminal
) -> int:
    """Run a command in this process, which may be lost, and return its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with shown_on(tell, terminal):
            command(**options)
            # What was shown is about something else where a plugin changed deviator itself.
            check_built_ins()
            beside = notes() if options.get("as_json") else console()
            for note in undeclared_reads():
                beside.print(f"note: {note}", soft_wrap=True)
    except typer.Exit as end:
        if end.exit_code == 0:
            # Commands that come to their end return.
            raise GuardError("it must leave its process running, and called exit") from None
        return end.exit_code
    return 0

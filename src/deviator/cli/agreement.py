"""Whether code that comes with a study file may run: asked once, and remembered by digest."""

import sys
from collections.abc import Sequence
from typing import Any

import typer

from deviator.errors import RefusedError
from deviator.trusted_files import remember

from .screen import Screen


def agree_to_run(spec: Any, named: Sequence[str], trust: bool) -> None:
    """Ask whether the plugin files that a study file names may run, unless the user said so.

    Parameters
    ----------
    spec : StudySpec
        As it was read from its file.
    named : sequence of str
        Files that the user named, which need no question.
    trust : bool
        Whether the user said that those of the study may run.

    Raises
    ------
    RefusedError
        If the user says no, or there is no terminal on which to ask.
    """
    from deviator.studies.run.trusted import check_trusted, in_words, untrusted_files

    files = untrusted_files(spec, named)
    if not files:
        return
    if not trust:
        if not has_terminal():
            check_trusted(spec, named)
        screen = Screen(stderr=True, soft_wrap=True)
        screen.print(f"Study {spec.name} comes with code: {in_words(files)}.")
        screen.print("It can do whatever you can do: read it first.")
        if not typer.confirm("Run it?", err=True):
            raise RefusedError(f"study {spec.name} was not run, since its code is not trusted")
        if untrusted_files(spec, named) != files:
            raise RefusedError(
                f"study {spec.name} was not run, since its code changed while you were asked; run "
                "the command again"
            )
    remember(files)


def has_terminal() -> bool:
    """Return whether there is somebody to ask: a terminal to read from, and one to write to."""
    return sys.stdin.isatty() and sys.stderr.isatty()

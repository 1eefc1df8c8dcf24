"""``deviator recheck``: check files of witnesses and certificates again."""

from pathlib import Path
from typing import Annotated

import typer

from .console import console


def recheck(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to check.")],
) -> None:
    """Check files of witnesses and certificates again, from the numbers in them.

    Short scripts that need nothing but Python do it where they can, and say so; other markets of
    built-in parts are cleared by deviator. Ends with 0 where everything holds, with 1 where a file
    is wrong, and with 2 where one cannot be checked.
    """
    from deviator.errors import DeviatorError
    from deviator.studies.recheck_file import UNKNOWN, WRONG, Recheck, recheck_file

    codes = set()
    for path in paths:
        try:
            answer = recheck_file(path)
        except (DeviatorError, OSError) as error:
            answer = Recheck(UNKNOWN, f"cannot be checked: {error}")
        codes.add(answer.code)
        console().print(f"{path}: {answer.sentence}", soft_wrap=True)
    if codes & {UNKNOWN, WRONG}:
        raise typer.Exit(WRONG if WRONG in codes else UNKNOWN)

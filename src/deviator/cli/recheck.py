"""``deviator recheck``: check files of witnesses and certificates again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import console
from .json_output import Json, print_json
from .working import Working


def recheck(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to check.")],
    as_json: Json = False,
) -> None:
    """Check witness and certificate files again, from the numbers in them.

    Short scripts that need nothing but Python do it where they can, and say so; other markets of
    built-in parts are cleared by deviator. Ends with 0 where everything holds, with 1 where a file
    is wrong, and with 2 where one cannot be checked.
    """
    answers = []
    with Working(f"reading {paths[0]}") as working:
        from deviator.studies.recheck_file import UNKNOWN, WRONG

        for place, path in enumerate(paths):
            working.step(f"checking {path}", place / len(paths))
            answers.append(_answer(path))
    if as_json:
        words = {WRONG: "wrong", UNKNOWN: "unknown"}
        print_json(
            [
                {"file": path, "state": words.get(one.code, "holds"), "told": one.sentence}
                for path, one in zip(paths, answers, strict=True)
            ]
        )
    else:
        for path, answer in zip(paths, answers, strict=True):
            console().print(f"{path}: {answer.sentence}", soft_wrap=True)
    codes = {answer.code for answer in answers}
    if codes & {UNKNOWN, WRONG}:
        raise typer.Exit(WRONG if WRONG in codes else UNKNOWN)


def _answer(path: Path) -> Any:
    from deviator.errors import DeviatorError
    from deviator.studies.recheck_file import UNKNOWN, Recheck, recheck_file

    try:
        return recheck_file(path)
    except OSError as error:
        return Recheck(UNKNOWN, f"cannot be read: {error.strerror}")
    except DeviatorError as error:
        return Recheck(UNKNOWN, f"cannot be checked: {error}")

"""The command line: audit, study, query, replicate, train, evaluate, recheck, and more.

Bad input ends with one sentence and exit code 2, a check that failed with 1, an interrupted run
with 130.
"""

from typing import Annotated

import typer

import deviator
from deviator.errors import DeviatorError

from .assumptions import assumptions
from .audit import audit
from .check import check
from .compare import compare
from .confirm import confirm
from .console import fail
from .doctor import doctor
from .equilibrium import equilibrium
from .explore import explore
from .export import export
from .help import HelpfulCommand, HelpfulGroup
from .league import league
from .plugins import list_, new
from .power import power
from .query import query
from .recheck import recheck
from .replicate import replicate
from .report import report
from .schema import schema
from .study import study
from .train import evaluate, train

app = typer.Typer(
    cls=HelpfulGroup,
    help="Can honest bidding in a market mechanism be profitably gamed?",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    audit, power, study, confirm, report, query, compare, export, schema, replicate, train,
    evaluate, league, equilibrium, recheck, check, new, assumptions, list_, doctor, explore,
)  # fmt: skip
for command in COMMANDS:
    app.command(command.__name__.strip("_"), cls=HelpfulCommand)(command)


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="deviator")
    except DeviatorError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}")


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print the version if asked to."""
    if show:
        typer.echo(deviator.__version__)
        raise typer.Exit

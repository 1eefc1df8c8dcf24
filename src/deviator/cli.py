"""The command line: confirm, train, evaluate, list.

Bad input ends with one sentence and exit code 2; an interrupted run with 130.
"""

import sys
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

import deviator
from deviator.errors import DeviatorError, InvalidInputError

app = typer.Typer(
    help="Can honest bidding in a market mechanism be profitably gamed?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

WIDTH = 210
"""Width of tables that do not go to a terminal."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except DeviatorError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}")


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print the version where that is asked for."""
    if show:
        typer.echo(deviator.__version__)
        raise typer.Exit


@app.command()
def confirm(
    study: Annotated[
        Path | None, typer.Argument(help="Study file; by default the one of Proposition 3.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller budgets, lower power.")] = False,
    out: Annotated[Path | None, typer.Option(help="Results folder; by default runs/NAME.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
) -> None:
    """Run a study and print its verdict table; finished cells are kept."""
    from deviator.studies import confirm as run
    from deviator.studies.table import verdict_table

    console = _console()
    try:
        bar = _bar(console)
        task = bar.add_task("")

        def progress(done: int, total: int, cell: Any) -> None:
            name = "training" if cell is None else cell.label().rsplit("-", 1)[0]
            bar.update(task, completed=done, total=total, description=name)
            bar.start()

        try:
            report = run(study, quick=quick, out=out, workers=workers, progress=progress)
        finally:
            bar.stop()
    except KeyboardInterrupt:
        console.print("Interrupted: finished cells are kept, run the same command to go on.")
        raise typer.Exit(130) from None
    console.print(verdict_table(report.rows, console.width))
    console.print(_summary(report.rows), f"Report: {report.folder / 'report.html'}", sep="\n")
    if quick:
        console.print("Quick budgets: read the control column for how little could be found.")
    for cell, reason in report.failures.items():
        console.print(f"[red]failed[/red] {cell}: {reason}")
    if report.failures:
        raise typer.Exit(1)


@app.command()
def train(
    mechanism: Annotated[str, typer.Argument(help="As `deviator list` names it.")],
    economy: Annotated[str, typer.Option(help="A family, or beliefs with --strategy.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A parameter of the economy, as in -s n_traders=10."),
    ] = None,
    sigma: Annotated[str | None, typer.Option(help="A number, sigma-n or sigma-budget.")] = None,
    strategy: Annotated[str, typer.Option(help="honest or linear-bayes.")] = "honest",
    trader: Annotated[str, typer.Option(help="Index or role of the deviator.")] = "0",
    information: Annotated[str, typer.Option(help="profile or own.")] = "profile",
    learner: Annotated[str, typer.Option(help="As `deviator list` names it.")] = "ppo",
    steps: Annotated[int, typer.Option(min=1, help="Bids submitted in training.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    out: Annotated[Path, typer.Option(help="Where to save the policy.")] = Path("runs/policy"),
) -> None:
    """Train one deviator on a market, show how it fares, and save its policy."""
    from deviator.plugins import build
    from deviator.policies import check_information
    from deviator.studies.training import train as run

    spec = _market_spec(mechanism, economy, set_ or [], sigma, strategy, trader)
    rung = check_information(information)
    console = _console()
    for line in _market_lines(spec, rung):
        console.print(line)
    end = "\r" if console.is_terminal else "\n"
    started = time.perf_counter()

    def live(point: Any, exact: float | None) -> None:
        speed = point.steps / (time.perf_counter() - started)
        console.print(_live_line(point.steps, steps, speed, point.gain, exact), end=end)

    report = run(
        spec,
        build("learner", learner, {}),
        steps,
        seed,
        information=rung,
        out=out,
        live=live,
    )
    if console.is_terminal:
        console.print()
    _print_report(console, report)


@app.command()
def evaluate(
    policy: Annotated[Path, typer.Argument(help="A saved policy, without suffix.")],
) -> None:
    """Judge a saved policy on held-out profiles of its market."""
    from deviator.studies.training import evaluate as run

    _print_report(_console(), run(policy))


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(help="mechanism, economy or learner.")] = None,
) -> None:
    """Name the mechanisms, economies and learners."""
    from deviator.plugins import list_plugins

    table = Table("kind", "name", "provider", "what it is", "parameters")
    for spec in list_plugins(kind):
        try:
            plugin = spec.load()
            about = (plugin.__doc__ or "").strip().split("\n")[0], _parameters(plugin)
        except DeviatorError as error:
            about = f"[red]broken[/red]: {error}", ""
        table.add_row(spec.kind, spec.name, f"{spec.provider} {spec.version}", *about)
    _console().print(table)


def _market_spec(
    mechanism: str,
    economy: str,
    settings: list[str],
    sigma: str | None,
    strategy: str,
    trader: str,
) -> Any:
    """Return the market that the options of `train` describe."""
    from pydantic import ValidationError

    from deviator.plugins import find_plugin
    from deviator.studies.specs import MarketSpec

    beliefs = strategy == "linear-bayes"
    parameters = _settings(settings)
    if beliefs or "n_traders" in signature(find_plugin("economy", economy).load()).parameters:
        parameters = {"n_traders": 10} | parameters
    data = {
        "mechanism": mechanism,
        "economy": parameters | {"beliefs" if beliefs else "family": economy},
        "sigma": sigma,
        "strategy": strategy,
        "trader": _number_or_text(trader, int),
    }
    try:
        return MarketSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        rule = first["msg"].removeprefix("Value error, ")
        raise InvalidInputError(f"{place}: {rule}, got {first['input']!r}") from None


def _settings(texts: list[str]) -> dict[str, Any]:
    """Return parameters given as name=value, values read as YAML."""
    settings = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise InvalidInputError(f"a parameter must be given as name=value, got {text!r}")
        try:
            read = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InvalidInputError(f"{name} must be a YAML value, got {value!r}") from None
        # YAML 1.1 takes 1e-3 for a text.
        settings[name] = _number_or_text(read, float) if isinstance(read, str) else read
    return settings


def _number_or_text(text: str, number: Callable[[str], Any]) -> Any:
    try:
        return number(text)
    except ValueError:
        return text


def _parameters(plugin: Any) -> str:
    """Return a plugin's parameters with their defaults."""
    return ", ".join(
        name if parameter.default is parameter.empty else f"{name}={parameter.default}"
        for name, parameter in signature(plugin).parameters.items()
    )


def _market_lines(spec: Any, information: str) -> list[str]:
    """Return what is about to be trained in, and a warning outside the paper's assumptions."""
    from deviator.economies import QuadraticEconomy, check_assumptions

    economy = spec.economy.economy
    parameters = ", ".join(f"{name}={value}" for name, value in spec.economy.parameters.items())
    sigma = spec.build().mechanism.tax_slope
    lines = [
        f"{spec.mechanism} (tax slope {sigma:.4g}), {economy.name} ({parameters}), trader "
        f"{spec.trader} knows {information}, the others are {spec.strategy}"
    ]
    if isinstance(economy, QuadraticEconomy):
        small = check_assumptions(economy)["A4N"]
        if not small.holds:
            lines.append(f"note: outside the paper's assumption A4^N ({small.witness})")
    return lines


def _live_line(done: int, steps: int, speed: float, gain: float, exact: float | None) -> str:
    share = f"{100 * gain / exact:5.1f}%" if exact else "    -"
    return (
        f"{min(done, steps):>7}/{steps} {speed:>6.0f} steps/s gain {gain:+.2e} "
        f"exact best {_money(exact)} share {share}"
    )


def _money(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2e}"


def _print_report(console: Console, report: Any) -> None:
    share = "-" if report.share is None else f"{100 * report.share:.1f}%"
    console.print(
        f"learned gain {report.learned_gain:+.3e}, exact best {_money(report.exact_gain)}, "
        f"share {share} (means over held-out profiles)"
    )
    if report.path is not None:
        console.print(f"policy: {report.path}.json and {report.path}.safetensors")


def _summary(rows: list[dict[str, Any]]) -> str:
    states = [row["state"] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return (
        f"{len(rows)} cells: {counts}. Gains in units of money per market; "
        "control: share of the exact gain that the same learner captured where deviating pays."
    )


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
    )


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _fail(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {message}", markup=False)
    sys.exit(2)


if __name__ == "__main__":
    main()

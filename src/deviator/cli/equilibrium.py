"""``deviator equilibrium``: all traders of a market learn at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from deviator.errors import ResultsError

from .complete import any_of
from .console import PluginFiles, Settings, console, files_of, notes
from .json_output import Json, print_json
from .markets import (
    Described,
    EconomyName,
    MechanismName,
    Parameters,
    Sigma,
    StrategyName,
    StrategySettings,
    market_spec,
)
from .supervised import supervised
from .working import Working

Beliefs = Annotated[
    bool, typer.Option("--beliefs", help="Read --economy as beliefs: values and signals.")
]
Traders = Annotated[
    list[int] | None,
    typer.Option(help="Who learns; may be given several times; default: everybody."),
]
Hidden = Annotated[
    list[int] | None,
    typer.Option(help="Width of a hidden layer of networks, instead of affine bids."),
]
Shared = Annotated[
    bool, typer.Option("--shared", help="Interchangeable traders share their parameters.")
]
Seconds = Annotated[float | None, typer.Option(help="CPU seconds of all starts, at most.")]
StrategyFile = Annotated[
    Path | None, typer.Option(help="Where to save the strategy; by default it is not saved.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite a strategy that is already there.")]


@supervised
def equilibrium(
    mechanism: MechanismName,
    economy: EconomyName,
    set_: Settings = None,
    parameter: Parameters = None,
    sigma: Sigma = None,
    beliefs: Beliefs = False,
    strategy: StrategyName = "honest",
    strategy_set: StrategySettings = None,
    trader: Traders = None,
    learner: Annotated[
        str, typer.Option(help="gradient or ppo.", autocompletion=any_of("gradient", "ppo"))
    ] = "gradient",
    hidden: Hidden = None,
    shared: Shared = False,
    starts: Annotated[int, typer.Option(min=1, help="Random starts.")] = 3,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of each start.")] = None,
    seconds: Seconds = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of starts and draws.")] = 0,
    out: StrategyFile = None,
    force: Force = False,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Let all traders learn at once; report where they end, and the epsilon of that strategy.

    Ends with exit code 0 whatever the answer is: that no equilibrium was found is an answer. Ctrl-C
    ends learning early: what was learned is measured, and saved.
    """
    if out is not None:
        _check_new(out, force)
    described = Described(mechanism, economy, set_, parameter, sigma, strategy, "0", strategy_set)
    with Working("reading the market") as working, _interruptible(working, as_json):
        from deviator.learners.equilibrium import everyone_learns

        tested = _market(market_spec(described, files_of(plugin), beliefs=beliefs), strategy)
        working.note(f"all traders learn by {learner}")
        found = everyone_learns(
            tested,
            learner=learner,
            hidden=hidden or (),
            shared=shared,
            starts=starts,
            steps=steps,
            seconds=seconds,
            seed=seed,
            traders=trader or None,
            progress=working.step,
        )
    _show(found, out, as_json)


@contextmanager
def _interruptible(working: Working, as_json: bool) -> Iterator[None]:
    """Say that nothing came of it where a person ends learning before it began."""
    try:
        yield
    except KeyboardInterrupt:
        working.stop()
        (notes() if as_json else console()).print("interrupted before anything was learned")
        raise typer.Exit(130) from None


def _show(found: Any, out: Path | None, as_json: bool) -> None:
    """Print what was found, save it where asked to, and end with 130 if a person ended learning."""
    from deviator.policies import save_strategy

    file = None if out is None else save_strategy(found.policy, out)
    if as_json:
        print_json(found.to_dict() | {"strategy": file})
    else:
        console().print(found.summary())
        if file is not None:
            console().print(f"strategy: {file}", soft_wrap=True)
    if found.interrupted:
        raise typer.Exit(130)


def _market(spec: Any, strategy: str) -> Any:
    """Return the market of a specification; honest bids need not exist where everybody learns."""
    from deviator.evidence import market

    if strategy != "honest":
        return spec.build_market()
    return market(spec.rule, spec.economy.economy, distribution=spec.economy.distribution())


def _check_new(out: Path, force: bool) -> None:
    """Refuse folders that are not there, and to overwrite, before anything is learned."""
    from deviator.policies.strategy_files import strategy_file

    file = strategy_file(out)
    if not file.parent.is_dir():
        raise ResultsError(f"--out must be in an existing folder, got {file.parent}; make it")
    if file.exists() and not force:
        raise ResultsError(
            f"--out must not name an existing strategy, got {file}; name another, or overwrite "
            "it with --force"
        )

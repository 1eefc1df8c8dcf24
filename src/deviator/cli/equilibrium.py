"""``deviator equilibrium``: all traders of a market learn at once."""

from pathlib import Path
from typing import Annotated

import typer

from deviator.errors import ResultsError

from .console import PluginFiles, Settings, console, files_of
from .markets import (
    Described,
    EconomyName,
    MechanismName,
    Parameters,
    Sigma,
    StrategyName,
    market_spec,
)


def equilibrium(
    mechanism: MechanismName,
    economy: EconomyName,
    set_: Settings = None,
    parameter: Parameters = None,
    sigma: Sigma = None,
    beliefs: Annotated[
        bool, typer.Option("--beliefs", help="Read --economy as beliefs: values and signals.")
    ] = False,
    strategy: StrategyName = "honest",
    trader: Annotated[
        list[int] | None,
        typer.Option(help="Who learns, may be given several times; default: everybody."),
    ] = None,
    learner: Annotated[str, typer.Option(help="gradient or ppo.")] = "gradient",
    hidden: Annotated[
        list[int] | None,
        typer.Option(help="Width of a hidden layer of networks, instead of affine bids."),
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Interchangeable traders share their parameters.")
    ] = False,
    starts: Annotated[int, typer.Option(min=1, help="Random starts.")] = 3,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of each start.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="CPU seconds of all starts, at most.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of starts and draws.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Where to save the strategy; it is not saved by default.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a strategy that is already there.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Let all traders learn at once, and say where they end, with the epsilon of that strategy.

    Ends with exit code 0 whatever the answer is: that no equilibrium was found is an answer. Ctrl-C
    ends learning early: what was learned is measured, and saved.
    """
    from deviator.evidence import market
    from deviator.learners.equilibrium import everyone_learns
    from deviator.policies import save_strategy
    from deviator.policies.policy_files import policy_stem

    file = None if out is None else policy_stem(out)
    if file is not None:
        _check_new(file, force)
    described = Described(mechanism, economy, set_, parameter, sigma, strategy, "0")
    spec = market_spec(described, files_of(plugin), beliefs=beliefs)
    # Honest bids need not exist where everybody learns.
    tested = (
        market(spec.rule, spec.economy.economy, distribution=spec.economy.distribution())
        if strategy == "honest"
        else spec.build_market()
    )
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
    )
    screen = console()
    screen.print(found.summary(), markup=False, soft_wrap=True)
    if file is not None:
        screen.print(f"strategy: {save_strategy(found.policy, file)}", markup=False, soft_wrap=True)
    if found.interrupted:
        raise typer.Exit(130)


def _check_new(stem: Path, force: bool) -> None:
    """Refuse folders that are not there, and to overwrite, before anything is learned."""
    file = stem.with_name(stem.name + ".safetensors")
    if not file.parent.is_dir():
        raise ResultsError(f"--out must be in a folder that is there, got {file.parent}; make it")
    if file.exists() and not force:
        raise ResultsError(
            f"--out must not name a strategy that is there, {file} is; name another, or overwrite "
            "it with --force"
        )

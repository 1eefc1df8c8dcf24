"""``deviator audit``: the report card of one market."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from .console import PluginFiles, Settings, console, files_of, notes, number_or_text
from .json_output import Json, print_json
from .markets import (
    Described,
    EconomyName,
    Learners,
    MechanismName,
    Parameters,
    Rung,
    Sigma,
    StrategyName,
    StrategySettings,
    learner_named,
    market_spec,
)
from .supervised import supervised
from .working import Working

Deviator = Annotated[
    str | None, typer.Option(help="Index or role of the deviator; default: each in turn.")
]
Epsilon = Annotated[
    float | None, typer.Option(help="Gains up to this share of the stakes count as zero.")
]
Coalition = Annotated[
    str | None, typer.Option(help="Traders who deviate together, as in 0,1: beyond the claim.")
]
Identities = Annotated[
    int | None, typer.Option(help="Names under which the trader bids: beyond the claim.")
]
Transfers = Annotated[
    bool, typer.Option(help="Whether members of the coalition may pay each other.")
]
Folder = Annotated[Path, typer.Option(help="Folder for the card and its witnesses.")]


@supervised
def audit(
    mechanism: MechanismName,
    economy: EconomyName,
    set_: Settings = None,
    parameter: Parameters = None,
    sigma: Sigma = None,
    strategy: StrategyName = "honest",
    strategy_set: StrategySettings = None,
    trader: Deviator = None,
    information: Rung = "profile",
    learner: Learners = None,
    steps: Annotated[int, typer.Option(help="Bids submitted in training.")] = 100_000,
    seconds: Annotated[float | None, typer.Option(help="CPU seconds of each training.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    held_out: Annotated[int, typer.Option(help="Profiles on which gains are measured.")] = 20_000,
    epsilon: Epsilon = None,
    coalition: Coalition = None,
    identities: Identities = None,
    transfers: Transfers = True,
    out: Folder = Path("runs/audit"),
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Say which of the five constraints a market meets, and who profits from deviating.

    Ends with exit code 0 whatever the answer is.
    """
    with Working("reading the market") as working:
        from deviator.plugins.rungs import rung_named
        from deviator.studies.audit_market import report_card
        from deviator.studies.beyond_claim import party_of
        from deviator.studies.card.card_files import check_writable, write_card
        from deviator.studies.gather import Search

        files = files_of(plugin)
        place = "0" if trader is None else trader
        described = Described(
            mechanism, economy, set_, parameter, sigma, strategy, place, strategy_set
        )
        tested = replace(market_spec(described, files).build_market(), tolerance=epsilon)
        learners = tuple(learner_named(name, files) for name in learner or ())
        search = Search(learners, (seed,), steps, rung_named(information, files), held_out, seconds)
        deviator = None if trader is None else tested.trader
        party = party_of(tested, _members(coalition), identities, transfers=transfers)
        check_writable(out)
        try:
            card = report_card(tested, search, trader=deviator, party=party, told=working.step)
        except KeyboardInterrupt:
            working.stop()
            said = "interrupted: the audit did not come to an answer, and nothing was written"
            (notes() if as_json else console()).print(said)
            raise typer.Exit(130) from None
        written = write_card(card, out)
    _show(card, written, as_json)


def _show(card: Any, written: list[Path], as_json: bool) -> None:
    if as_json:
        print_json(card.to_dict() | {"files": list(map(str, written))})
        return
    screen = console()
    screen.print(card.summary(screen.width), soft_wrap=True)
    for file in written:
        screen.print(f"wrote {file}", soft_wrap=True)


def _members(coalition: str | None) -> list[Any] | None:
    """Return the traders that an option names; those who are no indices are refused later."""
    if coalition is None:
        return None
    return [number_or_text(each, int) for each in coalition.split(",")]

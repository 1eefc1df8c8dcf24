"""``deviator power``: plant faults in a market, and say how small the ones are that are caught."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from deviator.errors import ResultsError
from deviator.files import write_atomically

from .console import PluginFiles, Settings, console, files_of
from .json_output import Json, print_json
from .markets import (
    Described,
    EconomyName,
    Learners,
    MechanismName,
    Parameters,
    Sigma,
    StrategyName,
    StrategySettings,
    learner_named,
    market_spec,
)
from .supervised import supervised
from .tables import print_table
from .working import Working

if TYPE_CHECKING:
    from deviator.evidence import Market
    from deviator.evidence.constraints import Constraint
    from deviator.studies.power import FaultPower, Power

SHORT: Mapping["Constraint", str] = MappingProxyType(
    {
        "market_clearing": "clearing",
        "budget_surplus": "budget",
        "individual_rationality": "rationality",
        "incentive_compatibility": "incentives",
        "efficiency": "efficiency",
    }
)
"""Headings of the constraints."""


Faults = Annotated[list[str] | None, typer.Option(help="A fault to plant; by default all of them.")]
Sizes = Annotated[list[float] | None, typer.Option(help="A size to plant; by default 1 to 1e-6.")]


@supervised
def power(
    mechanism: MechanismName,
    economy: EconomyName,
    set_: Settings = None,
    parameter: Parameters = None,
    sigma: Sigma = None,
    strategy: StrategyName = "honest",
    strategy_set: StrategySettings = None,
    fault: Faults = None,
    size: Sizes = None,
    learner: Learners = None,
    steps: Annotated[int, typer.Option(min=1, help="Bids submitted in training.")] = 20_000,
    held_out: Annotated[int, typer.Option(help="Profiles on which gains are measured.")] = 200,
    out: Annotated[Path | None, typer.Option(help="A JSON file for the results.")] = None,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Plant faults in a market, and print the smallest size of each that an audit catches."""
    with Working("reading the market") as working:
        from deviator.studies.power import SIZES, faults_to_plant
        from deviator.studies.power import power as measured

        files = files_of(plugin)
        described = Described(
            mechanism, economy, set_, parameter, sigma, strategy, "0", strategy_set
        )
        tested = market_spec(described, files).build_market()
        many, tried = len(faults_to_plant(tested, fault)), list["FaultPower"]()

        def progress(one: "FaultPower") -> None:
            tried.append(one)
            working.step(_in_words(one), len(tried) / many)

        working.note("auditing the market without a fault")
        result = measured(
            tested,
            lambda market: _answers(market, held_out),
            faults=fault,
            sizes=size or SIZES,
            learners=None if not learner else _trainer(learner, files, steps, held_out),
            progress=progress,
        )
    if out is not None:
        _write(result, out)
    if as_json:
        print_json(result.to_dict())
    else:
        _print(result, out)


def _print(result: "Power", out: Path | None) -> None:
    screen = console()
    print_table(screen, _table(result))
    for line in _rates(result):
        screen.print(line, soft_wrap=True)
    if out is not None:
        screen.print(f"wrote {out}", soft_wrap=True)


def _answers(market: "Market", held_out: int) -> Any:
    from deviator.studies.audit_market import report_card
    from deviator.studies.gather import Search

    return report_card(market, Search(held_out=held_out)).constraints


def _trainer(names: list[str], files: tuple[str, ...], steps: int, held_out: int) -> Any:
    """Return what learners gain in a market beyond what counts as zero."""
    from deviator.studies.gather import Search, gather

    learners = {name: learner_named(name, files) for name in names}

    def trained(market: "Market") -> Mapping[str, float]:
        gains = {}
        for name, each in learners.items():
            search = Search((each,), (0,), steps, "profile", held_out)
            evidence = gather(market, search, certified=False)
            gains[name] = (evidence.learned_gain or 0.0) - evidence.epsilon
        return gains

    return trained


def _write(result: "Power", out: Path) -> None:
    try:
        write_atomically(out, json.dumps(result.to_dict(), indent=1) + "\n")
    except OSError as error:
        raise ResultsError(
            f"results need a file that can be written to, got {out} ({error.strerror}); name "
            "another with --out"
        ) from None


def _in_words(tried: "FaultPower") -> str:
    smallest = "not caught" if tried.smallest is None else f"caught down to {tried.smallest:g}"
    return f"{tried.fault}: {smallest}"


def _table(result: "Power") -> Table:
    table = Table(title=f"Smallest faults caught: {result.market}")
    learners = sorted({name for fault in result.faults for name in fault.learned})
    for heading in ("fault", "about", "breaks", *SHORT.values(), *learners, "by"):
        table.add_column(heading)
    for fault in result.faults:
        named = fault.caught.get(fault.violates)
        cells = [_cell(name, fault, result) for name in SHORT]
        cells += [f"{fault.learned[name]:g}" if name in fault.learned else "-" for name in learners]
        by = "-" if named is None else named.by
        table.add_row(fault.fault, fault.kind, SHORT[fault.violates], *cells, by)
    return table


def _cell(name: Any, fault: "FaultPower", result: "Power") -> str:
    if name in result.broken:
        return "broken"
    caught = fault.caught.get(name)
    return "-" if caught is None else f"{caught.size:g}"


def _rates(result: "Power") -> list[str]:
    lines = [
        f"{rate['caught']} of {rate['faults']} faults of size {rate['size']:g} caught in some "
        f"constraint, 95% interval {rate['interval'][0]:.1%} to {rate['interval'][1]:.1%}."
        for rate in result.to_dict()["rates"]
    ]
    if result.broken:
        names = ", ".join(SHORT[name] for name in result.broken)
        lines.append(f"broken: the rule breaks it without a fault ({names}).")
    for fault in result.faults:
        for size, reason in fault.failures.items():
            lines.append(f"{fault.fault} of size {size:g} was not audited: {reason}")
    return lines

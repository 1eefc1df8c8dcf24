"""Markets described on the command line."""

from inspect import signature
from typing import Annotated, Any, NamedTuple

import typer

from deviator.errors import InvalidInputError

from .complete import any_of, names_of
from .console import number_or_text, settings_of

MechanismName = Annotated[
    str,
    typer.Argument(
        metavar="MECHANISM",
        help="As `deviator list` names it.",
        autocompletion=names_of("mechanism"),
    ),
]
EconomyName = Annotated[
    str,
    typer.Option(
        help="A family of economies; with a strategy that needs beliefs, the beliefs of that name.",
        autocompletion=names_of("economy"),
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--mechanism-set",
        "-m",
        metavar="NAME=VALUE",
        help="A setting of the mechanism, as in -m floor=0.5.",
    ),
]
Sigma = Annotated[
    str | None,
    typer.Option(
        help="A number, sigma-n or sigma-budget.",
        autocompletion=any_of("sigma-n", "sigma-budget"),
    ),
]
StrategyName = Annotated[
    str,
    typer.Option(
        help="What the others follow: honest, or another policy.", autocompletion=names_of("policy")
    ),
]
StrategySettings = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE", help="A setting of the strategy, as in --strategy-set share=0.1."
    ),
]
LearnerName = Annotated[
    str, typer.Option(help="As `deviator list` names it.", autocompletion=names_of("learner"))
]
Learners = Annotated[
    list[str] | None,
    typer.Option(
        help="A learner to train, as `deviator list` names it.", autocompletion=names_of("learner")
    ),
]
Rung = Annotated[
    str,
    typer.Option(
        help="What the deviator sees: profile, own, statistics, signal:DEVIATION or "
        "my_view.py:name.",
        autocompletion=any_of("profile", "own", "statistics", "signal:"),
    ),
]
LearnerSettings = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE", help="A setting of the learner, as in --learner-set hidden=[32]."
    ),
]


class Described(NamedTuple):
    """A market as the options of a command describe it."""

    mechanism: str
    economy: str
    economy_settings: list[str] | None
    parameters: list[str] | None
    sigma: str | None
    strategy: str
    trader: str
    strategy_settings: list[str] | None = None


def market_spec(described: Described, files: tuple[str, ...], beliefs: bool = False) -> Any:
    """Return the specification of a described market; plugins may come from files.

    With `beliefs` the economy is that of beliefs of its name, whatever the strategy is.

    Raises
    ------
    InvalidInputError
        If the description breaks a rule.
    """
    from pydantic import ValidationError

    from deviator.plugins import find_plugin, qualified
    from deviator.plugins.registry import USUAL_TRADERS
    from deviator.studies.spec.market import MarketSpec
    from deviator.studies.spec.messages import mistakes_of

    family = qualified("economy", described.economy, files)
    sigma, settings = described.sigma, settings_of(described.economy_settings)
    strategy = qualified("policy", described.strategy, files)
    policy = find_plugin("policy", strategy).load()
    beliefs = beliefs or "information" in signature(policy).parameters
    if beliefs or "n_traders" in signature(find_plugin("economy", family).load()).parameters:
        settings = {"n_traders": USUAL_TRADERS} | settings
    data = {
        "mechanism": qualified("mechanism", described.mechanism, files),
        "sigma": None if sigma is None else number_or_text(sigma, float),
        "parameters": settings_of(described.parameters),
        "strategy": strategy,
        "strategy_parameters": settings_of(described.strategy_settings),
        "trader": number_or_text(described.trader, int),
        "economy": settings | {"beliefs" if beliefs else "family": family},
    }
    try:
        return MarketSpec.model_validate(data)
    except ValidationError as error:
        sentences = (each.sentence for each in mistakes_of(error, data, MarketSpec))
        raise InvalidInputError("\n".join(sentences)) from None


def control_spec(mechanism: str | None, spec: Any, files: tuple[str, ...]) -> Any:
    """Return the market of a stated control: the same economy and trader under another rule."""
    from deviator.plugins import qualified

    if mechanism is None:
        return None
    name = qualified("mechanism", mechanism, files)
    honest = {"strategy": "honest", "strategy_parameters": {}}
    return spec.model_copy(update={"mechanism": name, "sigma": None, "parameters": {}} | honest)


def learner_named(name: str, files: tuple[str, ...], settings: list[str] | None = None) -> Any:
    """Return the learner of a name, which may come from a file, with its settings."""
    from deviator.plugins import build, qualified

    return build("learner", qualified("learner", name, files), settings_of(settings))

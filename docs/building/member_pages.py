"""The pages of mechanisms, economies, environments, learners and policies, in MyST Markdown."""

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, isclass, signature
from types import MappingProxyType
from typing import Any

from deviator.economies import Economy, assumption_table
from deviator.learners import plays_rounds
from deviator.plugins import build, find_plugin
from deviator.plugins.spec import required_parameters
from deviator.units import Unit

from .history import CHANGES
from .members import KINDS, MAKERS, Member, members, object_at
from .sources import SOURCES
from .spaces import TRADERS, space_rows

Rows = Iterable[tuple[str, str]]

SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "linear-quadratic": {"weights": [[1, 0.2, 0], [0, 1, 0.2], [0.2, 0, 1]], "slope": 1.0},
        "factored": {
            "own": [1.0] * 4,
            "loadings": [[0.1]] * 4,
            "statistics": [[1.0] * 4],
            "slope": 1.0,
        },
        "unit-demands": {"n_buyers": 5, "n_sellers": 5},
    }
)
"""Settings of the examples of economies that have none by default."""

LEARNS_FROM: Mapping[str, str] = MappingProxyType(
    {
        "gradient": "needs a mechanism and an economy that take tensors",
        "ensemble": "needs what its members need; those that cannot play are left out",
    }
)

INTRODUCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "mechanism": "Bids in, outcome out. `deviator.make(NAME, setting=value)` builds one.",
        "economy": "Who trades, and what it is worth to them. All are functions or classes of "
        "`deviator.economies`.",
        "environment": "Markets as environments; [how they work together](../environments.md).",
        "learner": "What looks for a profitable deviation. [What learners find, and how "
        "fast](../league.md); [how to train one](../training.md).",
        "policy": "Strategies that all traders but the deviator follow.",
    }
)


def member_page(member: Member) -> str:
    """Return the page of a member."""
    maker = MAKERS.get(member.name)
    facts = [("Made with", _making(member)), *FACTS[member.kind](member), *_source(member)]
    documented = [member.target, *([maker] if maker else [])]
    parts = [
        f"# {member.name}",
        _table(*facts[0], facts[1:]),
        *(_documented(target) for target in documented),
        "## Arguments",
        _arguments(object_at(documented[-1])),
        *EXTRA.get(member.kind, lambda _: [])(member),
        "## Version history",
        _history(member),
    ]
    return "\n\n".join(parts) + "\n"


def kind_page(kind: str) -> str:
    """Return the page that lists the members of a kind."""
    _, title = KINDS[kind]
    mine = [each for each in members() if each.kind == kind]
    rows = [
        (f"[`{each.name}`]({each.page.removeprefix('reference/')}.md)", _summary(each))
        for each in mine
    ]
    table = _table(kind, "", rows)
    pages = "\n".join(each.page.removeprefix("reference/") for each in mine)
    contents = f"```{{toctree}}\n:hidden:\n\n{pages}\n```"
    return f"# {title}\n\n{INTRODUCTIONS[kind]}\n\n{table}\n\n{contents}\n"


def _source(member: Member) -> Rows:
    """Yield where a member comes from; KeyError if neither its docstring nor the list says it."""
    if "References\n" not in (object_at(member.target).__doc__ or ""):
        yield "Source", SOURCES[member.kind, member.name]


def _documented(target: str) -> str:
    directive = "autoclass" if isclass(object_at(target)) else "autofunction"
    return f"```{{eval-rst}}\n.. {directive}:: {target}\n   :no-index:\n```"


def _making(member: Member) -> str:
    name = member.name
    if member.kind == "mechanism":
        economy = (
            ", economy=economy"
            if "economy" in signature(object_at(member.target)).parameters
            else ""
        )
        return f'`deviator.make("{name}"{economy})`'
    if member.kind == "environment" and name.startswith("deviator/"):
        maker = 'pettingzoo.make("parallel", ' if "exchange" in name else "gymnasium.make("
        return f'`{maker}"{name}", mechanism=..., economy=...)`'
    if member.kind in ("learner", "policy"):
        return f'`deviator.plugins.build("{member.kind}", "{name}", {{...}})`, or the class below'
    family = "economies" if member.kind == "economy" else "envs"
    return f"`deviator.{family}.{member.target.rpartition('.')[2]}`"


def _mechanism_facts(member: Member) -> Rows:
    return space_rows(member.name)


def _economy_facts(member: Member) -> Rows:
    economy = _example_economy(member.name)
    law, settings = economy.types(), _settings(member.name)
    yield "Class", f"`{type(economy).__name__}`"
    yield "Types", f"one number each; drawn from `{type(law).__name__}` unless said otherwise"
    low, high = _type_set(economy)
    yield "Set of types", f"[{low:.3g}, {high:.3g}] each"
    yield "Quantities", "any real number" if _divisible(economy) else "whole units"
    yield "Example", f"N = {economy.n_traders}; settings {_code(settings)}, others by default"


def _environment_facts(member: Member) -> Rows:
    from .environment_spaces import environment_rows

    return environment_rows(member.name)


def _learner_facts(member: Member) -> Rows:
    learner = build("learner", member.name, {})
    yield "Class", f"`deviator.learners.{type(learner).__name__}`"
    yield "Budget", "`steps`, how many bids it may submit in training"
    yield "Action space", "that of the market: `Box(-1.0, 1.0, (K,), float32)`, K numbers of a bid"
    yield "Observation space", "that of the market: what the deviator knows"
    rounds = "one round or several" if plays_rounds(learner) else "one round"
    yield "Plays", f"{rounds}; {LEARNS_FROM.get(member.name, 'needs rewards alone')}"
    yield "Reward", "the gain over honesty, in units of the control's mean best gain"


def _policy_facts(member: Member) -> Rows:
    yield "Class", f"`deviator.policies.{member.target.rpartition('.')[2]}`"
    yield "In a study file", f"`strategy: {member.name}`"


FACTS: Mapping[str, Callable[[Member], Rows]] = MappingProxyType(
    {
        "mechanism": _mechanism_facts,
        "economy": _economy_facts,
        "environment": _environment_facts,
        "learner": _learner_facts,
        "policy": _policy_facts,
    }
)


def _assumptions(member: Member) -> list[str]:
    rows = assumption_table(_example_economy(member.name))
    lines = [f"| {row.name} | {row.statement} | {row.verdict} |" for row in rows]
    table = "\n".join(["| assumption | says that | |", "|---|---|---|", *lines])
    return ["## The paper's assumptions in the example", table]


EXTRA: Mapping[str, Callable[[Member], list[str]]] = MappingProxyType({"economy": _assumptions})


def _example_economy(name: str) -> Economy:
    economy: Economy = build("economy", name, dict(_settings(name)))
    return economy


def _settings(name: str) -> Mapping[str, Any]:
    if name in SETTINGS:
        return SETTINGS[name]
    required = required_parameters(find_plugin("economy", name).load())
    return {"n_traders": TRADERS} if "n_traders" in required else {}


def _type_set(economy: Any) -> tuple[float, float]:
    low, high = economy.type_set
    return float(low.min()), float(high.max())


def _divisible(economy: Any) -> bool:
    return not hasattr(economy, "unit")


def _arguments(thing: Any) -> str:
    parameters = list(signature(thing).parameters.values())
    if not parameters:
        return "None."
    units = _units(thing)
    rows = [
        f"| `{_starred(each)}` | {_default(each)} | {units.get(each.name, '')} |"
        for each in parameters
    ]
    return "\n".join(["| argument | default | unit |", "|---|---|---|", *rows])


def _starred(parameter: Parameter) -> str:
    stars = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}
    return stars.get(parameter.kind, "") + parameter.name


def _default(parameter: Parameter) -> str:
    if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
        return "none"
    return "required" if parameter.default is Parameter.empty else _code(parameter.default)


def _code(value: Any) -> str:
    return f"`{value!r}`".replace("|", "\\|")


def _units(thing: Any) -> dict[str, str]:
    fields = getattr(thing, "__dataclass_fields__", {})
    declared = {name: field.metadata.get("unit") for name, field in fields.items()}
    return {name: _unit(unit) for name, unit in declared.items() if unit is not None}


def _unit(unit: Unit) -> str:
    """Return a product of powers of the units of price and quantity, in words."""
    words = {
        (1, 0): "money per unit",
        (0, 1): "units of the good",
        (1, 1): "money",
        (1, -1): "money per squared unit",
        (-1, 1): "squared units per money",
        (-1, 0): "units per money",
        (0, -1): "per unit",
        (-1, -1): "per money",
    }
    return words.get((unit.price, unit.quantity), "")


def _history(member: Member) -> str:
    changes = CHANGES.get((member.kind, member.name), ())
    return "\n".join(
        [f"- {member.first}: first.", *(f"- {version}: {what}" for version, what in changes)]
    )


def _summary(member: Member) -> str:
    return (object_at(member.target).__doc__ or "").split("\n")[0].replace("|", "\\|")


def _table(left: str, right: str, rows: Rows) -> str:
    lines = [f"| {name} | {text} |" for name, text in rows]
    return "\n".join([f"| {left} | {right} |", "|---|---|", *lines])

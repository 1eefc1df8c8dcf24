"""Plugins by name or file, built in the process that checks them, with settings to try them at."""

from dataclasses import dataclass
from inspect import signature
from typing import Any, final, get_args

from deviator.economies import fundamental_value_information, linear_quadratic, private_values
from deviator.errors import InvalidInputError, PluginLoadError, UnknownNameError
from deviator.mechanisms import Mechanism, UniformDoubleAuction

from ..registry import checked_kind, elsewhere, find_plugin, list_plugins, qualified, takes_economy
from ..single_file import plugins_of_file
from ..spec import Kind, PluginSpec, required_parameters
from .trials import tried_in


@final
@dataclass(frozen=True)
class NamedSource:
    """A plugin that is built in the process that asks for it.

    Required settings that are missing come from `example_settings`.
    """

    spec: PluginSpec
    settings: dict[str, Any]

    def subject(self) -> Any:
        """Return the plugin's object."""
        return self.spec.build(example_settings(self.spec, self.settings))

    def parameters(self) -> dict[str, Any]:
        """Return all parameters of the object, those not given at their defaults."""
        given = example_settings(self.spec, self.settings)
        known = signature(self.spec.load()).parameters
        return {
            name: given.get(name, each.default)
            for name, each in known.items()
            if name in given or each.default is not each.empty
        }


@final
@dataclass(frozen=True)
class SourceInEconomy:
    """A mechanism that is tried in a given economy; both are built in the process that asks."""

    rule: NamedSource
    economy: NamedSource

    @property
    def spec(self) -> PluginSpec:
        """Where the mechanism comes from."""
        return self.rule.spec

    def subject(self) -> Mechanism:
        """Return the mechanism, which holds the economy if it holds one.

        Raises
        ------
        RefusedError
            If the mechanism has no honest bids in the economy.
        """
        economy, settings = self.economy.subject(), self.rule.settings
        if takes_economy(self.spec.load()):
            settings = {"economy": economy} | settings
        return tried_in(NamedSource(self.spec, settings).subject(), economy)


def in_economy(
    sources: list[NamedSource], name: str, settings: dict[str, Any], files: tuple[str, ...]
) -> list[SourceInEconomy]:
    """Return the sources of mechanisms with the economy of a name, or of ``file.py:name``.

    Raises
    ------
    InvalidInputError
        If something else than a mechanism is to be tried in it.
    UnknownNameError, PluginLoadError
        As in `find_plugin`.
    """
    others = [source.spec.title for source in sources if source.spec.kind != "mechanism"]
    if others:
        raise InvalidInputError(
            f"only mechanisms are tried in an economy, got {', '.join(others)}; leave --economy "
            "out, or say --kind mechanism"
        )
    economy = NamedSource(find_plugin("economy", qualified("economy", name, files)), settings)
    return [SourceInEconomy(source, economy) for source in sources]


def named(name: str, kind: str | None, files: tuple[str, ...]) -> list[PluginSpec]:
    """Return the plugins of a name, which one of the files may define, or all of a Python file."""
    if name.endswith(".py"):
        return [spec for spec in plugins_of_file(name) if kind in (None, spec.kind)]
    matches, problem = [], None
    kinds: list[Kind] = list(get_args(Kind)) if kind is None else [checked_kind(kind)]
    for each in kinds:
        try:
            matches.append(find_plugin(each, qualified(each, name, files)))
        except UnknownNameError:
            continue
        except PluginLoadError as error:
            problem = error
    if problem is not None and not matches:
        raise problem
    if not matches:
        known = [spec.name for spec in list_plugins(kind)]
        raise UnknownNameError(kind or "plugin", name, known, elsewhere(name))
    return matches


def example_settings(spec: PluginSpec, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings to build a plugin with: the given ones, and examples of other required ones.

    A mechanism that needs an economy gets one with interdependent values and unequal slopes; a
    policy gets private values and the uniform-price double auction, or beliefs. Settings that are
    neither given nor known here are asked for in an error.
    """
    known: dict[str, Any] = {
        "n_traders": 4,
        "n_buyers": 3,
        "n_sellers": 2,
        "economy": _economy(spec.kind),
        "mechanism": UniformDoubleAuction(),
        "information": fundamental_value_information(6, rho=0.4, noise=0.5),
        "slope": 1.0,
    }
    missing = [name for name in required_parameters(spec.load()) if name not in settings]
    for name in missing:
        if name not in known:
            raise InvalidInputError(
                f"{spec.kind} {spec.name!r} must be given {name}; say it with -s {name}=..."
            )
    return settings | {name: known[name] for name in missing}


def _economy(kind: str) -> Any:
    if kind == "policy":
        return private_values(4, alpha=1.0, slope=1.5)
    weights = [[1.1, 0.2, 0, 0.1], [0.1, 0.9, 0.1, 0], [0, 0.1, 1, 0.1], [0.2, 0, 0.1, 1.2]]
    return linear_quadratic(weights, [1.0, 1.3, 0.8, 1.1], [0.3, -0.2, 0.0, 0.5])

"""Where a plugin comes from, how it is loaded, and what is checked before it is used."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from importlib.metadata import EntryPoint
from inspect import signature
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, final

from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError, did_you_mean
from deviator.trust import OWN

from .file_module import file_module, module_name
from .guard import Guard, GuardError, is_guarded, may_be_lost
from .looked_up_once import once
from .place_of_error import with_place
from .provenance import module_digest

LOAD_S = 60
"""Seconds that a plugin may take to be imported."""

Kind = Literal["mechanism", "economy", "policy", "learner", "rung"]
"""Kinds of plugins."""

BASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mechanism": ("deviator.mechanisms", "Mechanism"),
        "economy": ("deviator.economies", "Economy"),
        "policy": ("deviator.policies", "Policy"),
        "learner": ("deviator.learners", "Learner"),
        "rung": ("deviator.policies.information", "Rung"),
    }
)
"""Module, by which entry points are grouped too, and name of the abstract class of each kind."""


@final
@dataclass(frozen=True)
class PluginSpec:
    """Where a plugin comes from; holding one imports nothing.

    Attributes
    ----------
    kind, name : str
    target : str
        ``module:object``, or ``file.py:object``.
    provider, version : str
        The distribution that registered it; for a single file its path, and a digest of its text.
    problem : str
        Why it cannot be used, as far as that is known without importing it; empty if nothing is.
    """

    kind: str
    name: str
    target: str
    provider: str
    version: str
    problem: str = ""

    @property
    def qualified(self) -> str:
        """Provider and name, unique among the plugins of a kind."""
        return f"{self.provider}:{self.name}"

    @property
    def title(self) -> str:
        """The plugin's name in errors."""
        return f"{self.kind} {self.name!r} of {self.provider_label}"

    @property
    def provider_label(self) -> str:
        """Provider and version as tables show them; for a file, its name without the folder."""
        name = Path(self.provider).name if self.provider.endswith(".py") else self.provider
        return f"{name} {self.version}".rstrip()

    def load(self, limit_s: float = LOAD_S) -> Any:
        """Import and return the plugin, a class or function that builds one.

        Parameters
        ----------
        limit_s : float
            Seconds that another's plugin may take to be imported.

        Raises
        ------
        PluginLoadError
            If importing it fails, or it is not of its kind.
        """
        if self.problem:
            raise PluginLoadError(f"{self.title} cannot be used: {self.problem}")
        if self.provider != OWN and not may_be_lost() and not self._is_imported():
            self._load_elsewhere(limit_s)
        try:
            plugin = self._imported()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and (self.provider == OWN or not is_guarded()):
                raise
            raise PluginLoadError(
                f"{self.title} cannot be loaded from {self.target} "
                f"({_told(error)}); repair or remove it"
            ) from error
        self._check_class(plugin)
        return plugin

    def build(self, parameters: dict[str, Any]) -> Any:
        """Return the plugin called with its parameters.

        Raises
        ------
        PluginLoadError
            As in `load`, or if the object built is not of the plugin's kind.
        InvalidInputError
            If the parameters do not fit.
        """
        built = _called(self, self.load(), parameters)
        base = base_class(self.kind)
        if not isinstance(built, base):
            raise PluginLoadError(
                f"{self.title} must build a {base.__module__}.{base.__name__}, got "
                f"{type(built).__name__}; return one"
            )
        return built

    def describe(self) -> dict[str, str]:
        """Return kind, name, provider and version as results record them.

        For a third-party distribution also a digest of its code: while it is being developed, its
        formulas change and its version does not.
        """
        described = {name: getattr(self, name) for name in ("kind", "name", "provider", "version")}
        if self.provider.endswith(".py"):
            return described | {"provider": Path(self.provider).name}
        if self.provider == OWN:
            return described
        module = self.target.rpartition(":")[0]
        return described | {"code": once(("code", module), lambda: module_digest(module))}

    def _is_imported(self) -> bool:
        source = self.target.rpartition(":")[0]
        return (module_name(Path(source)) if source.endswith(".py") else source) in sys.modules

    def _load_elsewhere(self, limit_s: float) -> None:
        """Load a third-party plugin in another process first: its import may hang or exit."""
        try:
            with Guard(limit_s) as guard:
                guard.run(load_and_forget, self)
        except GuardError as error:
            raise PluginLoadError(
                f"{self.title} cannot be loaded from {self.target}: {error}; repair or remove it"
            ) from None

    def _imported(self) -> Any:
        source, _, name = self.target.rpartition(":")
        if source.endswith(".py"):
            return getattr(file_module(Path(source)), name)
        return EntryPoint(name=self.name, value=self.target, group="").load()

    def _check_class(self, plugin: Any) -> None:
        base = base_class(self.kind)
        where = f"{base.__module__}.{base.__name__}"
        if not callable(plugin):
            raise PluginLoadError(
                f"{self.title} must be a class or a function that builds a {where}, got {plugin!r}"
            )
        if not isinstance(plugin, type):
            return
        if not issubclass(plugin, base):
            raise PluginLoadError(
                f"{self.title} must be a subclass of {where}, and {plugin.__name__} is not; "
                "derive it from there"
            )
        missing = sorted(getattr(plugin, "__abstractmethods__", ()))
        if self.kind == "mechanism" and not _has(plugin, "language"):
            missing.append("language")
        if missing:
            raise PluginLoadError(
                f"{self.title} must define everything that {where} asks for, and "
                f"{plugin.__name__} lacks {', '.join(missing)}; write it"
            )


def _has(plugin: type, name: str) -> bool:
    """Return whether objects of a class have an attribute: of the class, or a dataclass's field."""
    own = fields(plugin) if is_dataclass(plugin) else ()
    return hasattr(plugin, name) or any(each.name == name for each in own)


def load_and_forget(spec: PluginSpec) -> None:
    """Load a plugin, in a process that may be lost."""
    spec.load()


def base_class(kind: str) -> type:
    """Return the abstract class of a kind of plugins."""
    module, name = BASES[kind]
    base: type = getattr(import_module(module), name)
    return base


def _called(spec: PluginSpec, plugin: Any, parameters: dict[str, Any]) -> Any:
    """Call a plugin with its parameters; any failure becomes an error of one sentence."""
    missing = [name for name in required_parameters(plugin) if name not in parameters]
    if missing and parameters.keys() <= signature(plugin).parameters.keys():
        each = "s" if len(missing) > 1 else ""
        ways = [SOURCES[name] for name in missing if name in SOURCES]
        way_out = ", ".join(ways) or f"`deviator list {spec.kind}` shows what it takes"
        raise InvalidInputError(
            f"{spec.kind} {spec.name!r} needs the parameter{each} {' and '.join(missing)}, missing "
            f"here; {way_out}"
        )
    known = signature(plugin).parameters
    try:
        signature(plugin).bind(**parameters)
    except TypeError as error:
        unknown = unknown_parameter(spec.kind, spec.name, parameters, known)
        names = ", ".join(known) or "(none)"
        raise InvalidInputError(
            unknown or f"{spec.kind} {spec.name!r} takes the parameters {names}; {error}"
        ) from None
    try:
        return plugin(**parameters)
    except DeviatorError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginLoadError(
            f"{spec.title} cannot be built ({_told(error)}); correct its parameters, or repair it"
        ) from error


def unknown_parameter(kind: str, name: str, stated: Iterable[str], known: Mapping[str, Any]) -> str:
    """Return the sentence on the first parameter that a plugin does not take, or nothing.

    Examples
    --------
    >>> unknown_parameter("mechanism", "mine", ["flor"], {"floor": None})
    "mechanism 'mine' takes the parameters floor, got 'flor'; did you mean 'floor'?"
    """
    other = next((each for each in stated if each not in known), None)
    if other is None or any(each.kind is each.VAR_KEYWORD for each in known.values() if each):
        return ""
    question = did_you_mean(other, known)
    return (
        f"{kind} {name!r} takes the parameters {', '.join(known) or '(none)'}, got {other!r}"
        f"{f'; {question}' if question else ''}"
    )


def _told(error: BaseException) -> str:
    """Return the class of an error, its text and its place."""
    return with_place(f"{type(error).__name__}: {error}", error)


SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "economy": "build an economy with deviator.economies",
        "information": "build beliefs with deviator.economies, normal_information for example",
        "mechanism": "build a mechanism with deviator.make",
    }
)
"""How to make the objects that plugins ask for, by the name of the parameter."""


def required_parameters(plugin: Any) -> list[str]:
    """Return the names of a plugin's required parameters."""
    return [
        name
        for name, parameter in signature(plugin).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
